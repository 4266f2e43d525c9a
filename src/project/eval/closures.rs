//! Functions that use the names of the calls they are made in: `const once = (make) => () => make()`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Frame, Place};
use crate::facts::FileFacts;
use crate::facts::module::ScopeId;
use crate::project::value::{Activation, ActivationKind, FunctionValue, Node};
use crate::source::Site;

/// A function as it is made at a place, with the calls around it whose names it uses.
pub(super) fn closed_over(place: &Place<'_>, scope: ScopeId) -> FunctionValue {
    let module = place.facts.module();
    let used =
        module.and_then(|module| module.scopes.get(scope as usize)).map(|scope| scope.around.as_slice()).unwrap_or_default();
    let mut within = Vec::new();
    if !used.is_empty() {
        let frames: Vec<&Frame<'_>> = Frame::chain(place.frame).collect();
        // The classes of one object belong together.
        for of_one in frames.split_inclusive(|frame| frame.of.kind != ActivationKind::Base) {
            let is_used = |frame: &&Frame<'_>| frame.of.file == place.file && used.contains(&frame.of.scope);
            if of_one.iter().any(is_used) {
                within.extend(of_one.iter().map(|frame| frame.of.clone()));
            }
        }
    }
    FunctionValue { file: Arc::clone(&place.file), scope, within: within.into() }
}

/// What tells an activation from others: the place of the call, which of several it is there, and the calls around it.
pub(super) fn identity(around: Option<&Frame<'_>>, at: &Site, turn: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (at, turn).hash(&mut hasher);
    Frame::chain(around).for_each(|frame| frame.of.id.hash(&mut hasher));
    hasher.finish()
}

/// A call of a function.
pub(super) fn called(function: &FunctionValue, arguments: Vec<Node>, id: u64) -> Activation {
    let file = Arc::clone(&function.file);
    Activation { file, scope: function.scope, arguments: arguments.into(), kind: ActivationKind::Call, id }
}

/// Does work in a call of a function.
pub(super) fn in_call<T>(
    function: &FunctionValue,
    facts: &Arc<FileFacts>,
    call: &Activation,
    work: &mut dyn FnMut(&Place<'_>) -> T,
) -> T {
    inside(&function.within, &mut |outer| {
        let frame = Frame { of: call.clone(), outer };
        work(&Place { file: Arc::clone(&call.file), facts: Arc::clone(facts), scope: call.scope, frame: Some(&frame) })
    })
}

/// Does work within the calls that a function was made in.
pub(super) fn inside<T>(within: &[Activation], work: &mut dyn FnMut(Option<&Frame<'_>>) -> T) -> T {
    fn step<T>(within: &[Activation], outer: Option<&Frame<'_>>, work: &mut dyn FnMut(Option<&Frame<'_>>) -> T) -> T {
        match within.split_last() {
            None => work(outer),
            Some((of, within)) => step(within, Some(&Frame { of: of.clone(), outer }), work),
        }
    }
    step(within, None, work)
}
