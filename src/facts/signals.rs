//! One pass over the raw bytes that decides whether a code file is parsed at all.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::{Deserialize, Serialize};

use crate::source::decode;

/// What the raw bytes of a code file mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signals {
    /// better-auth itself, or the two functions that create its instances.
    pub auth: bool,
    /// A function that declares a Drizzle table.
    pub tables: bool,
    /// Migrations of the built-in adapter run by the program itself.
    pub boot_migrations: bool,
    /// Statements or calls that change the tables of a database, or the function of a migration that carries it out, which
    /// may change rows only.
    pub migrations: bool,
    /// Classes that an ORM maps to tables.
    pub entities: bool,
    /// Types that a tool wrote from a database.
    pub types: bool,
    /// The configuration of a tool that migrates databases.
    pub tools: bool,
    /// Requests handed to what is called an instance.
    pub mounts: bool,
    /// Requests handed to anything, which may be an instance under another name.
    pub handlers: bool,
    /// Values put where other code finds them by a key.
    pub shares: bool,
    /// Changes to lists or objects that another file may have made.
    pub changes: bool,
    /// Exports that are those of another module.
    pub passes_on: bool,
    /// The modules it imports.
    pub imports: ModuleNames,
}

/// The names of the modules a file imports, as a Bloom filter: few files are taken to import a module they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModuleNames(u128);

impl ModuleNames {
    /// Bits per name; with about ten imports in a file, one file in a hundred is taken for an importer that is none.
    const BITS: u32 = 3;

    /// The filter of one module, by its name as [`module_name`] gives it.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let hash = hash(name);
        Self((0..Self::BITS).fold(0, |bits, turn| bits | 1 << ((hash >> (8 + 16 * turn)) & 127)))
    }

    /// Whether the modules of another filter may be among these.
    #[must_use]
    pub fn may_hold(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// A short mark of a module's name, as [`module_name`] gives it: names with different marks are different.
#[must_use]
pub fn module_mark(name: &str) -> u32 {
    // The upper half is the better mixed one.
    (hash(name) >> 32) as u32
}

/// The last part of an import specifier or a path, without the ending of a code file; `index` where it names a folder by
/// dots alone.
#[must_use]
pub fn module_name(specifier: &str) -> &str {
    let path = specifier.split('?').next().unwrap_or(specifier).trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    match last.rsplit_once('.') {
        _ if matches!(last, "" | "." | "..") => "index",
        Some((stem, "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "vue" | "svelte" | "astro")) => stem,
        _ => last,
    }
}

impl Signals {
    /// Whether the file is parsed even when nothing imports it.
    #[must_use]
    pub fn any(self) -> bool {
        let schema = self.tables || self.boot_migrations || self.migrations || self.entities || self.types;
        self.auth || self.mounts || schema || self.tools
    }

    /// What is mentioned beside modules.
    #[must_use]
    pub fn without_imports(self) -> Self {
        Self { imports: ModuleNames::default(), ..self }
    }
}

type Mark = fn(&mut Signals);

const NEEDLES: [(&str, Mark); 66] = [
    ("better-auth", |s| s.auth = true),
    ("betterAuth", |s| s.auth = true),
    ("createAuthClient", |s| s.auth = true),
    ("pgTable", |s| s.tables = true),
    ("mysqlTable", |s| s.tables = true),
    ("sqliteTable", |s| s.tables = true),
    ("pgSchema", |s| s.tables = true),
    ("mysqlSchema", |s| s.tables = true),
    ("singlestoreTable", |s| s.tables = true),
    ("runMigrations", |s| s.boot_migrations = true),
    ("CREATE TABLE", |s| s.migrations = true),
    ("create table", |s| s.migrations = true),
    ("ALTER TABLE", |s| s.migrations = true),
    ("alter table", |s| s.migrations = true),
    ("DROP TABLE", |s| s.migrations = true),
    ("drop table", |s| s.migrations = true),
    ("CREATE INDEX", |s| s.migrations = true),
    ("create index", |s| s.migrations = true),
    ("CREATE UNIQUE INDEX", |s| s.migrations = true),
    ("create unique index", |s| s.migrations = true),
    (".createTable(", |s| s.migrations = true),
    (".alterTable(", |s| s.migrations = true),
    ("schema.table(", |s| s.migrations = true),
    (".dropTable(", |s| s.migrations = true),
    (".createIndex(", |s| s.migrations = true),
    (".renameTable(", |s| s.migrations = true),
    ("queryRunner.", |s| s.migrations = true),
    ("queryInterface.", |s| s.migrations = true),
    ("pgm.", |s| s.migrations = true),
    ("function up(", |s| s.migrations = true),
    ("async up(", |s| s.migrations = true),
    ("exports.up ", |s| s.migrations = true),
    ("const up ", |s| s.migrations = true),
    ("const up:", |s| s.migrations = true),
    ("@Entity(", |s| s.entities = true),
    ("@PrimaryColumn(", |s| s.entities = true),
    ("@PrimaryGeneratedColumn(", |s| s.entities = true),
    ("@PrimaryKey(", |s| s.entities = true),
    ("@CreateDateColumn(", |s| s.entities = true),
    ("generated by kysely-codegen", |s| s.types = true),
    ("generated by Kanel", |s| s.types = true),
    ("ColumnType<infer", |s| s.types = true),
    ("uth.handler", |s| s.mounts = true),
    ("uth!.handler", |s| s.mounts = true),
    ("uth?.handler", |s| s.mounts = true),
    ("uth().handler", |s| s.mounts = true),
    ("uth\").handler", |s| s.mounts = true),
    ("uth').handler", |s| s.mounts = true),
    (".handler", |s| s.handlers = true),
    (".registerRoutes(", |s| s.handlers = true),
    (".set(", |s| s.shares = true),
    (".decorate(", |s| s.shares = true),
    ("drizzle-kit", |s| s.tools = true),
    ("prisma/config", |s| s.tools = true),
    ("PrismaConfig", |s| s.tools = true),
    (".push(", |s| s.changes = true),
    (".push.", |s| s.changes = true),
    (".unshift(", |s| s.changes = true),
    (".pop(", |s| s.changes = true),
    (".shift(", |s| s.changes = true),
    (".splice(", |s| s.changes = true),
    (".length =", |s| s.changes = true),
    (".plugins", |s| s.changes = true),
    ("Object.assign(", |s| s.changes = true),
    // What was imported before, perhaps.
    ("export {", |s| s.passes_on = true),
    ("export{", |s| s.passes_on = true),
];

/// What comes before a module's name; its quote is the last character.
const OPENERS: [&str; 12] = [
    "from \"",
    "from '",
    "from\"",
    "from'",
    "import \"",
    "import '",
    "import\"",
    "import'",
    "import(\"",
    "import('",
    "require(\"",
    "require('",
];

/// The longest module name that is noted, in bytes.
const MAX_MODULE: usize = 300;

/// The longest list of names between `export` and `from`, in bytes.
const MAX_CLAUSE: usize = 4_000;

/// Scans the bytes once for all needles, and for the modules that are imported.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the patterns are constant and known to compile")]
pub fn scan(bytes: &[u8]) -> Signals {
    // For this kind of match the library searches several bytes at once; no needle overlaps another.
    static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let needles = NEEDLES.iter().map(|(needle, _)| needle).chain(&OPENERS);
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles).expect("constant patterns compile")
    });
    let mut signals = Signals::default();
    // In UTF-16 every other byte is zero, and no pattern would match.
    let decoded = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) { decode(bytes).ok() } else { None };
    let bytes = decoded.as_deref().map_or(bytes, str::as_bytes);
    for hit in AUTOMATON.find_iter(bytes) {
        match NEEDLES.get(hit.pattern().as_usize()) {
            Some((_, mark)) => mark(&mut signals),
            None => {
                let (before, after) = bytes.split_at(hit.end());
                let name = &after[..after.len().min(MAX_MODULE)];
                let end = memchr::memchr2(b'"', b'\'', name);
                if let Some(name) = end.and_then(|end| std::str::from_utf8(&name[..end]).ok()) {
                    signals.imports.0 |= ModuleNames::of(module_name(name)).0;
                    signals.passes_on = signals.passes_on || is_export(&before[before.len().saturating_sub(MAX_CLAUSE)..]);
                }
            }
        }
    }
    signals
}

/// Whether the clause at the end of the text is an `export … from`, rather than an import.
fn is_export(text: &[u8]) -> bool {
    let last_import = memchr::memmem::rfind(text, b"import").unwrap_or(0);
    memchr::memmem::find(&text[last_import..], b"export").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_mentioned() {
        assert!(!scan(b"import { x } from 'y'").any());
        assert!(scan(b"import { betterAuth } from \"better-auth\"").auth);
        assert!(scan(b"export const user = pgTable('user', {})").tables);
        assert!(scan(b"await db.schema\n  .createTable('user')").migrations);
        assert!(!scan(b"export const user = createTable('user', {})").migrations);
        assert!(scan(b"export async function up(db) { await copy(db) }").migrations);
    }

    #[test]
    fn tells_what_is_imported_and_passed_on() {
        let signals =
            scan(b"import { a } from './lib/one.js'\nimport x from \"..\"\nconst { b } = await import('@scope/two/three')");
        assert!(["one", "index", "three"].iter().all(|name| signals.imports.may_hold(ModuleNames::of(name))));
        assert!(!["two", "lib", "four"].iter().any(|name| signals.imports.may_hold(ModuleNames::of(name))));
        assert!(!signals.passes_on && !signals.changes);
        let signals = scan(b"import { a } from './one';\nexport {\n  b,\n} from './two';\nlist.push(a)");
        assert!(signals.passes_on && signals.changes);
    }
}
