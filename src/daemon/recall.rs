//! What a daemon left on disk, for reviews that none does.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::keeper::Keeper;
use super::lifecycle;
use crate::cache::Disk as _;
use crate::cache::learning::LearningStore;
use crate::cache::sled;

/// Longest wait for the disk by a review that would take longer without it. It may hang.
const RECALL: Duration = Duration::from_millis(500);

/// What the database of a repository holds, as far as it can be read in short time: for a review that no daemon does.
#[must_use]
pub fn recalled(common_dir: &Path) -> Arc<LearningStore> {
    let store = Arc::new(LearningStore::default());
    let keeper = lifecycle::existing_state_directory(common_dir)
        .filter(|state| state.join(sled::version()).is_dir())
        .and_then(|state| Some(Keeper::new(std::env::current_exe().ok()?, state)));
    if let Some(keeper) = keeper {
        let filling = Arc::clone(&store);
        let (done, end) = channel();
        thread::spawn(move || {
            let mut records = 0_usize;
            let read = keeper.read(&mut |record| records += usize::from(filling.take(&record)));
            tracing::debug!(records, ?read, "cache recalled");
            // Nobody waits any more when the disk took too long.
            let _ = done.send(());
        });
        let _ = end.recv_timeout(RECALL);
    }
    store
}
