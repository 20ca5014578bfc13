//! Everything about one follower: what its samples and the passing of time lead to. A pure fold.
//!
//! It joins the parts and holds no lock; `monitor` carries out what it says.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::{AlertEvent, AlertKind};
use crate::alerting::Life;
use crate::condition::Condition;
use crate::estimate::{Estimator, Reading};
use crate::foresight::Foresight;
use crate::history::{History, HistorySpan, OpenSpan, nanoseconds};
use crate::judge::{Judge, Patience, Seen, Standing};
use crate::lag::{Lag, Rates};
use crate::leader::{Leader, Standpoint};
use crate::level::Level;
use crate::rulebook::Rulebook;
use crate::sample::{Sample, SampleError};
use crate::statistics::NONE;

/// Where only the lag is told, a move by less than 100 ms is none, for clocks jitter.
const MEASURED_TOLERANCE: u64 = 100_000;

/// What is told of a follower.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told {
    /// Where both are.
    Positions(Sample),
    /// How far it is behind, in time and in entries.
    Measured { lag: Duration, entries: u64 },
}

/// What a step leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effects {
    pub(crate) before: Standing,
    pub(crate) after: Standing,
    /// By kind: what is to be said, and how bad it is.
    pub(crate) alerts: [Option<(AlertEvent, Level)>; AlertKind::ALL.len()],
    /// Whether there are any.
    pub(crate) alerted: bool,
    /// In nanoseconds, as is the next.
    pub(crate) lag: u64,
    /// When time alone leads on.
    pub(crate) due: u64,
}

/// What is kept of the last that was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub(crate) at: Duration,
    pub(crate) lag: Lag,
    pub(crate) behind: u64,
    /// [`NONE`] if the source does not tell.
    pub(crate) not_received: u64,
    pub(crate) with_positions: bool,
}

impl Last {
    fn new(at: Duration, lag: Lag, told: &Told) -> Self {
        let (behind, received) = match told {
            Told::Positions(sample) => (sample.behind(), sample.received.map(|it| (sample, it))),
            Told::Measured { entries, .. } => (*entries, None),
        };
        Self {
            at,
            lag,
            behind,
            not_received: received.map_or(NONE, |(sample, it)| sample.leader.saturating_sub(it)),
            with_positions: matches!(told, Told::Positions(_)),
        }
    }
}

/// A follower. What each sample needs stands together, and that of all followers of a leader side by
/// side: ten thousand of them do not fit into a cache with all that they remember.
#[derive(Debug)]
pub(crate) struct Member {
    /// Unlike its index, never used again.
    pub(crate) id: u64,
    standpoint: Standpoint,
    pub(crate) last: Option<Last>,
    pub(crate) judge: Judge,
    foresight: Foresight,
    /// Of what its alerts took note last: how it stood, and whether a breach was predicted. And when
    /// time alone leads one of them on, in nanoseconds.
    noted: (Standing, bool),
    alerts_due: u64,
    span: OpenSpan,
    pub(crate) samples: u64,
    pub(crate) refused: u64,
    estimator: Estimator,
    memory: Box<Memory>,
    _fill: [u64; 2],
}

/// Whole cache lines: where followers lie differently in theirs, samples take a tenth longer. An alignment
/// of 64 would do it, too, but makes a list of them grow by copies.
const _: () = assert!(size_of::<Option<Member>>().is_multiple_of(64));

type Lives = [Life; AlertKind::ALL.len()];

/// What a follower remembers beside what its estimator does.
#[derive(Debug)]
struct Memory {
    lives: Lives,
    history: History,
    /// When its source said last why it has no sample, and what.
    trouble: Option<(Duration, Arc<str>)>,
}

impl Member {
    pub(crate) fn new(id: u64, now: Duration, retention: Duration) -> Self {
        Self {
            id,
            standpoint: Standpoint::default(),
            last: None,
            judge: Judge::new(now),
            foresight: Foresight::default(),
            noted: Default::default(),
            alerts_due: NONE,
            span: OpenSpan::default(),
            samples: 0,
            refused: 0,
            _fill: [0; 2],
            estimator: Estimator::new(),
            memory: Box::new(Memory {
                lives: Default::default(),
                history: History::new(retention),
                trouble: None,
            }),
        }
    }

    /// Takes what was told at a time, or refuses it and stays as it is.
    pub(crate) fn take(
        &mut self,
        at: Duration,
        told: &Told,
        leader: &mut Leader,
        book: &Rulebook,
    ) -> Result<Effects, SampleError> {
        if let Some(last) = self.last.filter(|last| at <= last.at) {
            self.refused += 1;
            return Err(SampleError::NotLater(last.at.saturating_sub(at)));
        }
        let before = self.judge.standing();
        let (reading, seen) = match told {
            Told::Positions(sample) => self.positions(at, sample, leader),
            Told::Measured { lag, entries } => self.measured(at, *lag, *entries),
        };
        if seen.reset {
            self.estimator.clear();
            self.foresight = Foresight::default();
        }
        self.estimator.observe(&reading);
        let patience = self.patience(book);
        self.judge.seen(&seen, &book.limits, &patience);
        let (now, lag) = (nanoseconds(at), nanoseconds(seen.lag.duration()));
        self.span.observe(now, lag, &mut self.memory.history);
        self.last = Some(Last::new(at, seen.lag, told));
        self.samples += 1;
        let estimator = &self.estimator;
        self.foresight.observe(now, lag, book, |within| {
            estimator.crosses(book.limits.critical, within)
        });
        Ok(self.react(before, at, &patience, book))
    }

    fn positions(&mut self, at: Duration, sample: &Sample, leader: &mut Leader) -> (Reading, Seen) {
        let measured = self.last.is_some_and(|last| !last.with_positions);
        if measured {
            self.standpoint = Standpoint::default();
        }
        let located = leader.locate(&mut self.standpoint, sample, at);
        let reading = Reading {
            at,
            leader: sample.leader,
            applied: sample.applied,
            lag: located.lag,
        };
        let seen = Seen {
            at,
            lag: located.lag,
            applied: sample.applied,
            tolerance: 0,
            // One that follows a history that is over is behind wherever it is.
            behind: sample.leader > sample.applied || matches!(located.lag, Lag::AtLeast(_)),
            ahead: sample.applied > sample.leader,
            reset: located.reset || measured,
        };
        (reading, seen)
    }

    /// Where positions are not known, microseconds are: the leader writes one in each, and the
    /// follower is where the leader was a lag ago.
    fn measured(&mut self, at: Duration, lag: Duration, entries: u64) -> (Reading, Seen) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        // The origin lies 35 years back, so that no lag reaches before it.
        let leader = micros(at).saturating_add(1 << 50);
        let applied = leader.saturating_sub(micros(lag));
        let reading = Reading {
            at,
            leader,
            applied,
            lag: Lag::Exact(lag),
        };
        let seen = Seen {
            at,
            lag: Lag::Exact(lag),
            applied,
            tolerance: MEASURED_TOLERANCE,
            behind: entries > 0,
            ahead: false,
            reset: self.last.is_some_and(|last| last.with_positions),
        };
        (reading, seen)
    }

    /// Takes note that it is `now`.
    pub(crate) fn advance(&mut self, now: Duration, book: &Rulebook) -> Effects {
        let before = self.judge.standing();
        let patience = self.patience(book);
        self.judge.advance(now, &patience);
        self.react(before, now, &patience, book)
    }

    fn patience(&self, book: &Rulebook) -> Patience {
        Patience::new(&book.limits, self.estimator.interval())
    }

    fn react(
        &mut self,
        before: Standing,
        now: Duration,
        patience: &Patience,
        book: &Rulebook,
    ) -> Effects {
        let after = self.judge.standing();
        let mut effects = Effects {
            before,
            after,
            alerts: [None; AlertKind::ALL.len()],
            alerted: false,
            lag: self.lag_nanos(after),
            due: self.judge.due(patience),
        };
        let noted = (after, self.predicted());
        if noted == self.noted && nanoseconds(now) < self.alerts_due {
            // The lives of the alerts lie apart, and would stay as they are.
            effects.due = effects.due.min(self.alerts_due);
            return effects;
        }
        self.noted = noted;
        self.alerts_due = NONE;
        let wrong = AlertKind::ALL.map(|kind| self.wrong(kind, after));
        let kinds = AlertKind::ALL.into_iter().zip(wrong);
        for ((life, said), (kind, wrong)) in self
            .memory
            .lives
            .iter_mut()
            .zip(&mut effects.alerts)
            .zip(kinds)
        {
            let event = life.step(kind, wrong, now, &book.rules);
            if let Some(event) = event {
                *said = Some((event, life.level()));
                effects.alerted = true;
            }
            self.alerts_due = self.alerts_due.min(life.due(kind, wrong, &book.rules));
        }
        effects.due = effects.due.min(self.alerts_due);
        effects
    }

    /// How bad it is in one respect, if it is.
    fn wrong(&self, kind: AlertKind, standing: Standing) -> Option<Level> {
        let has = |condition| standing.conditions.has(condition);
        let critical = |holds: bool| holds.then_some(Level::Critical);
        match kind {
            AlertKind::Lag => Some(standing.level).filter(|level| *level > Level::Normal),
            AlertKind::Stalled => critical(has(Condition::Stalled)),
            AlertKind::NoData => critical(has(Condition::NoData)),
            AlertKind::FollowerAhead => critical(has(Condition::FollowerAhead)),
            AlertKind::PredictedBreach => {
                (self.predicted() && !has(Condition::NoData)).then_some(Level::Warning)
            }
        }
    }

    /// The lag as it counts: none where it is not known.
    fn lag_nanos(&self, standing: Standing) -> u64 {
        match self.lag() {
            Some(lag) if !standing.conditions.has(Condition::NoData) => {
                nanoseconds(lag.duration()).min(NONE - 1)
            }
            _ => NONE,
        }
    }

    /// The lag at the last sample. One that was ahead of its leader had none: it has applied what
    /// its leader never wrote, and how much it lacks of the rest is not known.
    pub(crate) fn lag(&self) -> Option<Lag> {
        let ahead = self
            .judge
            .standing()
            .conditions
            .has(Condition::FollowerAhead);
        self.last.filter(|_| !ahead).map(|last| last.lag)
    }

    /// Who knows what its lag will be, if it has one.
    pub(crate) fn foreteller(&self) -> Option<&Estimator> {
        self.lag().map(|_| &self.estimator)
    }

    /// Takes note of why there is no sample. That it is so, silence shows.
    pub(crate) fn fail(&mut self, at: Duration, why: Arc<str>) {
        self.memory.trouble = Some((at, why));
    }

    /// Why there was no sample since the last one, if its source said.
    pub(crate) fn trouble(&self) -> Option<&Arc<str>> {
        let (at, why) = self.memory.trouble.as_ref()?;
        let is_over = self.last.is_some_and(|last| *at <= last.at);
        (!is_over).then_some(why)
    }

    /// How fast both sides move, once that is known.
    pub(crate) fn rates(&self) -> Option<Rates> {
        let with_positions = self.last.is_some_and(|last| last.with_positions);
        self.estimator.rates().filter(|_| with_positions)
    }

    /// What its lag was.
    pub(crate) fn history(&self) -> Vec<HistorySpan> {
        self.memory.history.spans(&self.span)
    }

    /// Whether a breach of the critical limit is predicted.
    pub(crate) fn predicted(&self) -> bool {
        self.foresight.predicted
    }

    /// The alerts that are pending or firing.
    pub(crate) fn active(&self) -> impl Iterator<Item = (AlertKind, (Duration, Level, bool))> {
        let lives = AlertKind::ALL.into_iter().zip(&self.memory.lives);
        lives.filter_map(|(kind, life)| Some((kind, life.active()?)))
    }

    /// Ends all its alerts; what is to be said.
    pub(crate) fn end(&mut self) -> Effects {
        let standing = self.judge.standing();
        let mut alerted = false;
        let alerts = self.memory.lives.each_mut().map(|life| {
            let level = life.level();
            let event = life.end()?;
            alerted = true;
            Some((event, level))
        });
        Effects {
            before: standing,
            after: standing,
            alerts,
            alerted,
            lag: self.lag_nanos(standing),
            due: NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Names, Seat};
    use crate::source_error::KEPT;
    use crate::statistics::Place;

    /// Nothing of a follower grows, so that this is all of it: lists that grow by an eighth, its
    /// places in the three of them, its names of 60 bytes each, and what its source said.
    #[test]
    fn a_follower_takes_at_most_6_kib_with_all_that_it_remembers() {
        let hot = size_of::<Option<Member>>() * 9 / 8;
        let places = 2 * size_of::<Option<Seat>>() + 2 * size_of::<Place>() + 2 * size_of::<u64>();
        let names = size_of::<Names>() + 2 * (60 + 16);
        let registry = 2 * size_of::<(Arc<str>, Seat)>();
        let trouble = KEPT + 16;
        let apart = size_of::<Memory>() + Estimator::APART + 2 * 16;
        let whole = hot + places + names + registry + apart + trouble;
        assert!(whole <= 6 * 1024, "{hot} and {apart} of {whole}");
    }
}
