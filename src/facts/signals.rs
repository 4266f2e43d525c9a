//! One pass over the raw bytes that decides whether a code file is parsed at all.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::{Deserialize, Serialize};

use crate::facts::lower::may_make_an_instance;
use crate::source::{decode, is_lfs_pointer};

/// What the raw bytes of a code file mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signals {
    /// better-auth itself, or the two functions that create its instances.
    pub auth: bool,
    /// A function that declares a Drizzle table, or builds columns of one.
    pub tables: bool,
    /// A call that may run the migrations of the built-in adapter.
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
    /// Requests handed to what is called an instance, or a path that all routes are below.
    pub mounts: bool,
    /// Requests handed to anything, which may be an instance under another name.
    pub handlers: bool,
    /// Values put where other code finds them by a key.
    pub shares: bool,
    /// Changes to lists or objects that another file may have made.
    pub changes: bool,
    /// Exports that are those of another module.
    pub passes_on: bool,
    /// It stands for content that Git LFS keeps elsewhere.
    pub is_pointer: bool,
    /// The modules it imports.
    pub imports: ModuleNames,
}

/// The names of the modules a file imports, as a Bloom filter: few files are taken to import a module they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModuleNames([u8; 16]);

impl ModuleNames {
    /// Bits per name; with about ten imports in a file, one file in a hundred is taken for an importer that is none.
    const BITS: u32 = 3;

    /// The filter of one module, by its name as [`module_name`] gives it.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let hash = hash(name);
        let mut bytes = [0; 16];
        for turn in 0..Self::BITS {
            let [bit, _] = ((hash >> (8 + 16 * turn)) as u16).to_le_bytes();
            bytes[usize::from(bit >> 3 & 15)] |= 1 << (bit & 7);
        }
        Self(bytes)
    }

    fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(these, others)| *these |= others);
    }

    /// Whether the modules of another filter may be among these.
    #[must_use]
    pub fn may_hold(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(these, others)| these & others == others)
    }
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
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
        self.auth || self.mounts || schema || self.tools || self.is_pointer
    }

    /// What is mentioned beside modules.
    #[must_use]
    pub fn without_imports(self) -> Self {
        Self { imports: ModuleNames::default(), ..self }
    }
}

/// Notes what a hit says.
type Mark = fn(&mut Signals, Around<'_>);

const NEEDLES: [(&str, Mark); 52] = [
    ("better-auth", |s, _| s.auth = true),
    ("betterAuth", |s, _| s.auth = true),
    ("createAuthClient", |s, _| s.auth = true),
    ("pgTable", |s, _| s.tables = true),
    ("mysqlTable", |s, _| s.tables = true),
    ("sqliteTable", |s, _| s.tables = true),
    ("pgSchema", |s, _| s.tables = true),
    ("mysqlSchema", |s, _| s.tables = true),
    ("singlestoreTable", |s, _| s.tables = true),
    // Data sources of TypeORM have a method of this name.
    ("runMigrations", |s, around| s.boot_migrations |= !around.follows(&["ource.", "onnection."])),
    (" TABLE", |s, around| s.migrations |= around.follows(&["CREATE", "ALTER", "DROP"])),
    (" table", |s, around| s.migrations |= around.follows(&["create", "alter", "drop"])),
    (" INDEX", |s, around| s.migrations |= around.follows(&["CREATE", "UNIQUE"])),
    (" index", |s, around| s.migrations |= around.follows(&["create", "unique"])),
    (".createTable(", |s, _| s.migrations = true),
    (".alterTable(", |s, _| s.migrations = true),
    // Of Knex, of a schema that another module has (Drizzle), or of what turns names (`snakeCase.table`).
    (".table(", |s, around| match around.follows(&["schema"]) {
        true => (s.migrations, s.tables) = (true, true),
        false => s.tables |= !around.follows(&["console"]),
    }),
    (".dropTable(", |s, _| s.migrations = true),
    (".createIndex(", |s, _| s.migrations = true),
    (".renameTable(", |s, _| s.migrations = true),
    ("queryRunner.", |s, _| s.migrations = true),
    ("queryInterface.", |s, _| s.migrations = true),
    ("pgm.", |s, _| s.migrations = true),
    (" up(", |s, around| s.migrations |= around.follows(&["function", "async"])),
    ("exports.up ", |s, _| s.migrations = true),
    ("const up", |s, around| s.migrations |= around.precedes(&[" ", ":"])),
    ("Entity(", |s, around| s.entities |= around.follows(&["@", ".", "define"])),
    ("EntitySchema", |s, _| s.entities = true),
    ("@Primary", |s, _| s.entities = true),
    ("@CreateDateColumn(", |s, _| s.entities = true),
    ("generated by kysely-codegen", |s, _| s.types = true),
    ("generated by Kanel", |s, _| s.types = true),
    ("ColumnType<infer", |s, _| s.types = true),
    (".handler", |s, around| match may_make_an_instance(around.last_name()) {
        true => s.mounts = true,
        false => s.handlers = true,
    }),
    (".registerRoutes(", |s, _| s.handlers = true),
    (".setGlobalPrefix(", |s, _| s.mounts = true),
    (".set(", |s, around| s.shares |= around.has_key_of_auth()),
    (".decorate(", |s, around| s.shares |= around.has_key_of_auth()),
    ("provide:", |s, around| s.shares |= around.has_key_of_auth()),
    ("drizzle-kit", |s, _| s.tools = true),
    ("prisma/config", |s, _| s.tools = true),
    ("PrismaConfig", |s, _| s.tools = true),
    (".push", |s, around| s.changes |= around.precedes(&["(", "."])),
    (".unshift(", |s, _| s.changes = true),
    (".pop(", |s, _| s.changes = true),
    (".shift(", |s, _| s.changes = true),
    (".splice(", |s, _| s.changes = true),
    (".length =", |s, around| s.changes |= !around.precedes(&["="])),
    (".plugins", |s, _| s.changes = true),
    ("Object.assign(", |s, _| s.changes = true),
    // What was imported before, perhaps.
    ("export {", |s, _| s.passes_on = true),
    ("export{", |s, _| s.passes_on = true),
];

/// The text on both sides of a hit.
#[derive(Clone, Copy)]
struct Around<'t> {
    before: &'t [u8],
    after: &'t [u8],
}

impl<'t> Around<'t> {
    /// Most bytes between the parenthesis of a call and the end of its first argument.
    const MAX_KEY: usize = 80;

    fn follows(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.before.ends_with(word.as_bytes()))
    }

    fn precedes(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.after.starts_with(word.as_bytes()))
    }

    /// The name that comes before, whatever asserts, calls or asks for it: `auth!`, `auth()`, `get("auth")`.
    fn last_name(self) -> &'t [u8] {
        let is_behind = |byte: &u8| matches!(byte, b'!' | b'?' | b'(' | b')' | b'"' | b'\'');
        let is_in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        let end = self.before.iter().rposition(|byte| !is_behind(byte)).map_or(0, |last| last + 1);
        let start = self.before[..end].iter().rposition(|byte| !is_in_name(byte)).map_or(0, |last| last + 1);
        &self.before[start..end]
    }

    /// Whether the first argument of the call may be a name under which an instance is found.
    fn has_key_of_auth(self) -> bool {
        let start = &self.after[..self.after.len().min(Self::MAX_KEY)];
        let key = start.split(|byte| *byte == b',').next().unwrap_or_default();
        may_make_an_instance(key)
    }
}

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
    // For this kind of match, and this many patterns, the library searches several bytes at once; no needle overlaps another.
    const { assert!(NEEDLES.len() + OPENERS.len() <= 64) };
    static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let needles = NEEDLES.iter().map(|(needle, _)| needle).chain(&OPENERS);
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles).expect("constant patterns compile")
    });
    let mut signals = Signals { is_pointer: is_lfs_pointer(bytes), ..Signals::default() };
    let decoded = from_utf16(bytes);
    let bytes = decoded.as_deref().map_or(bytes, str::as_bytes);
    for hit in AUTOMATON.find_iter(bytes) {
        let after = &bytes[hit.end()..];
        match NEEDLES.get(hit.pattern().as_usize()) {
            Some((_, mark)) => mark(&mut signals, Around { before: &bytes[..hit.start()], after }),
            None => {
                let before = &bytes[..hit.end()];
                if let Some(name) = quoted(after) {
                    signals.imports.add(ModuleNames::of(module_name(name)));
                    // What makes the tables may be a function of the project.
                    signals.tables |= name.starts_with("drizzle-orm/") && name.ends_with("-core");
                    signals.passes_on = signals.passes_on || is_export(&before[before.len().saturating_sub(MAX_CLAUSE)..]);
                }
            }
        }
    }
    signals
}

/// The modules that the bytes name, each once: all that are imported or passed on, and perhaps some in comments and texts.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the patterns are constant and known to compile")]
pub fn specifiers(bytes: &[u8]) -> Vec<String> {
    static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| AhoCorasick::new(OPENERS).expect("constant patterns compile"));
    let decoded = from_utf16(bytes);
    let bytes = decoded.as_deref().map_or(bytes, str::as_bytes);
    let mut names: Vec<String> = Vec::new();
    for name in AUTOMATON.find_iter(bytes).filter_map(|hit| quoted(&bytes[hit.end()..])) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The text of a file in UTF-16, in which every other byte is zero, so that no pattern would match.
fn from_utf16(bytes: &[u8]) -> Option<Cow<'_, str>> {
    (bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])).then(|| decode(bytes).ok()).flatten()
}

/// What comes before the next quote, unless it is too long for the name of a module.
fn quoted(text: &[u8]) -> Option<&str> {
    let name = &text[..text.len().min(MAX_MODULE)];
    std::str::from_utf8(&name[..memchr::memchr2(b'"', b'\'', name)?]).ok()
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
        assert!(scan(b"import { text } from 'drizzle-orm/pg-core'").tables && !scan(b"import { eq } from 'drizzle-orm'").tables);
        assert!(scan(b"await db.schema\n  .createTable('user')").migrations);
        assert!(!scan(b"export const user = createTable('user', {})").migrations);
        assert!(scan(b"export const user = auth.table('user', {})").tables && !scan(b"console.table(users)").tables);
        assert!(scan(b"export async function up(db) { await copy(db) }").migrations);
        assert!(scan(b"await runMigrations()").boot_migrations && !scan(b"await dataSource.runMigrations()").boot_migrations);
        let entities = |text: &str| scan(text.as_bytes()).entities;
        assert!(entities("@Entity() class A {}") && entities("defineEntity({})") && entities("new EntitySchema<A>({})"));
        assert!(!entities("manager.createEntity({})"));
        assert!(scan(b"sql`CREATE UNIQUE INDEX one ON user (email)`").migrations && !scan(b"// the INDEX of a TABLE").migrations);
        for text in ["auth().handler(c.req.raw)", "deps.authInstance!.handler(r)", "c.get('auth').handler(r)"] {
            assert!(scan(text.as_bytes()).mounts, "{text}");
        }
        let signals = scan(b"app.use(router.handler)");
        assert!(signals.handlers && !signals.mounts);
    }

    #[test]
    fn names_all_modules() {
        let text = "import { a } from './one'\nimport './two'\nexport * from \"@s/three\"\nconst b = await import('./one')\nrequire(\"four\")\n// from 'five'\n";
        let names = ["./one", "./two", "@s/three", "four", "five"];
        assert_eq!(specifiers(text.as_bytes()), names);
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(specifiers(&wide), names);
        assert!(specifiers(format!("from '{}'", "x".repeat(MAX_MODULE)).as_bytes()).is_empty());
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
        assert!(scan(b"list.length = 0").changes && !scan(b"if (list.length === 0) list.pushed()").changes);
        assert!(scan(b"c.set('auth', auth)").shares && scan(b"context.set(authContext, auth)").shares);
        assert!(scan(b"providers: [{ provide: AUTH, useFactory: make }]").shares);
        assert!(!scan(b"sizes.set(key, authors.length)").shares);
    }
}
