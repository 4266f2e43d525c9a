//! Which findings of one review are those of another.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A finding as far as that tells it from others.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a, F> {
    /// What it shares with those that are equal but for their place.
    pub family: F,
    /// The file it points to.
    pub file: &'a str,
}

/// Pairs each finding with the one it was before, where it was there: in the same file first, then wherever it is left, as
/// after a rename. A copy of a file is not taken for the file, wherever it stands. Both lists are in order of place; the
/// result has an index of the first list for each element of the second.
pub fn pairs<'a, F: Copy + Eq + Hash>(
    before: impl IntoIterator<Item = Mark<'a, F>>,
    after: impl IntoIterator<Item = Mark<'a, F>>,
) -> Vec<Option<usize>> {
    let after: Vec<Mark<'a, F>> = after.into_iter().collect();
    let mut in_files: HashMap<(F, &str), VecDeque<usize>> = HashMap::new();
    let mut families: Vec<F> = Vec::new();
    for (index, Mark { family, file }) in before.into_iter().enumerate() {
        in_files.entry((family, file)).or_default().push_back(index);
        families.push(family);
    }
    let take = |mark: &Mark<'a, F>| in_files.get_mut(&(mark.family, mark.file)).and_then(VecDeque::pop_front);
    let mut found: Vec<Option<usize>> = after.iter().map(take).collect();
    let mut unpaired: Vec<usize> = in_files.into_values().flatten().collect();
    unpaired.sort_unstable();
    let mut elsewhere: HashMap<F, VecDeque<usize>> = HashMap::new();
    for index in unpaired {
        elsewhere.entry(families[index]).or_default().push_back(index);
    }
    for (mark, found) in after.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
        *found = elsewhere.get_mut(&mark.family).and_then(VecDeque::pop_front);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(before: &[(&'static str, &str)], after: &[(&'static str, &str)]) -> Vec<Option<usize>> {
        fn marks<'a>(of: &'a [(&'static str, &'a str)]) -> impl Iterator<Item = Mark<'a, &'static str>> {
            of.iter().map(|&(family, file)| Mark { family, file })
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
    fn families_are_not_mixed() {
        assert_eq!(paired(&[("x", "a")], &[("y", "a"), ("x", "a")]), [None, Some(0)]);
        assert_eq!(paired(&[], &[("y", "a")]), [None]);
    }
}
