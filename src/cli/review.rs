//! One answer to a request: from the daemon when it is there and quick, else from this process, by the same code and with
//! what the daemon left on disk.

use std::time::Instant;

use super::place::Place;
use crate::cache::memory::MemoryStore;
use crate::daemon::{client, recall};
use crate::service::{self, Reply, Request};

/// Who came up with a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answerer {
    /// The daemon.
    Daemon,
    /// This process.
    Process,
}

/// Answers a request.
pub(super) fn answer(request: &Request, place: Option<&Place>, use_daemon: bool) -> (Reply, Answerer) {
    let start = Instant::now();
    let place = place.filter(|_| use_daemon);
    let asked = place.and_then(|place| client::ask(&place.common_dir, request));
    let (reply, by) = match (asked, place) {
        (Some(reply), _) => (reply, Answerer::Daemon),
        (None, Some(place)) => (service::answer(request, &*recall::recalled(&place.common_dir)), Answerer::Process),
        (None, None) => (service::answer(request, &MemoryStore::default()), Answerer::Process),
    };
    tracing::debug!(?by, milliseconds = start.elapsed().as_secs_f64() * 1e3, "answered");
    (reply, by)
}
