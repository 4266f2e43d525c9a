//! The daemon at work: takes connections, answers requests, reads ahead.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use interprocess::local_socket::traits::Listener as _;
use interprocess::local_socket::{Listener, Stream};

use super::lifecycle::{Instance, Leave};
use super::protocol::{Answer, Hello, Message, Status, read_frame, write_frame};
use super::socket::{self, Timed};
use super::watcher::{self, Changes, Watching};
use super::write_behind::WriteBehind;
use crate::cache::{Disk, FactKey, FactStore};
use crate::facts::{self, signals};
use crate::git::Environment;
use crate::service::{Failure, Reply, Request, Target};
use crate::source::FileKind;

/// Most clients served at once; more are turned away and review by themselves.
const MAX_CONNECTIONS: usize = 16;

/// Time a client has to say what it wants, and to take the answer.
const CLIENT: Duration = Duration::from_secs(5);

/// Longest wait for the cache. What is in it would take longer to be found out, but the disk may hang.
const LOADING: Duration = Duration::from_secs(2);

/// Longest wait for the first of it. There is none yet when the repository was never reviewed, and a client would wait for
/// what it does as fast by itself.
const BEGINNING: Duration = Duration::from_millis(30);

/// Requests that are answered ahead of time when the index changes: one per work tree and way of asking.
const MAX_EXPECTED: usize = 4;

/// Reviews run on threads with the stack of a main thread, so that both understand equally deep sources.
const STACK: usize = 8 * 1024 * 1024;

/// What a daemon is told when it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The repository's common directory.
    pub common_dir: PathBuf,
    /// Time without a request after which the daemon leaves.
    pub idle: Duration,
    /// Time between two looks at whether it is still wanted.
    pub vigilance: Duration,
    /// A request to be ready for before anyone has asked.
    pub expected: Option<Request>,
}

/// What a daemon does for its clients.
pub trait Work: Send + Sync + 'static {
    /// Answers a request. Also called ahead of time, with requests that are likely to come.
    ///
    /// # Errors
    /// There is no answer.
    fn answer(&self, request: &Request, store: &dyn FactStore) -> Result<Reply, Failure>;
    /// The directories of a work tree that hold files of interest.
    fn directories(&self, environment: &Environment) -> Vec<PathBuf>;
}

/// Is the daemon of a repository until there is a reason to leave; `None` when another process is it already. Facts come
/// from `disk` and go back to it.
///
/// # Errors
/// The repository is not there, or the socket cannot be created.
pub fn run(settings: Settings, disk: Option<Arc<dyn Disk>>, work: impl Work) -> io::Result<Option<Leave>> {
    let settings = Settings { common_dir: settings.common_dir.canonicalize()?, ..settings };
    let hello = Hello::of_this_program()?;
    let Some((instance, listener)) = Instance::claim(&settings.common_dir)? else { return Ok(None) };
    tracing::info!(process = std::process::id(), version = hello.version, "started");
    let (events, inbox) = channel();
    let cache = WriteBehind::start(disk);
    let daemon = Arc::new(Daemon {
        hello,
        work,
        cache,
        loaded: Default::default(),
        events,
        started: Instant::now(),
        clients: Default::default(),
        reviews: AtomicU64::new(0),
        failures: AtomicU64::new(0),
        watching: Mutex::default(),
        expected: Mutex::new(settings.expected.clone().into_iter().collect()),
        settings,
    });
    let acceptor = Arc::clone(&daemon);
    thread::spawn(move || acceptor.accept(&listener));
    let watcher = Arc::clone(&daemon);
    let vital = instance.vital_files();
    thread::Builder::new().stack_size(STACK).spawn(move || watcher.read_ahead(&vital))?;

    let why = daemon.wait(&inbox, &instance);
    tracing::info!(%why, "leaving");
    drop(instance);
    daemon.cache.finish();
    Ok(Some(why))
}

/// What the threads of a daemon share.
struct Daemon<W> {
    settings: Settings,
    hello: Hello,
    work: W,
    cache: WriteBehind,
    /// Whether the cache has been loaded, as far as it can be.
    loaded: (Mutex<bool>, Condvar),
    events: Sender<DaemonEvent>,
    started: Instant,
    /// How many clients are served.
    clients: (Mutex<usize>, Condvar),
    reviews: AtomicU64,
    failures: AtomicU64,
    watching: Mutex<Watching>,
    expected: Mutex<VecDeque<Request>>,
}

enum DaemonEvent {
    /// The repository is being worked on.
    Used,
    /// There may be a reason to leave.
    Look,
    /// There is a reason to leave.
    Leave(Leave),
}

impl<W: Work> Daemon<W> {
    /// Waits for a reason to leave.
    fn wait(&self, inbox: &Receiver<DaemonEvent>, instance: &Instance) -> Leave {
        let mut last_use = Instant::now();
        let mut next_look = Instant::now() + self.settings.vigilance;
        loop {
            let idle_at = last_use + self.settings.idle;
            match inbox.recv_timeout(idle_at.min(next_look).saturating_duration_since(Instant::now())) {
                Ok(DaemonEvent::Used) => last_use = Instant::now(),
                Ok(DaemonEvent::Look) => next_look = Instant::now(),
                Ok(DaemonEvent::Leave(why)) => return why,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if Instant::now() >= next_look {
                if let Some(why) = instance.reason_to_leave() {
                    return why;
                }
                next_look = Instant::now() + self.settings.vigilance;
            }
            if self.clients() > 0 {
                last_use = Instant::now();
            } else if last_use.elapsed() >= self.settings.idle {
                return Leave::Idle;
            }
        }
    }

    fn accept(self: Arc<Self>, listener: &Listener) {
        loop {
            match listener.accept() {
                Ok(stream) => self.take(stream),
                // Out of file descriptors, for instance: it would fail again at once.
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Serves a client on a thread of its own, or turns it away.
    fn take(self: &Arc<Self>, stream: Stream) {
        let place = Place::of(self);
        if self.clients() > MAX_CONNECTIONS {
            tracing::warn!("too many clients at once");
            return;
        }
        let daemon = Arc::clone(self);
        let served = thread::Builder::new().stack_size(STACK).spawn(move || {
            if let Err(error) = daemon.serve(&stream) {
                tracing::debug!(%error, "a client was not served");
            }
            drop(place);
        });
        if let Err(error) = served {
            tracing::warn!(%error, "no thread for a client");
        }
    }

    fn serve(&self, stream: &Stream) -> io::Result<()> {
        socket::check_peer(stream)?;
        let mut request = Timed::new(stream, CLIENT);
        let hello: Hello = read_frame(&mut request)?;
        if !hello.is_of_same_program(&self.hello) {
            let refused = write_frame(&mut request, &Answer::OtherProgram(self.hello.clone()));
            self.tell(DaemonEvent::Leave(Leave::OtherProgram));
            return refused;
        }
        match read_frame(&mut request)? {
            Message::Review(_) if hello.settings != self.hello.settings => {
                Err(io::Error::other("the client has other settings than the daemon"))
            }
            Message::Review(wanted) => {
                self.tell(DaemonEvent::Used);
                if !self.wait_for_cache(BEGINNING) && !self.cache.has_some() {
                    return Err(io::Error::other("nothing is known yet"));
                }
                write_frame(&mut request, &Answer::Accepted)?;
                self.wait_for_cache(LOADING);
                let reply = self.review(&wanted)?;
                self.reviews.fetch_add(1, Ordering::Relaxed);
                self.expect(*wanted);
                write_frame(&mut Timed::new(stream, CLIENT), &Answer::Reply(reply))
            }
            Message::Status => write_frame(&mut request, &Answer::Status(self.status())),
            Message::Stop => {
                let confirmed = write_frame(&mut request, &Answer::Stopping);
                self.tell(DaemonEvent::Leave(Leave::Asked));
                confirmed
            }
        }
    }

    /// A review that fails or panics is no review: the client, left without a reply, does its own.
    fn review(&self, request: &Request) -> io::Result<Reply> {
        let review = || self.work.answer(request, self.cache.store());
        let reply = catch_unwind(AssertUnwindSafe(review)).map_err(|_| {
            self.failures.fetch_add(1, Ordering::Relaxed);
            io::Error::other("the review panicked")
        });
        self.cache.changed();
        reply?.map_err(io::Error::other)
    }

    fn status(&self) -> Status {
        Status {
            process: std::process::id(),
            version: self.hello.version.clone(),
            uptime: self.started.elapsed(),
            idle_limit: self.settings.idle,
            reviews: self.reviews.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            watching: self.watching.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Remembers a request that will come again in the same form: about the repository's index, not about the temporary
    /// one git makes for `commit --all` or `commit <path>`, nor about a merge or objects that are somewhere else.
    fn expect(&self, request: Request) {
        let environment = &request.environment;
        let own_index = environment.index_file.as_ref().is_none_or(|file| file.file_name().is_some_and(|name| name == "index"));
        let of_one_command = !environment.merge_heads.is_empty() || !environment.object_directories.is_empty();
        if request.target != Target::Staged || !own_index || of_one_command {
            return;
        }
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        expected.retain(|known| *known != request);
        expected.push_front(request);
        expected.truncate(MAX_EXPECTED);
    }

    fn expected(&self) -> VecDeque<Request> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer_ahead(&self) {
        for request in &self.expected() {
            self.prepare(request);
        }
    }

    fn prepare(&self, request: &Request) {
        if let Err(error) = self.review(request) {
            tracing::warn!(%error, "nothing prepared");
        }
    }

    /// Waits until the cache has been loaded, and tells whether it was. Without it the answer is the same.
    fn wait_for_cache(&self, patience: Duration) -> bool {
        let loaded = self.loaded.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.loaded.1.wait_timeout_while(loaded, patience, |loaded| !*loaded);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn clients(&self) -> usize {
        *self.clients.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody waits for an answer: what is done ahead is for later ones, and takes its time from them.
    fn wait_for_clients(&self, patience: Duration) {
        let clients = self.clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.clients.1.wait_timeout_while(clients, patience, |clients| *clients > 0));
    }

    fn read_ahead(&self, vital: &[PathBuf]) {
        if catch_unwind(AssertUnwindSafe(|| self.cache.load())).is_err() {
            tracing::warn!("loading the cache panicked");
        }
        *self.loaded.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.loaded.1.notify_all();
        self.wait_for_clients(LOADING);
        // A hook's review looks at nothing when nothing is staged. This one looks at everything, so that later ones find
        // its facts.
        for request in self.expected() {
            self.prepare(&Request { hook: false, ..request });
        }
        watcher::run(&self.settings.common_dir, vital, self);
    }

    fn tell(&self, event: DaemonEvent) {
        // Nobody listens once the daemon leaves.
        let _ = self.events.send(event);
    }
}

impl<W: Work> watcher::Observer for Daemon<W> {
    fn directories(&self) -> Vec<PathBuf> {
        self.expected().iter().flat_map(|request| self.work.directories(&request.environment)).collect()
    }

    fn changed(&self, changes: &Changes) {
        if changes.vital {
            self.tell(DaemonEvent::Look);
        }
        for file in &changes.files {
            let extract = || extract_ahead(file, self.cache.store());
            if catch_unwind(AssertUnwindSafe(extract)).is_err() {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        if changes.index {
            self.answer_ahead();
        }
        self.cache.changed();
        self.tell(DaemonEvent::Used);
    }

    fn watching(&self, what: Watching) {
        *self.watching.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }
}

/// Parses a source file that was just saved, so that its facts are there when the same bytes are staged.
fn extract_ahead(file: &Path, store: &dyn FactStore) {
    let Some(kind) = file.to_str().and_then(FileKind::of).filter(|kind| kind.is_code()) else { return };
    // Nothing behind a symbolic link, which may lead out of the repository.
    if !file.canonicalize().is_ok_and(|real| real == file) {
        return;
    }
    let fits = |metadata: &std::fs::Metadata| metadata.is_file() && metadata.len() <= kind.max_bytes() as u64;
    if !std::fs::metadata(file).is_ok_and(|metadata| fits(&metadata)) {
        return;
    }
    let Ok(bytes) = std::fs::read(file) else { return };
    let key = FactKey::of(kind, &bytes);
    if bytes.len() <= kind.max_bytes() && signals::scan(&bytes).any() && store.facts(&key).is_none() {
        store.keep(key, Arc::new(facts::extract(kind, &bytes)));
    }
}

/// A client's place among those served at once.
struct Place<W>(Arc<Daemon<W>>);

impl<W> Place<W> {
    fn of(daemon: &Arc<Daemon<W>>) -> Self {
        *daemon.clients.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(Arc::clone(daemon))
    }
}

impl<W> Drop for Place<W> {
    fn drop(&mut self) {
        *self.0.clients.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.clients.1.notify_all();
    }
}
