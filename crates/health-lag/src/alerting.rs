//! The life of one alert: pending, firing, worse, resolved. A pure fold.
//!
//! It judges no follower and keeps no log; time is an argument.
//!
//! Within the cooldown of what was said last, an alert that is no worse goes through its life in silence: it
//! is pending, and neither that nor its end is said. What is worse is said whenever it comes.

use std::time::Duration;

use crate::alert::{AlertEvent, AlertKind};
use crate::history::nanoseconds;
use crate::level::Level;
use crate::policy::LagPolicy;
use crate::statistics::NONE;

/// A prediction is taken back this soon: what it says of the time to come does not hold any more.
const PREDICTION_RESOLVES: Duration = Duration::from_secs(1);

/// How long each step of a life takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pending: Duration,
    resolve_after: Duration,
    cooldown: Duration,
}

impl Rules {
    pub(crate) fn of(policy: &LagPolicy) -> Self {
        Self {
            pending: policy.pending,
            resolve_after: policy.resolve_after,
            cooldown: policy.cooldown,
        }
    }

    /// How long it must hold before it fires. What has been waited for already does not wait again.
    fn confirm(&self, kind: AlertKind, level: Level) -> Duration {
        match (kind, level) {
            (AlertKind::Stalled | AlertKind::NoData, _) | (AlertKind::Lag, Level::Critical) => {
                Duration::ZERO
            }
            _ => self.pending,
        }
    }

    fn resolve_after(&self, kind: AlertKind) -> Duration {
        match kind {
            AlertKind::PredictedBreach => self.resolve_after.min(PREDICTION_RESOLVES),
            _ => self.resolve_after,
        }
    }
}

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Clear,
    /// It holds, and was not confirmed yet.
    Pending,
    /// The same, and that was said.
    Announced,
    Firing,
}

/// The alert of one kind of one follower. Times are in nanoseconds, of which there is less to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    phase: Phase,
    /// The worst of this life, as far as it was said.
    level: Level,
    /// How bad it was said to be last, and when; normal, if only that it is pending.
    worst: Level,
    fired: u64,
    /// Since when it holds.
    since: u64,
    /// Since when nothing is wrong any more, while it fires.
    clear: u64,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            phase: Phase::Clear,
            level: Level::Normal,
            worst: Level::Normal,
            fired: NONE,
            since: 0,
            clear: NONE,
        }
    }
}

impl Life {
    /// Nothing is wrong, and nothing is waited for.
    pub(crate) fn is_clear(&self) -> bool {
        self.phase == Phase::Clear
    }

    /// How bad it was said to be.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Since when, how bad, and whether it fires; `None` if nothing is wrong.
    pub(crate) fn active(&self) -> Option<(Duration, Level, bool)> {
        let since = Duration::from_nanos(self.since);
        (!self.is_clear()).then_some((since, self.level, self.phase == Phase::Firing))
    }

    /// Takes note of how bad it is at `now`, if it holds at all; gives what is to be said.
    pub(crate) fn step(
        &mut self,
        kind: AlertKind,
        wrong: Option<Level>,
        now: Duration,
        rules: &Rules,
    ) -> Option<AlertEvent> {
        let now = nanoseconds(now);
        match (self.phase, wrong) {
            (Phase::Clear, None) => None,
            (Phase::Clear, Some(level)) => {
                self.phase = Phase::Pending;
                self.since = now;
                self.confirm(kind, level, now, rules)
            }
            (Phase::Pending | Phase::Announced, Some(level)) => {
                self.confirm(kind, level, now, rules)
            }
            (Phase::Pending | Phase::Announced, None) => self.end(),
            (Phase::Firing, Some(level)) => self.go_on(level, now, rules),
            (Phase::Firing, None) => {
                self.clear = self.clear.min(now);
                let waited = now >= after(self.clear, rules.resolve_after(kind));
                if waited { self.end() } else { None }
            }
        }
    }

    /// It is pending: does it fire?
    fn confirm(
        &mut self,
        kind: AlertKind,
        level: Level,
        now: u64,
        rules: &Rules,
    ) -> Option<AlertEvent> {
        self.level = level;
        let cooling = self
            .cools_until(level, rules)
            .is_some_and(|until| now < until);
        let held = now >= after(self.since, rules.confirm(kind, level));
        if held && !cooling {
            self.phase = Phase::Firing;
            self.clear = NONE;
            self.say(level, now);
            return Some(AlertEvent::Firing);
        }
        let lately = self.fired != NONE && now < after(self.fired, rules.cooldown);
        if self.phase == Phase::Announced || lately {
            return None;
        }
        self.phase = Phase::Announced;
        // It holds back nothing but another word like it.
        self.say(Level::Normal, now);
        Some(AlertEvent::Pending)
    }

    /// It fires: is it worse?
    fn go_on(&mut self, level: Level, now: u64, rules: &Rules) -> Option<AlertEvent> {
        self.clear = NONE;
        if level > self.level {
            self.level = level;
            self.say(level, now);
            return Some(AlertEvent::Escalated);
        }
        // Once it has been less bad for long, getting worse again is worth a word again.
        if self
            .cools_until(level, rules)
            .is_none_or(|until| now >= until)
        {
            self.level = level;
        }
        None
    }

    fn say(&mut self, level: Level, now: u64) {
        self.fired = now;
        self.worst = level;
    }

    /// Until when something of this `level` is not said again; never, if it is worse than what was.
    fn cools_until(&self, level: Level, rules: &Rules) -> Option<u64> {
        let said = self.fired != NONE && level <= self.worst;
        said.then(|| after(self.fired, rules.cooldown))
    }

    /// When time alone leads on, if it goes on as bad as it was taken note of last; in nanoseconds.
    /// Until then a step changes nothing.
    pub(crate) fn due(&self, kind: AlertKind, wrong: Option<Level>, rules: &Rules) -> u64 {
        let cool = after(self.fired, rules.cooldown);
        match self.phase {
            Phase::Clear => NONE,
            Phase::Pending => self.fires(kind, rules).min(cool),
            Phase::Announced => self.fires(kind, rules),
            Phase::Firing => match wrong {
                None => after(self.clear, rules.resolve_after(kind)),
                Some(level) if level < self.level => cool,
                Some(_) => NONE,
            },
        }
    }

    /// When it fires, while it is pending.
    fn fires(&self, kind: AlertKind, rules: &Rules) -> u64 {
        let held = after(self.since, rules.confirm(kind, self.level));
        let cool = self.cools_until(self.level, rules);
        cool.map_or(held, |cool| cool.max(held))
    }

    /// Ends it, whatever is wrong; whether somebody waits to hear so.
    pub(crate) fn end(&mut self) -> Option<AlertEvent> {
        let said = matches!(self.phase, Phase::Announced | Phase::Firing);
        self.phase = Phase::Clear;
        said.then_some(AlertEvent::Resolved)
    }
}

/// A time later; never after never.
fn after(time: u64, wait: Duration) -> u64 {
    time.saturating_add(nanoseconds(wait))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> Rules {
        Rules::of(&LagPolicy::default())
    }

    fn wrong(letter: char) -> Option<Level> {
        match letter {
            'w' => Some(Level::Warning),
            'c' => Some(Level::Critical),
            _ => None,
        }
    }

    /// What is said: a letter a second, `.` nothing wrong, `w` warning, `c` critical.
    fn said(kind: AlertKind, story: &str) -> String {
        let mut life = Life::default();
        let mut words = Vec::new();
        for (second, letter) in (0..).zip(story.chars()) {
            let wrong = wrong(letter);
            let event = life.step(kind, wrong, Duration::from_secs(second), &rules());
            words.extend(event.map(|event| format!("{second}:{}", event.name())));
        }
        words.join(" ")
    }

    #[test]
    fn a_life() {
        use AlertKind::{FollowerAhead, Lag, NoData, PredictedBreach, Stalled};
        let dots = |n| ".".repeat(n);
        for (kind, story, expected) in [
            (Lag, "ww.".to_owned(), "0:pending 2:resolved"),
            (Lag, "ww.ww.ww.".to_owned(), "0:pending 2:resolved"),
            (Lag, "ww.www".to_owned(), "0:pending 2:resolved 5:firing"),
            (Lag, "wwww".to_owned(), "0:pending 2:firing"),
            (
                Lag,
                format!("www{}", dots(10)),
                "0:pending 2:firing 8:resolved",
            ),
            // Shorter than it takes to resolve: it goes on.
            (
                Lag,
                "www....w......".to_owned(),
                "0:pending 2:firing 13:resolved",
            ),
            (Lag, "c".to_owned(), "0:firing"),
            (Lag, "wc".to_owned(), "0:pending 1:firing"),
            (Lag, "wwwc".to_owned(), "0:pending 2:firing 3:escalated"),
            (Lag, "wwwcwcwc".to_owned(), "0:pending 2:firing 3:escalated"),
            (Stalled, "c".to_owned(), "0:firing"),
            (NoData, format!("c{}", dots(6)), "0:firing 6:resolved"),
            (FollowerAhead, "c.".to_owned(), "0:pending 1:resolved"),
            (FollowerAhead, "ccc".to_owned(), "0:pending 2:firing"),
            (
                PredictedBreach,
                "www..".to_owned(),
                "0:pending 2:firing 4:resolved",
            ),
        ] {
            assert_eq!(said(kind, &story), expected, "{kind:?} {story}");
        }
    }

    #[test]
    fn the_cooldown_holds_back_what_is_no_worse_and_never_an_escalation() {
        let quiet = ".".repeat(10);
        let flaps = format!("www{quiet}").repeat(4);
        assert_eq!(
            said(AlertKind::Lag, &flaps),
            "0:pending 2:firing 8:resolved",
            "52 s of flaps"
        );
        let again = format!("{}www", flaps + &quiet);
        assert_eq!(
            said(AlertKind::Lag, &again),
            "0:pending 2:firing 8:resolved 62:pending 64:firing"
        );
        let worse = format!("www{quiet}wc");
        assert_eq!(
            said(AlertKind::Lag, &worse),
            "0:pending 2:firing 8:resolved 14:firing"
        );
        let held = format!("c{quiet}{}", "c".repeat(60));
        assert_eq!(
            said(AlertKind::Lag, &held),
            "0:firing 6:resolved 60:firing",
            "what still holds after the cooldown fires"
        );
    }

    #[test]
    fn after_a_long_time_less_bad_it_may_escalate_again() {
        let story = format!("wwwc{}c", "w".repeat(61));
        assert_eq!(
            said(AlertKind::Lag, &story),
            "0:pending 2:firing 3:escalated 65:escalated"
        );
    }

    #[test]
    fn ended_by_hand_it_resolves_if_it_was_said() {
        let mut life = Life::default();
        assert_eq!(life.end(), None);
        let step = |life: &mut Life, second| {
            let now = Duration::from_secs(second);
            life.step(AlertKind::Lag, Some(Level::Warning), now, &rules())
        };
        step(&mut life, 0);
        assert_eq!(life.end(), Some(AlertEvent::Resolved));
        assert_eq!((life.end(), life.active()), (None, None));
    }

    #[test]
    fn due_is_when_time_alone_leads_on() {
        let secs = Duration::from_secs;
        let mut life = Life::default();
        for (second, wrong, expected) in [
            (0, None, None),
            (1, Some(Level::Warning), Some(3)),
            (3, Some(Level::Warning), None),
            (4, None, Some(9)),
            (9, None, None),
            // The cooldown.
            (10, Some(Level::Warning), Some(63)),
            (11, Some(Level::Critical), None),
            // Less bad for so long, it may get worse again.
            (12, Some(Level::Warning), Some(71)),
            (71, Some(Level::Warning), None),
        ] {
            life.step(AlertKind::Lag, wrong, secs(second), &rules());
            let due = life.due(AlertKind::Lag, wrong, &rules());
            let due = (due != NONE).then(|| Duration::from_nanos(due));
            assert_eq!(due, expected.map(secs), "{second}");
        }
    }

    proptest! {
        /// Steps before it is due, with nothing new, change nothing.
        #[test]
        fn nothing_new_before_it_is_due_is_no_step(
            story in "[.wc]{1,8}",
            lengths in prop::collection::vec(1_u64..90, 8),
            kind in 0..AlertKind::ALL.len(),
        ) {
            let kind = AlertKind::ALL[kind];
            let (mut each, mut few) = (Life::default(), Life::default());
            let mut due = 0;
            let mut last = None;
            let letters = story.chars().zip(lengths).flat_map(|(it, n)| (0..n).map(move |_| it));
            for (second, letter) in (0..).zip(letters) {
                let now = Duration::from_secs(second);
                let wrong = wrong(letter);
                let event = each.step(kind, wrong, now, &rules());
                if last == Some(wrong) && nanoseconds(now) < due {
                    prop_assert_eq!(event, None, "at {}", second);
                    prop_assert_eq!(each, few, "at {}", second);
                } else {
                    prop_assert_eq!(few.step(kind, wrong, now, &rules()), event, "at {}", second);
                    last = Some(wrong);
                    due = few.due(kind, wrong, &rules());
                }
            }
        }

        /// Fired and resolved take turns; nothing is said twice; a cooldown passes between two
        /// firings unless the later is worse.
        #[test]
        fn whatever_happens_the_log_makes_sense(story in "[.wc]{0,300}") {
            let mut fires = false;
            let mut last: Option<(Duration, Level)> = None;
            let mut life = Life::default();
            for (second, letter) in (0..).zip(story.chars()) {
                let now = Duration::from_secs(second);
                let wrong = wrong(letter);
                let event = life.step(AlertKind::Lag, wrong, now, &rules());
                match event {
                    Some(AlertEvent::Firing) => {
                        prop_assert!(!fires);
                        let level = life.active().unwrap().1;
                        if let Some((at, worst)) = last {
                            prop_assert!(level > worst || now.saturating_sub(at) >= rules().cooldown);
                        }
                        fires = true;
                        last = Some((now, level));
                    }
                    Some(AlertEvent::Escalated) => {
                        prop_assert!(fires);
                        last = Some((now, Level::Critical));
                    }
                    Some(AlertEvent::Resolved) => fires = false,
                    _ => {}
                }
                prop_assert_eq!(fires, life.active().is_some_and(|(.., firing)| firing));
                // What is critical is known to be, or was said within the cooldown.
                if letter == 'c' {
                    let said = last.is_some_and(|(at, level)| {
                        level == Level::Critical
                            && (fires || now.saturating_sub(at) < rules().cooldown)
                    });
                    prop_assert!(said, "at {}", second);
                }
            }
        }
    }
}
