//! The path below which a server answers, and a client asks.

use crate::project::value::{Lookup, Node};

/// Where neither option says another one (documentation: reference/options).
const USUAL: &str = "/api/auth";

/// The path below which the routes lie, as the options of a server or a client tell: `basePath`, or the path of `baseURL`,
/// which counts instead (documentation: reference/options). `None` where it is not known.
#[must_use]
pub fn base_path(options: &Node) -> Option<String> {
    let own = match options.lookup(&["basePath"]) {
        Lookup::Absent => None,
        Lookup::Found(_) => Some(options.text(&["basePath"])?),
        Lookup::Unknown(_) => return None,
    };
    match (options.lookup(&["baseURL"]), own) {
        (Lookup::Absent, _) => {}
        (_, Some(_)) if options.text(&["baseURL"]).is_none() => {}
        _ => {
            let path = path_of(options.text(&["baseURL"])?);
            if !path.is_empty() {
                return Some(whole(path));
            }
        }
    }
    Some(whole(own.unwrap_or(USUAL)))
}

/// Whether an option says the path, rather than to leave it at the usual one.
pub(super) fn tells_base_path(options: &Node) -> bool {
    options.lookup(&["basePath"]) != Lookup::Absent
        || options.text(&["baseURL"]).is_some_and(|address| !path_of(address).is_empty())
}

/// The path of an address, without the slashes around it.
fn path_of(address: &str) -> &str {
    let inside = address.split_once("://").map_or(address, |(_, rest)| rest);
    inside.split_once('/').map_or("", |(_, path)| path).trim_matches('/')
}

/// The path below which the routes lie where `baseURL` is not known and has none of its own; `None` where another option
/// may say it.
#[must_use]
pub fn base_path_without_address(options: &Node) -> Option<&'static str> {
    (options.lookup(&["basePath"]) == Lookup::Absent).then_some(USUAL)
}

fn whole(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}
