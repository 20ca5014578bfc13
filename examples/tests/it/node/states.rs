//! Every state of the node, brought about from outside by files.
//!
//! The node's own memory and disk checks are non-critical: a full disk fails no test here.

use std::os::unix::net::UnixStream;

use crate::process::{Directory, Node, exchange};

const FAST: [&str; 2] = ["--interval", "20ms"];

#[test]
fn it_is_ready_and_shows_what_it_was_told() {
    let node = Node::start(&["--node-id", "n7", "--version-tag", "v9", "--checks", "3"]);
    node.wait_for("/ready", 200);
    for path in ["/health", "/live", "/startup"] {
        node.wait_for(path, 200);
    }
    let all = [
        "disk",
        "lag:replica",
        "memory",
        "noop-1",
        "noop-3",
        "worker",
    ];
    let body = node.wait_until("/health", |_, body| {
        all.iter().all(|name| body.contains(name))
    });
    assert!(body.contains("\"node_id\":\"n7\""), "{body}");
    assert!(body.contains("\"version\":\"v9\""), "{body}");
    assert_eq!(node.get("/nothing").0, 404);
}

#[test]
fn a_critical_file_decides_on_readiness_and_not_on_liveness() {
    let directory = Directory::new("critical");
    directory.write("db");
    let check = directory.check("db", ":critical");
    let node = Node::start(&[&["--file-check", &check][..], &FAST].concat());
    node.wait_for("/ready", 200);
    directory.remove("db");
    let body = node.wait_for("/ready", 503);
    assert!(body.contains("db"), "{body}");
    let report = node.wait_for("/health", 503);
    assert!(report.contains("is missing; create it"), "{report}");
    assert_eq!(node.get("/live").0, 200);
    directory.write("db");
    node.wait_for("/ready", 200);
}

#[test]
fn a_file_that_is_not_critical_degrades_at_most() {
    let directory = Directory::new("degraded");
    let check = directory.check("cache", "");
    let node = Node::start(&[&["--file-check", &check][..], &FAST].concat());
    node.wait_until("/health", |code, body| {
        code == 200 && body.contains("\"status\":\"degraded\"") && body.contains("is missing")
    });
    assert_eq!(node.get("/ready").0, 200);
    assert_eq!(node.get("/live").0, 200);
}

#[test]
fn a_live_file_fails_liveness_whatever_it_does_to_readiness() {
    let directory = Directory::new("loop");
    let check = directory.check("loop", ":live");
    let node = Node::start(&[&["--file-check", &check][..], &FAST].concat());
    node.wait_for("/live", 503);
    assert_eq!(node.get("/ready").0, 200);
    directory.write("loop");
    node.wait_for("/live", 200);
}

#[test]
fn a_critical_live_file_fails_liveness() {
    let directory = Directory::new("live");
    directory.write("key");
    let check = directory.check("key", ":critical:live");
    let node = Node::start(&[&["--file-check", &check][..], &FAST].concat());
    node.wait_for("/ready", 200);
    node.wait_for("/live", 200);
    directory.remove("key");
    node.wait_for("/live", 503);
    node.wait_for("/ready", 503);
}

#[test]
fn startup_waits_for_its_file_and_then_stays_passed() {
    let directory = Directory::new("startup");
    let check = directory.check("warm", ":critical:startup");
    let node = Node::start(&[&["--file-check", &check][..], &FAST].concat());
    node.wait_until("/health", |_, body| body.contains("is missing"));
    assert_eq!(node.get("/startup").0, 503);
    assert_eq!(node.get("/ready").0, 503);
    assert_eq!(node.get("/live").0, 200);
    directory.write("warm");
    node.wait_for("/startup", 200);
    node.wait_for("/ready", 200);
    directory.remove("warm");
    node.wait_for("/ready", 503);
    assert_eq!(node.get("/startup").0, 200);
}

#[test]
fn a_thread_of_its_own_answers_the_same() {
    let directory = Directory::new("own-thread");
    let check = directory.check("db", ":critical");
    let flags = ["--own-thread", "--file-check", &check];
    let node = Node::start(&[&flags[..], &FAST].concat());
    node.wait_for("/ready", 503);
    directory.write("db");
    node.wait_for("/ready", 200);
    node.signal("TERM");
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn a_unix_socket_serves_too() {
    let directory = Directory::new("socket");
    let path = directory.path("node.sock");
    let node = Node::start_as(&["--listen", &format!("unix:{}", path.display())]);
    assert_eq!(node.address, format!("unix:{}", path.display()));
    let (code, _) = exchange(UnixStream::connect(&path).unwrap(), "/live");
    assert_eq!(code, 200);
    node.signal("TERM");
    assert_eq!(node.end().0.code(), Some(0));
    assert!(!path.exists());
}
