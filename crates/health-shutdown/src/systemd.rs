//! What systemd is told: that the service is ready, how it is, that it lives, that it stops.
//!
//! Pure: who says it is in `teller`.

use std::time::Duration;

/// How often to look; a watchdog that is more impatient is looked at three times as often as
/// it asks.
const PULSE: Duration = Duration::from_secs(1);
/// How much longer systemd is asked to wait, each time progress was made.
const EXTENSION: Duration = Duration::from_secs(10);

/// How the service is at one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) running: bool,
    pub(crate) stopping: bool,
    /// Whether liveness holds; `None` if it was no task of the runtime that looked, which may be
    /// blocked then.
    pub(crate) live: Option<bool>,
    /// For people, in `systemctl status`.
    pub(crate) status: String,
    /// Changes whenever the shutdown has come on.
    pub(crate) progress: u64,
}

/// What systemd has been told so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    ready: bool,
    stopping: bool,
    status: String,
    progress: u64,
}

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Ready,
    Stopping,
    Status(String),
    Watchdog,
    Extend(Duration),
}

impl Told {
    /// What is new since the last look.
    pub(crate) fn news(&mut self, look: &Look, watchdog: bool) -> Vec<Word> {
        let mut words = Vec::new();
        if look.running && !look.stopping && !std::mem::replace(&mut self.ready, true) {
            words.push(Word::Ready);
        }
        if look.stopping && !std::mem::replace(&mut self.stopping, true) {
            words.push(Word::Stopping);
        }
        if look.status != self.status {
            self.status.clone_from(&look.status);
            words.push(Word::Status(look.status.clone()));
        }
        if watchdog && look.live == Some(true) {
            words.push(Word::Watchdog);
        }
        if look.stopping && look.progress != self.progress {
            self.progress = look.progress;
            words.push(Word::Extend(EXTENSION));
        }
        words
    }
}

/// The watchdog's patience, if systemd runs one, and how often to look.
pub(crate) fn pulse(watchdog: Option<Duration>) -> Duration {
    watchdog.map_or(PULSE, |patience| {
        (patience / 3).clamp(Duration::from_millis(10), PULSE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_said_when_it_is_new() {
        use Word::{Extend, Ready, Status, Stopping, Watchdog};
        let look = |running, live, stopping, status: &str, progress| Look {
            running,
            live: Some(live),
            stopping,
            status: status.to_owned(),
            progress,
        };
        let status = |text: &str| Status(text.to_owned());
        let mut told = Told::default();
        for (look, watchdog, expected) in [
            (
                look(false, true, false, "starting", 0),
                true,
                vec![status("starting"), Watchdog],
            ),
            (
                look(true, true, false, "healthy", 0),
                true,
                vec![Ready, status("healthy"), Watchdog],
            ),
            (look(true, true, false, "healthy", 0), true, vec![Watchdog]),
            (look(true, false, false, "healthy", 0), true, vec![]),
            (look(true, true, false, "healthy", 0), false, vec![]),
            (
                look(true, true, true, "stopping", 1),
                true,
                vec![Stopping, status("stopping"), Watchdog, Extend(EXTENSION)],
            ),
            (look(true, true, true, "stopping", 1), true, vec![Watchdog]),
            (
                look(true, true, true, "stopping", 2),
                false,
                vec![Extend(EXTENSION)],
            ),
        ] {
            assert_eq!(told.news(&look, watchdog), expected, "{look:?}");
        }
        let asked = Look {
            live: None,
            ..look(true, true, true, "stopping", 2)
        };
        assert_eq!(told.news(&asked, true), [], "the runtime may be blocked");
        let mut late = Told::default();
        let never = late.news(&look(true, true, true, "", 0), false);
        assert_eq!(never, [Stopping], "what stops is not ready any more");
    }

    #[test]
    fn an_impatient_watchdog_is_answered_in_time() {
        for (patience, expected) in [
            (None, PULSE),
            (Some(Duration::from_mins(1)), PULSE),
            (Some(Duration::from_millis(600)), Duration::from_millis(200)),
            (Some(Duration::from_millis(1)), Duration::from_millis(10)),
        ] {
            assert_eq!(pulse(patience), expected);
        }
    }
}
