//! Which findings of one review are those of another.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// A finding as far as that tells it from others.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a, F> {
    /// What it shares with those that are equal but for their place.
    pub family: F,
    /// The file it points to.
    pub file: &'a str,
    /// What it shares with the same finding of another package: what is found may be made by a function that moved, and a
    /// package or a file may have got another path.
    pub anywhere: Option<F>,
    /// Whether its package or its file is gone in the other review.
    pub is_gone: bool,
}

/// What findings have in common that are paired, and the file they have to point to.
type Shared<'a, F> = fn(&Mark<'a, F>) -> Option<(F, Option<&'a str>)>;

/// Pairs each finding with the one it was before, where it was there: in the same file first, then wherever it is left, as
/// after a rename, and then among those whose package is another one: of the same file, and after a rename. A copy of a file is
/// not taken for the file, wherever it stands. Both lists are in order of place; the result has an index of the first list for
/// each element of the second.
pub fn pairs<'a, F: Copy + Eq + Hash>(
    before: impl IntoIterator<Item = Mark<'a, F>>,
    after: impl IntoIterator<Item = Mark<'a, F>>,
) -> Vec<Option<usize>> {
    let after: Vec<Mark<'a, F>> = after.into_iter().collect();
    let mut in_files: HashMap<(F, &str), VecDeque<usize>> = HashMap::new();
    let before: Vec<Mark<'a, F>> = before.into_iter().collect();
    for (index, Mark { family, file, .. }) in before.iter().enumerate() {
        in_files.entry((*family, file)).or_default().push_back(index);
    }
    let take = |mark: &Mark<'a, F>| in_files.get_mut(&(mark.family, mark.file)).and_then(VecDeque::pop_front);
    let mut found: Vec<Option<usize>> = after.iter().map(take).collect();
    let mut left: Vec<usize> = in_files.into_values().flatten().collect();
    left.sort_unstable();
    let shared: [Shared<'a, F>; 3] = [
        |mark| Some((mark.family, None)),
        |mark| Some((mark.anywhere?, Some(mark.file))),
        |mark| Some((mark.anywhere.filter(|_| mark.is_gone)?, None)),
    ];
    for shared in shared {
        let mut elsewhere: HashMap<(F, Option<&str>), VecDeque<usize>> = HashMap::new();
        for &index in &left {
            shared(&before[index]).into_iter().for_each(|key| elsewhere.entry(key).or_default().push_back(index));
        }
        for (mark, found) in after.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            *found = shared(mark).and_then(|key| elsewhere.get_mut(&key)?.pop_front());
        }
        let taken: HashSet<usize> = found.iter().copied().flatten().collect();
        left.retain(|index| !taken.contains(index));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(before: &[(&'static str, &str)], after: &[(&'static str, &str)]) -> Vec<Option<usize>> {
        fn marks<'a>(of: &'a [(&'static str, &'a str)]) -> impl Iterator<Item = Mark<'a, &'static str>> {
            of.iter().map(|&(family, file)| Mark { family, file, anywhere: None, is_gone: false })
        }
        pairs(marks(before), marks(after))
    }

    #[test]
    fn a_copy_is_not_what_it_was_copied_from() {
        assert_eq!(paired(&[("x", "b")], &[("x", "a"), ("x", "b"), ("x", "c")]), [None, Some(0), None]);
        assert_eq!(paired(&[("x", "b"), ("x", "b")], &[("x", "a"), ("x", "b"), ("x", "b")]), [None, Some(0), Some(1)]);
    }

    #[test]
    fn what_moved_is_still_the_same() {
        assert_eq!(paired(&[("x", "b")], &[("x", "a")]), [Some(0)]);
        assert_eq!(
            paired(&[("x", "a"), ("x", "b"), ("x", "c")], &[("x", "c"), ("x", "d"), ("x", "e")]),
            [Some(2), Some(0), Some(1)]
        );
    }

    #[test]
    fn what_moved_with_its_package_is_still_the_same() {
        let mark = |family, file, is_gone| Mark { family, file, anywhere: Some("x"), is_gone };
        let before = [mark("a/x", "a/f", true), mark("b/x", "b/f", false)];
        let after = [mark("b/x", "b/f", false), mark("c/x", "c/f", true), mark("d/x", "d/f", true)];
        assert_eq!(pairs(before, after), [Some(1), Some(0), None]);
        // What the file uses was moved to another package.
        assert_eq!(pairs([mark("a/x", "c/f", false)], [mark("b/x", "c/f", false)]), [Some(0)]);
        assert_eq!(pairs([mark("a/x", "c/f", false)], [mark("b/x", "d/f", false)]), [None]);
        assert_eq!(pairs([mark("a/x", "c/f", false)], [mark("a/x", "c/f", false), mark("b/x", "c/f", false)]), [Some(0), None]);
    }

    #[test]
    fn families_are_not_mixed() {
        assert_eq!(paired(&[("x", "a")], &[("y", "a"), ("x", "a")]), [None, Some(0)]);
        assert_eq!(paired(&[], &[("y", "a")]), [None]);
    }
}
