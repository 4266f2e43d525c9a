//! What an index and a tree have different, and what a tree holds.

use std::cmp::Ordering;
use std::ops::Range;

use super::error::GitError;
use super::index::{CachedDirectory, Index, Item, State};
use super::objects::{ObjectError, ObjectId, ObjectStore, Record, TreeLine, read_tree};

/// Deepest nesting of directories that is followed; git's own default for `core.maxTreeDepth`.
const MAX_DEPTH: usize = 2048;

const TOO_DEEP: &str = "its directories are nested too deep";

/// Most files that one tree may hold. A few trees that name each other again and again can stand for any number.
const MAX_FILES: usize = 5_000_000;

/// A path whose record is not the same in the tree and in the index. What the next commit will not hold (intent to add,
/// conflicts) is not in the index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: Vec<u8>,
    pub(super) old: Option<Record>,
    pub(super) new: Option<Record>,
}

/// Compares the index with a tree (`None`: the empty tree), by path. Directories that the cache tree knows to be the same
/// are not looked at, so the cost follows what was changed and not the size of the repository.
pub(super) fn compare(store: &dyn ObjectStore, index: &Index, tree: Option<&ObjectId>) -> Result<Vec<Difference>, GitError> {
    let mut comparison = Comparison { store, index, path: Vec::new(), depth: 0, found: Vec::new() };
    let all = 0..index.items().len();
    match tree {
        Some(tree) => comparison.directory(all, tree, index.cache_tree().map(|cache| cache.root()))?,
        None => comparison.added(all),
    }
    Ok(comparison.found)
}

struct Comparison<'a> {
    store: &'a dyn ObjectStore,
    index: &'a Index,
    /// The directory being compared, with a slash at its end.
    path: Vec<u8>,
    depth: usize,
    found: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    /// Compares the entries of the index below one directory with a tree.
    fn directory(&mut self, entries: Range<usize>, tree: &ObjectId, cached: Option<CachedDirectory<'a>>) -> Result<(), GitError> {
        if cached.is_some_and(|cached| cached.is(tree, entries.len())) {
            return Ok(());
        }
        let lines = read_tree(self.store, tree)?;
        let children = cached.map(|cached| cached.children()).unwrap_or_default();
        let mut at = entries.start;
        for line in &lines {
            // The entries of the index that come before this line, then those it is about.
            while at < entries.end && self.compare_names(at, line) == Ordering::Less {
                let next = self.end_of_name(at, entries.end, None);
                self.added(at..next);
                at = next;
            }
            let child = if line.is_tree() { children.get(&line.name) } else { None };
            let here = if at < entries.end && self.compare_names(at, line) == Ordering::Equal {
                at..self.end_of_name(at, entries.end, child.and_then(|child| child.entries()))
            } else {
                at..at
            };
            at = here.end;
            self.line(here, line, child)?;
        }
        self.added(at..entries.end);
        Ok(())
    }

    /// Compares one line of a tree with the entries of its name.
    fn line(&mut self, entries: Range<usize>, line: &TreeLine, cached: Option<CachedDirectory<'a>>) -> Result<(), GitError> {
        let parent = self.path.len();
        self.path.extend_from_slice(&line.name);
        if !line.is_tree() {
            let new = entries.clone().find_map(|at| self.staged(at));
            self.push(self.path.clone(), Some(line.record), new);
        } else {
            self.path.push(b'/');
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(ObjectError::Damaged(TOO_DEEP.into()).of(&line.record.id));
            }
            if entries.is_empty() {
                let path = self.path.clone();
                walk(self.store, &line.record.id, path, &mut |path, record| self.push(path.to_vec(), Some(record), None))?;
            } else {
                self.directory(entries, &line.record.id, cached)?;
            }
            self.depth -= 1;
        }
        self.path.truncate(parent);
        Ok(())
    }

    /// The entries of the index that the tree has not.
    fn added(&mut self, entries: Range<usize>) {
        for at in entries {
            let path = self.index.path(&self.index.items()[at]).to_vec();
            self.push(path, None, self.staged(at));
        }
    }

    fn push(&mut self, path: Vec<u8>, old: Option<Record>, new: Option<Record>) {
        if old != new {
            self.found.push(Difference { path, old, new });
        }
    }

    fn staged(&self, at: usize) -> Option<Record> {
        let item = &self.index.items()[at];
        matches!(item.state, State::Staged | State::SkipWorktree).then(|| self.index.record(item))
    }

    /// The name of an entry in the directory being compared, with a slash if it is a directory.
    fn name(&self, at: usize) -> &'a [u8] {
        let name = &self.index.path(&self.index.items()[at])[self.path.len()..];
        memchr::memchr(b'/', name).map_or(name, |slash| &name[..=slash])
    }

    /// Compares in the order that index and trees share: by bytes, a directory with the slash at its end.
    fn compare_names(&self, at: usize, line: &TreeLine) -> Ordering {
        let slash: &[u8] = if line.is_tree() { b"/" } else { b"" };
        self.name(at).iter().cmp(line.name.iter().chain(slash))
    }

    /// The first entry after `at` with another name: after a whole directory, or after all stages of a file. How many
    /// entries have the name may be known, but is not trusted.
    fn end_of_name(&self, at: usize, end: usize, known: Option<usize>) -> usize {
        let name = self.name(at);
        let is_of_it = |item: &Item| {
            let other = &self.index.path(item)[self.path.len()..];
            if name.ends_with(b"/") { other.starts_with(name) } else { other == name }
        };
        let rest = &self.index.items()[at..end];
        let is_end = |count: &usize| count.checked_sub(1).and_then(|last| rest.get(last)).is_some_and(is_of_it);
        if let Some(count) = known.filter(is_end).filter(|&count| !rest.get(count).is_some_and(is_of_it)) {
            return at + count;
        }
        // Most names have few entries, in the largest of directories too.
        let mut reach = 1;
        while rest.get(reach).is_some_and(is_of_it) {
            reach *= 2;
        }
        at + rest[..reach.min(rest.len())].partition_point(is_of_it)
    }
}

/// Visits all files below a tree by path; `path` is where the tree is, with a slash at its end unless it is empty.
pub(super) fn walk(
    store: &dyn ObjectStore,
    tree: &ObjectId,
    path: Vec<u8>,
    visit: &mut dyn FnMut(&[u8], Record),
) -> Result<(), GitError> {
    Walk { store, path, depth: 0, files: 0, visit }.tree(tree)
}

struct Walk<'a> {
    store: &'a dyn ObjectStore,
    path: Vec<u8>,
    depth: usize,
    files: usize,
    visit: &'a mut dyn FnMut(&[u8], Record),
}

impl Walk<'_> {
    fn tree(&mut self, tree: &ObjectId) -> Result<(), GitError> {
        let refuse = |reason: &str| Err(ObjectError::Damaged(reason.into()).of(tree));
        if self.depth > MAX_DEPTH {
            return refuse(TOO_DEEP);
        }
        for line in read_tree(self.store, tree)? {
            let parent = self.path.len();
            self.path.extend_from_slice(&line.name);
            if line.is_tree() {
                self.path.push(b'/');
                self.depth += 1;
                self.tree(&line.record.id)?;
                self.depth -= 1;
            } else if self.files == MAX_FILES {
                return refuse("it is part of more files than any repository holds");
            } else {
                self.files += 1;
                (self.visit)(&self.path, line.record);
            }
            self.path.truncate(parent);
        }
        Ok(())
    }
}
