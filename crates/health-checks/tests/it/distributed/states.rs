//! Checks that read a state: pushed, shared, hanging, failing, panicking.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_checks::distributed::{
    AdapterError, ConnectionCount, Connections, ConnectionsCheck, ConvergenceCheck, ElectionCheck,
    ElectionRole, ElectionState, Pending, QueueState, ReplicationCheck, ReplicationState,
    TaskQueueCheck,
};
use health_core::{Cause, CheckStatus, Registration, Schedule};
use tokio::sync::watch;

use super::detail;
use crate::harness::Monitored;

#[tokio::test(start_paused = true)]
async fn a_pushed_state_is_read_until_its_sender_is_gone() {
    let (connections, counted) = watch::channel(ConnectionCount::new(5));
    let led = ElectionState::new(ElectionRole::Follower).led_by("node-2");
    let (election, elected) = watch::channel(led);
    let (replication, replicated) = watch::channel(ReplicationState::new(3));
    let (convergence, converging) = watch::channel(Pending::default());
    let (queue, queued) = watch::channel(QueueState::new(1, 2));
    let checks: [Registration; 5] = [
        ConnectionsCheck::new(counted).into(),
        ElectionCheck::new(elected).into(),
        ReplicationCheck::new(replicated, 3).unwrap().into(),
        ConvergenceCheck::new(converging).into(),
        TaskQueueCheck::new(queued).into(),
    ];
    let checks = checks.map(Monitored::start);
    for check in &checks {
        let state = check.ask().await;
        assert!(state.healthy(), "{state:?}");
        assert_eq!(detail(&state, "success_rate"), 1.0);
        assert_eq!(detail(&state, "consecutive_failures"), 0);
        assert!(detail(&state, "last_success_unix_seconds").is_u64());
        assert!(detail(&state, "latency_ms").is_f64());
    }
    drop((connections, election, replication, convergence, queue));
    for check in checks {
        let state = check.ask().await;
        assert_eq!(state.status, CheckStatus::Unhealthy);
        assert!(state.message.ends_with("cannot be read"), "{state:?}");
        assert!(detail(&state, "success_rate").as_f64().unwrap() < 1.0);
        assert!(detail(&state, "consecutive_failures").as_u64().unwrap() > 0);
        check.stop().await;
    }
}

/// Does something else on each read.
struct Foreign(watch::Receiver<&'static str>);

#[async_trait]
impl Connections for Foreign {
    async fn connections(&self) -> Result<ConnectionCount, AdapterError> {
        let what = *self.0.borrow();
        match what {
            "hang" => pending().await,
            "panic" => panic!("on purpose"),
            "fail" => Err("password=hunter2".into()),
            _ => Ok(ConnectionCount::new(5)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_code_may_do_anything() {
    let (what, does) = watch::channel("work");
    let check = Monitored::start(ConnectionsCheck::new(Arc::new(Foreign(does))));
    for (does, cause, message, failures) in [
        ("work", Cause::Reported, "5 connections, limit 3", 0),
        (
            "hang",
            Cause::Timeout,
            "the number of connections gave no answer within 4.75 s",
            1,
        ),
        (
            "fail",
            Cause::Reported,
            "the number of connections cannot be read",
            2,
        ),
        ("panic", Cause::Panic, "check panicked", 2),
        ("work", Cause::Reported, "5 connections, limit 3", 0),
    ] {
        what.send_replace(does);
        let state = check.ask().await;
        assert_eq!((state.cause, &*state.message), (cause, message));
        assert_eq!(detail(&state, "consecutive_failures"), failures, "{does}");
    }
    let state = check.ask().await;
    assert_eq!(detail(&state, "success_rate"), 0.5, "the panic counts");
    check.stop().await;
}

#[test]
fn defaults_are_as_documented() {
    let secs = Duration::from_secs;
    let connections = ConnectionsCheck::new(watch::channel(ConnectionCount::default()).1);
    let election = ElectionCheck::new(watch::channel(ElectionState::new(ElectionRole::Leader)).1);
    let replication = ReplicationCheck::new(watch::channel(ReplicationState::default()).1, 3);
    let convergence = ConvergenceCheck::new(watch::channel(Pending::default()).1);
    let queue = TaskQueueCheck::new(watch::channel(QueueState::default()).1);
    for (registration, name, every, timeout, shared) in [
        (connections.registration(), "connections", 30, 5, false),
        (election.registration(), "election", 15, 5, true),
        (
            replication.unwrap().registration(),
            "replication",
            120,
            20,
            true,
        ),
        (convergence.registration(), "convergence", 15, 5, false),
        (queue.registration(), "task-queue", 30, 5, false),
    ] {
        let spec = registration.spec();
        assert_eq!(spec.name, name);
        assert_eq!(spec.schedule, Schedule::Every(secs(every)), "{name}");
        assert_eq!(spec.timeout, secs(timeout), "{name}");
        assert_eq!(spec.shared_dependency, shared, "{name}");
    }
}
