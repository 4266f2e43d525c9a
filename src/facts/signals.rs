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
    /// Statements or calls that change the tables of a database.
    pub migrations: bool,
    /// Classes that an ORM maps to tables.
    pub entities: bool,
    /// The configuration of a tool that migrates databases.
    pub tools: bool,
}

impl Signals {
    /// Whether the file is parsed even when nothing imports it.
    #[must_use]
    pub fn any(self) -> bool {
        self.auth || self.tables || self.boot_migrations || self.migrations || self.entities || self.tools
    }
}

type Mark = fn(&mut Signals);

const NEEDLES: [(&str, Mark); 37] = [
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
    ("@Entity(", |s| s.entities = true),
    ("@PrimaryColumn(", |s| s.entities = true),
    ("@PrimaryGeneratedColumn(", |s| s.entities = true),
    ("@PrimaryKey(", |s| s.entities = true),
    ("@CreateDateColumn(", |s| s.entities = true),
    ("drizzle-kit", |s| s.tools = true),
    ("prisma/config", |s| s.tools = true),
    ("PrismaConfig", |s| s.tools = true),
];

/// Scans the bytes once for all needles.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the patterns are constant and known to compile")]
pub fn scan(bytes: &[u8]) -> Signals {
    // For this kind of match the library searches several bytes at once; no needle overlaps another.
    static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let needles = NEEDLES.map(|(needle, _)| needle);
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles).expect("constant patterns compile")
    });
    let mut signals = Signals::default();
    // In UTF-16 every other byte is zero, and no pattern would match.
    let decoded = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) { decode(bytes).ok() } else { None };
    let bytes = decoded.as_deref().map_or(bytes, str::as_bytes);
    for hit in AUTOMATON.find_iter(bytes) {
        NEEDLES[hit.pattern().as_usize()].1(&mut signals);
    }
    signals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_mentioned() {
        assert_eq!(scan(b"import { x } from 'y'"), Signals::default());
        assert!(scan(b"import { betterAuth } from \"better-auth\"").auth);
        assert!(scan(b"export const user = pgTable('user', {})").tables);
        assert!(scan(b"await db.schema\n  .createTable('user')").migrations);
        assert!(!scan(b"export const user = createTable('user', {})").migrations);
    }
}
