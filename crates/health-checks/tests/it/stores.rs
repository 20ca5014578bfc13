//! What the tests of stores share: what a failed run may say, and what must be left of none.
//! Starting servers is in `server`.
#![allow(dead_code, reason = "which of it is used depends on the features")]

use health_core::{CheckState, CheckStatus, Registration};
use tokio::runtime::Handle;

use crate::harness::{Said, connections, eventually, logged, result};
use crate::server::PASSWORD;

#[cfg(all(
    feature = "etcd",
    feature = "mysql",
    feature = "nats",
    feature = "postgres",
    feature = "redis"
))]
#[test]
fn defaults() {
    use std::time::Duration;

    use health_checks::{etcd, mysql, nats, postgres, redis};
    use health_core::{Impact, Schedule};

    let checks: [(&str, Registration); 5] = [
        (
            "postgres",
            postgres::PostgresCheck::new("host=db01").unwrap().into(),
        ),
        (
            "mysql",
            mysql::MysqlCheck::new("mysql://db01").unwrap().into(),
        ),
        (
            "redis",
            redis::RedisCheck::new("redis://db01").unwrap().into(),
        ),
        ("etcd", etcd::EtcdCheck::new("db01:2379").unwrap().into()),
        ("nats", nats::NatsCheck::new("db01").unwrap().into()),
    ];
    for (name, check) in checks {
        let spec = check.spec();
        assert_eq!((spec.name.as_str(), spec.impact), (name, Impact::Critical));
        assert!(spec.shared_dependency, "{name}");
        assert_eq!(spec.schedule, Schedule::Every(Duration::from_secs(30)));
        assert_eq!(spec.timeout, Duration::from_secs(10), "{name}");
        assert_eq!((spec.thresholds.down, spec.thresholds.up), (3, 2), "{name}");
    }
}

/// Given to whatever must fail, and looked for in all that it says.
pub(crate) const SECRET: &str = "swordfish-9";

/// Unhealthy for a reason, and nothing of it holds the password.
#[track_caller]
pub(crate) fn refused(state: &CheckState, words: &str) {
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
    assert!(state.message.contains(words), "no {words:?}: {state:?}");
    assert!(!format!("{state:?}").contains(SECRET), "{state:?}");
}

/// The same of a check that is run once, whose private error and log are looked into as well.
/// On a runtime of one thread.
pub(crate) async fn refuses(check: impl Into<Registration>, words: &str) {
    let (said, (log, _guard)) = (Said::default(), logged());
    let state = result(said.listen(check)).await;
    refused(&state, words);
    for said in [said, log] {
        let said = said.all();
        assert!(!said.is_empty() && !said.contains(SECRET), "{said}");
    }
}

/// Whether a run failed for a reason, of which nothing private is told.
pub(crate) fn says(state: &CheckState, words: &str) -> bool {
    for private in [PASSWORD, "app", "127.0.0.1"] {
        assert!(!state.message.contains(private), "{state:?}");
    }
    !state.healthy() && state.message.contains(words)
}

#[track_caller]
pub(crate) fn assert_says(state: &CheckState, words: &str) {
    assert!(says(state, words), "no {words:?}: {state:?}");
}

pub(crate) fn detail(state: &CheckState, name: &str) -> String {
    state.details.as_ref().unwrap()[name].to_string()
}

/// Waits until this runtime has no task, and the server on this port no connection.
pub(crate) async fn nothing_left(port: u16) {
    eventually("nothing to be left", || {
        let tasks = Handle::current().metrics().num_alive_tasks();
        let left = (tasks, connections(port));
        (left != (0, 0)).then_some(left)
    })
    .await;
}
