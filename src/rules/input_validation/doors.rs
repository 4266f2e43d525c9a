//! The requests in which a client hands over fields of the user, and what stands in their way.
//!
//! There are two kinds: those that create the user, and `/update-user`, which anybody who is signed in may send. A hook
//! before a user is created sees none of the second kind (code of 1.3.7 to 1.7.25: whoever calls `parseUserInput`).

use crate::project::Server;
use crate::project::value::{Lookup, Value};
use crate::source::Site;

/// What stands between clients and a field.
pub(super) enum Doors {
    /// Some request may write it as it was sent.
    Open,
    /// A hook sees every request that may write it, and may reject or replace the value.
    Watched(Vec<Site>),
    /// No request may write it.
    None,
}

/// Plugins that create users from what a client sends.
const SIGN_UP: [&str; 2] = ["emailOTP", "phoneNumber"];

/// A field that sign-up sets itself, whatever is sent (measured on 1.4.22, 1.5.6, 1.6.34 and 1.7.25).
const SET_AT_SIGN_UP: &str = "emailVerified";

pub(super) fn doors(server: &Server, field: &str) -> Doors {
    let creates = field != SET_AT_SIGN_UP && signs_up(server);
    let updates = server.disabled("/update-user").is_none();
    let kinds = [("create", creates), ("update", updates)];
    let open: Vec<Option<Site>> = kinds.iter().filter(|(_, open)| *open).map(|(kind, _)| hook(server, kind)).collect();
    if open.is_empty() {
        return Doors::None;
    }
    open.into_iter().collect::<Option<Vec<Site>>>().map_or(Doors::Open, Doors::Watched)
}

/// Whether requests may create users; what is not known counts as possible.
fn signs_up(server: &Server) -> bool {
    let email = &server.options;
    let is_off = match email.lookup(&["emailAndPassword", "enabled"]) {
        Lookup::Found(found) => found.iter().all(|case| case.node.truthy() == Some(false)),
        Lookup::Absent => true,
        Lookup::Unknown(_) => false,
    };
    let is_closed = email.get(&["emailAndPassword", "disableSignUp"]).is_some_and(|closed| closed.value == Value::Bool(true));
    let by_plugin = !server.plugins_open.is_empty() || server.plugins.iter().any(|used| SIGN_UP.contains(&used.name.as_str()));
    by_plugin || !(is_off || is_closed || server.disabled("/sign-up/email").is_some())
}

/// The hook that sees a user before it is created or updated.
fn hook(server: &Server, kind: &str) -> Option<Site> {
    match server.options.lookup(&["databaseHooks", "user", kind, "before"]) {
        Lookup::Found(found) => {
            let hook = found.iter().find(|one| !matches!(one.node.value, Value::Undefined | Value::Null))?;
            Some(hook.key_at.clone())
        }
        _ => None,
    }
}
