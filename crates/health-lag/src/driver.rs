//! What the handles of one monitor share: its locks, and who takes which.
//!
//! It decides nothing: it tells each part the time, and carries out what it says.
//!
//! | lock | holds | taken |
//! |---|---|---|
//! | registry | names | to register, and to look a name up |
//! | group, one a leader | the leader's history and its followers | for a sample or a read of one of them |
//! | roll | what all followers add up to | for an instant within the former |
//! | log | alerts | for an instant within the former, when there is one |
//! | pulse | when the watch looked last | for an instant within any, when it looks or is late |
//!
//! They are taken in this order, never across an await, and no foreign code runs under them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Notify, broadcast};
use tokio::task::AbortHandle;

use crate::alert::{ActiveAlert, Alert, AlertKind};
use crate::alert_log::AlertLog;
use crate::clock;
use crate::events::{BACKLOG, LagEvent, Transition};
use crate::explain;
use crate::group::{Names, Seat};
use crate::member::{Effects, Member, Told};
use crate::pulse::Pulse;
use crate::registry::Registry;
use crate::roll::Roll;
use crate::rulebook::Rulebook;
use crate::sample::SampleError;
use crate::spec::{FollowerSpec, RegisterError};
use crate::statistics::Statistics;
use crate::status::Status;

/// What clocks may take for one instant.
const TICK: Duration = Duration::from_micros(1);

#[derive(Debug)]
pub(crate) struct Shared {
    origin: Instant,
    started: SystemTime,
    pub(crate) book: Rulebook,
    pub(crate) pulse: Pulse,
    registry: Mutex<Registry>,
    roll: Mutex<Roll>,
    log: Mutex<AlertLog>,
    pub(crate) events: broadcast::Sender<LagEvent>,
    pub(crate) alerts: broadcast::Sender<Arc<Alert>>,
    /// Whether events were ever asked for; until then none are made.
    pub(crate) heard: AtomicBool,
    /// Tells the watch that something is due earlier than it knows. It outlives what it watches.
    pub(crate) wake: Arc<Notify>,
    pub(crate) tasks: Mutex<Vec<AbortHandle>>,
    pub(crate) observer_panics: AtomicU64,
}

/// A lock that a panic cannot spoil: nothing is left half done where one could happen.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Shared {
    fn drop(&mut self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

impl Shared {
    pub(crate) fn new(book: Rulebook, log: usize) -> Self {
        Self {
            origin: clock::instant(),
            started: clock::wall(),
            book,
            pulse: Pulse::default(),
            registry: Mutex::default(),
            roll: Mutex::default(),
            log: Mutex::new(AlertLog::new(log)),
            events: broadcast::channel(BACKLOG).0,
            alerts: broadcast::channel(BACKLOG).0,
            heard: AtomicBool::new(false),
            wake: Arc::default(),
            tasks: Mutex::default(),
            observer_panics: AtomicU64::new(0),
        }
    }

    /// The time since the origin. Whoever asks for it looks, too.
    pub(crate) fn now(&self) -> Duration {
        let now = clock::instant().saturating_duration_since(self.origin);
        self.pulse.look(now);
        now
    }

    fn advance(&self, member: &mut Member, now: Duration) -> Effects {
        member.judge.forgive(self.pulse.missed(), now);
        member.advance(now, &self.book)
    }

    pub(crate) fn instant(&self, at: Duration) -> Option<Instant> {
        self.origin.checked_add(at)
    }

    pub(crate) fn started(&self) -> SystemTime {
        self.started
    }

    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        lock(&self.registry)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, AlertLog> {
        lock(&self.log)
    }

    pub(crate) fn register(
        &self,
        spec: FollowerSpec,
        now: Duration,
    ) -> Result<Seat, RegisterError> {
        let mut registry = self.registry();
        let id = registry.admit(&spec)?;
        let FollowerSpec { name, leader } = spec;
        let group = registry.join(leader.as_ref());
        let mut state = group.lock();
        let index = state.add(Member::new(id, now, self.book.policy.retention));
        let seat = lock(&self.roll).enter(|place| Seat {
            group: Arc::clone(&group),
            index,
            id,
            place,
            names: Arc::new(Names {
                follower: name,
                leader,
            }),
        });
        if let Some(member) = state.member(&seat) {
            let effects = self.advance(member, now);
            self.carry_out(&seat, member, &effects, now, false);
        }
        drop(state);
        registry.insert(seat.clone());
        Ok(seat)
    }

    /// Takes a follower away, whose alerts are over; whether it was there.
    pub(crate) fn unregister(&self, seat: &Seat, now: Duration) -> bool {
        let mut registry = self.registry();
        let mut state = seat.group.lock();
        let Some(mut member) = state.remove(seat) else {
            return false;
        };
        let effects = member.end();
        self.publish(seat, &member, &effects, now);
        lock(&self.roll).leave(seat.place);
        drop(state);
        registry.remove(seat);
        true
    }

    /// Takes what a follower's source says; at the present time if none is given.
    pub(crate) fn push(
        &self,
        seat: &Seat,
        at: Option<Duration>,
        told: Told,
    ) -> Result<(), SampleError> {
        let mut state = seat.group.lock();
        let Some((member, leader)) = state.both(seat) else {
            return Err(SampleError::Unregistered);
        };
        let at = at.unwrap_or_else(|| {
            let now = self.now();
            // Those within one tick of the clock are in order all the same.
            let last = member.last.map(|last| last.at);
            last.filter(|last| (now..now + TICK).contains(last))
                .map_or(now, |last| last + Duration::from_nanos(1))
        });
        member.judge.forgive(self.pulse.missed(), at);
        match member.take(at, &told, leader, &self.book) {
            Ok(effects) => {
                self.carry_out(seat, member, &effects, at, true);
                state.applied(seat.index, &told);
                Ok(())
            }
            Err(error) => {
                lock(&self.roll).board.refused += 1;
                Err(error)
            }
        }
    }

    /// Counts what was refused before it could be told.
    pub(crate) fn refuse(&self, seat: &Seat) {
        if let Some(member) = seat.group.lock().member(seat) {
            member.refused += 1;
            lock(&self.roll).board.refused += 1;
        }
    }

    /// Takes note of why a follower's source has no sample.
    pub(crate) fn fail(&self, seat: &Seat, why: Arc<str>) {
        let now = self.now();
        if let Some(member) = seat.group.lock().member(seat) {
            member.fail(now, why);
        }
    }

    /// Looks at a follower as it is at `now`; `None` if it is not registered any more.
    pub(crate) fn look<R>(
        &self,
        seat: &Seat,
        now: Duration,
        look: impl FnOnce(&Member) -> R,
    ) -> Option<R> {
        let mut state = seat.group.lock();
        let member = state.member(seat)?;
        let effects = self.advance(member, now);
        if effects.alerted || effects.before != effects.after {
            self.carry_out(seat, member, &effects, now, false);
        }
        Some(look(member))
    }

    pub(crate) fn status(&self, seat: &Seat, now: Duration) -> Option<Status> {
        self.look(seat, now, |member| {
            Status::of(seat, member, now, self.book.limits.critical)
        })
    }

    pub(crate) fn active(&self, seat: &Seat, now: Duration) -> Vec<ActiveAlert> {
        let look = |member: &Member| {
            let active = member
                .active()
                .map(|(kind, (since, level, firing))| ActiveAlert {
                    follower: Arc::clone(&seat.names.follower),
                    kind,
                    firing,
                    level,
                    lasted: now.saturating_sub(since),
                });
            active.collect()
        };
        self.look(seat, now, look).unwrap_or_default()
    }

    /// Takes all alerts of a follower for over.
    pub(crate) fn end_alerts(&self, seat: &Seat, now: Duration) {
        let mut state = seat.group.lock();
        if let Some(member) = state.member(seat) {
            let effects = member.end();
            self.publish(seat, member, &effects, now);
        }
    }

    /// Tells everybody for whom something is due that it is `now`; when the next thing is due.
    pub(crate) fn sweep(&self, now: Duration, watches: bool) -> u64 {
        let (seats, next) = lock(&self.roll).due(now, watches);
        for seat in seats {
            let mut state = seat.group.lock();
            if let Some(member) = state.member(&seat) {
                let effects = self.advance(member, now);
                self.carry_out(&seat, member, &effects, now, false);
            }
        }
        next
    }

    pub(crate) fn statistics(&self, now: Duration) -> Statistics {
        self.sweep(now, false);
        let (mut statistics, lags) = lock(&self.roll).board.tally();
        statistics.alerts_dropped = self.log().dropped();
        statistics.uptime = now;
        statistics.rank(lags)
    }

    fn carry_out(&self, seat: &Seat, member: &Member, effects: &Effects, at: Duration, told: bool) {
        let early = {
            let mut roll = lock(&self.roll);
            roll.board.samples += u64::from(told);
            roll.set(seat.place, effects)
        };
        if early {
            self.wake.notify_one();
        }
        if effects.before != effects.after && self.heard.load(Ordering::Acquire) {
            let transition = Transition {
                follower: Arc::clone(&seat.names.follower),
                at,
                from: effects.before,
                to: effects.after,
            };
            // An error means that the last receiver has left.
            let _ = self.events.send(LagEvent::Transition(Arc::new(transition)));
        }
        self.publish(seat, member, effects, at);
    }

    /// Under the lock of the group, so that the log has what happened to a follower in order.
    fn publish(&self, seat: &Seat, member: &Member, effects: &Effects, at: Duration) {
        if !effects.alerted {
            return;
        }
        let status = Status::of(seat, member, at, self.book.limits.critical);
        for (kind, said) in AlertKind::ALL.into_iter().zip(effects.alerts) {
            let Some((event, level)) = said else {
                continue;
            };
            let alert = Alert {
                sequence: 0,
                follower: Arc::clone(&seat.names.follower),
                kind,
                event,
                level,
                at,
                message: explain::alert(kind, event, level, &status),
            };
            let mut log = self.log();
            let alert = log.append(alert);
            // Within the lock: subscribers hear them in the order of their numbers.
            if self.heard.load(Ordering::Acquire) {
                let _ = self.events.send(LagEvent::Alert(Arc::clone(&alert)));
            }
            let _ = self.alerts.send(alert);
        }
    }

    pub(crate) fn is_watched(&self) -> bool {
        lock(&self.roll).is_watched()
    }

    /// Whether somebody calls `sweep` at the time that it asks for.
    pub(crate) fn watched(&self, is: bool) {
        self.pulse.withdraw();
        lock(&self.roll).watched(is);
    }
}
