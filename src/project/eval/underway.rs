//! What is being worked out, so that what leads back to itself is cut short.

use std::cell::RefCell;

use crate::project::memo::Run;

/// Work that goes on, each piece with the number of answers that were being worked out when it began. What is cut short makes
/// all of these depend on what was asked first: within a circle, each answer has another one for its beginning.
#[derive(Debug)]
pub(super) struct Underway<K>(RefCell<Vec<(K, usize)>>);

impl<K> Default for Underway<K> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K> Underway<K> {
    /// Does a piece of work.
    pub(super) fn during<T>(&self, run: &Run<'_>, key: K, work: impl FnOnce() -> T) -> T {
        self.0.borrow_mut().push((key, run.open_answers()));
        let result = work();
        self.0.borrow_mut().pop();
        result
    }

    /// What tells of the innermost piece of work of a kind that goes on; what asks is cut short by that.
    pub(super) fn innermost<T>(&self, run: &Run<'_>, of: impl Fn(&K) -> Option<T>) -> Option<T> {
        let underway = self.0.borrow();
        let found = underway.iter().rev().find_map(|(key, _)| of(key))?;
        run.cut_below(0);
        Some(found)
    }

    /// Whether so many pieces of work go on within each other; what asks is cut short by that.
    pub(super) fn reaches(&self, run: &Run<'_>, pieces: usize) -> bool {
        let underway = self.0.borrow();
        let is_reached = underway.len() >= pieces;
        if is_reached {
            run.cut_below(0);
        }
        is_reached
    }

    /// How many pieces of a kind go on.
    pub(super) fn count(&self, is_it: impl Fn(&K) -> bool) -> usize {
        self.0.borrow().iter().filter(|(key, _)| is_it(key)).count()
    }

    /// Does work that has nothing to do with what goes on around it.
    pub(super) fn apart<T>(&self, work: impl FnOnce() -> T) -> T {
        let around = self.0.take();
        let result = work();
        self.0.replace(around);
        result
    }
}

impl<K: PartialEq> Underway<K> {
    /// Whether a piece of work goes on; what asks is cut short by that.
    pub(super) fn has(&self, run: &Run<'_>, key: &K) -> bool {
        self.innermost(run, |other| (other == key).then_some(())).is_some()
    }

    /// Whether a piece of work goes on that the same piece within adds nothing to: what is around it comes out the same
    /// whoever asks for it.
    pub(super) fn repeats(&self, run: &Run<'_>, key: &K) -> bool {
        let underway = self.0.borrow();
        let found = underway.iter().rev().find(|(other, _)| other == key);
        found.iter().for_each(|(_, answers)| run.cut_below(*answers));
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::FileFacts;
    use crate::facts::signals::Signals;
    use crate::project::files::{Edit, Files};
    use crate::project::memo::{Gate, Memo};
    use crate::source::FileKind;

    /// No files, of which none was edited.
    struct Nothing;

    impl Files for Nothing {
        fn exists(&self, _: &str) -> bool {
            false
        }

        fn facts(&self, _: &str) -> Option<Arc<FileFacts>> {
            None
        }

        fn installed(&self, _: &str) -> Option<Arc<str>> {
            None
        }

        fn text(&self, _: &str) -> Option<String> {
            None
        }

        fn of_kind(&self, _: FileKind) -> Vec<Arc<str>> {
            Vec::new()
        }

        fn candidates(&self) -> &[(Arc<str>, Signals)] {
            &[]
        }

        fn importers(&self, _: &[&str]) -> Vec<(Arc<str>, Signals)> {
            Vec::new()
        }

        fn edits(&self) -> Option<&[Edit]> {
            Some(&[])
        }
    }

    #[test]
    fn what_is_cut_short_makes_all_around_depend_on_what_was_asked_first() {
        let gate = Gate::new(&Nothing);
        let (run, mut answers, underway) = (Run::new(&gate, Run::FIRST), Memo::default(), Underway::default());
        let back = || run.answer(&answers, "back", || underway.has(&run, &"mark"));
        assert!(run.work_out(&answers, "around", || underway.during(&run, "mark", back)));
        let deep = || underway.during(&run, "other", || underway.reaches(&run, 2));
        assert!(run.work_out(&answers, "deep", || underway.during(&run, "mark", deep)));
        answers.end(Run::FIRST);
        let next = Run::new(&gate, Run::FIRST + 1);
        assert_eq!(["around", "back", "deep"].map(|key| next.known(&answers, &key)), [None; 3]);
    }

    #[test]
    fn what_repeats_itself_makes_only_what_lies_within_depend_on_it() {
        let gate = Gate::new(&Nothing);
        let (run, mut answers, underway) = (Run::new(&gate, Run::FIRST), Memo::default(), Underway::default());
        let back = || run.answer(&answers, "back", || underway.repeats(&run, &"mark"));
        assert!(run.work_out(&answers, "around", || underway.during(&run, "mark", back)));
        answers.end(Run::FIRST);
        let next = Run::new(&gate, Run::FIRST + 1);
        assert_eq!(["around", "back"].map(|key| next.known(&answers, &key)), [Some(true), None]);
    }
}
