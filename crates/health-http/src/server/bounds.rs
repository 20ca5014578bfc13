//! Decides whether a connection has outstayed one of its bounds.
//!
//! It does not measure time or close anything.

use std::time::Duration;

use super::limits::Limits;

/// A look that comes later than this found the process suspended, or kept from running.
const LATE: Duration = Duration::from_secs(1);

/// How much of the time by which a look came late counts against nobody, as no peer could be
/// heard in it.
pub(crate) fn suspension(late: Duration) -> Duration {
    if late > LATE { late } else { Duration::ZERO }
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No byte of the next request has come.
    Waiting,
    /// A request's head is arriving.
    Head,
    /// The service is at work on a request.
    Serving,
    /// The service has answered; the response goes out.
    Answered,
    /// The peer does not read: bytes of a response wait.
    Blocked,
}

/// One connection at one moment. Times are milliseconds of the server's coarse clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) phase: Phase,
    /// Whether a request was answered on it.
    pub(crate) completed: bool,
    /// When the phase began.
    pub(crate) since: u64,
    /// When the connection was accepted.
    pub(crate) opened: u64,
}

/// The bound that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    Header,
    Idle,
    Write,
    Age,
}

/// What to do with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    Keep,
    /// Close after the response to the request in hand.
    Retire,
    End(Overdue),
}

/// The bounds in milliseconds. Stamps may be one tick too early, so each bound has a tick more:
/// nobody is cut before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    header: u64,
    idle: u64,
    write: u64,
    age: u64,
    last: u64,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits) -> Self {
        let tick = limits.tick();
        let millis = |limit: std::time::Duration| {
            u64::try_from(limit.saturating_add(tick).as_millis()).unwrap_or(u64::MAX)
        };
        Self {
            header: millis(limits.header_timeout),
            idle: millis(limits.idle),
            write: millis(limits.write_stall),
            age: millis(limits.age),
            last: millis(limits.age.saturating_add(limits.write_stall)),
        }
    }

    /// Judges a connection as it stands at `now`.
    pub(crate) fn judge(&self, view: View, now: u64) -> Judgement {
        let lasted = now.saturating_sub(view.since);
        let age = now.saturating_sub(view.opened);
        let overdue = match view.phase {
            Phase::Waiting if view.completed => (lasted >= self.idle).then_some(Overdue::Idle),
            Phase::Waiting | Phase::Head => (lasted >= self.header).then_some(Overdue::Header),
            Phase::Blocked => (lasted >= self.write).then_some(Overdue::Write),
            Phase::Serving | Phase::Answered => None,
        };
        match overdue {
            Some(overdue) => Judgement::End(overdue),
            None if age >= self.last => Judgement::End(Overdue::Age),
            None if age < self.age => Judgement::Keep,
            None if view.phase == Phase::Waiting => Judgement::End(Overdue::Age),
            None => Judgement::Retire,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_look_forgives_what_it_was_late_by() {
        let ms = Duration::from_millis;
        for (late, forgiven) in [(0, 0), (1_000, 0), (1_001, 1_001), (75_000, 75_000)] {
            assert_eq!(suspension(ms(late)), ms(forgiven));
        }
    }

    #[test]
    fn table() {
        use Judgement::{End, Keep, Retire};
        use Phase::{Answered, Blocked, Head, Serving, Waiting};

        // Header 100, idle 200, write 300, age 1000; tick 20; last 1300.
        let limits = Limits::default()
            .header_timeout(Duration::from_millis(100))
            .idle(Duration::from_millis(200))
            .write_stall(Duration::from_millis(300))
            .age(Duration::from_secs(1));
        let bounds = Bounds::new(&limits);
        let cases = [
            // (phase, completed, since, now, expected); opened at 0
            (Waiting, false, 0, 119, Keep),
            (Waiting, false, 0, 120, End(Overdue::Header)),
            (Head, false, 50, 169, Keep),
            (Head, false, 50, 170, End(Overdue::Header)),
            (Head, true, 50, 170, End(Overdue::Header)),
            (Waiting, true, 0, 120, Keep),
            (Waiting, true, 0, 219, Keep),
            (Waiting, true, 0, 220, End(Overdue::Idle)),
            (Serving, false, 0, 1019, Keep),
            (Answered, false, 0, 1019, Keep),
            (Blocked, false, 0, 319, Keep),
            (Blocked, true, 0, 320, End(Overdue::Write)),
            (Waiting, true, 1019, 1020, End(Overdue::Age)),
            (Head, true, 1019, 1020, Retire),
            (Serving, true, 0, 1020, Retire),
            (Serving, true, 0, 1319, Retire),
            (Serving, true, 0, 1320, End(Overdue::Age)),
            // A reader who takes a byte at a time makes progress, and still ends.
            (Blocked, false, 1310, 1320, End(Overdue::Age)),
            // The coarse clock never runs backwards; a stamp from a later reading counts as now.
            (Waiting, false, 500, 400, Keep),
        ];
        for (phase, completed, since, now, expected) in cases {
            let view = View {
                phase,
                completed,
                since,
                opened: 0,
            };
            assert_eq!(bounds.judge(view, now), expected, "{view:?} at {now}");
        }
    }

    #[test]
    fn unbounded_limits_do_not_overflow() {
        let limits = Limits::default()
            .age(Duration::MAX)
            .idle(Duration::MAX)
            .write_stall(Duration::MAX);
        let view = View {
            phase: Phase::Waiting,
            completed: true,
            since: 0,
            opened: 0,
        };
        assert_eq!(
            Bounds::new(&limits).judge(view, u64::MAX - 1),
            Judgement::Keep
        );
    }
}
