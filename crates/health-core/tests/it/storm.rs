//! Everything at once, on real threads: registrations change while checks run,
//! events flow and eight threads read. No deadlock, no wrong end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use health_core::{
    Aggregation, Cause, CheckStatus, ComponentSpec, Group, Health, Impact, Lifecycle, NodeStatus,
    Notice, Outcome, Probe, Registration, Report, Status, Tallies, check_fn,
};
use tokio::task::JoinSet;

use crate::stage::{Gate, Meter, check, ms, paused_runtime, secs, until, until_blocking};

const WRITERS: u64 = 4;
const READERS: usize = 8;
const STEPS: u64 = 400;

/// Numbers that look random and are not (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

fn some_check(name: &str, dice: &mut Dice) -> Registration {
    let kind = dice.roll(6);
    let check = check_fn(name, move |_| async move {
        match kind {
            0 => Outcome::unhealthy("down"),
            1 => Outcome::degraded("slow"),
            2 => {
                tokio::time::sleep(ms(3)).await;
                Outcome::healthy()
            }
            3 => std::future::pending().await,
            4 => std::panic::resume_unwind(Box::new("no")),
            _ => Outcome::healthy(),
        }
    });
    let check = check.every(ms(1 + dice.roll(5))).timeout(ms(5)).tag("all");
    match dice.roll(3) {
        0 => check.critical().live(),
        1 => check.informational(),
        _ => check,
    }
}

/// Whether a report is in itself one truth.
fn consistent(report: &Report) {
    assert!(report.checks.is_sorted_by(|a, b| a.name() < b.name()));
    let mut counts: BTreeMap<(Impact, Option<Status>), u32> = BTreeMap::new();
    for check in &report.checks {
        let pending = check.cause == Cause::Pending;
        if check.enabled && !pending {
            let key = (check.spec.impact, check.effective);
            *counts.entry(key).or_default() += 1;
        }
        assert!(!check.healthy() || check.effective == Some(Status::Healthy));
    }
    for impact in Impact::ALL {
        for status in [
            Some(Status::Healthy),
            Some(Status::Degraded),
            Some(Status::Unhealthy),
        ] {
            let counted = counts.get(&(*impact, status)).copied().unwrap_or(0);
            assert_eq!(report.tallies.count(*impact, status), counted);
        }
    }
    if report.lifecycle == Lifecycle::Running {
        let status = Aggregation::WorstOf.status(&report.tallies);
        assert_eq!(report.status, NodeStatus::from(status));
    }
}

fn read(health: &Health, done: &AtomicBool, reads: &AtomicU64) {
    let mut last = 0;
    while !done.load(Ordering::Acquire) {
        let report = health.report();
        assert!(report.stamp >= last, "reports do not run backwards");
        last = report.stamp;
        consistent(&report);
        for state in &report.checks {
            let _ = (health.check(state.name()), health.history(state.name()));
        }
        for probe in Probe::ALL {
            let _ = health.verdict(*probe);
        }
        let _ = (health.summary(), health.group_report("all"));
        reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// One writer's share; each has names of its own, so that it knows the end.
fn write(health: &Health, writer: u64) {
    let mut dice = Dice(writer);
    let mut there = [false; 5];
    for _ in 0..STEPS {
        let which = dice.roll(5);
        let name = format!("w{writer}-{which}");
        let present = &mut there[usize::try_from(which).unwrap()];
        match dice.roll(7) {
            0 | 1 => {
                let registered = health.register(some_check(&name, &mut dice));
                assert_eq!(registered.is_ok(), !*present);
                *present = true;
            }
            2 => {
                let replaced = health.replace(some_check(&name, &mut dice));
                assert_eq!(replaced.is_ok(), *present);
            }
            3 => {
                assert_eq!(health.unregister(&name).is_ok(), *present);
                *present = false;
            }
            4 => assert_eq!(health.disable(&name).is_ok(), *present),
            5 => assert_eq!(health.enable(&name).is_ok(), *present),
            _ => drop(health.run_now(&name)),
        }
    }
}

/// Takes every notice; each gap must have been told.
async fn follow(mut events: health_core::Subscription, lazily: bool) -> (u64, u64) {
    let (mut last, mut untold, mut heard) = (None, 0, 0);
    while let Some(notice) = events.next().await {
        match notice {
            Notice::Event(event) => {
                if let Some(last) = last {
                    assert_eq!(event.seq, last + 1 + untold);
                }
                (last, untold) = (Some(event.seq), 0);
                heard += 1;
            }
            Notice::Missed { count, report } => {
                consistent(&report);
                untold += if last.is_some() { count } else { 0 };
            }
            _ => unreachable!(),
        }
        if lazily && heard % 50 == 0 {
            tokio::time::sleep(ms(2)).await;
        }
    }
    (heard, events.missed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once() {
    let health = Health::new();
    health.group(Group::tagged("all", "all")).unwrap();
    health.start().unwrap();
    let mut followers = JoinSet::new();
    for lazily in [false, true] {
        followers.spawn(follow(health.subscribe(), lazily));
    }
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let part = health.component(ComponentSpec::new("part")).unwrap();
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| read(&health, &done, &reads));
            }
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (health, part) = (&health, &part);
                    scope.spawn(move || {
                        write(health, writer);
                        part.degraded("busy");
                        part.ready();
                    })
                })
                .collect();
            let ended: Vec<_> = writers
                .into_iter()
                .map(std::thread::ScopedJoinHandle::join)
                .collect();
            done.store(true, Ordering::Release);
            for ended in ended {
                ended.unwrap();
            }
        });
    });
    assert!(reads.load(Ordering::Relaxed) > 0);

    // Now the end is set: what is there must be what was asked for last.
    for state in &health.report().checks {
        if state.name() != "part" {
            health.unregister(state.name()).unwrap();
        }
    }
    for (name, status) in [
        ("end-0", Status::Healthy),
        ("end-1", Status::Degraded),
        ("end-2", Status::Healthy),
    ] {
        let check = check_fn(name, move |_| async move { status });
        health.register(check.every(secs(3600)).critical()).unwrap();
    }
    health.disable("end-2").unwrap();
    for name in ["end-0", "end-1"] {
        until(name, || check(&health, name).runs > 0).await;
    }
    let report = health.report();
    consistent(&report);
    let names: Vec<_> = report.checks.iter().map(|check| check.name()).collect();
    assert_eq!(names, ["end-0", "end-1", "end-2", "part"]);
    assert_eq!(report.status, NodeStatus::Degraded);
    assert_eq!(check(&health, "part").status, CheckStatus::Healthy);
    assert_eq!(health.verdict(Probe::Live).status, NodeStatus::Healthy);
    assert_eq!(report.tallies.total(), 3);
    until("so does readiness", || {
        health.verdict(Probe::Ready).status == NodeStatus::Degraded
    })
    .await;
    // The bounds that gone checks left behind hold until the sweeper comes by.
    until("the empty group is healthy", || {
        health.group_verdict("all").unwrap().status == NodeStatus::Healthy
    })
    .await;
    health.stop().await;
    drop((part, health));
    while let Some(follower) = followers.join_next().await {
        let (heard, missed) = follower.unwrap();
        assert!(heard > 0, "heard {heard}, missed {missed}");
    }
}

/// One name, many hands: each act either happens or says why not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_name_many_hands() {
    let health = Health::new();
    health.start().unwrap();
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let health = &health;
                scope.spawn(move || {
                    let mut dice = Dice(writer);
                    for _ in 0..STEPS {
                        let name = "contested";
                        match dice.roll(6) {
                            0 | 1 => drop(health.register(some_check(name, &mut dice))),
                            2 => drop(health.replace(some_check(name, &mut dice))),
                            3 => drop(health.unregister(name)),
                            4 => drop(health.disable(name)),
                            _ => drop(health.enable(name)),
                        }
                        assert!(health.report().checks.len() <= 1);
                    }
                });
            }
        });
    });
    let _ = health.unregister("contested");
    assert!(health.report().checks.is_empty());
    assert_eq!(health.report().tallies.total(), 0);
    health
        .register(check_fn("contested", |_| async {}).critical())
        .unwrap();
    assert!(health.ask("contested").await.unwrap().healthy());
    assert_eq!(health.report().status, NodeStatus::Healthy);
    let metrics = tokio::runtime::Handle::current().metrics();
    until("only the sweeper and the check are left", || {
        metrics.num_alive_tasks() == 2
    })
    .await;
}

/// The engine's lock is held by a writer that does not come back: reads answer all the same.
#[test]
fn reads_wait_for_no_writer() {
    let (gate, held) = (Gate::default(), Meter::default());
    let _end = gate.opened_at_end();
    let (inner, meter) = (gate.clone(), held.clone());
    let stuck = Aggregation::custom(move |tallies: &Tallies| {
        if tallies.counted(Some(Status::Degraded)) > 0 {
            let _inside = meter.enter();
            inner.pass();
        }
        Status::Healthy
    });
    let health = Health::builder().aggregation(stuck).build();
    let part = health.component(ComponentSpec::new("part").tag("all"));
    let part = part.unwrap();
    health.group(Group::tagged("all", "all")).unwrap();
    part.ready();
    // The aggregation has a say from `Running` on.
    let runtime = paused_runtime();
    runtime.block_on(async { health.start().unwrap() });
    std::thread::scope(|scope| {
        scope.spawn(|| part.degraded("slow"));
        until_blocking("the writer holds the lock", || held.inside() == 1);
        let (answered, answers) = mpsc::channel();
        let health = &health;
        scope.spawn(move || {
            let now = tokio::time::Instant::now().into_std();
            for probe in Probe::ALL {
                let _ = (health.verdict(*probe), health.answer_at(*probe, now));
                let _ = health.demand_due(*probe, now);
            }
            let _ = (health.report(), health.summary(), health.lifecycle());
            let _ = (health.group_verdict("all"), health.group_report("all"));
            let _ = (health.check("part"), health.subscribe());
            answered.send(health.history("part").unwrap()).unwrap();
        });
        let history = answers.recv_timeout(secs(60));
        gate.open();
        assert!(!history.unwrap().entries.is_empty());
    });
    assert_eq!(check(&health, "part").status, CheckStatus::Degraded);
}
