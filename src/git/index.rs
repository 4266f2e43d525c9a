//! The index file, read directly.
//!
//! libgit2 takes a hundred times as long for the same question: it checks the hash of the file and builds an object for
//! every entry. The format is git's `index-format` documentation ("gitformat-index"), versions 2 to 4. Like git's
//! own reader, this one does not check the hash over the file (its last bytes, zero with `index.skipHash`); what would
//! make it read wrong entries is checked by structure.

use std::collections::HashSet;
use std::ops::Range;

use super::objects::{ObjectId, Record};

/// What an index holds, sorted by path, then by stage.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The file, or what stands for it: ids and stat data are looked up here when they are asked for.
    bytes: Vec<u8>,
    /// The paths, where the file holds them compressed or not at all.
    paths: Option<Vec<u8>>,
    items: Vec<Item>,
    hash_len: usize,
    /// Whether stat data comes before each id.
    has_stat: bool,
    cache_tree: Option<CacheTree>,
}

/// One entry of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    path: (u32, u32),
    id: u32,
    mode: u32,
    pub(super) state: State,
}

impl Item {
    /// The type and permissions.
    pub(super) fn mode(&self) -> u32 {
        self.mode
    }
}

/// What an entry is in, beside being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Part of the next commit.
    Staged,
    /// Part of the next commit, and left out of the work tree by a sparse checkout.
    SkipWorktree,
    /// Announced by `git add --intent-to-add`; not part of the next commit.
    IntentToAdd,
    /// One side of a conflict.
    Unmerged,
}

/// What `lstat` said when the entry was last found unchanged. Sizes and inodes are truncated to 32 bits by the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) changed: (u32, u32),
    pub(super) modified: (u32, u32),
    pub(super) inode: u32,
    pub(super) size: u32,
}

/// Why an index could not be read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IndexError {
    /// Damaged.
    Corrupt(&'static str),
    /// Well-formed, but only git knows what it means: a split index (`link`), a sparse index (`sdir`), one with entries out of
    /// order, or something newer.
    Beyond(String),
}

/// Bytes of an entry before the object id: ten 32-bit numbers.
const STAT_BYTES: usize = 40;

/// Compression of paths can make a small file name a huge amount of text; real repositories stay far below this.
const MAX_EXPANDED_BYTES: usize = 512 * 1024 * 1024;

impl Index {
    /// Reads an index file whose object ids have `hash_len` bytes.
    pub(super) fn parse(bytes: Vec<u8>, hash_len: usize) -> Result<Self, IndexError> {
        use IndexError::{Beyond, Corrupt};
        if bytes.get(..4) != Some(b"DIRC") {
            return Err(Corrupt("it does not begin like an index"));
        }
        if u32::try_from(bytes.len()).is_err() {
            return Err(Corrupt("it has more than 4 GiB"));
        }
        let (version, count) = match (number(&bytes, 4), number(&bytes, 8)) {
            (Some(version @ 2..=4), Some(count)) => (version, count as usize),
            (Some(version), Some(_)) => return Err(Beyond(format!("index version {version}"))),
            _ => return Err(Corrupt("it ends in its header")),
        };
        let end = bytes.len().checked_sub(hash_len).ok_or(Corrupt("it ends in its header"))?;
        let mut reader = EntryReader { bytes: &bytes[..end], at: 12, hash_len, version, expanded: Vec::new(), before: 0..0 };
        // The count is not trusted for the allocation: an entry has more than 60 bytes.
        let mut items = Vec::with_capacity(count.min(bytes.len() / 60));
        for _ in 0..count {
            items.push(reader.next().ok_or(Corrupt("an entry is cut short"))?);
        }
        let after_entries = reader.at;
        let paths = (version == 4).then_some(reader.expanded);
        let mut index = Self { bytes, paths, items, hash_len, has_stat: true, cache_tree: None };
        // The extensions first: they may say that the entries are not what they seem.
        index.cache_tree = index.read_extensions(after_entries, end)?;
        if index.disorder().is_some() {
            return Err(Beyond("entries that are out of order".into()));
        }
        Ok(index)
    }

    /// Makes an index of what git printed: `git ls-files -t -s -z` for the entries, and the paths that the next commit will
    /// hold, each ended by a NUL: without those announced by `git add --intent-to-add`, which the former does not mark.
    ///
    /// Git works with files whose entries are out of order or repeated, and lists them as they are.
    pub(super) fn from_listing(entries: &[u8], committed: &[u8], hash_len: usize) -> Result<Self, String> {
        let mut index = Self::listed(entries, committed, hash_len).ok_or("git lists it in an unknown form")?;
        let mut items = std::mem::take(&mut index.items);
        items.sort_by(|a, b| index.path(a).cmp(index.path(b)));
        items.dedup_by(|a, b| (a.state, index.path(a), index.record(a)) == (b.state, index.path(b), index.record(b)));
        index.items = items;
        match index.disorder() {
            None => Ok(index),
            Some(path) => Err(format!("it lists `{}` twice, with different contents", String::from_utf8_lossy(path))),
        }
    }

    fn listed(entries: &[u8], committed: &[u8], hash_len: usize) -> Option<Self> {
        let committed: HashSet<&[u8]> = committed.split(|&byte| byte == 0).collect();
        let mut index = Self { hash_len, ..Self::default() };
        let mut paths = Vec::new();
        for line in entries.strip_suffix(b"\0").unwrap_or_default().split(|&byte| byte == 0) {
            // `<tag> <mode> <id> <stage>\t<path>`
            let (description, path) = line.split_at(memchr::memchr(b'\t', line)?);
            let path = &path[1..];
            let words: Vec<&str> = std::str::from_utf8(description).ok()?.split(' ').collect();
            let &[tag, mode, id, stage] = words.as_slice() else { return None };
            let state = match (tag, stage) {
                (_, "1" | "2" | "3") => State::Unmerged,
                _ if !committed.contains(path) => State::IntentToAdd,
                ("S", _) => State::SkipWorktree,
                _ => State::Staged,
            };
            let mode = u32::from_str_radix(mode, 8).ok()?;
            let id = ObjectId::from_hex(id).filter(|id| id.as_bytes().len() == hash_len)?;
            index.items.push(Item {
                path: (narrow(paths.len())?, narrow(path.len())?),
                id: narrow(index.bytes.len())?,
                mode,
                state,
            });
            paths.extend_from_slice(path);
            index.bytes.extend_from_slice(id.as_bytes());
        }
        index.paths = Some(paths);
        Some(index)
    }

    /// All entries.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The entries whose paths begin in a way.
    pub(super) fn below(&self, prefix: &[u8]) -> &[Item] {
        let start = self.items.partition_point(|item| self.path(item) < prefix);
        let len = self.items[start..].partition_point(|item| self.path(item).starts_with(prefix));
        &self.items[start..start + len]
    }

    /// The entry of a path, the first one in a conflict.
    pub(super) fn find(&self, path: &[u8]) -> Option<&Item> {
        let at = self.items.partition_point(|item| self.path(item) < path);
        self.items.get(at).filter(|item| self.path(item) == path)
    }

    /// The path of an entry, as git has it.
    pub(super) fn path(&self, item: &Item) -> &[u8] {
        let (start, len) = item.path;
        &self.paths.as_deref().unwrap_or(&self.bytes)[start as usize..][..len as usize]
    }

    /// The type, permissions and object of an entry.
    pub(super) fn record(&self, item: &Item) -> Record {
        let raw = &self.bytes[item.id as usize..][..self.hash_len];
        Record { mode: item.mode, id: ObjectId::from_bytes(raw).expect("hash_len is 20 or 32") }
    }

    /// What `lstat` said of the file, where the index keeps it.
    pub(super) fn stat(&self, item: &Item) -> Option<Stat> {
        let start = self.has_stat.then(|| item.id as usize - STAT_BYTES)?;
        let field = |n: usize| number(&self.bytes, start + 4 * n);
        Some(Stat { changed: (field(0)?, field(1)?), modified: (field(2)?, field(3)?), inode: field(5)?, size: field(9)? })
    }

    /// Which trees parts of the index are known to be.
    pub(super) fn cache_tree(&self) -> Option<&CacheTree> {
        self.cache_tree.as_ref()
    }

    /// The first path that does not come after the one before it; only the stages of a conflict share one, and none is
    /// empty.
    fn disorder(&self) -> Option<&[u8]> {
        let empty = self.items.first().map(|first| self.path(first)).filter(|path| path.is_empty());
        let misplaced = self.items.windows(2).find_map(|pair| {
            let (path, next) = (self.path(&pair[0]), self.path(&pair[1]));
            let is_conflict = || path == next && pair.iter().all(|item| item.state == State::Unmerged);
            (path >= next && !is_conflict()).then_some(next)
        });
        empty.or(misplaced)
    }

    /// Extensions: a four-byte name, a length, the data. A name in capitals may be ignored, any other may not.
    fn read_extensions(&self, mut at: usize, end: usize) -> Result<Option<CacheTree>, IndexError> {
        let mut cache_tree = None;
        while at < end {
            let size = number(&self.bytes[..end], at + 4).ok_or(IndexError::Corrupt("an extension is cut short"))?;
            let (name, data) = (&self.bytes[at..at + 4], at + 8..at + 8 + size as usize);
            if data.end > end {
                return Err(IndexError::Corrupt("an extension is cut short"));
            }
            at = data.end;
            match name {
                b"TREE" => cache_tree = CacheTree::parse(&self.bytes[data], self.hash_len, self.items.len()),
                [b'A'..=b'Z', ..] => {}
                _ => return Err(IndexError::Beyond(format!("index extension `{}`", name.escape_ascii()))),
            }
        }
        Ok(cache_tree)
    }
}

struct EntryReader<'b> {
    bytes: &'b [u8],
    at: usize,
    hash_len: usize,
    version: u32,
    /// Version 4: all paths so far, one after the other.
    expanded: Vec<u8>,
    /// Version 4: the last of them.
    before: Range<usize>,
}

impl EntryReader<'_> {
    fn next(&mut self) -> Option<Item> {
        let id = self.at + STAT_BYTES;
        let flags_at = id + self.hash_len;
        let flags = short(self.bytes, flags_at)?;
        let extended = if flags & 0x4000 != 0 { short(self.bytes, flags_at + 2)? } else { 0 };
        let name = flags_at + if flags & 0x4000 != 0 { 4 } else { 2 };
        let path = if self.version == 4 { self.compressed_path(name)? } else { self.plain_path(name, flags)? };
        let state = if flags & 0x3000 != 0 {
            State::Unmerged
        } else if extended & 0x2000 != 0 {
            State::IntentToAdd
        } else if extended & 0x4000 != 0 {
            State::SkipWorktree
        } else {
            State::Staged
        };
        let mode = number(self.bytes, id - STAT_BYTES + 24)?;
        Some(Item { path: (narrow(path.start)?, narrow(path.len())?), id: narrow(id)?, mode, state })
    }

    /// The path itself, then one to eight NULs up to a multiple of eight bytes.
    fn plain_path(&mut self, start: usize, flags: u16) -> Option<Range<usize>> {
        let len = match usize::from(flags & 0xFFF) {
            0xFFF => memchr::memchr(0, self.bytes.get(start..)?)?,
            len => len,
        };
        let padded = (start - self.at + len + 8) & !7;
        self.at = (self.at + padded <= self.bytes.len()).then_some(self.at + padded)?;
        Some(start..start + len)
    }

    /// How many bytes to take off the path before, then what to put there, then a NUL.
    fn compressed_path(&mut self, start: usize) -> Option<Range<usize>> {
        let (strip, suffix) = offset_number(self.bytes, start)?;
        let len = memchr::memchr(0, self.bytes.get(suffix..)?)?;
        let kept = self.before.len().checked_sub(strip)?;
        let path = self.expanded.len()..self.expanded.len() + kept + len;
        if path.end > MAX_EXPANDED_BYTES {
            return None;
        }
        self.expanded.extend_from_within(self.before.start..self.before.start + kept);
        self.expanded.extend_from_slice(&self.bytes[suffix..suffix + len]);
        self.at = suffix + len + 1;
        self.before = path.clone();
        Some(path)
    }
}

/// Which trees parts of the index are known to be: the `TREE` extension. Git keeps it when it writes a tree, which
/// `git commit` does before it runs the hook, so nearly all directories of a commit are known without a look at them.
#[derive(Debug, Default)]
pub(super) struct CacheTree {
    /// In depth-first order, the root first.
    nodes: Vec<CachedTree>,
    names: Vec<u8>,
}

#[derive(Debug)]
struct CachedTree {
    name: Range<usize>,
    /// How many entries of the index the tree covers, and the tree; `None` after a change below it.
    valid: Option<(usize, ObjectId)>,
    /// The node after the last one below this one.
    end: usize,
}

/// A directory of a [`CacheTree`].
#[derive(Debug, Clone, Copy)]
pub(super) struct CachedDirectory<'c> {
    cache: &'c CacheTree,
    node: usize,
}

impl CacheTree {
    /// `None` when it is malformed: it is only a shortcut, and without it everything is compared.
    fn parse(data: &[u8], hash_len: usize, entries: usize) -> Option<Self> {
        let mut cache = Self { nodes: Vec::new(), names: data.to_vec() };
        // Nodes whose subtrees are being read, and how many of these are to come.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        loop {
            let name = at..at + memchr::memchr(0, data.get(at..)?)?;
            let line = name.end + 1..name.end + 1 + memchr::memchr(b'\n', data.get(name.end + 1..)?)?;
            at = line.end + 1;
            let (count, subtrees) = std::str::from_utf8(&data[line]).ok()?.split_once(' ')?;
            let valid = match count.parse::<i64>().ok()? {
                ..0 => None,
                count => {
                    let id = ObjectId::from_bytes(data.get(at..at + hash_len)?)?;
                    at += hash_len;
                    Some((usize::try_from(count).ok().filter(|&count| count <= entries)?, id))
                }
            };
            let node = cache.nodes.len();
            cache.nodes.push(CachedTree { name, valid, end: node + 1 });
            open.push((node, subtrees.parse().ok()?));
            while let Some((node, to_come)) = open.last_mut() {
                if let Some(less) = to_come.checked_sub(1) {
                    *to_come = less;
                    break;
                }
                cache.nodes[*node].end = cache.nodes.len();
                open.pop();
            }
            if open.is_empty() {
                return Some(cache);
            }
        }
    }

    /// The top of the repository.
    pub(super) fn root(&self) -> CachedDirectory<'_> {
        CachedDirectory { cache: self, node: 0 }
    }
}

impl<'c> CachedDirectory<'c> {
    /// Whether the `entries` entries of the index below this directory are known to be `tree`.
    pub(super) fn is(&self, tree: &ObjectId, entries: usize) -> bool {
        self.cache.nodes[self.node].valid.is_some_and(|(count, id)| count == entries && id == *tree)
    }

    /// How many entries of the index are below this directory, where that is known.
    pub(super) fn entries(&self) -> Option<usize> {
        self.cache.nodes[self.node].valid.map(|(count, _)| count)
    }

    /// The directories in this one.
    pub(super) fn children(&self) -> CachedChildren<'c> {
        let nodes = &self.cache.nodes;
        let first = Some(self.node + 1).filter(|&child| child < nodes[self.node].end);
        let children = std::iter::successors(first, |&child| Some(nodes[child].end).filter(|&next| next < nodes[self.node].end));
        let named = |node: usize| (&self.cache.names[nodes[node].name.clone()], CachedDirectory { cache: self.cache, node });
        let mut children: Vec<_> = children.map(named).collect();
        // Git's own order.
        if !children.is_sorted_by_key(|(name, _)| (name.len(), *name)) {
            children.sort_unstable_by_key(|(name, _)| (name.len(), *name));
        }
        CachedChildren(children)
    }
}

/// The directories in one of a [`CacheTree`].
#[derive(Debug, Default)]
pub(super) struct CachedChildren<'c>(Vec<(&'c [u8], CachedDirectory<'c>)>);

impl<'c> CachedChildren<'c> {
    /// The directory of a name.
    pub(super) fn get(&self, name: &[u8]) -> Option<CachedDirectory<'c>> {
        let at = self.0.binary_search_by(|(other, _)| (other.len(), *other).cmp(&(name.len(), name))).ok()?;
        Some(self.0[at].1)
    }

    /// All of them.
    #[cfg(any(test, fuzzing))]
    fn all(&self) -> impl Iterator<Item = CachedDirectory<'c>> {
        self.0.iter().map(|(_, directory)| *directory)
    }
}

/// Reads an index and looks at all of it, for tests with damaged ones.
#[cfg(any(test, fuzzing))]
pub(super) fn exercise(bytes: Vec<u8>, hash_len: usize) {
    let Ok(index) = Index::parse(bytes, hash_len) else { return };
    for item in index.items() {
        let _ = (index.path(item), index.record(item), index.stat(item));
    }
    let mut directories: Vec<_> = index.cache_tree().map(CacheTree::root).into_iter().collect();
    while let Some(directory) = directories.pop() {
        directories.extend(directory.children().all());
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|raw| raw.try_into().ok()).map(u32::from_be_bytes)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).and_then(|raw| raw.try_into().ok()).map(u16::from_be_bytes)
}

fn narrow(number: usize) -> Option<u32> {
    u32::try_from(number).ok()
}

/// The variable-length number of offsets in packs and of version 4, and where it ends.
fn offset_number(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    loop {
        let byte = *bytes.get(at)?;
        value = value.checked_shl(7)?.checked_add(usize::from(byte & 0x7F))?;
        at += 1;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
        value = value.checked_add(1).filter(|&value| value <= bytes.len())?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An index as git writes it: entries, then extensions, then room for the hash.
    fn encode(version: u32, paths: &[&str], extensions: &[u8]) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(u32::try_from(paths.len()).expect("few").to_be_bytes());
        let mut before = "";
        for path in paths {
            let start = bytes.len();
            bytes.extend([0; 24]);
            bytes.extend(0o100_644u32.to_be_bytes());
            bytes.extend([0; 12]);
            bytes.extend([9; 20]);
            bytes.extend(u16::try_from(path.len()).expect("short").to_be_bytes());
            if version == 4 {
                let kept = before.bytes().zip(path.bytes()).take_while(|(a, b)| a == b).count();
                bytes.push(u8::try_from(before.len() - kept).expect("short"));
                bytes.extend(path[kept..].bytes());
                bytes.push(0);
                before = path;
            } else {
                bytes.extend(path.bytes());
                bytes.resize(start + ((bytes.len() - start + 8) & !7), 0);
            }
        }
        bytes.extend(extensions);
        bytes.extend([0; 20]);
        bytes
    }

    fn paths(index: &Index) -> Vec<&str> {
        index.items().iter().map(|item| std::str::from_utf8(index.path(item)).expect("text")).collect()
    }

    /// Two directories that are trees of 7s and 8s, below a root that was changed.
    fn cache_tree() -> Vec<u8> {
        let mut data = b"\0-1 2\na\x002 0\n".to_vec();
        data.extend([7; 20]);
        data.extend(b"bb\x001 0\n");
        data.extend([8; 20]);
        data
    }

    fn extension(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&name[..], &u32::try_from(data.len()).expect("short").to_be_bytes(), data].concat()
    }

    const PATHS: [&str; 4] = ["a/x", "a/y", "bb/x", "c"];

    #[test]
    fn every_version_holds_the_same_entries() {
        for version in 2..=4 {
            let index = Index::parse(encode(version, &PATHS, b""), 20).expect("well-formed");
            assert_eq!(paths(&index), PATHS);
            assert_eq!(index.record(&index.items()[3]).id, ObjectId::from_bytes(&[9; 20]).expect("an id"));
        }
    }

    #[test]
    fn the_cache_tree_is_found_among_other_extensions() {
        let extensions = [extension(b"UNTR", b"?"), extension(b"TREE", &cache_tree())].concat();
        let index = Index::parse(encode(2, &PATHS, &extensions), 20).expect("well-formed");
        let root = index.cache_tree().expect("a cache tree").root();
        let tree = |byte: u8| ObjectId::from_bytes(&[byte; 20]).expect("an id");
        let children = root.children();
        assert!(!root.is(&tree(7), 4));
        let (a, bb) = (children.get(b"a").expect("there"), children.get(b"bb").expect("there"));
        assert_eq!(children.all().count(), 2);
        assert!(a.is(&tree(7), 2) && bb.is(&tree(8), 1));
        assert!(!a.is(&tree(7), 1) && !a.is(&tree(8), 2));
        assert_eq!((a.entries(), a.children().all().count()), (Some(2), 0));
        assert!(children.get(b"b").is_none());
    }

    #[test]
    fn a_damaged_cache_tree_is_no_shortcut() {
        let whole = cache_tree();
        for cut in 0..whole.len() {
            assert!(CacheTree::parse(&whole[..cut], 20, 4).is_none(), "cut at {cut}");
        }
        assert!(CacheTree::parse(&whole, 20, 1).is_none(), "more entries than the index has");
    }

    #[test]
    fn what_only_git_knows_is_left_to_git() {
        for extensions in [extension(b"link", &[1; 20]), extension(b"sdir", b"")] {
            let beyond = Index::parse(encode(2, &["", "a"], &extensions), 20).expect_err("beyond");
            assert!(matches!(beyond, IndexError::Beyond(_)));
        }
        assert!(matches!(Index::parse(encode(5, &[], b""), 20), Err(IndexError::Beyond(_))));
    }

    #[test]
    fn entries_out_of_order_are_left_to_git() {
        for paths in [["b", "a"], ["a", "a"], ["", "a"]] {
            assert!(matches!(Index::parse(encode(2, &paths, b""), 20), Err(IndexError::Beyond(_))), "{paths:?}");
        }
    }

    proptest! {
        #[test]
        fn damage_is_never_more_than_an_error(
            version in 2u32..=4,
            cut in any::<prop::sample::Index>(),
            hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            hash_len in prop::sample::select(vec![20usize, 32]),
        ) {
            let mut bytes = encode(version, &PATHS, &extension(b"TREE", &cache_tree()));
            for (at, byte) in hits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(bytes.len() + 1).max(bytes.len() / 2));
            exercise(bytes, hash_len);
        }

        #[test]
        fn listings_are_read_or_refused(entries in prop::collection::vec(any::<u8>(), 0..80), committed in "[a-z\\x00]{0,9}") {
            let _ = Index::from_listing(&entries, committed.as_bytes(), 20);
        }
    }
}
