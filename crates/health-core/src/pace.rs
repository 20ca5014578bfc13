//! Which time counts as evidence grows old: that in which the process could run.
//!
//! A suspended process (a SIGSTOP, a frozen container, a paused virtual machine)
//! cannot renew its evidence, yet clocks go on. So somebody beats, from a thread
//! that nothing holds up. Once no beat has come for [`LATE`] longer than
//! agreed, time stands still where the process was last seen to run; the beat
//! that comes at last has it go on from there, and forgives the time between.
//! Without anybody who beats, all time counts. It reads no clock.
//!
//! The order makes it safe: a late beat stores what it forgives before it raises
//! the limit, a reader loads the limit before what is forgiven. So whoever sees
//! a limit that time has not passed also sees all that is forgiven, and time
//! never leaps ahead. The loom tests hold it.

use std::sync::PoisonError;
use std::time::Duration;

#[cfg(health_loom)]
use loom::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};
#[cfg(not(health_loom))]
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use crate::moment::{Moment, nanos};

/// A beat that is later than this was held up by no busy machine.
const LATE: Duration = Duration::from_secs(1);
/// How exactly it is known when the process was last seen to run: one store in
/// so much time costs readers nothing.
const GRAIN: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(crate) struct Pace {
    /// Nanoseconds that do not count.
    forgiven: AtomicU64,
    /// How far time may go before the next beat; `NEVER` while nobody beats.
    limit: AtomicU64,
    /// Up to when the process was seen to run, give or take a grain.
    seen: AtomicU64,
    beats: Mutex<Beats>,
}

/// What those who beat share, one at a time. The figures are those of the atomics,
/// which they only store: `loom` overlooks a race with who loads first.
#[derive(Debug)]
struct Beats {
    pacemakers: u32,
    forgiven: u64,
    limit: u64,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            forgiven: AtomicU64::new(0),
            limit: AtomicU64::new(Moment::NEVER.0),
            seen: AtomicU64::new(0),
            beats: Mutex::new(Beats {
                pacemakers: 0,
                forgiven: 0,
                limit: Moment::NEVER.0,
            }),
        }
    }

    /// How much of `elapsed` counts.
    pub(crate) fn moment(&self, elapsed: Duration) -> Moment {
        // The limit first: see the module's doc.
        let limit = self.limit.load(Ordering::Acquire);
        let time = nanos(elapsed).saturating_sub(self.forgiven.load(Ordering::Acquire));
        if limit == Moment::NEVER.0 {
            return Moment(time);
        }
        let seen = self.seen.load(Ordering::Acquire);
        if time > limit {
            return standstill(seen, limit);
        }
        if time >= Moment(seen).after(GRAIN).0 {
            self.seen.fetch_max(time, Ordering::AcqRel);
        }
        // Who read its clock before a suspension would else go back by all of it.
        Moment(time.max(seen))
    }

    /// When `moment` is reached at the earliest.
    pub(crate) fn elapsed(&self, moment: Moment) -> Duration {
        let forgiven = Duration::from_nanos(self.forgiven.load(Ordering::Acquire));
        Duration::from_nanos(moment.0).saturating_add(forgiven)
    }

    /// One more beats from now on, at least every `interval`; this is its first beat.
    pub(crate) fn enter(&self, elapsed: Duration, interval: Duration) -> bool {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.pacemakers += 1;
        if beats.pacemakers == 1 {
            let time = nanos(elapsed).saturating_sub(beats.forgiven);
            self.seen.store(time, Ordering::Release);
            // The first one sets the limit anew.
            beats.limit = time;
        }
        self.go_on(&mut beats, elapsed, interval)
    }

    /// The process runs. Whether this comes so late that it must have been suspended.
    pub(crate) fn beat(&self, elapsed: Duration, interval: Duration) -> bool {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        self.go_on(&mut beats, elapsed, interval)
    }

    fn go_on(&self, beats: &mut Beats, elapsed: Duration, interval: Duration) -> bool {
        let elapsed = nanos(elapsed);
        let mut time = elapsed.saturating_sub(beats.forgiven);
        let late = time > beats.limit;
        if late {
            time = standstill(self.seen.load(Ordering::Acquire), beats.limit).0;
            beats.forgiven = elapsed.saturating_sub(time);
            self.forgiven.store(beats.forgiven, Ordering::Release);
        } else {
            self.seen.fetch_max(time, Ordering::AcqRel);
        }
        let limit = Moment(time).after(interval).after(LATE).0;
        // Of several, who beats most rarely must not be taken for late.
        beats.limit = beats.limit.max(limit);
        self.limit.store(beats.limit, Ordering::Release);
        late
    }

    /// One of them beats no more; after the last, nothing holds time up.
    pub(crate) fn leave(&self) {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.pacemakers = beats.pacemakers.saturating_sub(1);
        if beats.pacemakers == 0 {
            self.limit.store(Moment::NEVER.0, Ordering::Release);
        }
    }
}

/// Where time stands between a suspension and the beat that tells of it: no
/// earlier than anybody was told before.
fn standstill(seen: u64, limit: u64) -> Moment {
    Moment(seen).after(GRAIN).min(Moment(limit))
}

#[cfg(all(test, not(health_loom)))]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    use Do::{Beat, Enter, Leave, Read};

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Enter,
        Leave,
        /// And whether it finds a suspension.
        Beat(bool),
        /// What is read, in milliseconds.
        Read(u64),
    }

    /// What is done when, in milliseconds, one second being agreed.
    type Story<'a> = (&'a str, &'a [(u64, Do)]);

    fn play(stories: &[Story<'_>]) {
        for (story, acts) in stories {
            let pace = Pace::new();
            for (at, act) in *acts {
                let told = format!("{story}: {act:?} at {at}");
                match *act {
                    Enter => assert!(!pace.enter(ms(*at), SECOND), "{told}"),
                    Leave => pace.leave(),
                    Beat(late) => assert_eq!(pace.beat(ms(*at), SECOND), late, "{told}"),
                    Read(millis) => {
                        let moment = pace.moment(ms(*at));
                        assert_eq!(Duration::from_nanos(moment.0), ms(millis), "{told}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_beats_and_suspensions_make_of_time() {
        play(&[
            ("nobody beats", &[(5, Read(5)), (90_000, Read(90_000))]),
            (
                "beats in time, and up to a second late",
                &[
                    (0, Enter),
                    (1_000, Beat(false)),
                    (2_900, Read(2_900)),
                    (3_000, Beat(false)),
                    (3_001, Read(3_001)),
                ],
            ),
            (
                "suspended for a minute: time goes on where it was last seen, after a grain",
                &[
                    (0, Enter),
                    (300, Read(300)),
                    (60_300, Read(301)),
                    (60_302, Read(301)),
                    (60_305, Beat(true)),
                    (60_305, Read(301)),
                    (60_405, Read(401)),
                    (61_305, Beat(false)),
                    (62_305, Read(2_301)),
                ],
            ),
            (
                "suspended twice",
                &[
                    (0, Enter),
                    (10_000, Beat(true)),
                    (10_999, Read(1_000)),
                    (20_000, Beat(true)),
                    (20_500, Read(1_501)),
                ],
            ),
            (
                "who read its clock before the suspension does not go back",
                &[
                    (0, Enter),
                    (1_500, Read(1_500)),
                    (60_000, Beat(true)),
                    (1_500, Read(1_500)),
                ],
            ),
            (
                "a short suspension cannot be told from idling",
                &[(0, Enter), (2_000, Beat(false)), (2_000, Read(2_000))],
            ),
        ]);
    }

    #[test]
    fn what_pacemakers_that_come_and_go_make_of_time() {
        play(&[
            (
                "dropped: time stands still no more, and what was forgiven stays so",
                &[
                    (0, Enter),
                    (10_000, Beat(true)),
                    (20_000, Read(1)),
                    (20_000, Leave),
                    (20_000, Read(10_001)),
                    (90_000, Read(80_001)),
                ],
            ),
            (
                "dropped, and taken up again",
                &[
                    (0, Enter),
                    (10_000, Leave),
                    (60_000, Enter),
                    (60_500, Read(60_500)),
                    (61_000, Beat(false)),
                    (90_000, Beat(true)),
                    (90_500, Read(61_501)),
                ],
            ),
            (
                "of two, each will do",
                &[
                    (0, Enter),
                    (500, Enter),
                    (1_000, Beat(false)),
                    (1_500, Leave),
                    (60_000, Beat(true)),
                    (60_000, Beat(false)),
                    (60_500, Read(1_501)),
                ],
            ),
        ]);
    }

    #[test]
    fn a_moment_is_reached_when_it_is_said_to_be() {
        let pace = Pace::new();
        assert!(!pace.enter(Duration::ZERO, SECOND));
        pace.moment(ms(700));
        assert!(pace.beat(ms(50_000), SECOND));
        for millis in [701, 900, 1_500] {
            let moment = Moment(nanos(ms(millis)));
            assert_eq!(pace.moment(pace.elapsed(moment)), moment);
        }
    }

    #[test]
    fn whoever_beats_rarely_is_waited_for() {
        let pace = Pace::new();
        assert!(!pace.enter(Duration::ZERO, SECOND));
        assert!(!pace.enter(ms(1), 10 * SECOND));
        assert!(!pace.beat(ms(2), SECOND));
        pace.leave();
        assert_eq!(pace.moment(10 * SECOND).0, nanos(10 * SECOND));
        assert!(!pace.beat(11 * SECOND, 10 * SECOND));
        // Who comes while time stands still tells of it as well.
        assert!(pace.enter(60 * SECOND, SECOND));
        // An endless interval forgives nothing.
        assert!(!pace.enter(61 * SECOND, Duration::MAX));
        assert!(!pace.beat(Duration::MAX, SECOND));
    }
}

#[cfg(all(test, health_loom))]
mod loom_tests {
    use super::*;
    use loom::{sync::Arc, thread};

    const SECOND: Duration = Duration::from_secs(1);

    const SEEN: Duration = Duration::from_millis(1_900);
    /// Just past the limit: a leap would stay within the next one.
    const WOKEN: Duration = Duration::from_millis(2_500);

    /// Seen to run until `SEEN`, suspended until `WOKEN`.
    fn suspended() -> Arc<Pace> {
        let pace = Arc::new(Pace::new());
        assert!(!pace.enter(Duration::ZERO, SECOND));
        assert_eq!(pace.moment(SEEN), Moment(nanos(SEEN)));
        pace
    }

    fn beat(pace: &Arc<Pace>) -> thread::JoinHandle<()> {
        let pace = pace.clone();
        thread::spawn(move || assert!(pace.beat(WOKEN, SECOND)))
    }

    /// Whoever reads on waking, before, while or after the beat comes, sees no
    /// more than a grain and what has passed since it woke; and does not go back
    /// by more than that.
    #[test]
    fn loom_time_never_leaps_ahead_on_waking() {
        loom::model(|| {
            let pace = suspended();
            let beater = beat(&pace);
            let soon = pace.moment(WOKEN + GRAIN);
            let later = pace.moment(WOKEN + 5 * GRAIN);
            let seen = |grains: u32| Moment(nanos(SEEN + grains * GRAIN));
            assert!(soon <= seen(2), "{soon:?}");
            assert!(later <= seen(7), "{later:?}");
            assert!(later.after(GRAIN) >= soon, "{soon:?}, then {later:?}");
            beater.join().unwrap();
            assert_eq!(pace.moment(WOKEN + SECOND), seen(1_001));
        });
    }

    /// A clock that was read before the suspension is no way back into the past.
    #[test]
    fn loom_an_old_clock_reads_no_earlier_than_was_seen() {
        loom::model(|| {
            let pace = suspended();
            let beater = beat(&pace);
            assert_eq!(pace.moment(SEEN), Moment(nanos(SEEN)));
            beater.join().unwrap();
        });
    }

    /// Nobody beats any more: a reader that sees it sees time go on.
    #[test]
    fn loom_a_dropped_pacemaker_holds_nothing_up() {
        loom::model(|| {
            let pace = suspended();
            let last = {
                let pace = pace.clone();
                thread::spawn(move || pace.leave())
            };
            let read = pace.moment(WOKEN);
            let stands = Moment(nanos(SEEN + GRAIN));
            assert!(read == stands || read == Moment(nanos(WOKEN)), "{read:?}");
            last.join().unwrap();
            assert_eq!(pace.moment(WOKEN), Moment(nanos(WOKEN)));
        });
    }
}
