//! Values that consist of others, as several names hold them at once.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A value that consists of others, shared until one of those that hold it changes it. What it weighs is worked out once,
/// and the same one is equal to itself without a look at it: large values are cloned, weighed and compared as fast as small
/// ones.
#[derive(Debug)]
pub struct Composite<T>(Arc<Weighed<T>>);

#[derive(Debug)]
struct Weighed<T> {
    of: T,
    measure: OnceLock<Measure>,
}

/// How much a value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::project) struct Measure {
    /// Values and conditions, itself included.
    pub(in crate::project) weight: u32,
    /// Levels of values below it.
    pub(in crate::project) height: u32,
}

impl<T: Clone> Composite<T> {
    /// What it consists of, to be changed; others that hold it keep it as it is.
    pub(crate) fn change(&mut self) -> &mut T {
        let weighed = Arc::make_mut(&mut self.0);
        weighed.measure = OnceLock::new();
        &mut weighed.of
    }

    /// What it consists of.
    pub(in crate::project) fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.0).of
    }
}

impl<T> Composite<T> {
    /// Where it lies: the same for all that hold it, as long as one of them does.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// How much it holds; `None` where `work` cannot tell.
    pub(in crate::project) fn measured(&self, work: impl FnOnce(&T) -> Option<Measure>) -> Option<Measure> {
        match self.0.measure.get() {
            Some(measure) => Some(*measure),
            None => work(&self.0.of).map(|measure| *self.0.measure.get_or_init(|| measure)),
        }
    }
}

impl<T> From<T> for Composite<T> {
    fn from(of: T) -> Self {
        Self(Arc::new(Weighed { of, measure: OnceLock::new() }))
    }
}

impl<T> Deref for Composite<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.of
    }
}

impl<T> Clone for Composite<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Clone for Weighed<T> {
    fn clone(&self) -> Self {
        Self { of: self.of.clone(), measure: OnceLock::new() }
    }
}

impl<T: PartialEq> PartialEq for Composite<T> {
    fn eq(&self, other: &Self) -> bool {
        let measures = self.0.measure.get().zip(other.0.measure.get());
        Arc::ptr_eq(&self.0, &other.0) || measures.is_none_or(|(measure, others)| measure == others) && self.0.of == other.0.of
    }
}
