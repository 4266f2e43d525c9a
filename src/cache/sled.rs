//! Facts on disk: a snapshot that may be lost at any time.
//!
//! The database is open only while it is read or added to, because it locks others out and wakes up many times a second
//! otherwise. Every value carries a checksum. At the first doubt the whole database is set aside; it is rebuilt from what
//! later reviews extract.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::memory::MemoryStore;
use super::{BlobRecord, FactKey, FactStore};
use crate::facts::{FACTS_VERSION, FileFacts};
use crate::source::{BlobId, FileKind};

/// Changes with the layout of keys and values.
const FORMAT: u8 = 1;

/// Bytes of the checksum kept in front of a value.
const CHECKSUM: usize = 8;

/// Size on disk, in bytes, beyond which the database is thrown away, and with it what nobody asks for any more.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// Where a database that failed lies, for those who want to know why, until the next one fails.
const SET_ASIDE: &str = "cache-damaged";

/// Page cache while the database is open, in bytes.
const PAGE_CACHE: u64 = 8 * 1024 * 1024;

/// Longest wait for others to be done with the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// Facts in memory that come from disk and go back to it: the store of the daemon.
#[derive(Debug)]
pub struct SledStore {
    memory: MemoryStore,
    fresh: Mutex<Entries>,
    directory: Option<PathBuf>,
    /// Held while the database is open.
    database: Mutex<()>,
}

/// Facts and blobs that are on their way to or from the disk.
#[derive(Debug, Default)]
struct Entries {
    facts: HashMap<FactKey, Arc<FileFacts>>,
    blobs: HashMap<(BlobId, FileKind), BlobRecord>,
}

impl Entries {
    fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.blobs.is_empty()
    }
}

/// Why the cache on disk is of no use. Never seen by users.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("it is in use")]
    Busy,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Sled(#[from] ::sled::Error),
    #[error("it holds a damaged value")]
    Damaged,
    #[error("it holds nothing")]
    Empty,
    #[error("it has grown too large")]
    TooLarge,
    #[error("the database panicked")]
    Panicked,
}

impl SledStore {
    /// An empty store whose disk part is below `directory`, a directory of this user alone; without one, nothing is kept.
    #[must_use]
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { memory: MemoryStore::default(), fresh: Mutex::default(), directory, database: Mutex::default() }
    }

    /// Adds what is on disk. May run while the store is in use.
    pub fn load(&self) {
        let Some(directory) = &self.directory else { return };
        let _open = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        remove_other_versions(directory);
        if !database(directory).exists() {
            return;
        }
        match guarded(directory, read) {
            Ok(entries) => {
                tracing::info!(facts = entries.facts.len(), blobs = entries.blobs.len(), "cache loaded");
                entries.facts.into_iter().for_each(|(key, facts)| self.memory.keep(key, facts));
                entries.blobs.into_iter().for_each(|((blob, kind), record)| self.memory.keep_blob(blob, kind, record));
            }
            Err(why) => tracing::warn!(%why, "no cache loaded"),
        }
    }

    /// Adds to the disk what came in since the last time. What cannot be written is forgotten there.
    pub fn flush(&self) {
        let _open = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(directory) = self.directory.as_ref().filter(|_| !fresh.is_empty()) else { return };
        match guarded(directory, |database| write(database, &fresh)) {
            Ok(()) => tracing::debug!(facts = fresh.facts.len(), blobs = fresh.blobs.len(), "cache written"),
            Err(why) => tracing::warn!(%why, "cache not written"),
        }
    }

    fn note(&self, add: impl FnOnce(&mut Entries)) {
        if self.directory.is_some() {
            add(&mut self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl FactStore for SledStore {
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>> {
        self.memory.facts(key)
    }

    fn keep(&self, key: FactKey, facts: Arc<FileFacts>) {
        self.note(|fresh| _ = fresh.facts.insert(key, Arc::clone(&facts)));
        self.memory.keep(key, facts);
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        self.memory.blob(blob, kind)
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        self.note(|fresh| _ = fresh.blobs.insert((blob, kind), record));
        self.memory.keep_blob(blob, kind, record);
    }
}

/// The database of this version; the crate's version is part of it because what facts are extracted may change with it.
fn database(directory: &Path) -> PathBuf {
    directory.join(format!("cache-v{FACTS_VERSION}-{}", env!("CARGO_PKG_VERSION")))
}

/// Runs `work` on the database while nobody else uses it, and does without the database when that fails.
fn guarded<T>(directory: &Path, work: impl FnOnce(&Path) -> Result<T, Unusable>) -> Result<T, Unusable> {
    let lock = File::options().create(true).truncate(false).write(true).open(directory.join("cache.lock"))?;
    // A daemon that leaves writes what it has while the next one starts.
    if !waited_until(|| lock.try_lock().is_ok()) {
        return Err(Unusable::Busy);
    }
    let database = database(directory);
    let result = catch_unwind(AssertUnwindSafe(|| work(&database))).unwrap_or(Err(Unusable::Panicked));
    wait_until_closed(&database);
    match &result {
        Ok(_) => {}
        Err(Unusable::TooLarge) => discard(&database),
        Err(_) => set_aside(&database),
    }
    result
}

/// sled's threads hold on to the database, and to sled's own lock on it, for some time after it was dropped.
fn wait_until_closed(database: &Path) {
    let locked = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    waited_until(|| !File::open(database.join("db")).is_ok_and(locked));
}

/// Waits until something holds, and tells whether it came to that.
fn waited_until(mut holds: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn open(database: &Path) -> Result<(::sled::Db, ::sled::Tree, ::sled::Tree), Unusable> {
    // No flusher thread: everything is flushed before the database is closed again.
    let db = ::sled::Config::new().path(database).cache_capacity(PAGE_CACHE).flush_every_ms(None).open()?;
    if db.size_on_disk()? > MAX_BYTES {
        return Err(Unusable::TooLarge);
    }
    let facts = db.open_tree("facts")?;
    let blobs = db.open_tree("blobs")?;
    Ok((db, facts, blobs))
}

fn read(database: &Path) -> Result<Entries, Unusable> {
    let (_db, facts, blobs) = open(database)?;
    let mut entries = Entries::default();
    for entry in &facts {
        let (key, value) = entry?;
        entries.facts.insert(decode_key(&key)?, Arc::new(decode(&key, &value)?));
    }
    for entry in &blobs {
        let (key, value) = entry?;
        entries.blobs.insert(decode_key(&key)?, decode(&key, &value)?);
    }
    // A database is only ever created to hold something; sled opens a damaged one as an empty one.
    if entries.is_empty() { Err(Unusable::Empty) } else { Ok(entries) }
}

fn write(database: &Path, entries: &Entries) -> Result<(), Unusable> {
    let (db, facts, blobs) = open(database)?;
    facts.apply_batch(batch(entries.facts.iter().map(|(key, facts)| (key, &**facts))))?;
    blobs.apply_batch(batch(entries.blobs.iter()))?;
    db.flush()?;
    Ok(())
}

fn batch<'e, K: Serialize + 'e, V: Serialize + DeserializeOwned + PartialEq + 'e>(
    entries: impl Iterator<Item = (&'e K, &'e V)>,
) -> ::sled::Batch {
    let mut batch = ::sled::Batch::default();
    for (key, value) in entries {
        let Ok(key) = postcard::to_allocvec(key) else { continue };
        if let Some(encoded) = encode(&key, value) {
            batch.insert(key, encoded);
        }
    }
    batch
}

/// Format, checksum and encoded value; `None` when the encoding would not give back an equal value.
fn encode<V: Serialize + DeserializeOwned + PartialEq>(key: &[u8], value: &V) -> Option<Vec<u8>> {
    let payload = postcard::to_allocvec(value).ok()?;
    if postcard::from_bytes::<V>(&payload).ok().as_ref() != Some(value) {
        return None;
    }
    let mut encoded = vec![FORMAT];
    encoded.extend_from_slice(&checksum(key, &payload));
    encoded.extend_from_slice(&payload);
    Some(encoded)
}

fn decode<V: DeserializeOwned>(key: &[u8], encoded: &[u8]) -> Result<V, Unusable> {
    let (&format, rest) = encoded.split_first().ok_or(Unusable::Damaged)?;
    let (sum, payload) = rest.split_at_checked(CHECKSUM).ok_or(Unusable::Damaged)?;
    if format != FORMAT || sum != checksum(key, payload) {
        return Err(Unusable::Damaged);
    }
    postcard::from_bytes(payload).map_err(|_| Unusable::Damaged)
}

fn decode_key<K: DeserializeOwned>(key: &[u8]) -> Result<K, Unusable> {
    postcard::from_bytes(key).map_err(|_| Unusable::Damaged)
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

/// Moves what is at the database's place away, whatever it is: sled may never open it again.
fn set_aside(database: &Path) {
    let aside = database.with_file_name(SET_ASIDE);
    discard(&aside);
    if let Err(error) = fs::rename(database, &aside) {
        tracing::warn!(%error, "the cache cannot be set aside");
        discard(database);
    }
}

/// Removes what is at a path, whatever it is.
fn discard(path: &Path) {
    let removed = if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    if let Err(error) = removed
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the cache cannot be removed");
    }
}

fn remove_other_versions(directory: &Path) {
    let own = database(directory);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with("cache-v") && path != own {
            discard(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::extract;
    use crate::facts::signals::Signals;

    const ENV: &[u8] = b"BETTER_AUTH_URL=https://example.com\n";

    fn key(number: u8) -> FactKey {
        FactKey::of(FileKind::DotEnv, &[number])
    }

    fn blob(number: u8) -> BlobId {
        BlobId::from_bytes(&[number; 20]).expect("20 bytes")
    }

    fn filled(directory: &Path) {
        let store = SledStore::new(Some(directory.to_path_buf()));
        for number in 0..100 {
            store.keep(key(number), Arc::new(extract(FileKind::DotEnv, ENV)));
            store.keep_blob(blob(number), FileKind::DotEnv, BlobRecord { key: Some(key(number)), signals: Signals::default() });
        }
        store.flush();
    }

    /// How many of the 100 facts are there; whatever is there must be right.
    fn found(directory: &Path) -> usize {
        let store = SledStore::new(Some(directory.to_path_buf()));
        store.load();
        let right = extract(FileKind::DotEnv, ENV);
        (0..100).filter_map(|number| store.facts(&key(number))).inspect(|facts| assert_eq!(**facts, right)).count()
    }

    #[test]
    fn what_was_written_is_loaded() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        assert_eq!(found(temp.path()), 100);
        let store = SledStore::new(Some(temp.path().to_path_buf()));
        store.load();
        assert_eq!(store.blob(&blob(7), FileKind::DotEnv).map(|record| record.key), Some(Some(key(7))));
        assert_eq!(store.blob(&blob(7), FileKind::Sql), None);
    }

    #[test]
    fn facts_of_every_kind_are_kept() {
        let files: [(FileKind, &str); 10] = [
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
            (FileKind::DotEnv, "BETTER_AUTH_SECRET=0123456789abcdef\n"),
            (FileKind::Script, "npx @better-auth/cli migrate\n"),
        ];
        for (kind, text) in files {
            let facts = extract(kind, text.as_bytes());
            let encoded = encode(b"key", &facts).unwrap_or_else(|| panic!("{kind:?} does not survive: {facts:?}"));
            assert_eq!(decode::<FileFacts>(b"key", &encoded).ok(), Some(facts));
        }
    }

    #[test]
    fn later_batches_add_up() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        let store = SledStore::new(Some(temp.path().to_path_buf()));
        store.keep(key(200), Arc::new(extract(FileKind::DotEnv, ENV)));
        store.flush();
        assert_eq!(found(temp.path()), 100);
        let store = SledStore::new(Some(temp.path().to_path_buf()));
        store.load();
        assert!(store.facts(&key(200)).is_some());
    }

    /// Damages each file of the database in turn and checks that nothing wrong is loaded and that the next batch is kept.
    fn survives(damage: impl Fn(&Path)) {
        let sample = tempfile::tempdir().expect("temporary directory");
        filled(sample.path());
        let names: Vec<_> =
            fs::read_dir(database(sample.path())).expect("there").flatten().map(|entry| entry.file_name()).collect();
        for name in names {
            let temp = tempfile::tempdir().expect("temporary directory");
            filled(temp.path());
            let file = database(temp.path()).join(&name);
            if !file.is_file() {
                continue;
            }
            damage(&file);
            found(temp.path());
            filled(temp.path());
            assert_eq!(found(temp.path()), 100, "kept again after damage to {}", name.display());
        }
    }

    #[test]
    fn truncated_files_cost_nothing_but_time() {
        survives(|file| fs::write(file, "").expect("written"));
        survives(|file| {
            let bytes = fs::read(file).expect("there");
            fs::write(file, &bytes[..bytes.len() / 2]).expect("written");
        });
    }

    #[test]
    fn flipped_bits_cost_nothing_but_time() {
        for part in [0, 3, 7] {
            survives(|file| {
                let mut bytes = fs::read(file).expect("there");
                let at = bytes.len() * part / 8;
                bytes.iter_mut().skip(at).take(64).for_each(|byte| *byte ^= 0x55);
                fs::write(file, &bytes).expect("written");
            });
        }
    }

    /// What sled by itself makes of the database: how many facts it finds.
    fn sled_finds(directory: &Path) -> Result<usize, Unusable> {
        let database = database(directory);
        let found = open(&database).map(|(_db, facts, _)| facts.len());
        wait_until_closed(&database);
        found
    }

    /// Does damage, shows what sled makes of it, and checks that the database is set aside and another one takes its place.
    fn is_set_aside(damage: impl Fn(&Path), fault: impl Fn(Result<usize, Unusable>) -> bool) {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        damage(&database(temp.path()));
        for _ in 0..2 {
            assert!(fault(sled_finds(temp.path())));
        }
        assert_eq!(found(temp.path()), 0);
        assert!(!database(temp.path()).exists());
        assert!(temp.path().join(SET_ASIDE).join("db").exists());
        filled(temp.path());
        assert_eq!(found(temp.path()), 100);
    }

    #[test]
    fn a_database_that_sled_opens_as_an_empty_one_is_set_aside() {
        let zeroed = |database: &Path| {
            let db = database.join("db");
            let bytes = fs::metadata(&db).expect("there").len();
            fs::write(db, vec![0; usize::try_from(bytes).expect("small")]).expect("written");
        };
        is_set_aside(zeroed, |found| matches!(found, Ok(0)));
    }

    #[test]
    fn a_database_that_sled_never_opens_again_is_set_aside() {
        // A crash or a full disk leaves it.
        let snapshot = |database: &Path| fs::write(database.join("snap.0000000000000010.generating"), "").expect("written");
        is_set_aside(snapshot, |found| matches!(found, Err(Unusable::Sled(_))));
    }

    #[test]
    fn one_failed_database_is_kept_and_no_more() {
        let temp = tempfile::tempdir().expect("temporary directory");
        for failed in ["first", "second"] {
            fs::create_dir(database(temp.path())).expect("created");
            fs::write(database(temp.path()).join(failed), "").expect("written");
            set_aside(&database(temp.path()));
        }
        let kept: Vec<_> = fs::read_dir(temp.path()).expect("there").flatten().map(|entry| entry.path()).collect();
        assert_eq!(kept, [temp.path().join(SET_ASIDE)]);
        assert!(kept[0].join("second").exists());
    }

    #[test]
    fn a_wrong_value_is_not_believed() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        {
            let (db, facts, _) = open(&database(temp.path())).expect("intact");
            let (name, mut value) = facts.first().expect("readable").map(|(k, v)| (k, v.to_vec())).expect("not empty");
            *value.last_mut().expect("not empty") ^= 1;
            facts.insert(name, value).expect("written");
            db.flush().expect("written");
        }
        assert_eq!(found(temp.path()), 0);
        assert!(!database(temp.path()).exists());
    }

    #[test]
    fn a_value_belongs_to_its_key() {
        let value = encode(b"one", &7_u32).expect("encodable");
        assert_eq!(decode::<u32>(b"one", &value).ok(), Some(7));
        assert!(decode::<u32>(b"two", &value).is_err());
        assert!(decode::<u32>(b"one", &value[..5]).is_err());
        assert!(decode::<u32>(b"one", &[]).is_err());
    }

    #[test]
    fn caches_of_other_versions_go() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let old = temp.path().join("cache-v0-0.0.1");
        fs::create_dir(&old).expect("created");
        fs::write(temp.path().join("daemon.log"), "").expect("written");
        filled(temp.path());
        assert_eq!(found(temp.path()), 100);
        assert!(!old.exists());
        assert!(temp.path().join("daemon.log").exists());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_no_cache() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let file = temp.path().join("file");
        fs::write(&file, "in the way").expect("written");
        filled(&file);
        assert_eq!(found(&file), 0);
        assert_eq!(fs::read(&file).expect("there"), b"in the way");
    }

    #[test]
    fn a_cache_in_use_is_left_alone() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        let lock = File::options().write(true).open(temp.path().join("cache.lock")).expect("there");
        lock.lock().expect("free");
        assert_eq!(found(temp.path()), 0);
        let user = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            drop(lock);
        });
        assert_eq!(found(temp.path()), 100, "a short use is waited for");
        user.join().expect("unharmed");
    }
}
