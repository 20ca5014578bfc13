//! What a follower and a leader take, all of it, counted by the allocator over the public face: at any
//! rate of samples, and for long.
//!
//! That a sample allocates nothing is in `bounds`; the sizes of the parts are beside them.

use std::time::Duration;

use health_lag::{Follower, FollowerSpec, LagMonitor, Sample, SourceError};

const FOLLOWER: i64 = 6 * 1024;
const LEADER: i64 = 16 * 1024;
/// Just above a power of two: lists that double have the most room to spare.
const MANY: u32 = 257;

/// How many bytes more are held after an act than before it.
fn held_by<T>(act: impl FnOnce() -> T) -> (i64, T) {
    let mut done = None;
    let spent = allocation_counter::measure(|| done = Some(act()));
    (spent.bytes_current, done.unwrap())
}

/// Names as long as they may be, and sources that have said why they have no sample at as great a length.
fn register(monitor: &LagMonitor, to: &mut Vec<Follower>, leader: impl Fn(u32) -> String) {
    let trouble = SourceError::new("x".repeat(1_000));
    for number in 0..MANY {
        let spec = FollowerSpec::new(format!("{number:060}")).of(leader(number));
        let follower = monitor.follower_at(spec, Duration::ZERO).unwrap();
        follower.failed(&trouble);
        to.push(follower);
    }
}

fn room() -> Vec<Follower> {
    Vec::with_capacity(MANY.try_into().unwrap())
}

/// A monitor with one follower of that leader.
fn monitor_of(leader: &str) -> LagMonitor {
    let monitor = LagMonitor::new();
    let spec = FollowerSpec::new("first").of(leader);
    let first = monitor.follower_at(spec, Duration::ZERO).unwrap();
    first
        .push_at(Duration::from_nanos(1), Sample::new(2, 1))
        .unwrap();
    monitor
}

/// Samples of each in turn, `every` apart, of a leader that writes unevenly and followers that get on
/// unevenly.
struct Told {
    every: Duration,
    step: u32,
    leader: u64,
}

impl Told {
    fn new(every: Duration) -> Self {
        Self {
            every,
            step: 0,
            leader: 1 << 40,
        }
    }

    fn rounds(&mut self, followers: &[Follower], rounds: u32) {
        for _ in 0..rounds {
            self.step += 1;
            self.leader += u64::from(self.step.wrapping_mul(2_654_435_761) >> 20);
            let behind = u64::from(self.step % 97) * 20 + 500;
            let sample = Sample::new(self.leader, self.leader - behind);
            for follower in followers {
                let _ = follower.push_at(self.every * self.step, sample);
            }
        }
    }
}

/// Between two samples, and how many of them: hours at 1 Hz, minutes at 1 kHz, 10 s at 100 kHz.
const RATES: [(Duration, u32); 3] = [
    (Duration::from_secs(1), 20_000),
    (Duration::from_millis(1), 200_000),
    (Duration::from_micros(10), 1_000_000),
];

#[test]
fn a_follower_takes_at_most_6_kib_and_a_leader_16_at_any_rate_for_long() {
    for (every, samples) in RATES {
        let shared = monitor_of("leader");
        let mut all = room();
        let mut told = Told::new(every);
        let (followers, ()) = held_by(|| {
            register(&shared, &mut all, |_| "leader".to_owned());
            told.rounds(&all, 300);
        });
        let follower = followers / i64::from(MANY);
        assert!(follower <= FOLLOWER, "{follower} each, every {every:?}");
        // Not one byte more after a long time; one of them stands for all, which are told alike.
        let (grown, ()) = held_by(|| told.rounds(&all[..1], samples));
        assert_eq!(grown, 0, "every {every:?}");

        let apart = monitor_of("leader");
        let mut all = room();
        let mut told = Told::new(every);
        let (both, ()) = held_by(|| {
            register(&apart, &mut all, |number| format!("{number:060}"));
            told.rounds(&all, 1_000);
        });
        let leader = both / i64::from(MANY) - follower;
        assert!(leader <= LEADER, "{leader} each, every {every:?}");
        for monitor in [&shared, &apart] {
            assert_eq!(
                monitor.alerts().since(1).next,
                1,
                "the log is no follower's"
            );
        }
        let (grown, ()) = held_by(|| told.rounds(&all[..1], 20_000));
        assert_eq!(grown, 0, "every {every:?}");
    }
}

/// Who is gone leaves its place to the next, and what it remembered to nobody.
#[test]
fn followers_that_come_and_go_take_no_more_than_those_there_are() {
    let monitor = LagMonitor::new();
    let come_and_go = || {
        let mut all = room();
        register(&monitor, &mut all, |_| "leader".to_owned());
        Told::new(Duration::from_secs(1)).rounds(&all, 10);
        for follower in all {
            follower.unregister_at(Duration::from_secs(11));
        }
    };
    come_and_go();
    let (grown, ()) = held_by(|| (0..50).for_each(|_| come_and_go()));
    assert!(grown.abs() < 1 << 16, "{grown} after 12,850 have gone");
}

/// What there is of a monitor without anybody: the queues of those who listen to it.
#[test]
fn a_monitor_of_none_takes_little() {
    let (alone, _monitor) = held_by(LagMonitor::new);
    assert!(alone <= 32 * 1024, "{alone}");
}
