//! Trees of the texts that were parsed last. The same text need not be parsed again, and one that was edited only where it
//! differs. What is kept saves time and changes nothing else, as far as the parser keeps its promise: that what it makes of an
//! edited tree is what it makes of the text alone. Of texts with errors it does not, so they are no beginnings.

use std::iter::zip;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tree_sitter::{InputEdit, Point, Tree};

/// Most texts kept.
const MOST: usize = 4;

/// Most bytes of all of them: a tree takes some twenty times the memory of its text.
const MOST_BYTES: usize = 64 * 1024;

static RECENT: Mutex<Vec<Known>> = Mutex::new(Vec::new());

struct Known {
    is_tsx: bool,
    text: Box<str>,
    tree: Tree,
}

/// What is known of a text.
pub(super) enum Start {
    /// Its tree.
    Same(Tree),
    /// The tree of a text that differs from it in one stretch, which is marked as edited.
    Edited(Tree),
}

/// What is known of a text; `None` where none that was parsed lately has most of it.
pub(super) fn find(is_tsx: bool, text: &str) -> Option<Start> {
    let mut recent = lock();
    if let Some(at) = recent.iter().position(|known| known.is_tsx == is_tsx && *known.text == *text) {
        recent[..=at].rotate_right(1);
        return Some(Start::Same(recent[0].tree.clone()));
    }
    let of_language = recent.iter().filter(|known| known.is_tsx == is_tsx);
    let (known, common) =
        of_language.map(|known| (known, Common::of(&known.text, text))).max_by_key(|(_, common)| common.len())?;
    (2 * common.len() >= text.len()).then(|| {
        let mut tree = known.tree.clone();
        tree.edit(&common.edit(&known.text, text));
        Start::Edited(tree)
    })
}

/// Keeps the tree of a text, in which there are no errors: what the parser makes of these depends on where it begins.
pub(super) fn keep(is_tsx: bool, text: &str, tree: &Tree) {
    if text.len() > MOST_BYTES {
        return;
    }
    let mut recent = lock();
    recent.insert(0, Known { is_tsx, text: text.into(), tree: tree.clone() });
    let mut bytes = 0;
    let fits = |known: &Known| {
        bytes += known.text.len();
        bytes <= MOST_BYTES
    };
    let kept = recent.iter().map(fits).take_while(|fits| *fits).take(MOST).count();
    let evicted = recent.split_off(kept);
    // To free a tree takes a while, for which nobody need wait.
    drop(recent);
    drop(evicted);
}

fn lock() -> MutexGuard<'static, Vec<Known>> {
    RECENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What two texts have in common: bytes at the beginning, and bytes at the end, of whole characters.
struct Common {
    before: usize,
    after: usize,
}

impl Common {
    fn of(old: &str, new: &str) -> Self {
        let is_same = |(old, new): &(u8, u8)| old == new;
        let before = new.floor_char_boundary(zip(old.bytes(), new.bytes()).take_while(is_same).count());
        let rest = old.len().min(new.len()) - before;
        let after = zip(old.bytes().rev(), new.bytes().rev()).take(rest).take_while(is_same).count();
        Self { before, after: new.len() - new.ceil_char_boundary(new.len() - after) }
    }

    fn len(&self) -> usize {
        self.before + self.after
    }

    fn edit(&self, old: &str, new: &str) -> InputEdit {
        let (old_end, new_end) = (old.len() - self.after, new.len() - self.after);
        InputEdit {
            start_byte: self.before,
            old_end_byte: old_end,
            new_end_byte: new_end,
            start_position: point(new, self.before),
            old_end_position: point(old, old_end),
            new_end_position: point(new, new_end),
        }
    }
}

/// The row of an offset, and the bytes before it there.
fn point(text: &str, at: usize) -> Point {
    let before = &text.as_bytes()[..at];
    let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    Point::new(memchr::memchr_iter(b'\n', before).count(), at - line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_have_in_common_are_whole_characters() {
        for (old, new, before, after) in [
            ("aéb", "aèb", 1, 1),
            ("aéb", "aũb", 1, 1),
            ("é", "éé", 2, 0),
            ("ééa", "éa", 2, 1),
            ("aé", "aéũ", 3, 0),
            ("same", "same", 4, 0),
        ] {
            let common = Common::of(old, new);
            assert_eq!((common.before, common.after), (before, after), "{old} {new}");
        }
    }
}
