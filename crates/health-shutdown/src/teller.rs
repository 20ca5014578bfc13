//! Says to systemd what there is to say, on a thread of its own: its socket may be full, and then
//! whoever writes to it waits.
//!
//! What to say is decided in `systemd`. Outside of systemd nothing is said.

use std::ffi::OsStr;
use std::fmt::Write;
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;
use std::{env, io};

use health_core::{Lifecycle, Probe};
use sd_notify::NotifyState;

use crate::clock;
use crate::line::Line;
use crate::log::Log;
use crate::shutdown::Inner;
use crate::systemd::{Look, Told, Word};

/// Dropped, it says no more.
#[derive(Debug)]
pub(crate) struct Teller {
    desk: Arc<Desk>,
    /// How long systemd's watchdog waits for a sign of life, if there is one.
    pub(crate) watchdog: Option<Duration>,
}

/// Where the last look lies until it is told.
#[derive(Debug, Default)]
struct Desk {
    letter: Mutex<Letter>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Letter {
    look: Option<Look>,
    closed: bool,
}

impl Teller {
    /// Starts the thread; `None` outside of systemd.
    pub(crate) fn start(log: Arc<Log>) -> io::Result<Option<Self>> {
        let Some(socket) = env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else {
            return Ok(None);
        };
        let watchdog = sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero());
        let desk = Arc::<Desk>::default();
        let read = Arc::clone(&desk);
        let tell = move || {
            let mut told = Told::default();
            while let Some(look) = read.take() {
                if let Err(error) = say(&told.news(&look, watchdog.is_some()), &socket) {
                    log.say(Line::Systemd(error));
                }
            }
        };
        Builder::new()
            .name("shutdown-systemd".to_owned())
            .spawn(tell)?;
        Ok(Some(Self { desk, watchdog }))
    }

    /// How the service is now. `by_task`: it is a task of the runtime that looks.
    pub(crate) fn look(inner: &Inner, by_task: bool) -> Look {
        let health = &inner.health;
        let (verdict, message) = health.answer_at(Probe::Health, clock::instant());
        let shown = inner.standing.shown();
        let progress = shown
            .as_ref()
            .map(|shown| shown.lock().unwrap_or_else(PoisonError::into_inner));
        Look {
            running: health.lifecycle() == Lifecycle::Running,
            live: by_task.then(|| health.verdict(Probe::Live).passing),
            stopping: inner.has_begun(),
            status: match &progress {
                Some(progress) => progress.status(),
                None => format!("{}: {message}", verdict.status),
            },
            progress: progress.map_or(0, |progress| progress.count()),
        }
    }

    /// Has systemd told of `look`, in the place of one that is still to be told. It never waits.
    pub(crate) fn tell(&self, mut look: Look) {
        let mut letter = self.desk.lock();
        let before = letter.look.take();
        look.live = look.live.or(before.and_then(|before| before.live));
        letter.look = Some(look);
        self.desk.changed.notify_one();
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.desk.lock().closed = true;
        self.desk.changed.notify_one();
    }
}

impl Desk {
    fn lock(&self) -> std::sync::MutexGuard<'_, Letter> {
        self.letter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next look; `None` once nobody brings any more.
    fn take(&self) -> Option<Look> {
        let mut letter = self.lock();
        loop {
            if let Some(look) = letter.look.take() {
                return Some(look);
            }
            if letter.closed {
                return None;
            }
            let waited = self.changed.wait(letter);
            letter = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Says `words` in one message.
fn say(words: &[Word], socket: &OsStr) -> io::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let mut lines = String::new();
    for word in words {
        // Into a string, which does not fail.
        let _ = writeln!(lines, "{}", state(word));
    }
    UnixDatagram::unbound()?.send_to_addr(lines.as_bytes(), &address(socket)?)?;
    Ok(())
}

/// The address that is meant by `NOTIFY_SOCKET`, by what `sd_notify(3)` says: a path, or on Linux,
/// with an `@`, a name in the abstract name space, which `sd_notify::notify` knows nothing of.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = socket.as_bytes().strip_prefix(b"@") {
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(socket)
}

fn state(word: &Word) -> NotifyState<'_> {
    match word {
        Word::Ready => NotifyState::Ready,
        Word::Stopping => NotifyState::Stopping,
        Word::Status(text) => NotifyState::Status(text),
        Word::Watchdog => NotifyState::Watchdog,
        Word::Extend(time) => {
            NotifyState::ExtendTimeoutUsec(u32::try_from(time.as_micros()).unwrap_or(u32::MAX))
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn where_systemd_listens() {
        for (socket, path, name) in [
            ("/run/systemd/notify", Some("/run/systemd/notify"), None),
            ("@/org/freedesktop/n", None, Some("/org/freedesktop/n")),
        ] {
            let address = address(OsStr::new(socket)).unwrap();
            assert_eq!(address.as_pathname(), path.map(std::path::Path::new));
            assert_eq!(address.as_abstract_name(), name.map(str::as_bytes));
        }
        assert!(address(OsStr::new(&"x".repeat(200))).is_err(), "too long");
    }
}
