//! A thousand checks, a third of them hanging, panicking, blocking or flooding: the server
//! answers, the others go on, and nothing is left behind.

use std::panic;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use health_core::{
    BlockingPool, Cause, CheckState, CheckStatus, Health, MAX_DETAILS, MAX_MESSAGE, Outcome,
    Registration, check_fn,
};
use health_http::server::Limits;

use super::connection::{Connection, get};
use super::node::{Place, runtime, serve, until};
use super::process;

const CHECKS: usize = 1_000;
const POOL: u32 = 4;
const INTERVAL: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_millis(300);
const ROUNDS: u64 = 3;

#[cfg(target_os = "linux")]
#[test]
fn a_third_in_trouble_harms_nobody_and_leaves_nothing() {
    process::run("stack::trouble::in_a_process_of_its_own");
}

/// Counts the threads and descriptors of the whole process.
#[test]
#[ignore = "started by `a_third_in_trouble_harms_nobody_and_leaves_nothing`"]
fn in_a_process_of_its_own() {
    // Some hundred checks panic on purpose.
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(PANIC) {
            report(info);
        }
    }));
    let entries = |of: &str| std::fs::read_dir(of).unwrap().count();
    let count = || (entries("/proc/self/task"), entries("/proc/self/fd"));

    // What is set up once for good is in the first round.
    round(CHECKS / 20, Place::both()[1]);
    // The main thread and this one.
    until("the first round's threads end", || count().0 == 2);
    let before = count();
    for place in Place::both() {
        round(CHECKS, place);
    }
    until("threads and descriptors are as before", || {
        count() == before
    });
}

const PANIC: &str = "a check that panics on purpose";

/// What a check does, by its number: two thirds do well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Well,
    Hangs,
    Panics,
    Blocks,
    Floods,
}

impl Manner {
    fn of(number: usize) -> Self {
        match number % 12 {
            0 => Self::Hangs,
            3 => Self::Panics,
            6 => Self::Blocks,
            9 => Self::Floods,
            _ => Self::Well,
        }
    }
}

fn name(number: usize) -> String {
    format!("{:?}-{number}", Manner::of(number)).to_lowercase()
}

fn check(number: usize, pool: &BlockingPool, gate: &Arc<Mutex<Receiver<()>>>) -> Registration {
    let name = name(number);
    let check = match Manner::of(number) {
        // The default timeout: on a machine as busy as this a short one is no one's fault.
        Manner::Well => return check_fn(name, |_| async { true }).every(INTERVAL),
        Manner::Hangs => check_fn(name, |_| std::future::pending::<()>()),
        Manner::Panics => check_fn(name, |_| async { panics() }),
        Manner::Blocks => {
            let gate = Arc::clone(gate);
            pool.check(name, move |_| {
                // Waits for the end of the round, or for another that does.
                let _ = gate.lock().unwrap().recv();
            })
        }
        Manner::Floods => check_fn(name, |_| async {
            let mut outcome = Outcome::healthy().with_message("x".repeat(10_000));
            for key in 0..50 {
                outcome = outcome.detail(format!("key-{key}"), "y".repeat(200));
            }
            outcome
        }),
    };
    check.every(INTERVAL).timeout(TIMEOUT)
}

fn panics() -> Outcome {
    panic::panic_any(PANIC)
}

fn round(checks: usize, place: Place) {
    let (open, gate): (Sender<()>, _) = channel();
    let gate = Arc::new(Mutex::new(gate));
    let pool = BlockingPool::new(POOL);
    let health = Health::new();
    for number in 0..checks {
        health.register(check(number, &pool, &gate)).unwrap();
    }
    let runtime = runtime(2);
    let (handle, address) = serve(&runtime, &health, place, Limits::default());
    until("a running node", || get(address, "/ready").status == 200);

    let mut kept = Connection::open(address);
    let state = |number| health.check(&name(number)).unwrap();
    until("the troubles show, and the others run", || {
        // None of those in trouble is critical: whatever they do, the node is ready.
        for path in ["/ready", "/live", "/startup"] {
            assert_eq!(kept.get(path).status, 200, "{path}");
        }
        assert_eq!(get(address, "/ready").status, 200);
        (0..checks).all(|number| as_expected(number, &state(number)))
    });
    for number in (0..checks).filter(|number| Manner::of(*number) == Manner::Well) {
        let history = health.history(&name(number)).unwrap();
        let failure = history
            .entries
            .iter()
            .find(|entry| entry.cause != Cause::Reported);
        assert!(failure.is_none(), "{}: {failure:?}", name(number));
    }
    let report = kept.get("/health");
    assert_eq!(report.status, 200);
    assert!(report.body.len() <= checks * (MAX_DETAILS + MAX_MESSAGE + 1_024));
    let report = report.json();
    assert_eq!(report["status"], "degraded");
    assert_eq!(report["checks"].as_object().unwrap().len(), checks);

    drop(kept);
    runtime.block_on(async {
        handle.close().await;
        health.stop().await;
    });
    drop(open);
}

fn as_expected(number: usize, check: &CheckState) -> bool {
    let status = |status, cause| check.status == status && check.cause == cause;
    match Manner::of(number) {
        Manner::Well => check.runs >= ROUNDS && status(CheckStatus::Healthy, Cause::Reported),
        Manner::Hangs => status(CheckStatus::Unhealthy, Cause::Timeout),
        Manner::Panics => status(CheckStatus::Unhealthy, Cause::Panic),
        // Four hold the pool's threads, and the rest find it full.
        Manner::Blocks => {
            status(CheckStatus::Unhealthy, Cause::Timeout)
                && (check.message.contains("no free thread")
                    || check.message.contains("still running"))
        }
        Manner::Floods => {
            status(CheckStatus::Healthy, Cause::Reported)
                && check.details_dropped > 0
                && check.message.len() <= MAX_MESSAGE
        }
    }
}
