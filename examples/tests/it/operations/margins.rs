//! Every prober notices a shutdown before the drain delay is over, and nobody kills it early.

use std::time::Duration;

use health_examples::duration;
use health_examples::shutdown_flags::ShutdownFlags;
use serde_json::Value;

use super::file::File;

/// How long a stalled application may be so until liveness fails, by default.
pub(super) const STALL: Duration = Duration::from_secs(10);

/// How long an answer may wait for a check on demand, by default (docs/limits.md).
pub(super) const WAIT: Duration = Duration::from_secs(1);

fn time(text: &str) -> Duration {
    duration::parse(text.trim()).unwrap()
}

#[test]
fn load_balancers_notice_inside_the_drain_delay() {
    let haproxy = File::read("haproxy.cfg");
    let haproxy = time(haproxy.between("check inter ", " "))
        * haproxy.between(" fall ", " ").parse::<u32>().unwrap();

    let varnish = File::read("varnish.vcl");
    let number = |field| varnish.between(field, ";").parse::<u32>().unwrap();
    // Of the window fewer passes than the threshold.
    let failures = number(".window = ") - number(".threshold = ") + 1;
    let varnish = time(varnish.between(".interval = ", ";")) * failures;

    let envoy: Value = serde_saphyr::from_str(File::read("envoy.yaml").text()).unwrap();
    let check = &envoy["static_resources"]["clusters"][0]["health_checks"][0];
    let failures = u32::try_from(check["unhealthy_threshold"].as_u64().unwrap()).unwrap();
    let envoy = time(check["no_traffic_interval"].as_str().unwrap())
        .max(time(check["interval"].as_str().unwrap()))
        * failures;

    let delay = ShutdownFlags::default().drain_delay();
    for (who, notices) in [("HAProxy", haproxy), ("Varnish", varnish), ("Envoy", envoy)] {
        assert!(notices <= delay, "{who} notices after {notices:?}");
        assert!(
            notices >= Duration::from_secs(2),
            "{who}: one slip is no outage"
        );
    }
}

#[test]
fn no_prober_gives_up_before_an_answer_that_waits_for_a_check() {
    let haproxy = File::read("haproxy.cfg");
    let mut lines = haproxy.text().lines();
    let haproxy = lines.find_map(|line| line.trim().strip_prefix("timeout check "));
    let varnish = File::read("varnish.vcl");
    let envoy: Value = serde_saphyr::from_str(File::read("envoy.yaml").text()).unwrap();
    let check = &envoy["static_resources"]["clusters"][0]["health_checks"][0];
    for (who, timeout) in [
        ("HAProxy", haproxy.unwrap()),
        ("Varnish", varnish.between(".timeout = ", ";")),
        ("Envoy", check["timeout"].as_str().unwrap()),
    ] {
        assert!(time(timeout) > WAIT, "{who}: {timeout}");
    }
}

#[test]
fn systemd_waits_for_the_deadline() {
    let unit = File::read("health.service");
    let seconds = |field: &str| {
        let mut lines = unit.text().lines();
        let value = lines.find_map(|line| line.strip_prefix(field)).unwrap();
        Duration::from_secs(value.parse().unwrap())
    };
    let flags = ShutdownFlags::default();
    assert_eq!(
        seconds("TimeoutStopSec="),
        flags.deadline + Duration::from_secs(5)
    );
    // The node beats once a second at most, and liveness fails after 10 s of a stall.
    assert!(seconds("WatchdogSec=") > STALL);
    assert!(unit.text().contains("\nType=notify\n"));

    // A loop of starts is given up some time; one of critical failures never, for it is mended elsewhere.
    let times = u32::try_from(seconds("StartLimitBurst=").as_secs()).unwrap();
    let window = seconds("StartLimitIntervalSec=");
    assert!(seconds("RestartSec=") * times < window / 2);
    assert!(flags.grace * times > window);
}
