//! What each signal does, alone and after another, and a pause of the process meanwhile.
#![allow(
    clippy::disallowed_methods,
    reason = "a suspension has no end but that of its time"
)]

use std::time::Duration;

use super::service::Graceful;
use crate::process::until;

const NO_DELAY: [&str; 2] = ["--drain-delay", "0"];

fn running(arguments: &[&str]) -> Graceful {
    let service = Graceful::start(arguments);
    service.wait_until_ready();
    service
}

#[test]
fn each_of_four_begins_a_shutdown() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let service = running(&NO_DELAY);
        service.signal(signal);
        let end = service.end();
        assert_eq!(end.code, Some(0), "{end:?}");
        assert_eq!(end.reason(), format!("SIG{signal}"), "{end:?}");
    }
}

#[test]
fn after_ctrl_c_there_is_no_drain_delay() {
    let service = running(&["--drain-delay", "1h", "--deadline", "2h"]);
    service.signal("INT");
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}

#[test]
fn a_hangup_reloads_if_it_is_asked_for() {
    let mut service = running(&[&NO_DELAY[..], &["--reload-on-hangup"]].concat());
    for _ in 0..3 {
        service.signal("HUP");
        service.until_logged("reloaded, as SIGHUP asked");
        assert_eq!(service.probe("/ready"), 200);
    }
    service.signal("TERM");
    let end = service.end();
    assert_eq!(
        (end.code, end.reason().as_str()),
        (Some(0), "SIGTERM"),
        "{end:?}"
    );
}

#[test]
fn a_hangup_that_is_ignored_stays_ignored_unless_there_is_a_hook() {
    let service = Graceful::start_under_nohup(&NO_DELAY);
    service.wait_until_ready();
    // Were it heard, it would be the reason: it comes first.
    service.signals(&["HUP", "TERM"]);
    let end = service.end();
    assert_eq!(
        (end.code, end.reason().as_str()),
        (Some(0), "SIGTERM"),
        "{end:?}"
    );

    let arguments = [&NO_DELAY[..], &["--reload-on-hangup"]].concat();
    let mut service = Graceful::start_under_nohup(&arguments);
    service.wait_until_ready();
    service.signal("HUP");
    service.until_logged("reloaded, as SIGHUP asked");
}

#[test]
fn a_quit_ends_it_at_once_if_it_is_asked_for() {
    let arguments = ["--quit-at-once", "--drain-delay", "1h", "--deadline", "2h"];
    for before in [&[][..], &["TERM"]] {
        let service = running(&arguments);
        for signal in before {
            service.signal(signal);
            until("readiness to fail", || service.probe("/ready") == 503);
        }
        service.signal("QUIT");
        let end = service.end();
        assert_eq!((end.code, end.report.as_str()), (Some(131), ""), "{end:?}");
    }
}

#[test]
fn the_same_signal_again_within_half_a_second_is_one() {
    let service = running(&["--drain-delay", "1s"]);
    service.signals(&["TERM", "TERM", "TERM", "TERM"]);
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert_eq!(end.log.matches("shutdown begins").count(), 1, "{end:?}");
}

#[test]
fn a_second_signal_during_a_slow_start_ends_it_at_once() {
    let mut service = Graceful::start(&[
        "--slow-start",
        "1h",
        "--drain-delay",
        "1h",
        "--deadline",
        "2h",
    ]);
    service.signal("TERM");
    service.until_logged("shutdown begins");
    service.signal("INT");
    let end = service.end();
    assert_eq!(end.code, Some(130), "{end:?}");
}

/// Stopped for so long in the drain delay, and then continued.
fn paused(arguments: &[&str], pause: Duration) -> super::service::End {
    let service = running(arguments);
    service.signal("TERM");
    until("readiness to fail", || service.probe("/ready") == 503);
    service.signal("STOP");
    std::thread::sleep(pause);
    service.signal("CONT");
    service.end()
}

#[test]
fn a_pause_counts_towards_the_drain_delay_and_the_deadline() {
    let pause = Duration::from_secs(3);
    let end = paused(&["--drain-delay", "2s", "--deadline", "60s"], pause);
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(end.elapsed() >= 3_000, "{end:?}");

    let end = paused(&["--drain-delay", "1s", "--deadline", "2s"], pause);
    assert_eq!(end.code, Some(124), "{end:?}");
}
