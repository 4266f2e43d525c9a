//! One answer to a request: from the daemon when it is there and quick, else from this process, by the same code.

use std::time::Instant;

use super::daemon;
use super::place::Place;
use crate::cache::memory::MemoryStore;
use crate::service::{self, Reply, Request};

/// Answers a request.
pub(super) fn answer(request: &Request, place: Option<&Place>, use_daemon: bool) -> Reply {
    let start = Instant::now();
    let asked = place.filter(|_| use_daemon).and_then(|place| daemon::ask(&place.common_dir, request));
    let (reply, by) = match asked {
        Some(reply) => (reply, "the daemon"),
        None => (service::answer(request, &MemoryStore::default()), "this process"),
    };
    tracing::debug!("answered by {by} in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    reply
}
