//! Which signals begin a shutdown, and what a further one means.
//!
//! The fold here is pure; the thread that hears them is in the files below.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fmt;
#[cfg(not(any(unix, windows)))]
use std::io;
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

#[cfg(unix)]
pub(crate) use unix::listen;
#[cfg(windows)]
pub(crate) use windows::listen;

/// A repeat of the first signal within this time is the same one: a shell and a parent
/// both forward a Ctrl-C.
const SAME: Duration = Duration::from_millis(500);

/// Runs on SIGHUP.
pub(crate) type Reload = Arc<dyn Fn() + Send + Sync>;

/// Which signals are heard. SIGTERM, SIGINT, SIGHUP and SIGQUIT begin a shutdown; the next
/// one after that ends the process at once, with exit code 128 + its number. A repeat of
/// the first within 500 ms is taken for the same.
///
/// After SIGINT, which somebody at a terminal sent, there is no drain delay.
///
/// A SIGHUP that is ignored when the handlers go in stays ignored, as `nohup` asks for, unless
/// there is a hook for it. That is known on Linux only; elsewhere SIGHUP is always heard.
///
/// On Windows Ctrl-C stands for SIGINT, Ctrl-Break for SIGQUIT, and the closing of the console,
/// logging off and shutting down for SIGTERM. After those the system ends the process within a
/// few seconds, so that the deadline must be below that. The code for Windows was compiled and
/// tried nowhere so far.
#[derive(Clone, Default)]
pub struct Signals {
    reload: Option<Reload>,
    quit_at_once: bool,
}

impl Signals {
    /// SIGHUP calls `reload`, on a thread of its own, instead of beginning a shutdown.
    pub fn reload_on_hangup(mut self, reload: impl Fn() + Send + Sync + 'static) -> Self {
        self.reload = Some(Arc::new(reload));
        self
    }

    /// SIGQUIT ends the process at once, with exit code 131.
    pub fn quit_at_once(mut self) -> Self {
        self.quit_at_once = true;
        self
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals")
            .field("reload", &self.reload.is_some())
            .field("quit_at_once", &self.quit_at_once)
            .finish()
    }
}

/// One of the signals that are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Terminate,
    Interrupt,
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is none"))]
    Hangup,
    Quit,
}

impl Signal {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Hangup => "SIGHUP",
            Self::Quit => "SIGQUIT",
        }
    }

    /// 128 + its number, as shells show it. The numbers are those of POSIX.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Quit => 131,
            Self::Terminate => 143,
        }
    }
}

/// What a signal means.
#[derive(Clone)]
pub(crate) enum Meaning {
    /// Begin the shutdown.
    Begin,
    /// It has been heard already.
    Same,
    /// End at once.
    Force,
    /// Reload.
    Reload(Reload),
}

/// The signals heard so far.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    signals: Signals,
    first: Option<(Signal, Instant)>,
}

impl Hearing {
    pub(crate) fn new(signals: Signals) -> Self {
        Self {
            signals,
            first: None,
        }
    }

    pub(crate) fn hear(&mut self, signal: Signal, now: Instant) -> Meaning {
        match (signal, &self.signals.reload) {
            (Signal::Quit, _) if self.signals.quit_at_once => return Meaning::Force,
            (Signal::Hangup, Some(reload)) => return Meaning::Reload(Arc::clone(reload)),
            _ => {}
        }
        match self.first {
            None => {
                self.first = Some((signal, now));
                Meaning::Begin
            }
            Some((first, at)) if first == signal && now.saturating_duration_since(at) < SAME => {
                Meaning::Same
            }
            Some(_) => Meaning::Force,
        }
    }
}

/// What a signal that was heard leads to.
#[cfg_attr(not(any(unix, windows)), allow(dead_code, reason = "nothing is heard"))]
fn act(
    meaning: Meaning,
    signal: Signal,
    begin: &(impl Fn(Signal) + Send),
    force: &(impl Fn(Signal) + Send),
) {
    match meaning {
        Meaning::Begin => begin(signal),
        Meaning::Same => {}
        Meaning::Force => force(signal),
        // It may block or panic; without a thread for it, it is not done.
        Meaning::Reload(reload) => {
            let _ = Builder::new()
                .name("reload".to_owned())
                .spawn(move || reload());
        }
    }
}

/// There is nothing to listen to here.
#[cfg(not(any(unix, windows)))]
pub(crate) fn listen(
    _signals: Signals,
    _begin: impl Fn(Signal) + Send + 'static,
    _force: impl Fn(Signal) + Send + 'static,
) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// One letter a signal, lower case 100 ms after the one before, upper case a second after.
    fn meanings(signals: Signals, story: &str) -> String {
        let mut hearing = Hearing::new(signals);
        let mut now = clock::instant();
        let meaning = |letter: char| {
            now += Duration::from_millis(if letter.is_uppercase() { 1_000 } else { 100 });
            let signal = match letter.to_ascii_lowercase() {
                't' => Signal::Terminate,
                'i' => Signal::Interrupt,
                'h' => Signal::Hangup,
                _ => Signal::Quit,
            };
            match hearing.hear(signal, now) {
                Meaning::Begin => 'B',
                Meaning::Same => '.',
                Meaning::Force => 'X',
                Meaning::Reload(_) => 'R',
            }
        };
        story.chars().map(meaning).collect()
    }

    #[test]
    fn stories() {
        let usual = Signals::default;
        for (signals, story, expected) in [
            (usual(), "t", "B"),
            (usual(), "tt", "B."),
            (usual(), "tttttt", "B....X"),
            (usual(), "tT", "BX"),
            (usual(), "ti", "BX"),
            (usual(), "it", "BX"),
            (usual(), "hH", "BX"),
            (usual(), "qQ", "BX"),
            (usual().quit_at_once(), "q", "X"),
            (usual().quit_at_once(), "tq", "BX"),
            (usual().reload_on_hangup(|| ()), "hHhtHhT", "RRRBRRX"),
        ] {
            assert_eq!(meanings(signals, story), expected, "{story}");
        }
    }

    #[test]
    fn exit_codes_are_those_of_shells() {
        for (signal, code) in [
            (Signal::Terminate, 143),
            (Signal::Interrupt, 130),
            (Signal::Hangup, 129),
            (Signal::Quit, 131),
        ] {
            assert_eq!(signal.exit_code(), code);
        }
    }
}
