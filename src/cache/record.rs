//! Facts as bytes: in a file, or on their way to one.

use std::io::{self, ErrorKind, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BlobRecord, FactKey};
use crate::facts::{FileFacts, common};
use crate::source::{BlobId, FileKind};

/// Changes with the layout of keys and values.
const FORMAT: u8 = 2;

/// Bytes of the checksum kept in front of a value.
const CHECKSUM: usize = 8;

/// Most blobs in a record.
const BLOBS: usize = 512;

/// The longest key or value that is read from a stream, in bytes; far more than the facts of any file have.
const MAX_BYTES: u32 = 256 * 1024 * 1024;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// The facts of a content.
    Facts = 0,
    /// What is known of some blobs.
    Blobs = 1,
}

/// One value with its key. It carries a checksum, because neither disks nor databases are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it holds.
    pub shelf: Shelf,
    /// The key, encoded.
    pub key: Vec<u8>,
    /// Format, checksum and encoded value.
    pub value: Vec<u8>,
}

/// A record decoded.
#[derive(Debug)]
pub enum Entry {
    /// The facts of a content.
    Facts(FactKey, PackedFacts),
    /// What is known of some blobs.
    Blobs(Vec<KnownBlob>),
}

/// A blob, what it is read as, and what is known of it.
pub type KnownBlob = (BlobId, FileKind, BlobRecord);

/// Facts as bytes, a fraction of what they take when they are read.
#[derive(Debug)]
pub struct PackedFacts(Box<[u8]>);

impl PackedFacts {
    /// The facts; `None` where the bytes are none.
    #[must_use]
    pub fn read(&self) -> Option<FileFacts> {
        decoded(&self.0)
    }
}

impl Record {
    /// The record of facts; `None` when its bytes would not give back equal ones.
    #[must_use]
    pub fn of_facts(key: &FactKey, facts: &FileFacts) -> Option<Self> {
        Self::of(Shelf::Facts, |_| common::to_bytes(key).ok(), facts)
    }

    /// Records of blobs, many in each: what is known of one is far smaller than what it costs a database to find it. Those
    /// whose bytes would not give back equal ones are left out.
    pub fn of_blobs(blobs: &[KnownBlob]) -> impl Iterator<Item = Self> {
        let own = |payload: &[u8]| Some(blake3::hash(payload).as_bytes().to_vec());
        blobs.chunks(BLOBS).filter_map(move |some| Self::of(Shelf::Blobs, own, &some.to_vec()))
    }

    fn of<V: Serialize + DeserializeOwned + PartialEq>(
        shelf: Shelf,
        key: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
        value: &V,
    ) -> Option<Self> {
        let payload = common::to_bytes(value).ok()?;
        if common::from_bytes::<V>(&payload).ok().as_ref() != Some(value) {
            return None;
        }
        let key = key(&payload)?;
        let value = [&[FORMAT], checksum(&key, &payload).as_slice(), &payload].concat();
        Some(Self { shelf, key, value })
    }

    /// Whether the value is the one that was once kept under this key.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.payload().is_some()
    }

    /// The entry; `None` when it is damaged.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        let payload = self.payload()?;
        Some(match self.shelf {
            Shelf::Facts => Entry::Facts(decoded(&self.key)?, PackedFacts(payload.into())),
            Shelf::Blobs => Entry::Blobs(decoded(payload)?),
        })
    }

    fn payload(&self) -> Option<&[u8]> {
        let (&format, rest) = self.value.split_first()?;
        let (sum, payload) = rest.split_at_checked(CHECKSUM)?;
        (format == FORMAT && sum == checksum(&self.key, payload)).then_some(payload)
    }

    /// The next record of a stream; `None` at its end.
    ///
    /// # Errors
    /// The stream cannot be read, ends within a record, or holds something else.
    pub fn read_from(stream: &mut dyn Read) -> io::Result<Option<Self>> {
        let mut shelf = [0];
        if stream.read(&mut shelf)? == 0 {
            return Ok(None);
        }
        let shelf = match shelf {
            [0] => Shelf::Facts,
            [1] => Shelf::Blobs,
            _ => return Err(ErrorKind::InvalidData.into()),
        };
        Ok(Some(Self { shelf, key: read_bytes(stream)?, value: read_bytes(stream)? }))
    }

    /// Adds the record to a stream.
    ///
    /// # Errors
    /// The stream cannot be written to.
    pub fn write_to(&self, stream: &mut dyn Write) -> io::Result<()> {
        stream.write_all(&[self.shelf as u8])?;
        for bytes in [&self.key, &self.value] {
            let len = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            stream.write_all(&len.to_le_bytes())?;
            stream.write_all(bytes)?;
        }
        Ok(())
    }
}

fn read_bytes(stream: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut len = [0; 4];
    stream.read_exact(&mut len)?;
    let len = u32::from_le_bytes(len);
    if len > MAX_BYTES {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    stream.take(len.into()).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == u64::from(len) { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn decoded<V: DeserializeOwned>(bytes: &[u8]) -> Option<V> {
    common::from_bytes(bytes).ok()
}

/// Covers the key as well, so that a value is not taken for another one's.
fn checksum(key: &[u8], payload: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&key.len().to_le_bytes());
    hasher.update(key);
    hasher.update(payload);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::extract;

    #[test]
    fn facts_of_every_kind_are_kept() {
        let files: [(FileKind, &str); 12] = [
            (
                FileKind::TypeScript,
                "import { betterAuth } from 'better-auth'\nexport const auth = betterAuth({ a: [1, -2.5, 'x', null], ...b(), [c]: d ? 1 : `t${e}` })\n// auth-review: ignore[a/b] reason\nexport const user = pgTable('user', { id: text('id').primaryKey() })\nconst broken = (",
            ),
            (
                FileKind::Component,
                "<script lang=\"ts\">import { createAuthClient } from 'better-auth/vue'</script><input name=\"password\">",
            ),
            (FileKind::Prisma, "model User {\n  id String @id\n  email String? @unique\n  @@map(\"user\")\n}\n"),
            (
                FileKind::Sql,
                "create table \"user\" (id text primary key not null, n int default 0);\nalter table \"user\" add column x text;\n",
            ),
            (
                FileKind::PackageManifest,
                r#"{"name": "a", "dependencies": {"better-auth": "^1.3.4"}, "scripts": {"migrate": "npx auth migrate"}}"#,
            ),
            (FileKind::DrizzleJournal, r#"{"entries": [{"idx": 0, "tag": "0000_init"}]}"#),
            (FileKind::TsConfig, r#"{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["./src/*"]}}}"#),
            (FileKind::NpmLock, r#"{"lockfileVersion": 3, "packages": {"node_modules/better-auth": {"version": "1.3.4"}}}"#),
            (FileKind::DenoConfig, r#"{"imports": {"better-auth": "npm:better-auth@^1.3.4"}, "importMap": "./a.json"}"#),
            (FileKind::DenoLock, r#"{"version": "5", "specifiers": {"npm:better-auth@^1.3.4": "1.3.4"}}"#),
            (FileKind::DotEnv, "BETTER_AUTH_SECRET=0123456789abcdef\n"),
            (FileKind::Script, "npx @better-auth/cli migrate\n"),
        ];
        for (kind, text) in files {
            let facts = extract(kind, text.as_bytes());
            let key = FactKey::of(kind, text.as_bytes());
            let record = Record::of_facts(&key, &facts).unwrap_or_else(|| panic!("{kind:?} does not survive: {facts:?}"));
            let Some(Entry::Facts(found, same)) = record.entry() else { panic!("{kind:?} cannot be decoded") };
            assert_eq!((found, same.read().as_ref()), (key, Some(&facts)));
        }
    }

    fn record(number: u8) -> Record {
        let facts = extract(FileKind::DotEnv, b"BETTER_AUTH_URL=https://example.com\n");
        Record::of_facts(&FactKey::of(FileKind::DotEnv, &[number]), &facts).expect("can be encoded")
    }

    #[test]
    fn a_value_belongs_to_its_key() {
        let (one, two) = (record(1), record(2));
        assert!(one.is_intact());
        let swapped = Record { key: two.key, ..one.clone() };
        assert!(!swapped.is_intact() && swapped.entry().is_none());
        for len in [0, 5] {
            let short = Record { value: one.value[..len].to_vec(), ..one.clone() };
            assert!(!short.is_intact() && short.entry().is_none());
        }
    }

    #[test]
    fn a_stream_gives_back_its_records() {
        let records = [record(1), record(2)];
        let mut stream = Vec::new();
        records.iter().try_for_each(|record| record.write_to(&mut stream)).expect("memory takes all");
        let mut rest = stream.as_slice();
        let read: Vec<Record> = std::iter::from_fn(|| Record::read_from(&mut rest).expect("well-formed")).collect();
        assert_eq!(read, records);
        for end in 1..records[0].key.len() {
            assert!(Record::read_from(&mut &stream[..end]).is_err(), "cut at {end}");
        }
        assert!(Record::read_from(&mut &[7, 0, 0][..]).is_err());
        assert!(Record::read_from(&mut &[0, 255, 255, 255, 255, 1][..]).is_err());
    }
}
