//! The terminal as a screen: taken over at the start, given back at the end, however that comes about.

use std::io::{self, Write as _};
use std::sync::Once;
use std::sync::mpsc::Sender;
use std::thread;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{self, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};

use super::Message;
use crate::report::Style;
use crate::report::watch::{Board, View, frame};

/// A terminal that shows a board.
pub(super) struct Screen {
    style: Style,
    view: View,
    /// What is on the screen, so that nothing is written when nothing changed.
    shown: String,
}

impl Screen {
    /// Takes the terminal over, and sends what its user wants.
    pub(super) fn open(messages: Sender<Message>, style: Style) -> io::Result<Self> {
        let (width, height) = terminal::size()?;
        let mut screen = Self { style, view: View { width: 0, height: 0, scroll: 0 }, shown: String::new() };
        screen.fit(width, height);
        give_back_on_panic();
        take_over()?;
        #[cfg(unix)]
        leave_on_signals(messages.clone())?;
        thread::spawn(move || read_keys(&messages));
        Ok(screen)
    }

    fn fit(&mut self, width: u16, height: u16) {
        // Serial lines and some containers do not tell their size.
        let (width, height) = if width == 0 || height == 0 { (80, 24) } else { (width, height) };
        // A line that reaches the last column leaves the cursor on it, and clearing what is behind takes a character away.
        (self.view.width, self.view.height) = (width.saturating_sub(1), height);
    }

    pub(super) fn draw(&mut self, board: &Board) -> io::Result<()> {
        let frame = frame(board, &mut self.view, &self.style);
        if frame == self.shown {
            return Ok(());
        }
        // One write, and a terminal that knows of synchronized output shows it at once; another overwrites line by line.
        // Nothing is wiped first: that is what would flicker.
        let lines = frame.replace('\n', "\x1b[K\r\n");
        let mut stream = io::stdout().lock();
        stream.write_all(format!("\x1b[?2026h\x1b[H{lines}\x1b[K\x1b[?2026l").as_bytes())?;
        stream.flush()?;
        self.shown = frame;
        Ok(())
    }

    pub(super) fn scroll(&mut self, lines: isize, board: &Board) -> io::Result<()> {
        self.view.scroll = self.view.scroll.saturating_add_signed(lines);
        self.draw(board)
    }

    pub(super) fn resize(&mut self, width: u16, height: u16, board: &Board) -> io::Result<()> {
        self.fit(width, height);
        // Terminals wrap and cut what they show when they change, each in its own way.
        queue!(io::stdout(), terminal::Clear(terminal::ClearType::All))?;
        self.shown.clear();
        self.draw(board)
    }

    /// Lets the shell have the terminal until it wants the watch back, as Ctrl-Z does where it is not read as a key.
    pub(super) fn pause(&mut self, board: &Board) -> io::Result<()> {
        give_back();
        // The whole group, which is what the shell knows: git has started this program and waits for it. Without a shell
        // that could continue it, the system stops nothing.
        #[cfg(unix)]
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        take_over()?;
        let (width, height) = terminal::size()?;
        self.resize(width, height, board)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take_over() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide)
}

/// Puts the terminal back as it was. What fails here has nowhere to be told.
fn give_back() {
    let _ = execute!(io::stdout(), Show, EnableLineWrap, LeaveAlternateScreen);
    let _ = terminal::disable_raw_mode();
}

/// The report of a panic has to land where it can be read.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            report(panic);
        }));
    });
}

/// Signals end the watch like a key does, with the exit code shells give to them.
#[cfg(unix)]
fn leave_on_signals(messages: Sender<Message>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let _ = messages.send(Message::Leave(128 + u8::try_from(signal).unwrap_or_default()));
        }
    });
    Ok(())
}

/// Sends what the keys mean until the terminal is gone.
fn read_keys(messages: &Sender<Message>) {
    loop {
        let message = match event::read() {
            Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => meaning(key),
            Ok(Event::Resize(width, height)) => Some(Message::Resize(width, height)),
            Ok(_) => None,
            Err(_) => Some(Message::Leave(0)),
        };
        let is_over = matches!(message, Some(Message::Leave(_)));
        if message.is_some_and(|message| messages.send(message).is_err()) || is_over {
            return;
        }
    }
}

/// What a key is for.
fn meaning(key: KeyEvent) -> Option<Message> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if is_control => Message::Leave(0),
        KeyCode::Char('z') if is_control => Message::Pause,
        _ if is_control => return None,
        KeyCode::Char('q') => Message::Leave(0),
        KeyCode::Char('r') => Message::Again,
        KeyCode::Char('j') | KeyCode::Down => Message::Scroll(1),
        KeyCode::Char('k') | KeyCode::Up => Message::Scroll(-1),
        KeyCode::PageDown | KeyCode::Char(' ') => Message::Scroll(PAGE),
        KeyCode::PageUp => Message::Scroll(-PAGE),
        KeyCode::Home | KeyCode::Char('g') => Message::Scroll(isize::MIN),
        KeyCode::End | KeyCode::Char('G') => Message::Scroll(isize::MAX),
        _ => return None,
    })
}

/// Lines a page key moves by: less than the smallest screen that is of use has.
const PAGE: isize = 15;
