//! A node that was suspended fails no probe when it wakes.
#![allow(
    clippy::disallowed_methods,
    reason = "a suspension has no end but that of its time"
)]

use std::time::Duration;

use crate::process::Node;

/// Longer than the silence after which readiness fails.
const SUSPENDED: Duration = Duration::from_secs(4);

#[test]
fn a_suspended_node_wakes_up_ready() {
    let node = Node::start(&["--own-thread", "--interval", "100ms", "--checks", "5"]);
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
