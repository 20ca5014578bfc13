//! The ends of a service: asked twice, asked early, hanging, panicking, blocked, unhealthy.

use super::service::Graceful;
use crate::node::fill;
use crate::process::{ended, until};

/// Ends at once when told.
const NO_DELAY: [&str; 2] = ["--drain-delay", "0"];

#[test]
fn sigterm_ends_it_with_0_and_one_line_of_json() {
    let service = Graceful::start(&NO_DELAY);
    service.wait_until_ready();
    service.signal("TERM");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert_eq!(end.report.lines().count(), 1, "{end:?}");
    for part in [
        "deregister",
        "http-intake",
        "http-requests",
        "workers",
        "queue",
        "pool",
    ] {
        assert_eq!(end.component(part), "\"done\"", "{end:?}");
    }
    assert!(end.log.contains("shutdown after SIGTERM: clean"), "{end:?}");
}

#[test]
fn ready_fails_at_once_while_all_is_served_and_live() {
    let service = Graceful::start(&["--drain-delay", "30s", "--deadline", "60s"]);
    service.wait_until_ready();
    service.signal("TERM");
    until("readiness to fail", || service.probe("/ready") == 503);
    assert_eq!(service.probe("/live"), 200);
    let stream = std::net::TcpStream::connect(&service.address).unwrap();
    assert_eq!(crate::process::exchange(stream, "/").0, 200);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (second, code) in [("TERM", 143), ("INT", 130), ("QUIT", 131)] {
        let mut service = Graceful::start(&["--drain-delay", "30s", "--deadline", "60s"]);
        service.wait_until_ready();
        service.signal("TERM");
        until("readiness to fail", || service.probe("/ready") == 503);
        // A repeat within half a second is the same signal.
        until("its end", || {
            service.signal(second);
            service.has_ended()
        });
        assert_eq!(service.end().code, Some(code), "{second}");
    }
}

#[test]
fn a_signal_during_a_slow_start_ends_it_through_the_same_phases() {
    let service = Graceful::start(&["--slow-start", "1h", "--drain-delay", "0"]);
    assert_eq!(service.probe("/ready"), 503);
    service.signal("TERM");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert_eq!(end.component("health-endpoint"), "\"done\"");
}

#[test]
fn a_stop_during_the_drain_does_it_no_harm() {
    let service = Graceful::start(&["--drain-delay", "1s"]);
    service.wait_until_ready();
    service.signal("TERM");
    until("readiness to fail", || service.probe("/ready") == 503);
    service.signal("STOP");
    service.signal("CONT");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}

#[test]
fn a_blocked_runtime_ends_at_the_deadline_even_if_nobody_reads_its_output() {
    let arguments = ["--block-runtime", "--deadline", "1s", "--drain-delay", "0"];
    // The report may take 50 ms to be written, which a busy machine may not grant each time.
    let reports = |_| {
        let service = Graceful::start(&arguments);
        service.wait_until_ready();
        service.signal("TERM");
        let end = service.end();
        assert_eq!(end.code, Some(124), "{end:?}");
        end.report.contains("\"overran\":true")
    };
    assert!((0..5).any(reports));

    let (unread, pipe) = std::io::pipe().unwrap();
    let (unread_log, log) = std::io::pipe().unwrap();
    fill(&pipe);
    fill(&log);
    let directory = crate::process::Directory::new("blocked");
    let socket = directory.path("health.sock");
    let mut child = std::process::Command::new(crate::process::binary("graceful"))
        .args(["--listen", "127.0.0.1:0"])
        .args(["--health", &format!("unix:{}", socket.display())])
        .args(arguments)
        .stdout(pipe)
        .stderr(log)
        .spawn()
        .unwrap();
    // Its first lines hold it up no more than the last.
    until("readiness", || {
        std::os::unix::net::UnixStream::connect(&socket)
            .is_ok_and(|stream| crate::process::exchange(stream, "/ready").0 == 200)
    });
    crate::process::signal(&child, "TERM");
    assert_eq!(ended(&mut child).code(), Some(124));
    drop((unread, unread_log));
}

#[test]
fn a_log_and_an_output_that_nobody_reads_hold_up_nothing() {
    for (arguments, code) in [
        // What hangs after the orderly end, such as a log, is ended at the deadline: with its code.
        (&["--drain-delay", "0", "--deadline", "3s"][..], 0),
        (
            &["--drain-delay", "0", "--deadline", "3s", "--hang", "queue"],
            124,
        ),
        (
            &["--drain-delay", "0", "--deadline", "3s", "--block-runtime"],
            124,
        ),
    ] {
        let service = Graceful::start(arguments);
        service.wait_until_ready();
        service.fill_its_pipes(&[1, 2]);
        service.signal("TERM");
        assert_eq!(service.end_unread(), Some(code), "{arguments:?}");
    }
    // Readiness fails, and all is served on.
    let service = Graceful::start(&["--drain-delay", "1h", "--deadline", "2h"]);
    service.wait_until_ready();
    service.fill_its_pipes(&[1, 2]);
    service.signal("TERM");
    until("readiness to fail", || service.probe("/ready") == 503);
    assert_eq!(service.probe("/live"), 200);
    let stream = std::net::TcpStream::connect(&service.address).unwrap();
    assert_eq!(crate::process::exchange(stream, "/").0, 200);
    service.signal("INT");
    assert_eq!(service.end_unread(), Some(130));
}

/// The previous panic hook writes to stderr: who panics is held up there, and its thread with it.
#[test]
fn a_log_that_nobody_reads_loses_no_report() {
    let times = ["--drain-delay", "0", "--deadline", "1s"];
    for flags in [
        ["--hang", "queue"],
        ["--panic", "hook"],
        ["--panic", "workers"],
        ["--panic", "queue"],
        ["--panic", "pool"],
    ] {
        let service = Graceful::start(&[&flags[..], &times].concat());
        service.wait_until_ready();
        service.fill_its_pipes(&[2]);
        service.signal("TERM");
        let end = service.end_without_log();
        assert_eq!(end.code, Some(124), "{end:?}");
        let part = if flags[1] == "hook" {
            "deregister"
        } else {
            flags[1]
        };
        // On a busy machine the watchdog may look before it is given up.
        let ending = end.component(part);
        assert!(ending == "\"aborted\"" || ending == "null", "{end:?}");
        assert!(end.report.contains("\"overran\":true"), "{end:?}");
    }
    let arguments = [&times[..], &["--panic-after", "1s"]].concat();
    let service = Graceful::start(&arguments);
    service.wait_until_ready();
    service.fill_its_pipes(&[2]);
    let end = service.end_without_log();
    assert_eq!(end.code, Some(71), "{end:?}");
    assert!(end.reason().contains("as --panic-after asked"), "{end:?}");
}

#[test]
fn what_hangs_or_panics_stops_nobody_else() {
    for (flags, part, ending, code) in [
        (["--hang", "workers"], "deaf-worker", "\"aborted\"", 71),
        (["--panic", "hook"], "deregister", "\"panicked\"", 71),
        (["--panic", "queue"], "queue", "\"panicked\"", 71),
    ] {
        let service = Graceful::start(&[&flags[..], &NO_DELAY].concat());
        service.wait_until_ready();
        service.signal("TERM");
        let end = service.end();
        assert_eq!(end.code, Some(code), "{end:?}");
        assert_eq!(end.component(part), ending, "{end:?}");
        for part in ["pool", "health-endpoint"] {
            assert_eq!(end.component(part), "\"done\"", "{end:?}");
        }
    }
}

#[test]
fn the_deadline_of_the_whole_ends_with_124() {
    let arguments = ["--hang", "queue", "--deadline", "1s", "--drain-delay", "0"];
    let service = Graceful::start(&arguments);
    service.wait_until_ready();
    service.signal("TERM");
    let end = service.end();
    assert_eq!(end.code, Some(124), "{end:?}");
    assert!(end.log.contains("component=\"queue\""), "{end:?}");
}

#[test]
fn a_panic_in_a_task_begins_a_shutdown() {
    let end = Graceful::start(&[&["--panic-after", "100ms"][..], &NO_DELAY].concat()).end();
    assert_eq!(end.code, Some(71), "{end:?}");
    assert!(end.report.contains(r#""kind":"panic""#), "{end:?}");
    assert!(
        end.log.contains("as --panic-after asked"),
        "the hook before it ran"
    );
}

/// Fails from the beginning, and is confirmed as soon as may be.
const CRITICAL: [&str; 8] = [
    "--fail-critical-after",
    "0",
    "--critical-after",
    "1",
    "--critical-sustained",
    "0",
    "--critical-grace",
    "0",
];

#[test]
fn a_critical_failure_ends_it_with_70() {
    let arguments = [&CRITICAL[..], &["--mode", "enforce"], &NO_DELAY].concat();
    let end = Graceful::start(&arguments).end();
    assert_eq!(end.code, Some(70), "{end:?}");
    assert!(end.report.contains("critical check `ledger`"), "{end:?}");
}

#[test]
fn a_dry_run_says_what_would_happen_and_nothing_does() {
    let arguments = [&CRITICAL[..], &["--mode", "dry-run"], &NO_DELAY].concat();
    let service = Graceful::start(&arguments);
    until("the failure to show", || service.probe("/health") == 503);
    assert_eq!(service.probe("/live"), 200);
    service.signal("TERM");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}
