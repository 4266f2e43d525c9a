//! Paths, bytes and positions: what every later layer starts from.
//!
//! A [`Snapshot`] is a set of paths with exact bytes (the index, a tree, the work tree, or memory). Nothing here knows
//! where the bytes come from; `git` provides the implementations that do I/O.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Largest source file that is read, in bytes. Anything larger is reported as not reviewed.
pub const MAX_SOURCE_BYTES: usize = 2 * 1024 * 1024;

/// Largest lockfile that is read, in bytes. Lockfiles are scanned line by line and may be far larger than sources.
pub const MAX_LOCKFILE_BYTES: usize = 64 * 1024 * 1024;

/// A half-open range of byte offsets in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

/// A span is kept as its start and its length, which is the smaller number of the two.
impl From<Span> for (u32, u32) {
    fn from(Span { start, end }: Span) -> Self {
        (start, end.wrapping_sub(start))
    }
}

impl From<(u32, u32)> for Span {
    fn from((start, length): (u32, u32)) -> Self {
        Self { start, end: start.wrapping_add(length) }
    }
}

impl Span {
    /// A span from byte offsets; offsets beyond 4 GiB saturate.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }

    /// The text this span covers; empty when the span does not fit the text.
    #[must_use]
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// Whether `other` lies within this span.
    #[must_use]
    pub fn contains(&self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A place in the repository: a file and a span of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// Path from the repository root, with `/` between the parts.
    pub file: Arc<str>,
    /// The bytes meant.
    pub span: Span,
}

impl Site {
    /// A site from its parts.
    #[must_use]
    pub fn new(file: &Arc<str>, span: Span) -> Self {
        Self { file: Arc::clone(file), span }
    }
}

/// A position for people and editors: 1-based line, 1-based column in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in UTF-16 code units.
    pub column: u32,
}

/// Turns byte offsets of one text into positions.
#[derive(Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<u32>,
}

impl<'t> LineIndex<'t> {
    /// Indexes the line starts of `text`.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)))
            .collect();
        Self { text, starts }
    }

    /// The position of a byte offset; offsets past the end give the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let line = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0) as usize;
        let mut end = offset as usize;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let units: usize = self.text[start..end].chars().map(char::len_utf16).sum();
        let one_based = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Position { line: one_based(line), column: one_based(units) }
    }

    /// The 1-based line number of a byte offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset).max(1)).unwrap_or(u32::MAX)
    }
}

/// The folder of a path; empty for a file in the root.
#[must_use]
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// How a file is read, decided by its path alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FileKind {
    /// `.ts`, `.mts`, `.cts`.
    TypeScript,
    /// `.tsx`, and JavaScript in all its endings, which the TSX grammar reads as well.
    Tsx,
    /// `.vue`, `.svelte`, `.astro`: script blocks inside markup.
    Component,
    /// `.d.ts`: types alone, read for those that a tool wrote from a database.
    Declarations,
    /// `.prisma`.
    Prisma,
    /// `.sql`.
    Sql,
    /// `meta/_journal.json`, the journal of Drizzle Kit.
    DrizzleJournal,
    /// `package.json`.
    PackageManifest,
    /// `deno.json` and `deno.jsonc`.
    DenoConfig,
    /// An import map beside them, under the names that are common for one.
    ImportMap,
    /// `tsconfig*.json`, `jsconfig.json`, and those of a folder that is called after them.
    TsConfig,
    /// `pnpm-workspace.yaml`.
    PnpmWorkspace,
    /// `package-lock.json` and `npm-shrinkwrap.json`.
    NpmLock,
    /// `pnpm-lock.yaml`.
    PnpmLock,
    /// `yarn.lock`, classic and berry.
    YarnLock,
    /// `bun.lock` (the textual form).
    BunLock,
    /// `deno.lock`.
    DenoLock,
    /// `.env` and `.env.*`.
    DotEnv,
    /// Continuous-integration workflows, `Dockerfile`s, `Makefile`s and shell scripts: read for the commands they run.
    Script,
}

impl FileKind {
    /// The kinds whose files make their folder a package, those that count first ahead: Deno takes its own configuration
    /// before a `package.json` beside it.
    pub const MANIFESTS: [Self; 2] = [Self::DenoConfig, Self::PackageManifest];

    /// The kind of the file at `path`, or `None` when the reviewer has no use for it.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name {
            "package.json" => return Some(Self::PackageManifest),
            "deno.json" | "deno.jsonc" => return Some(Self::DenoConfig),
            "import_map.json" | "import-map.json" | "importmap.json" => return Some(Self::ImportMap),
            "package-lock.json" | "npm-shrinkwrap.json" => return Some(Self::NpmLock),
            "pnpm-lock.yaml" => return Some(Self::PnpmLock),
            "yarn.lock" => return Some(Self::YarnLock),
            "bun.lock" => return Some(Self::BunLock),
            "deno.lock" => return Some(Self::DenoLock),
            "pnpm-workspace.yaml" => return Some(Self::PnpmWorkspace),
            "_journal.json" if folder == "meta" || folder.ends_with("/meta") => return Some(Self::DrizzleJournal),
            "jsconfig.json" => return Some(Self::TsConfig),
            _ => {}
        }
        if name == ".env" || name.starts_with(".env.") {
            return Some(Self::DotEnv);
        }
        // Shared ones are called as they like in a folder that is called after them: `typescript-config/nextjs.json`.
        let nearest = folder.rsplit_once('/').map_or(folder, |(_, nearest)| nearest);
        let is_shared = ["tsconfig", "ts-config", "typescript-config"].iter().any(|word| nearest.contains(word));
        if (name.starts_with("tsconfig") || is_shared) && name.ends_with(".json") {
            return Some(Self::TsConfig);
        }
        if name.starts_with("Dockerfile")
            || matches!(name, "Makefile" | "makefile" | "GNUmakefile")
            || (folder.ends_with(".github/workflows") && (name.ends_with(".yml") || name.ends_with(".yaml")))
        {
            return Some(Self::Script);
        }
        let (_, ending) = name.rsplit_once('.')?;
        match ending {
            "ts" if name.ends_with(".d.ts") => Some(Self::Declarations),
            "ts" | "mts" | "cts" => Some(Self::TypeScript),
            "tsx" | "js" | "jsx" | "mjs" | "cjs" => Some(Self::Tsx),
            "vue" | "svelte" | "astro" => Some(Self::Component),
            "prisma" => Some(Self::Prisma),
            "sql" => Some(Self::Sql),
            "sh" => Some(Self::Script),
            _ => None,
        }
    }

    /// Whether files of this kind hold TypeScript or JavaScript code.
    #[must_use]
    pub fn is_code(self) -> bool {
        matches!(self, Self::TypeScript | Self::Tsx | Self::Component)
    }

    /// Whether files of this kind hold command lines.
    #[must_use]
    pub fn has_commands(self) -> bool {
        matches!(self, Self::Script) || Self::MANIFESTS.contains(&self)
    }

    /// Whether files of this kind are lockfiles of a package manager.
    #[must_use]
    pub fn is_lockfile(self) -> bool {
        matches!(self, Self::NpmLock | Self::PnpmLock | Self::YarnLock | Self::BunLock | Self::DenoLock)
    }

    /// The largest file of this kind that is read, in bytes.
    #[must_use]
    pub fn max_bytes(self) -> usize {
        if self.is_lockfile() { MAX_LOCKFILE_BYTES } else { MAX_SOURCE_BYTES }
    }
}

/// Why the bytes of a file could not be taken as text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Unreadable {
    /// More bytes than [`FileKind::max_bytes`].
    #[error("the file has {0} bytes, more than the limit for its kind")]
    TooLarge(u64),
    /// A NUL byte outside UTF-16, hence not source text.
    #[error("the file holds NUL bytes and is taken as binary")]
    Binary,
    /// Neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("the file is neither UTF-8 nor UTF-16 with a byte order mark")]
    Encoding,
    /// Stands for content that Git LFS keeps elsewhere.
    #[error("it is a pointer of Git LFS, whose content is not in the repository")]
    LfsPointer,
    /// A symbolic link.
    #[error("it is a symbolic link, and links are not followed")]
    Link,
    /// The bytes could not be had at all.
    #[error("the file could not be read: {0}")]
    Io(String),
}

/// Decodes a source file: UTF-8 (a byte order mark stays part of the text), or UTF-16 with a byte order mark.
///
/// # Errors
/// [`Unreadable::Binary`] and [`Unreadable::Encoding`] as they say.
pub fn decode(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, Unreadable> {
    let wide = |combine: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| combine([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map(std::borrow::Cow::Owned).map_err(|_| Unreadable::Encoding)
    };
    match bytes {
        [0xFF, 0xFE, ..] => return wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    if memchr::memchr(0, bytes).is_some() {
        return Err(Unreadable::Binary);
    }
    std::str::from_utf8(bytes).map(std::borrow::Cow::Borrowed).map_err(|_| Unreadable::Encoding)
}

/// Whether bytes are what Git LFS leaves in the repository in place of content (Git LFS: `docs/spec.md`, "The Pointer").
#[must_use]
pub fn is_lfs_pointer(bytes: &[u8]) -> bool {
    const MAX_BYTES: usize = 1024;
    bytes.len() < MAX_BYTES && bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// The object name git gives a blob: 20 bytes (SHA-1) or 32 bytes (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlobId {
    bytes: [u8; 32],
    len: u8,
}

impl BlobId {
    /// From the raw bytes of an object name; `None` unless there are 20 or 32 of them.
    #[must_use]
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        if raw.len() != 20 && raw.len() != 32 {
            return None;
        }
        let mut bytes = [0; 32];
        bytes[..raw.len()].copy_from_slice(raw);
        Some(Self { bytes, len: u8::try_from(raw.len()).ok()? })
    }

    /// From the hexadecimal form git prints.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        if !digits.len().is_multiple_of(2) || digits.len() > 64 {
            return None;
        }
        let raw: Option<Vec<u8>> =
            (0..digits.len() / 2).map(|i| hex.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect();
        Self::from_bytes(&raw?)
    }

    /// The raw bytes of the object name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One regular file of a snapshot. Symbolic links, submodules, intent-to-add and unmerged entries are no entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path from the repository root, with `/` between the parts.
    pub path: Arc<str>,
    /// The git object that holds the bytes, where one is known to; else the bytes must be read to be identified.
    pub blob: Option<BlobId>,
}

/// Which set of files a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotKind {
    /// What the next commit will hold.
    Index,
    /// The files on disk.
    Worktree,
    /// One commit.
    Tree,
}

/// A path that is shown, and can be kept.
#[derive(Debug, Clone, Copy)]
pub enum ShownPath<'a> {
    /// Part of a larger text.
    Written(&'a str),
    /// Kept elsewhere as well: it is told to be the same without looking at its characters.
    Shared(&'a Arc<str>),
}

impl ShownPath<'_> {
    /// Whether it is a path that was kept.
    #[must_use]
    pub fn is(self, kept: &Arc<str>) -> bool {
        match self {
            Self::Shared(path) if Arc::ptr_eq(path, kept) => true,
            other => *other == **kept,
        }
    }
}

impl Deref for ShownPath<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Written(path) => path,
            Self::Shared(path) => path,
        }
    }
}

impl From<ShownPath<'_>> for Arc<str> {
    fn from(path: ShownPath<'_>) -> Self {
        match path {
            ShownPath::Written(path) => path.into(),
            ShownPath::Shared(path) => Self::clone(path),
        }
    }
}

/// A set of paths with exact bytes.
pub trait Snapshot: Sync {
    /// Which set of files this is.
    fn kind(&self) -> SnapshotKind;

    /// All regular files, sorted by path.
    fn entries(&self) -> &[Entry];

    /// The git tree whose regular files these are, where it is known.
    fn tree(&self) -> Option<BlobId> {
        None
    }

    /// The paths of the symbolic links among the files, sorted; they are no entries.
    fn links(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// The bytes of one entry.
    ///
    /// # Errors
    /// [`Unreadable::TooLarge`] when there are more than `limit` bytes, [`Unreadable::Io`] when they cannot be had.
    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable>;

    /// The entry at `path`, if there is one.
    fn entry(&self, path: &str) -> Option<Entry> {
        listed(self.entries(), path)
    }

    /// Whether there is an entry at `path`.
    fn contains(&self, path: &str) -> bool {
        self.entry(path).is_some()
    }

    /// Shows the path and the blob of each entry whose path begins in a way, in order: cheaper than [`Snapshot::entries`]
    /// where these are not at hand.
    fn visit(&self, prefix: &str, show: &mut dyn FnMut(ShownPath<'_>, Option<BlobId>)) {
        show_listed(self.entries(), prefix, show);
    }
}

/// The entry at a path, of entries sorted by path.
pub(crate) fn listed(entries: &[Entry], path: &str) -> Option<Entry> {
    entries.binary_search_by(|entry| (*entry.path).cmp(path)).ok().map(|at| entries[at].clone())
}

/// Shows those of sorted entries whose paths begin in a way.
pub(crate) fn show_listed(entries: &[Entry], prefix: &str, show: &mut dyn FnMut(ShownPath<'_>, Option<BlobId>)) {
    let start = entries.partition_point(|entry| *entry.path < *prefix);
    let below = entries[start..].iter().take_while(|entry| entry.path.starts_with(prefix));
    below.for_each(|entry| show(ShownPath::Shared(&entry.path), entry.blob));
}

/// The packages installed in a work tree: the `node_modules` folders, which are part of no snapshot.
pub trait Installed: Sync {
    /// Where the regular file at `path` really lies, links resolved; `None` when there is none, or it lies outside of
    /// the work tree or of every `node_modules` folder.
    fn locate(&self, path: &str) -> Option<Arc<str>>;

    /// The bytes of a file that was located.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Unreadable>;
}

/// A snapshot held in memory: rule examples, tests and the demo.
#[derive(Debug, Clone)]
pub struct MemorySnapshot {
    kind: SnapshotKind,
    entries: Vec<Entry>,
    contents: BTreeMap<Arc<str>, Vec<u8>>,
}

impl MemorySnapshot {
    /// A snapshot of the given files.
    pub fn new<P: Into<Arc<str>>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        let contents: BTreeMap<Arc<str>, Vec<u8>> = files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
        let entries = contents.keys().map(|path| Entry { path: Arc::clone(path), blob: None }).collect();
        Self { kind: SnapshotKind::Tree, entries, contents }
    }
}

impl Snapshot for MemorySnapshot {
    fn kind(&self) -> SnapshotKind {
        self.kind
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        let bytes = self.contents.get(&entry.path).ok_or_else(|| Unreadable::Io("no such file".into()))?;
        if bytes.len() > limit {
            return Err(Unreadable::TooLarge(bytes.len() as u64));
        }
        Ok(bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units() {
        let text = "a\n🎈é=1";
        let index = LineIndex::new(text);
        let at = u32::try_from(text.find('=').expect("present")).expect("small");
        assert_eq!(index.position(at), Position { line: 2, column: 4 });
        assert_eq!(index.position(9999), Position { line: 2, column: 6 });
    }

    #[test]
    fn decoding_tells_text_from_the_rest() {
        assert_eq!(decode(b"const a = 1").as_deref(), Ok("const a = 1"));
        assert_eq!(decode(&[0xFF, 0xFE, b'a', 0, b'b', 0]).as_deref(), Ok("ab"));
        assert_eq!(decode(b"a\0b"), Err(Unreadable::Binary));
        assert_eq!(decode(&[b'a', 0xC3, 0x28]), Err(Unreadable::Encoding));
    }

    #[test]
    fn blob_ids_round_trip_in_both_hash_lengths() {
        for hex in ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", &"ab".repeat(32)] {
            assert_eq!(BlobId::from_hex(hex).expect("valid").to_string(), hex);
        }
        assert_eq!(BlobId::from_hex("abc"), None);
        assert_eq!(BlobId::from_hex("zz"), None);
    }
}
