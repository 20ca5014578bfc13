//! A machine that was suspended is no stalled application, and its evidence no older: nothing
//! fails when it wakes.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_core::{Component, ComponentSpec, Health, Outcome, blocking_fn, check_fn};
use health_http::server::{Limits, StallLimits};

use super::connection::{Connection, get};
use super::node::{Place, runtime, serve, until};
use super::process;

/// Longer than both limits of the node, and than any evidence in it lasts; the one real wait here,
/// for a stop has no other end.
const SUSPENDED: Duration = Duration::from_secs(4);
/// How long a run may take: together with three intervals, less than the suspension.
const TIMEOUT: Duration = Duration::from_secs(2);
const OFTEN: Duration = Duration::from_millis(100);
/// A run that takes so many steps is nearly always under way.
const STEPS: u32 = 50;
const STEP: Duration = Duration::from_millis(10);
const READINESS: Duration = Duration::from_secs(1);
const LIVENESS: Duration = Duration::from_secs(2);

const ADDRESS: &str = "serves on ";

/// Serves until its standard input ends.
#[test]
#[ignore = "started by `a_suspended_process_fails_no_probe_when_it_wakes`"]
fn a_node_in_a_process_of_its_own() {
    let health = Health::new();
    let beats = Arc::new(AtomicU64::new(0));
    let beat = check_fn("beat", move |_| {
        let beat = beats.fetch_add(1, Ordering::Relaxed);
        async move { Outcome::healthy().detail("beats", beat) }
    });
    let slow = check_fn("slow", |_| async {
        for _ in 0..STEPS {
            tokio::time::sleep(STEP).await;
        }
    });
    let blocking = blocking_fn("blocking", |_| {
        for _ in 0..STEPS {
            std::thread::sleep(STEP);
        }
    });
    for check in [beat, slow, blocking] {
        let check = check.critical().live().every(OFTEN).timeout(TIMEOUT);
        health.register(check).unwrap();
    }
    let spec = ComponentSpec::new("worker").critical().heartbeat(TIMEOUT);
    let worker = health.component(spec).unwrap();
    let runtime = runtime(2);
    drop(runtime.spawn(work(worker)));
    let stall = StallLimits::default()
        .readiness(READINESS)
        .liveness(LIVENESS);
    let (handle, address) = serve(
        &runtime,
        &health,
        Place::OwnThread(stall),
        Limits::default(),
    );
    println!("\n{ADDRESS}{address}");
    let _ = std::io::stdin().read(&mut [0]);
    runtime.block_on(handle.close());
}

async fn work(worker: Component) {
    worker.ready();
    loop {
        tokio::time::sleep(OFTEN).await;
        worker.beat();
    }
}

#[cfg(unix)]
#[test]
fn a_suspended_process_fails_no_probe_when_it_wakes() {
    let mut child = process::command("stack::suspension::a_node_in_a_process_of_its_own")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let address = address(&mut stdout);
    until("a running node", || get(address, "/ready").status == 200);
    let mut kept = Connection::open(address);
    let beats = |connection: &mut Connection| {
        let check = connection.get("/health/checks/beat").json();
        check["details"]["beats"].as_u64().unwrap()
    };
    let before = beats(&mut kept);

    signal(&child, "STOP");
    // Who asks meanwhile is answered first.
    let queued = ["/ready", "/live", "/health", "/ready"]
        .map(|path| std::thread::spawn(move || (path, get(address, path))));
    std::thread::sleep(SUSPENDED);
    signal(&child, "CONT");

    for asker in queued {
        let (path, answer) = asker.join().unwrap();
        assert_eq!(answer.status, 200, "{path}, asked meanwhile: {answer:?}");
    }
    // And until the application has shown long that it lives.
    let end = before + 40;
    loop {
        for path in ["/ready", "/live", "/health"] {
            let answer = kept.get(path);
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            let answer = get(address, path);
            assert_eq!(answer.status, 200, "{path}, a new connection: {answer:?}");
        }
        if beats(&mut kept) >= end {
            break;
        }
    }
    for name in ["beat", "slow", "blocking"] {
        let check = kept.get(&format!("/health/checks/{name}")).json();
        assert_eq!(check["score"], 1.0, "no run failed, ever: {check}");
    }
    drop(child.stdin.take());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
}

fn address(stdout: &mut impl BufRead) -> SocketAddr {
    for line in stdout.lines() {
        if let Some(address) = line.unwrap().strip_prefix(ADDRESS) {
            return address.parse().unwrap();
        }
    }
    panic!("the node names no address");
}

/// By the shell, which has `kill` built in.
fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(status.success(), "{kill}");
}
