//! A node that was suspended fails no probe when it wakes.
#![allow(
    clippy::disallowed_methods,
    reason = "a suspension has no end but that of its time"
)]

use std::time::Duration;

use crate::process::{Directory, Node};

/// Longer than the silence after which readiness and liveness fail, and than a file check's result
/// lasts: three intervals and its timeout of 10 s.
const SUSPENDED: Duration = Duration::from_secs(12);

#[test]
fn a_suspended_node_wakes_up_ready() {
    let directory = Directory::new("suspension");
    directory.write("db");
    let db = directory.check("db", ":critical");
    let node = Node::start(&[
        "--own-thread",
        "--interval",
        "100ms",
        "--checks",
        "5",
        "--file-check",
        &db,
    ]);
    node.wait_for("/ready", 200);
    let last = |body: &str| {
        let (_, rest) = body.split_once("\"last_update\":\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let mut seen = last(&node.get("/health").1);
    node.signal("STOP");
    std::thread::sleep(SUSPENDED);
    node.signal("CONT");
    // From the first answer on, until its checks have run again and again.
    let mut runs = 0;
    while runs < 10 {
        for path in ["/ready", "/live"] {
            let (code, body) = node.get(path);
            assert_eq!(code, 200, "{path}: {body}");
        }
        let now = last(&node.get("/health").1);
        runs += u32::from(now != seen);
        seen = now;
    }
}
