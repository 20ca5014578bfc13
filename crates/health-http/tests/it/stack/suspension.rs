//! A machine that was suspended is no stalled application: nothing fails when it wakes.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_core::{Health, Outcome, check_fn};
use health_http::server::{Limits, StallLimits};

use super::connection::{Connection, get};
use super::node::{Place, runtime, serve, until};
use super::process;

/// Longer than both limits of the node; the one real wait here, for a stop has no other end.
const SUSPENDED: Duration = Duration::from_secs(4);
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
    health
        .register(beat.critical().live().every(Duration::from_millis(100)))
        .unwrap();
    let runtime = runtime(2);
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
    std::thread::sleep(SUSPENDED);
    signal(&child, "CONT");

    // From the first answer on, and until the application has shown long that it lives.
    let end = before + 20;
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
