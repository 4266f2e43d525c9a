//! `watch`: reviews the work tree whenever it changes, and shows what is wrong on a screen or as lines in a pipe.

mod screen;

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
#[cfg(unix)]
use std::sync::mpsc::Sender;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::args::{Format, WatchArgs};
use super::error::CommandError;
use super::place::Place;
use super::{Outcome, request};
use crate::report::Style;
use crate::report::watch::{Board, Event, Saved};
use crate::service::{Output, Target};
use crate::watch::{Look, Session};
use screen::Screen;

/// What the watch waits for.
enum Message {
    /// The work tree changed.
    Changed,
    /// Everything is to be read again.
    Again,
    /// The screen shows other lines: so many further down, or up.
    Scroll(isize),
    /// The screen has other columns and lines.
    Resize(u16, u16),
    /// The shell is to have the screen for a while.
    Pause,
    /// It is over, with an exit code.
    Leave(u8),
}

/// Where events go.
enum Outlet {
    Screen(Screen),
    Text(Style),
    Json,
}

/// Watches until it is told to leave.
pub(super) fn run(args: &WatchArgs) -> Outcome {
    let mut request = request::build(Target::Worktree, Output::Terminal, args.color)?;
    let directory = &request.environment.directory;
    request::check_paths(directory, &args.paths)?;
    if let Some(place) = Place::find(&request.environment) {
        request.paths = request::repository_paths(&place.root, directory, &args.paths)?;
    }
    let style = request.style;
    let (messages, inbox) = channel();
    let ring = messages.clone();
    let session = Session::start(request, move || _ = ring.send(Message::Changed)).map_err(CommandError::review)?;
    let outlet = match args.format {
        Format::Terminal if has_screen() => Outlet::Screen(Screen::open(messages, style)?),
        format => {
            #[cfg(unix)]
            leave_with_reader(messages);
            if format == Format::Json { Outlet::Json } else { Outlet::Text(style) }
        }
    };
    match follow(session, outlet, &inbox) {
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(0),
        ended => Ok(ended?),
    }
}

/// Ends the watch when whoever reads it is gone, though nothing may be left to be written that would tell.
#[cfg(unix)]
fn leave_with_reader(messages: Sender<Message>) {
    use rustix::event::{PollFd, PollFlags, poll};
    std::thread::spawn(move || {
        let stdout = io::stdout();
        // Errors and hang-ups are told of without being asked for (poll(2)).
        let mut ends = [PollFd::new(&stdout, PollFlags::empty())];
        if rustix::io::retry_on_intr(|| poll(&mut ends, None)).is_ok() {
            let _ = messages.send(Message::Leave(0));
        }
    });
}

fn has_screen() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

fn follow(mut session: Session, mut outlet: Outlet, inbox: &Receiver<Message>) -> io::Result<u8> {
    let mut board = Board::default();
    outlet.draw(&board)?;
    let mut is_time = true;
    loop {
        if is_time {
            let events = look(&mut session, &mut board);
            outlet.tell(&events)?;
            outlet.draw(&board)?;
        }
        let message = match session.patience() {
            Some(patience) => inbox.recv_timeout(patience),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        is_time = match message {
            Ok(Message::Changed) => {
                session.settle();
                true
            }
            Ok(Message::Again) => {
                session.distrust();
                true
            }
            Ok(Message::Scroll(lines)) => outlet.scroll(lines, &board).map(|()| false)?,
            Ok(Message::Resize(width, height)) => outlet.resize(width, height, &board).map(|()| false)?,
            Ok(Message::Pause) => outlet.pause(&board).map(|()| false)?,
            Ok(Message::Leave(code)) => return Ok(code),
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => return Ok(0),
        };
    }
}

/// Has the board take in what changed.
fn look(session: &mut Session, board: &mut Board) -> Vec<Event> {
    let look = session.look(request::today());
    let mut events = Vec::new();
    if let Some(why) = session.obstacle() {
        let every = session.patience().unwrap_or(Duration::ZERO).as_secs();
        events.extend(board.noticed(format!("changes are looked for every {every} seconds, because {why}")));
    }
    events.extend(look.map(|look| taken_in(look, board)).into_iter().flatten());
    events
}

fn taken_in(Look { result, written, removed, took }: Look, board: &mut Board) -> Vec<Event> {
    match result {
        Ok(review) => board.reviewed(review, &Saved { written, removed }, took),
        Err(failure) => board.failed(failure.to_string()),
    }
}

impl Outlet {
    /// Writes the lines of events.
    fn tell(&self, events: &[Event]) -> io::Result<()> {
        let lines: String = match self {
            Self::Screen(_) => return Ok(()),
            Self::Json => events.iter().map(Event::json).collect(),
            Self::Text(style) => {
                // A review that changes nothing is not worth a line to people.
                let is_news = |event: &Event| !matches!(event, Event::Reviewed(_));
                if events.iter().any(is_news) { events.iter().map(|event| event.text(style)).collect() } else { String::new() }
            }
        };
        let mut stream = io::stdout().lock();
        stream.write_all(lines.as_bytes())?;
        stream.flush()
    }

    fn draw(&mut self, board: &Board) -> io::Result<()> {
        if let Self::Screen(screen) = self { screen.draw(board) } else { Ok(()) }
    }

    fn scroll(&mut self, lines: isize, board: &Board) -> io::Result<()> {
        if let Self::Screen(screen) = self { screen.scroll(lines, board) } else { Ok(()) }
    }

    fn pause(&mut self, board: &Board) -> io::Result<()> {
        if let Self::Screen(screen) = self { screen.pause(board) } else { Ok(()) }
    }

    fn resize(&mut self, width: u16, height: u16, board: &Board) -> io::Result<()> {
        if let Self::Screen(screen) = self { screen.resize(width, height, board) } else { Ok(()) }
    }
}
