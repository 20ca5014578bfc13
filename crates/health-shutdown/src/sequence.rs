//! The order of a shutdown, as a fold: `(state, event, elapsed) -> commands`.
//!
//! Pure: it stops nothing, knows no runtime, and reads no clock; time is what has
//! elapsed since the trigger. The driver carries its commands out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::ending::Ending;
use crate::phase::Phase;
use crate::section::Entered;

/// Which component; its place in the plan.
pub(crate) type Id = usize;

/// What the sequence needs to know of a component or hook.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) phase: Phase,
    /// Hooks of a phase come before its components.
    pub(crate) hook: bool,
    /// Ascending; equal ones in parallel.
    pub(crate) priority: i32,
    pub(crate) deadline: Duration,
}

/// The bounds on time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) whole: Duration,
    pub(crate) drain_delay: Duration,
    /// Between being asked to hurry and being aborted.
    pub(crate) moment: Duration,
    pub(crate) phases: [Option<Duration>; Phase::ALL.len()],
}

/// What a component's own work came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Done,
    Failed,
    Panicked,
}

/// What the driver is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// A phase begins.
    Enter(Phase),
    /// Stop this component.
    Stop(Id),
    /// Ask it to hurry.
    Hurry(Id),
    /// Give it up.
    Abort(Id),
    /// All is over.
    Finish,
}

/// Where a component stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    Stopping {
        since: Duration,
        deadline: Duration,
        abort_at: Duration,
        hurried: bool,
    },
    Ended {
        since: Duration,
        at: Duration,
        ending: Ending,
    },
}

/// A component's place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    phase: Phase,
    component: bool,
    priority: i32,
}

/// One shutdown under way.
#[derive(Debug)]
pub(crate) struct Sequence {
    bounds: Bounds,
    items: Vec<Item>,
    states: Vec<State>,
    /// All items in the order of their turns; those from `next` on are waiting.
    order: Vec<Id>,
    next: usize,
    running: usize,
    phase: Option<Phase>,
    phase_began: Duration,
    entered: Entered,
    /// When to look at which component; entries of those that ended are passed over.
    alarms: BinaryHeap<Reverse<(Duration, Id)>>,
    finished: bool,
    overran: bool,
}

impl Sequence {
    pub(crate) fn new(items: Vec<Item>, bounds: Bounds) -> Self {
        let mut order: Vec<_> = (0..items.len()).collect();
        order.sort_by_key(|id| items.get(*id).map(turn));
        Self {
            bounds,
            states: vec![State::Waiting; items.len()],
            items,
            order,
            next: 0,
            running: 0,
            phase: None,
            phase_began: Duration::ZERO,
            entered: Entered::default(),
            alarms: BinaryHeap::new(),
            finished: false,
            overran: false,
        }
    }

    pub(crate) fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// When each phase began.
    pub(crate) fn entered(&self) -> &Entered {
        &self.entered
    }

    pub(crate) fn states(&self) -> &[State] {
        &self.states
    }

    /// When a component that is being stopped is asked to hurry.
    pub(crate) fn hurries_at(&self, id: Id) -> Option<Duration> {
        match self.states.get(id) {
            Some(State::Stopping { deadline, .. }) => Some(*deadline),
            _ => None,
        }
    }

    /// Whether all is over.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether the time was up before all had ended.
    pub(crate) fn overran(&self) -> bool {
        self.overran
    }

    /// When to call [`advance`](Self::advance) again if nothing ends before.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        if self.finished {
            return None;
        }
        let alarm = self.alarms.peek().map(|Reverse((at, _))| *at);
        let delay = (self.phase == Some(Phase::DrainDelay))
            .then(|| self.delay_ends())
            .filter(|_| self.running == 0);
        let next = alarm.into_iter().chain(delay).min();
        Some(next.map_or(self.bounds.whole, |at| at.min(self.bounds.whole)))
    }

    /// A component ended by itself.
    pub(crate) fn ended(&mut self, id: Id, finish: Finish, now: Duration, out: &mut Vec<Command>) {
        // What was aborted may still come to its end; that is no news.
        if let Some(State::Stopping { hurried, .. }) = self.states.get(id).copied() {
            let ending = match finish {
                Finish::Done if hurried => Ending::Hurried,
                Finish::Done => Ending::Done,
                Finish::Failed => Ending::Failed,
                Finish::Panicked => Ending::Panicked,
            };
            self.end(id, ending, now);
        }
        self.advance(now, out);
    }

    /// Does all that is due at `now`.
    pub(crate) fn advance(&mut self, now: Duration, out: &mut Vec<Command>) {
        if self.finished {
            return;
        }
        if now >= self.bounds.whole && self.is_unfinished() {
            self.give_up(now, out);
            return;
        }
        self.ring(now, out);
        while self.running == 0 && !self.finished {
            if self.start_next_group(now, out) {
                continue;
            }
            if self.phase == Some(Phase::DrainDelay) && now < self.delay_ends() {
                return;
            }
            self.phase_began = now;
            if let Some(phase) = self.phase.map_or(Some(Phase::Announce), Phase::next) {
                self.phase = Some(phase);
                if let Some(entered) = self.entered.get_mut(phase as usize) {
                    *entered = Some(now);
                }
                out.push(Command::Enter(phase));
            } else {
                self.finished = true;
                out.push(Command::Finish);
            }
        }
    }

    /// Starts those whose turn it is in this phase; `false` if there are none left.
    fn start_next_group(&mut self, now: Duration, out: &mut Vec<Command>) -> bool {
        let first = self.turn_at(self.next);
        let Some(turn) = first.filter(|turn| Some(turn.phase) == self.phase) else {
            return false;
        };
        let limits = self.phase_limits(now);
        while self.turn_at(self.next) == Some(turn) {
            if let Some(id) = self.order.get(self.next).copied() {
                if limits.1 > now {
                    self.start(id, limits, now);
                    out.push(Command::Stop(id));
                } else {
                    // Those before it have used the time of the phase up.
                    self.skip(id, now);
                }
            }
            self.next += 1;
        }
        true
    }

    fn turn_at(&self, place: usize) -> Option<Turn> {
        self.items.get(*self.order.get(place)?).map(turn)
    }

    fn start(&mut self, id: Id, (limit, end): (Duration, Duration), now: Duration) {
        let own = self.items.get(id).map_or(limit, |item| now + item.deadline);
        let deadline = own.min(limit);
        if let Some(state) = self.states.get_mut(id) {
            *state = State::Stopping {
                since: now,
                deadline,
                abort_at: end.min(deadline + self.bounds.moment),
                hurried: false,
            };
            self.running += 1;
            self.alarms.push(Reverse((deadline, id)));
        }
    }

    /// By when everything of this phase is asked to hurry, and by when aborted: within the
    /// phase and the whole.
    fn phase_limits(&self, now: Duration) -> (Duration, Duration) {
        let limit = self
            .phase
            .and_then(|phase| self.bounds.phases.get(phase as usize).copied().flatten());
        let end = limit.map_or(self.bounds.whole, |limit| self.phase_began + limit);
        let end = end.min(self.bounds.whole).max(now);
        // A short phase has a short moment too, else it would begin with the hurry.
        let moment = self.bounds.moment.min(end.saturating_sub(now) / 10);
        (end.saturating_sub(moment), end)
    }

    /// Deals with those whose time has come: first asked to hurry, then aborted.
    fn ring(&mut self, now: Duration, out: &mut Vec<Command>) {
        while let Some(Reverse((at, id))) = self.alarms.peek().copied() {
            if at > now {
                return;
            }
            self.alarms.pop();
            match self.states.get_mut(id) {
                Some(State::Stopping {
                    hurried, abort_at, ..
                }) if !*hurried => {
                    *hurried = true;
                    self.alarms.push(Reverse((*abort_at, id)));
                    out.push(Command::Hurry(id));
                }
                Some(State::Stopping { .. }) => {
                    self.end(id, Ending::Aborted, now);
                    out.push(Command::Abort(id));
                }
                _ => {}
            }
        }
    }

    /// The time is up: whoever still runs is aborted, whoever waits has no turn.
    fn give_up(&mut self, now: Duration, out: &mut Vec<Command>) {
        for id in 0..self.states.len() {
            match self.states.get(id) {
                Some(State::Stopping { .. }) => {
                    self.end(id, Ending::Aborted, now);
                    out.push(Command::Abort(id));
                }
                Some(State::Waiting) => self.skip(id, now),
                _ => {}
            }
        }
        self.overran = true;
        self.finished = true;
        out.push(Command::Finish);
    }

    fn is_unfinished(&self) -> bool {
        self.running > 0 || self.next < self.order.len()
    }

    fn skip(&mut self, id: Id, now: Duration) {
        if let Some(state) = self.states.get_mut(id) {
            *state = State::Ended {
                since: now,
                at: now,
                ending: Ending::Skipped,
            };
        }
    }

    fn end(&mut self, id: Id, ending: Ending, now: Duration) {
        if let Some(state) = self.states.get_mut(id)
            && let State::Stopping { since, .. } = *state
        {
            *state = State::Ended {
                since,
                at: now,
                ending,
            };
            self.running -= 1;
        }
    }

    fn delay_ends(&self) -> Duration {
        // Never past the whole: nothing would come of waiting on.
        (self.phase_began + self.bounds.drain_delay).min(self.bounds.whole)
    }
}

fn turn(item: &Item) -> Turn {
    Turn {
        phase: item.phase,
        component: !item.hook,
        priority: item.priority,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn bounds() -> Bounds {
        Bounds {
            whole: secs(25),
            drain_delay: secs(5),
            moment: Duration::from_millis(500),
            phases: [None; 8],
        }
    }

    fn item(phase: Phase, priority: i32) -> Item {
        Item {
            phase,
            hook: false,
            priority,
            deadline: secs(3),
        }
    }

    fn hook(phase: Phase) -> Item {
        Item {
            hook: true,
            ..item(phase, 0)
        }
    }

    /// Tells a story: `(millis, Some(id) that is done, or the time alone)`; gives the
    /// commands by name, phases by theirs.
    fn told(items: Vec<Item>, bounds: Bounds, story: &[(u64, Option<Id>)]) -> (String, Sequence) {
        let mut sequence = Sequence::new(items, bounds);
        let mut out = Vec::new();
        for (millis, id) in story {
            let now = Duration::from_millis(*millis);
            match id {
                Some(id) => sequence.ended(*id, Finish::Done, now, &mut out),
                None => sequence.advance(now, &mut out),
            }
        }
        let words = out.iter().map(|command| match command {
            Command::Enter(phase) => phase.to_string(),
            Command::Stop(id) => format!("+{id}"),
            Command::Hurry(id) => format!("!{id}"),
            Command::Abort(id) => format!("x{id}"),
            Command::Finish => "end".into(),
        });
        (words.collect::<Vec<_>>().join(" "), sequence)
    }

    #[test]
    fn stories() {
        use Phase::{Announce, CloseResources, DrainDelay, Flush, StopIntake};
        let rest = "stop_services flush close_resources final end";
        for (what, items, story, expected) in [
            (
                "an empty plan waits out the drain delay alone",
                vec![],
                vec![(0, None), (4_999, None), (5_000, None)],
                format!("announce drain_delay stop_intake drain_in_flight {rest}"),
            ),
            (
                "hooks first, then by priority, equal ones together",
                vec![
                    item(StopIntake, 1),
                    item(StopIntake, -1),
                    item(StopIntake, 1),
                    hook(StopIntake),
                ],
                vec![
                    (0, None),
                    (5_000, None),
                    (5_001, Some(3)),
                    (5_002, Some(1)),
                    (5_003, Some(2)),
                    (5_004, Some(0)),
                ],
                format!("announce drain_delay stop_intake +3 +1 +0 +2 drain_in_flight {rest}"),
            ),
            (
                "the drain delay counts from its own beginning, and its hooks run within",
                vec![hook(Announce), hook(DrainDelay)],
                vec![
                    (0, None),
                    (1_000, Some(0)),
                    (2_000, Some(1)),
                    (5_999, None),
                    (6_000, None),
                ],
                format!("announce +0 drain_delay +1 stop_intake drain_in_flight {rest}"),
            ),
            (
                "who is late is asked to hurry, then aborted, and nobody waits for it after",
                vec![item(Flush, 0), item(CloseResources, 0)],
                vec![
                    (0, None),
                    (5_000, None),
                    (8_000, None),
                    (8_499, None),
                    (8_500, None),
                    (9_000, Some(0)),
                    (9_000, Some(1)),
                ],
                "announce drain_delay stop_intake drain_in_flight stop_services flush +0 !0 x0 \
                 close_resources +1 final end"
                    .into(),
            ),
            (
                "the whole is up: who runs is aborted, who waits is skipped",
                vec![item(Flush, 0), item(CloseResources, 0)],
                vec![(0, None), (5_000, None), (25_000, None), (26_000, Some(0))],
                "announce drain_delay stop_intake drain_in_flight stop_services flush +0 x0 end"
                    .into(),
            ),
            (
                "a late look after the last has ended is no overrun",
                vec![item(Flush, 0)],
                vec![(0, None), (5_000, None), (30_000, Some(0))],
                "announce drain_delay stop_intake drain_in_flight stop_services flush +0 \
                 close_resources final end"
                    .into(),
            ),
        ] {
            let (commands, sequence) = told(items, bounds(), &story);
            assert_eq!(commands, expected, "{what}");
            assert_eq!(sequence.wake_at(), None, "{what}");
            assert_eq!(sequence.overran(), what.starts_with("the whole"), "{what}");
        }
    }

    #[test]
    fn endings() {
        for (hurried, finish, ending) in [
            (false, Finish::Done, Ending::Done),
            (true, Finish::Done, Ending::Hurried),
            (false, Finish::Failed, Ending::Failed),
            (true, Finish::Panicked, Ending::Panicked),
        ] {
            let mut sequence = Sequence::new(vec![item(Phase::Announce, 0)], bounds());
            let mut out = Vec::new();
            sequence.advance(Duration::ZERO, &mut out);
            if hurried {
                sequence.advance(secs(3), &mut out);
            }
            sequence.ended(0, finish, secs(3), &mut out);
            // The same news again changes nothing.
            sequence.ended(0, Finish::Failed, secs(4), &mut out);
            let State::Ended { ending: found, .. } = sequence.states()[0] else {
                panic!("not ended")
            };
            assert_eq!(found, ending);
        }
    }

    #[test]
    fn a_deadline_is_the_least_of_component_phase_and_rest_of_the_whole() {
        let wake = |bounds: Bounds, deadline: Duration| {
            let flush = Item {
                deadline,
                ..item(Phase::Announce, 0)
            };
            let mut sequence = Sequence::new(vec![flush], bounds);
            sequence.advance(Duration::ZERO, &mut Vec::new());
            sequence.wake_at().unwrap()
        };
        let mut phase = bounds();
        phase.phases[Phase::Announce as usize] = Some(secs(2));
        assert_eq!(wake(bounds(), secs(3)), secs(3));
        assert_eq!(wake(phase, secs(3)), Duration::from_millis(1_800));
        assert_eq!(wake(bounds(), secs(60)), Duration::from_millis(24_500));
        let tight = Bounds {
            whole: Duration::from_millis(100),
            ..bounds()
        };
        assert_eq!(wake(tight, secs(3)), Duration::from_millis(90));
    }

    #[test]
    fn a_phase_that_is_used_up_skips_who_waits_and_ends_in_time() {
        let mut phase = bounds();
        phase.drain_delay = Duration::ZERO;
        phase.phases[Phase::Flush as usize] = Some(secs(2));
        let items = vec![
            item(Phase::Flush, 0),
            item(Phase::Flush, 1),
            item(Phase::Final, 0),
        ];
        let story = [(0, None), (1_800, None), (2_000, None), (2_001, Some(2))];
        let (commands, sequence) = told(items, phase, &story);
        assert!(
            commands.contains("flush +0 !0 x0 close_resources final +2 end"),
            "{commands}"
        );
        assert!(matches!(
            sequence.states()[1],
            State::Ended {
                ending: Ending::Skipped,
                ..
            }
        ));
        assert!(!sequence.overran());
    }

    #[test]
    fn a_drain_delay_that_begins_late_ends_with_the_whole() {
        let story = [(0, None), (22_000, Some(0)), (25_000, None)];
        let (commands, sequence) = told(vec![hook(Phase::Announce)], bounds(), &story);
        assert!(commands.ends_with("final end"), "{commands}");
        assert_eq!(sequence.wake_at(), None);
    }

    fn any_item() -> impl Strategy<Value = Item> {
        (0..8_usize, any::<bool>(), -2..3_i32, 0..30_000_u64).prop_map(
            |(phase, hook, priority, deadline)| Item {
                phase: Phase::ALL[phase],
                hook,
                priority,
                deadline: Duration::from_millis(deadline),
            },
        )
    }

    /// What happens next: so many millis pass, and then one of those running ends so, or time alone.
    fn any_event() -> impl Strategy<Value = (u64, Option<(usize, u8)>)> {
        (0..4_000_u64, proptest::option::of((0..64_usize, 0..3_u8)))
    }

    proptest! {
        #[test]
        fn whatever_happens_it_ends_once_and_in_order(
            items in proptest::collection::vec(any_item(), 0..12),
            events in proptest::collection::vec(any_event(), 0..60),
            phases in proptest::array::uniform8(proptest::option::weighted(0.2, 1..9_000_u64)),
        ) {
            let mut bounds = bounds();
            bounds.phases = phases.map(|phase| phase.map(Duration::from_millis));
            let mut sequence = Sequence::new(items.clone(), bounds);
            let mut out = Vec::new();
            let mut now = Duration::ZERO;
            sequence.advance(now, &mut out);
            for (millis, event) in events {
                // A driver never sleeps past the time at which it is wanted.
                let Some(wake) = sequence.wake_at() else {
                    break;
                };
                now = wake.min(now + Duration::from_millis(millis));
                let running: Vec<_> = (0..items.len())
                    .filter(|id| matches!(sequence.states()[*id], State::Stopping { .. }))
                    .collect();
                match event {
                    Some((pick, how)) if !running.is_empty() => {
                        let finish = [Finish::Done, Finish::Failed, Finish::Panicked][how as usize];
                        sequence.ended(running[pick % running.len()], finish, now, &mut out);
                    }
                    // An end that is no news: of whoever does not run.
                    Some((pick, _)) if !items.is_empty() => {
                        sequence.ended(pick % items.len(), Finish::Done, now, &mut out);
                    }
                    _ => sequence.advance(now, &mut out),
                }
            }
            let mut looks = 0;
            while let Some(wake) = sequence.wake_at() {
                prop_assert!(wake >= now, "time stands still");
                looks += 1;
                prop_assert!(looks < 200, "it looks again and again");
                now = wake;
                sequence.advance(now, &mut out);
            }
            prop_assert!(now <= bounds.whole);

            let finishes = out.iter().filter(|c| **c == Command::Finish).count();
            prop_assert_eq!(finishes, 1);
            prop_assert_eq!(out.last(), Some(&Command::Finish));
            let phases: Vec<_> = out.iter().filter_map(|c| match c {
                Command::Enter(phase) => Some(*phase),
                _ => None,
            }).collect();
            prop_assert_eq!(&phases[..], &Phase::ALL[..phases.len()]);
            prop_assert!(sequence.overran() || phases.len() == 8);

            let mut stopped = vec![0; items.len()];
            let mut phase = None;
            for command in &out {
                match command {
                    Command::Enter(entered) => phase = Some(*entered),
                    Command::Stop(id) => {
                        stopped[*id] += 1;
                        prop_assert_eq!(Some(items[*id].phase), phase, "in its own phase");
                    }
                    _ => {}
                }
            }
            for (id, state) in sequence.states().iter().enumerate() {
                let State::Ended { since, at, ending } = state else {
                    return Err(TestCaseError::fail(format!("{id} did not end")));
                };
                prop_assert!(since <= at);
                let skipped = *ending == Ending::Skipped;
                prop_assert_eq!(stopped[id], usize::from(!skipped), "stopped once, or skipped");
                let limited = bounds.phases[items[id].phase as usize].is_some();
                prop_assert!(!skipped || sequence.overran() || limited);
            }
            // Phases and groups never overlap.
            for (a, first) in sequence.states().iter().enumerate() {
                for (b, second) in sequence.states().iter().enumerate() {
                    if let (
                        State::Ended { at, ending: before, .. },
                        State::Ended { since, ending: after, .. },
                    ) = (first, second)
                        && turn(&items[a]) < turn(&items[b])
                        && *before != Ending::Skipped
                        && *after != Ending::Skipped
                    {
                        prop_assert!(at <= since, "{} before {}", a, b);
                    }
                }
            }
        }
    }
}
