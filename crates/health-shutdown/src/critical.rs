//! When a critical check has failed for long enough to end the node: a fold,
//! `(state, what was seen, now) -> effects, when to look again`.
//!
//! Pure: it neither listens, asks guards, logs, nor begins anything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use health_core::Veto;

use crate::counted_time::{CountedTime, TICK};
use crate::failure::{Failure, Why};
use crate::policy::{CriticalPolicy, Mode};
use crate::sighting::{Over, Seen};
use crate::streak::{Stage, Streak};

/// After a veto the guards are asked again, at first after this, each time after twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// As good as for ever, and no sum with it overflows.
const MOST: Duration = Duration::from_hours(24 * 365);
/// A check that flaps is spoken of once in so much time, with how often it was not.
const QUIET: Duration = Duration::from_secs(10);

/// What the driver is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Say(Failure, Why),
    /// One more is confirmed.
    Count,
    /// And only said, in a dry run.
    DryRun,
    /// Ask the guards.
    Ask(Failure),
    /// What they are being asked has no object any more.
    Forget,
    /// Begin the shutdown: nothing objects.
    Begin(Failure),
}

/// The failures of all critical checks.
#[derive(Debug)]
pub(crate) struct CriticalWatch {
    dry_run: bool,
    after: u64,
    sustained: Duration,
    grace: Duration,
    jitter: Duration,
    guarded: bool,
    time: CountedTime,
    /// There is news that may be due at once.
    pressing: bool,
    streaks: BTreeMap<String, Streak>,
    /// When a check's failing was last spoken of, and how often it was not since.
    spoken: BTreeMap<String, (Duration, u32)>,
}

impl CriticalWatch {
    pub(crate) fn new(policy: &CriticalPolicy, now: Instant) -> Self {
        Self {
            dry_run: policy.mode == Mode::DryRun,
            after: policy.after,
            sustained: policy.sustained.min(MOST),
            grace: policy.grace.min(MOST),
            jitter: policy.jitter.min(MOST),
            guarded: !policy.guards.is_empty(),
            time: CountedTime::new(now),
            pressing: true,
            streaks: BTreeMap::new(),
            spoken: BTreeMap::new(),
        }
    }

    /// Takes a check as it stands.
    pub(crate) fn see(&mut self, check: Seen<'_>, now: Instant, out: &mut Vec<Effect>) {
        let age = self.time.age(now);
        let name = check.name;
        if let Some(over) = check.over {
            self.end(name, over, age, out);
            return;
        }
        if let Some(streak) = self.streaks.get_mut(name) {
            if streak.go_on(&check) {
                self.pressing |= self.due(name).is_some_and(|due| due <= age);
                return;
            }
            self.end(name, Over::Recovered, age, out);
        }
        let suppressed = self
            .spoken
            .get(name)
            .map_or(0, |(_, suppressed)| *suppressed);
        let begins = Why::Begins {
            after: if check.component { 1 } else { self.after },
            sustained: self.sustained,
            grace: self.grace.saturating_sub(age),
            suppressed,
        };
        self.streaks
            .insert(name.to_owned(), Streak::new(&check, age));
        self.say(
            name,
            age,
            if check.shared { Why::Exempt } else { begins },
            out,
        );
        self.pressing = true;
    }

    /// Forgets whoever is not there any more.
    pub(crate) fn retain(
        &mut self,
        is_there: impl Fn(&str) -> bool,
        now: Instant,
        out: &mut Vec<Effect>,
    ) {
        let names = self.streaks.keys().chain(self.spoken.keys());
        let gone: Vec<_> = names.filter(|name| !is_there(name)).cloned().collect();
        for name in gone {
            self.gone(&name, now, out);
        }
    }

    /// A check was taken away.
    pub(crate) fn gone(&mut self, name: &str, now: Instant, out: &mut Vec<Effect>) {
        let age = self.time.age(now);
        self.end(name, Over::Gone, age, out);
        self.spoken.remove(name);
    }

    /// The guards have answered. `still_fails`: whether a check fails by what is known now.
    pub(crate) fn answered(
        &mut self,
        answer: Result<(), Veto>,
        now: Instant,
        still_fails: &dyn Fn(&str) -> bool,
        out: &mut Vec<Effect>,
    ) {
        let age = self.time.age(now);
        self.pressing = true;
        let mut streaks = self.streaks.iter_mut();
        let Some((check, streak)) = streaks.find(|(_, streak)| streak.stage == Stage::Asking)
        else {
            return;
        };
        let check = check.clone();
        match answer {
            Err(veto) => {
                let doubled = 2_u32.pow(streak.confirmed.saturating_sub(1).min(16));
                let again = LONGEST_PAUSE.min(FIRST_PAUSE * doubled);
                streak.stage = Stage::Waiting(age + again);
                self.say(&check, age, Why::Vetoed { veto, again }, out);
            }
            Ok(()) if still_fails(&check) => {
                streak.stage = Stage::Settled;
                out.push(Effect::Begin(streak.failure(&check, age)));
            }
            // The news of its end is on the way; if it fails again, they are asked again.
            Ok(()) => streak.stage = Stage::Waiting(age + TICK),
        }
    }

    /// Does all that is due at `now`, and says when to look again. `chance` in 0..1 is the part
    /// of the jitter that is waited for.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        chance: f64,
        still_fails: &dyn Fn(&str) -> bool,
        out: &mut Vec<Effect>,
    ) -> Option<Instant> {
        let age = self.time.age(now);
        if !std::mem::take(&mut self.pressing) && !self.time.is_due(now) {
            return self.time.promised();
        }
        let open = self.streaks.iter().filter(|(_, streak)| streak.is_open());
        let names: Vec<_> = open.map(|(name, _)| name.clone()).collect();
        let mut wait = (age < self.grace).then(|| self.grace.saturating_sub(age));
        for name in names {
            if self.due(&name).is_some_and(|due| due <= age) && still_fails(&name) {
                self.confirm(&name, age, chance, out);
            }
            if self.streaks.get(&name).is_some_and(Streak::is_open) {
                // What is due and had to wait for something else comes round again.
                let due = self.due(&name).filter(|due| *due > age);
                let own = due.map_or(TICK, |due| due.saturating_sub(age));
                wait = Some(wait.map_or(own, |wait| wait.min(own)));
            }
        }
        self.time.promise(now, wait);
        self.time.promised()
    }

    /// At which age there is something to do about a failure, if it goes on.
    fn due(&self, name: &str) -> Option<Duration> {
        let streak = self.streaks.get(name)?;
        match streak.stage {
            Stage::Building => {
                let often = streak.component || streak.runs >= self.after;
                often.then(|| streak.since + self.sustained)
            }
            Stage::Held => Some(self.grace),
            Stage::Waiting(until) => Some(until),
            Stage::Asking | Stage::Settled => None,
        }
    }

    /// A failure has come as far as its stage asks for.
    fn confirm(&mut self, name: &str, age: Duration, chance: f64, out: &mut Vec<Effect>) {
        let is_asking = |streak: &Streak| streak.stage == Stage::Asking;
        let busy = self.streaks.values().any(is_asking);
        let Some(streak) = self.streaks.get_mut(name) else {
            return;
        };
        let waited = matches!(streak.stage, Stage::Waiting(_));
        let jitter = self.jitter.mul_f64(chance.clamp(0.0, 1.0));
        if age < self.grace {
            streak.stage = Stage::Held;
            let left = self.grace.saturating_sub(age);
            self.say(name, age, Why::Grace(left), out);
        } else if !waited && !jitter.is_zero() {
            streak.stage = Stage::Waiting(age + jitter);
            self.say(name, age, Why::Jitter(jitter), out);
        } else if !busy {
            // One question at a time.
            streak.confirmed = streak.confirmed.saturating_add(1);
            if streak.confirmed == 1 {
                out.push(Effect::Count);
            }
            let failure = streak.failure(name, age);
            streak.stage = Stage::Settled;
            if self.dry_run {
                out.push(Effect::DryRun);
                self.say(name, age, Why::DryRun, out);
            } else if self.guarded {
                streak.stage = Stage::Asking;
                out.push(Effect::Ask(failure));
            } else {
                out.push(Effect::Begin(failure));
            }
        }
    }

    fn end(&mut self, name: &str, over: Over, age: Duration, out: &mut Vec<Effect>) {
        let Some(streak) = self.streaks.remove(name) else {
            return;
        };
        if streak.stage == Stage::Asking {
            out.push(Effect::Forget);
            self.pressing = true;
        }
        // What nobody heard of needs no end.
        if streak.said {
            let failure = streak.failure(name, age);
            out.push(Effect::Say(failure, Why::Over(over)));
        }
    }

    /// Has a word said on a failure, unless its check flaps, and was spoken of a short while ago.
    fn say(&mut self, name: &str, age: Duration, why: Why, out: &mut Vec<Effect>) {
        let Some(streak) = self.streaks.get_mut(name) else {
            return;
        };
        if !streak.said {
            let (at, suppressed) = self.spoken.entry(name.to_owned()).or_insert((age, 0));
            if age < *at + QUIET && age > *at {
                *suppressed = suppressed.saturating_add(1);
                return;
            }
            (*at, *suppressed) = (age, 0);
            streak.said = true;
        }
        out.push(Effect::Say(streak.failure(name, age), why));
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use health_core::{CriticalFailure, Guard};
    use proptest::prelude::*;

    use super::*;
    use crate::clock;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn policy() -> CriticalPolicy {
        let policy = CriticalPolicy::enforce().after(3).sustained(secs(30));
        policy.grace(secs(0)).jitter(secs(0))
    }

    fn guarded() -> CriticalPolicy {
        struct Asked;
        #[async_trait]
        impl Guard for Asked {
            async fn permit(&self, _: &CriticalFailure) -> Result<(), Veto> {
                Ok(())
            }
        }
        policy().guard(Asked)
    }

    /// What a driver sees of one check.
    #[derive(Clone, Copy, Default)]
    struct Check {
        runs: u64,
        shared: bool,
        component: bool,
    }

    /// Plays a driver, and gives what it is told to do, each with the seconds since the beginning.
    struct Stage<'a> {
        watch: CriticalWatch,
        start: Instant,
        now: Instant,
        wake: Option<Instant>,
        checks: BTreeMap<&'a str, Check>,
        /// Whether the present agrees with what was seen.
        outdated: bool,
        looks: u32,
        told: Vec<String>,
    }

    impl<'a> Stage<'a> {
        fn new(policy: &CriticalPolicy) -> Self {
            let start = clock::instant();
            Self {
                watch: CriticalWatch::new(policy, start),
                start,
                now: start,
                wake: None,
                checks: BTreeMap::new(),
                outdated: false,
                looks: 0,
                told: Vec::new(),
            }
        }

        fn note(&mut self, out: Vec<Effect>) {
            let at = (self.now - self.start).as_secs();
            for effect in out {
                let words = match effect {
                    Effect::Say(failure, why) => {
                        let why = match why {
                            Why::Begins { suppressed: 0, .. } => "begins".to_owned(),
                            Why::Begins { suppressed, .. } => {
                                format!("begins ({suppressed} quiet)")
                            }
                            Why::Exempt => "exempt".to_owned(),
                            Why::Grace(left) => format!("grace {}", left.as_secs()),
                            Why::Jitter(jitter) => format!("jitter {}", jitter.as_secs()),
                            Why::DryRun => "dry run".to_owned(),
                            Why::Vetoed { again, .. } => format!("vetoed {}", again.as_secs()),
                            Why::Over(over) => format!("{over:?}").to_lowercase(),
                        };
                        format!("{} {why}", failure.check)
                    }
                    Effect::Count => "counted".to_owned(),
                    Effect::DryRun => "counted as dry".to_owned(),
                    Effect::Ask(failure) => format!("{} asks", failure.check),
                    Effect::Forget => "forget".to_owned(),
                    Effect::Begin(failure) => format!("{} BEGINS", failure.check),
                };
                self.told.push(format!("{at} {words}"));
            }
        }

        fn look(&mut self) {
            let mut out = Vec::new();
            let agrees = !self.outdated;
            self.wake = self.watch.look(self.now, 0.5, &|_| agrees, &mut out);
            self.looks += 1;
            self.note(out);
        }

        fn see(&mut self, name: &'a str, over: Option<Over>) {
            let check = self.checks.entry(name).or_default();
            check.runs = if over.is_none() { check.runs + 1 } else { 0 };
            let seen = Seen {
                name,
                over,
                shared: check.shared,
                component: check.component,
                runs: check.runs,
                last_success: None,
                message: "refused",
            };
            let mut out = Vec::new();
            self.watch.see(seen, self.now, &mut out);
            self.note(out);
        }

        fn answer(&mut self, answer: Result<(), Veto>) {
            let mut out = Vec::new();
            let agrees = !self.outdated;
            self.watch.answered(answer, self.now, &|_| agrees, &mut out);
            self.note(out);
        }

        /// Time passes, and the driver looks whenever it was asked to.
        fn pass(&mut self, time: Duration) {
            let end = self.now + time;
            while let Some(wake) = self.wake.filter(|wake| *wake <= end) {
                self.now = wake;
                self.look();
            }
            self.now = end;
        }

        /// A number: so many seconds pass; `zNUMBER`: suspended. A name of a check: it fails.
        /// `NAME:WORD`: it is what the word says. `yes`, `no`: the guards. Others: see below.
        fn play(&mut self, story: &'a str) {
            for word in story.split_whitespace() {
                match word.split_once(':') {
                    Some((name, "ok")) => self.see(name, Some(Over::Recovered)),
                    Some((name, "unknown")) => self.see(name, Some(Over::NoEvidence)),
                    Some((name, "anew")) => self.see(name, Some(Over::Anew)),
                    Some((name, "off")) => self.see(name, Some(Over::Disabled)),
                    Some((name, "shared")) => self.checks.entry(name).or_default().shared = true,
                    Some((name, "component")) => {
                        self.checks.entry(name).or_default().component = true;
                    }
                    // What was missed: it was well, and fails again.
                    Some((name, "reset")) => self.checks.entry(name).or_default().runs = 0,
                    Some((name, "gone")) => {
                        self.checks.entry(name).or_default().runs = 0;
                        let mut out = Vec::new();
                        self.watch.gone(name, self.now, &mut out);
                        self.note(out);
                    }
                    Some((_, word)) => panic!("{word}"),
                    None => match word {
                        "yes" => self.answer(Ok(())),
                        "no" => self.answer(Err(Veto::new("no"))),
                        "outdated" => self.outdated = true,
                        "current" => self.outdated = false,
                        "lagged" => {
                            let mut out = Vec::new();
                            self.watch.retain(|_| false, self.now, &mut out);
                            self.note(out);
                        }
                        _ => match (word.strip_prefix('z'), word.parse()) {
                            (Some(seconds), _) if seconds.parse::<u64>().is_ok() => {
                                self.now += secs(seconds.parse().unwrap());
                            }
                            (_, Ok(seconds)) => self.pass(secs(seconds)),
                            _ => self.see(word, None),
                        },
                    },
                }
                self.look();
            }
        }
    }

    fn told(policy: &CriticalPolicy, story: &str) -> String {
        let mut stage = Stage::new(policy);
        stage.play(story);
        stage.told.join(", ")
    }

    fn play(stories: &[(&str, CriticalPolicy, &str, &str)]) {
        for (what, policy, story, expected) in stories {
            assert_eq!(told(policy, story), *expected, "{what}: {story}");
        }
    }

    #[test]
    fn so_often_and_so_long_and_after_the_grace() {
        play(&[
            ("nothing", policy(), "db:ok 100", ""),
            (
                "the third run, and 30 s after the first",
                policy(),
                "db 10 db 10 db 100",
                "0 db begins, 30 counted, 30 db BEGINS",
            ),
            (
                "30 s, and then the third run",
                policy(),
                "db 10 db 60 db",
                "0 db begins, 70 counted, 70 db BEGINS",
            ),
            (
                "two runs of three, for ever",
                policy(),
                "db 1 db 100000",
                "0 db begins",
            ),
            (
                "better once in between",
                policy(),
                "db 10 db 10 db 9 db:ok 1 db 1 db 1 db 27 db:ok",
                "0 db begins, 29 db recovered, 30 db begins, 59 db recovered",
            ),
            (
                "at the first failure of all",
                policy().sustained(secs(0)).after(1),
                "db",
                "0 db begins, 0 counted, 0 db BEGINS",
            ),
            (
                "the grace alone holds it back, which is said once, and it ends by itself",
                policy().grace(secs(50)),
                "db 1 db 1 db 1 db 37 db 5 db 5 db 100",
                "0 db begins, 30 db grace 20, 50 counted, 50 db BEGINS",
            ),
            (
                "better within the grace",
                policy().grace(secs(50)),
                "db 1 db 1 db 40 db:ok 100",
                "0 db begins, 30 db grace 20, 42 db recovered",
            ),
            (
                "a lone failing component",
                policy(),
                "in:component in 100",
                "0 in begins, 30 counted, 30 in BEGINS",
            ),
            (
                "shared",
                policy(),
                "db:shared db 10 db 10 db 10 db 100 db:ok",
                "0 db exempt, 130 db recovered",
            ),
            (
                "of two, the one that is confirmed",
                policy(),
                "a 1 b 1 b 1 b 100",
                "0 a begins, 1 b begins, 31 counted, 31 b BEGINS",
            ),
        ]);
    }

    #[test]
    fn jitter_dry_run_and_guards() {
        let soon = || policy().after(1).sustained(secs(1));
        let asked = || guarded().after(1).sustained(secs(1));
        play(&[
            (
                "the jitter ends by itself: half of it here",
                soon().jitter(secs(20)),
                "db 100",
                "0 db begins, 1 db jitter 10, 11 counted, 11 db BEGINS",
            ),
            (
                "better within the jitter",
                soon().jitter(secs(20)),
                "db 5 db:ok 100",
                "0 db begins, 1 db jitter 10, 5 db recovered",
            ),
            (
                "a dry run, once a failure",
                CriticalPolicy {
                    mode: Mode::DryRun,
                    ..soon()
                },
                "db 100 db 100 db:ok 1 db 2",
                "0 db begins, 1 counted, 1 counted as dry, 1 db dry run, 200 db recovered, \
                 201 db begins, 202 counted, 202 counted as dry, 202 db dry run",
            ),
            (
                "permitted",
                asked(),
                "db 3 yes",
                "0 db begins, 1 counted, 1 db asks, 3 db BEGINS",
            ),
            (
                "vetoed, and asked again by itself, each time after twice as long",
                asked(),
                "db 1 no 5 no 10 no 20 yes",
                "0 db begins, 1 counted, 1 db asks, 1 db vetoed 5, 6 db asks, 6 db vetoed 10, \
                 16 db asks, 16 db vetoed 20, 36 db asks, 36 db BEGINS",
            ),
            (
                "better while they are asked",
                asked(),
                "db 2 db:ok 1 yes 100",
                "0 db begins, 1 counted, 1 db asks, 2 forget, 2 db recovered",
            ),
            (
                "better while they are asked, and the news is on the way",
                asked(),
                "db 2 outdated yes 5 db:ok 100",
                "0 db begins, 1 counted, 1 db asks, 7 db recovered",
            ),
            (
                "one question at a time, and the next one after",
                asked(),
                "a b 3 no 1 no 1",
                "0 a begins, 0 b begins, 1 counted, 1 a asks, 3 a vetoed 5, 3 counted, 3 b asks, \
                 4 b vetoed 5",
            ),
            ("an answer that nobody waits for", asked(), "yes no 5", ""),
            (
                "asking within the pause makes no difference",
                asked(),
                "db 1 no 1 db 1 db 1 db 2 db",
                "0 db begins, 1 counted, 1 db asks, 1 db vetoed 5, 6 db asks",
            ),
        ]);
        let mut pauses = Stage::new(&asked());
        pauses.play("db 1 no 5 no 10 no 20 no 40 no 80 no 160 no 300 no 300");
        let vetoed = pauses.told.iter().filter(|line| line.contains("vetoed"));
        let last: Vec<_> = vetoed
            .map(|line| line.rsplit(' ').next().unwrap())
            .collect();
        assert_eq!(last, ["5", "10", "20", "40", "80", "160", "300", "300"]);
    }

    #[test]
    fn what_is_gone_replaced_disabled_or_without_evidence_is_confirmed_no_more() {
        let held = || policy().after(1).sustained(secs(1)).jitter(secs(20));
        play(&[
            (
                "gone",
                held(),
                "db 2 db:gone 100",
                "0 db begins, 1 db jitter 10, 2 db gone",
            ),
            (
                "replaced: it counts anew",
                held(),
                "db 2 db:anew 100 db 100",
                "0 db begins, 1 db jitter 10, 2 db anew, 102 db begins, 103 db jitter 10, \
                 113 counted, 113 db BEGINS",
            ),
            (
                "disabled",
                held(),
                "db 2 db:off 100",
                "0 db begins, 1 db jitter 10, 2 db disabled",
            ),
            (
                "without evidence",
                held(),
                "db 2 db:unknown 100",
                "0 db begins, 1 db jitter 10, 2 db noevidence",
            ),
            (
                "lagged, and it is not there any more",
                held(),
                "db 2 lagged 100",
                "0 db begins, 1 db jitter 10, 2 db gone",
            ),
            (
                "lagged: it was well meanwhile, and fails again",
                held(),
                "db db db 2 db:reset db 100",
                "0 db begins, 1 db jitter 10, 2 db recovered, 13 counted, 13 db BEGINS",
            ),
            (
                "what was seen is not so any more",
                held(),
                "outdated db 100 current 1",
                "0 db begins, 101 db jitter 10",
            ),
            (
                "registered anew as a shared one",
                held(),
                "db 2 db:shared db 100",
                "0 db begins, 1 db jitter 10, 2 db recovered",
            ),
        ]);
    }

    #[test]
    fn suspended_time_does_not_count() {
        play(&[
            (
                "suspended for an hour while it is confirmed",
                policy().after(1),
                "db 10 z3600 db 18 db 1 db 100",
                "0 db begins, 3629 counted, 3629 db BEGINS",
            ),
            (
                "within the jitter",
                policy().after(1).sustained(secs(0)).jitter(secs(20)),
                "db 5 z3600 db 100",
                "0 db begins, 0 db jitter 10, 3609 counted, 3609 db BEGINS",
            ),
            (
                "within the grace, before anything fails",
                policy().after(1).sustained(secs(0)).grace(secs(60)),
                "10 z3600 db 100",
                "3610 db begins, 3610 db grace 49, 3659 counted, 3659 db BEGINS",
            ),
            (
                "while nothing fails",
                policy().after(1).sustained(secs(5)),
                "db 1 db:ok 10 z3600 db 4 db 1",
                "0 db begins, 1 db recovered, 3611 db begins, 3616 counted, 3616 db BEGINS",
            ),
        ]);
    }

    #[test]
    fn a_check_that_flaps_is_spoken_of_once_in_ten_seconds() {
        let flaps = "db 1 db:ok 1 ";
        let story = flaps.repeat(12) + "8 db 31";
        assert_eq!(
            told(&policy().after(1), &story),
            "0 db begins, 1 db recovered, 10 db begins (4 quiet), 11 db recovered, \
             20 db begins (4 quiet), 21 db recovered, 32 db begins (1 quiet), 62 counted, 62 db BEGINS"
        );
        // Kept quiet at first, it is spoken of once something is held back.
        let story = flaps.repeat(2) + "db 40";
        assert_eq!(
            told(&policy().after(1).grace(secs(50)), &story),
            "0 db begins, 1 db recovered, 34 db grace 16"
        );
    }

    #[test]
    fn nobody_looks_without_need() {
        let looks = |story: &str| {
            let mut stage = Stage::new(&policy());
            stage.play(story);
            (stage.looks, stage.wake)
        };
        // One a word of the story: nothing is asked for.
        assert_eq!(looks("db:ok 1000000"), (2, None));
        // The look that was asked for before it recovered comes all the same.
        assert_eq!(looks("db db db:ok 1000000"), (5, None));
        assert_eq!(looks("db:shared db 1000000"), (3, None));
        // As long as something may come of it, once a second.
        let (looks, wake) = looks("db 100");
        assert!((100..110).contains(&looks) && wake.is_some(), "{looks}");
    }

    #[test]
    fn times_without_an_end_overflow_nothing() {
        let endless = policy().after(1).sustained(Duration::MAX);
        let endless = endless.grace(Duration::MAX).jitter(Duration::MAX);
        assert_eq!(told(&endless, "db 1000"), "0 db begins");
    }

    proptest! {
        /// Whatever happens: it begins only what failed so often and for so long, after the grace,
        /// and no look is asked for at once.
        #[test]
        fn it_never_begins_too_early(
            words in proptest::collection::vec(0..12_usize, 0..80),
            grace in 0..20_u64,
        ) {
            let policy = guarded().after(2).sustained(secs(4)).grace(secs(grace)).jitter(secs(6));
            let all = [
                "a", "a", "b", "a:ok", "b:unknown", "a:gone", "yes", "no", "1", "3", "z9", "lagged",
            ];
            let mut stage = Stage::new(&policy);
            let (mut since, mut runs, mut counted) = (BTreeMap::new(), BTreeMap::new(), 0);
            for word in words.into_iter().map(|word| all[word]) {
                match word {
                    "a" | "b" => {
                        since.entry(word).or_insert(counted);
                        *runs.entry(word).or_insert(0) += 1;
                    }
                    "1" => counted += 1,
                    "3" => counted += 3,
                    // At most the tick that was under way.
                    "z9" => counted += 9,
                    "lagged" => since.clear(),
                    "yes" | "no" => {}
                    _ => {
                        since.remove(&word[..1]);
                        runs.remove(&word[..1]);
                    }
                }
                stage.play(word);
                prop_assert!(stage.wake.is_none_or(|wake| wake > stage.now));
                if let Some(line) = stage.told.iter().find(|line| line.ends_with("BEGINS")) {
                    let check = line.split(' ').nth(1).unwrap();
                    prop_assert!(runs[check] >= 2, "{line} {runs:?}");
                    prop_assert!(counted - since[check] >= 4, "{line} {since:?}");
                    prop_assert!(counted >= grace, "{line}");
                    break;
                }
            }
        }
    }
}
