//! The cache on disk: a snapshot that may be lost at any time.
//!
//! The database is open only while it is read or added to, because it locks others out and wakes up many times a second
//! otherwise. Every value carries a checksum. At the first doubt the whole database is set aside; it is rebuilt from what
//! later reviews extract.

use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::Disk;
use super::own::open_own;
use super::record::{Record, Shelf};
use crate::facts::FACTS_VERSION;

/// Size on disk, in bytes, beyond which the database is thrown away, and with it what nobody asks for any more.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// Where a database that failed lies, for those who want to know why, until the next one fails.
const SET_ASIDE: &str = "cache-damaged";

/// Page cache while the database is open, in bytes.
const PAGE_CACHE: u64 = 8 * 1024 * 1024;

/// Longest wait for others to be done with the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// The database below a directory of this user alone.
///
/// sled's threads never end once it was opened, and its memory never comes back: a process that stays leaves it to one
/// that does not.
#[derive(Debug)]
pub struct Sled {
    directory: PathBuf,
}

/// Why the database is of no use. Never seen by users.
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

impl Sled {
    /// The database below `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }
}

impl Disk for Sled {
    fn read(&self, take: &mut dyn FnMut(Record)) -> io::Result<()> {
        remove_other_versions(&self.directory);
        if !database(&self.directory).exists() {
            return Ok(());
        }
        guarded(&self.directory, |database| read(database, take)).map_err(io::Error::other)
    }

    fn write(&self, records: &mut dyn Iterator<Item = Record>) -> io::Result<()> {
        guarded(&self.directory, |database| write(database, records)).map_err(io::Error::other)
    }

    fn replace(&self, records: &mut dyn Iterator<Item = Record>) -> io::Result<()> {
        let anew = |database: &Path| {
            discard(database);
            write(database, records)
        };
        guarded(&self.directory, anew).map_err(io::Error::other)
    }
}

/// The name of this version's database; the crate's version is part of it because what facts are extracted may change
/// with it.
#[must_use]
pub fn version() -> String {
    format!("cache-v{FACTS_VERSION}-{}", env!("CARGO_PKG_VERSION"))
}

fn database(directory: &Path) -> PathBuf {
    directory.join(version())
}

/// Runs `work` on the database while nobody else uses it, and does without the database when that fails.
fn guarded<T>(directory: &Path, work: impl FnOnce(&Path) -> Result<T, Unusable>) -> Result<T, Unusable> {
    let lock = open_own(&directory.join("cache.lock"))?;
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

fn read(database: &Path, take: &mut dyn FnMut(Record)) -> Result<(), Unusable> {
    let (_db, facts, blobs) = open(database)?;
    // A database is only ever created to hold something; sled opens a damaged one as an empty one.
    let mut is_empty = true;
    for (shelf, tree) in [(Shelf::Facts, facts), (Shelf::Blobs, blobs)] {
        for entry in &tree {
            let (key, value) = entry?;
            let record = Record { shelf, key: key.to_vec(), value: value.to_vec() };
            if !record.is_intact() {
                return Err(Unusable::Damaged);
            }
            is_empty = false;
            take(record);
        }
    }
    if is_empty { Err(Unusable::Empty) } else { Ok(()) }
}

fn write(database: &Path, records: &mut dyn Iterator<Item = Record>) -> Result<(), Unusable> {
    let (db, facts, blobs) = open(database)?;
    let (mut new_facts, mut new_blobs) = (::sled::Batch::default(), ::sled::Batch::default());
    for Record { shelf, key, value } in records {
        match shelf {
            Shelf::Facts => new_facts.insert(key, value),
            Shelf::Blobs => new_blobs.insert(key, value),
        }
    }
    facts.apply_batch(new_facts)?;
    blobs.apply_batch(new_blobs)?;
    db.flush()?;
    Ok(())
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
    use std::sync::Arc;

    use super::*;
    use crate::cache::learning::LearningStore;
    use crate::cache::{BlobRecord, FactKey, FactStore as _};
    use crate::facts::extract;
    use crate::facts::signals::Signals;
    use crate::source::{BlobId, FileKind};

    const ENV: &[u8] = b"BETTER_AUTH_URL=https://example.com\n";

    fn key(number: u8) -> FactKey {
        FactKey::of(FileKind::DotEnv, &[number])
    }

    fn blob(number: u8) -> BlobId {
        BlobId::from_bytes(&[number; 20]).expect("20 bytes")
    }

    fn write(directory: &Path, store: &LearningStore) {
        // What comes of it is seen by what is found.
        let _ = Sled::new(directory.to_path_buf()).write(&mut store.fresh().into_iter());
    }

    fn loaded(directory: &Path) -> LearningStore {
        let store = LearningStore::default();
        let _ = Sled::new(directory.to_path_buf()).read(&mut |record| assert!(store.take(&record)));
        store
    }

    fn filled(directory: &Path) {
        let store = LearningStore::default();
        for number in 0..100 {
            store.keep(key(number), Arc::new(extract(FileKind::DotEnv, ENV)));
            store.keep_blob(blob(number), FileKind::DotEnv, BlobRecord { key: Some(key(number)), signals: Signals::default() });
        }
        write(directory, &store);
    }

    /// How many of the 100 facts are there; whatever is there must be right.
    fn found(directory: &Path) -> usize {
        let store = loaded(directory);
        let right = extract(FileKind::DotEnv, ENV);
        (0..100).filter_map(|number| store.facts(&key(number))).inspect(|facts| assert_eq!(**facts, right)).count()
    }

    #[test]
    fn what_was_written_is_loaded() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        assert_eq!(found(temp.path()), 100);
        let store = loaded(temp.path());
        assert_eq!(store.blob(&blob(7), FileKind::DotEnv).map(|record| record.key), Some(Some(key(7))));
        assert_eq!(store.blob(&blob(7), FileKind::Sql), None);
    }

    #[test]
    fn later_batches_add_up() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        let store = LearningStore::default();
        store.keep(key(200), Arc::new(extract(FileKind::DotEnv, ENV)));
        write(temp.path(), &store);
        assert_eq!(found(temp.path()), 100);
        let store = loaded(temp.path());
        assert!(store.facts(&key(200)).is_some());
    }

    #[test]
    fn replaced_facts_are_gone() {
        let temp = tempfile::tempdir().expect("temporary directory");
        filled(temp.path());
        let store = LearningStore::default();
        store.keep(key(200), Arc::new(extract(FileKind::DotEnv, ENV)));
        Sled::new(temp.path().to_path_buf()).replace(&mut store.fresh().into_iter()).expect("written");
        assert_eq!(found(temp.path()), 0);
        assert!(loaded(temp.path()).facts(&key(200)).is_some());
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
    #[cfg(unix)]
    fn a_lock_that_is_a_link_is_not_followed() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let target = temp.path().join("target");
        std::os::unix::fs::symlink(&target, temp.path().join("cache.lock")).expect("linked");
        filled(temp.path());
        assert!(!target.exists() && !database(temp.path()).exists());
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
