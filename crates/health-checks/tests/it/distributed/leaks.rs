//! Ten thousand runs within the process, and nothing is left.

use health_checks::distributed::{
    ConnectionCount, ConnectionsCheck, ConvergenceCheck, ElectionCheck, ElectionRole,
    ElectionState, InMemoryKeyValue, InProcessPubSub, KeyValueCheck, Pending, PubSubCheck,
    QueueState, ReplicationCheck, ReplicationState, TaskQueueCheck,
};
use health_core::Registration;
use tokio::sync::watch;

use crate::harness::{alone, leaks_nothing};

fn run_often(registration: impl Into<Registration>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(leaks_nothing(registration));
}

#[test]
fn publishing_and_subscribing() {
    alone("distributed::leaks::publishing_and_subscribing", || {
        let events = InProcessPubSub::default();
        run_often(PubSubCheck::new(events.clone()));
        assert_eq!((events.topics(), events.subscriptions()), (0, 0));
    });
}

#[test]
fn putting_and_getting() {
    alone("distributed::leaks::putting_and_getting", || {
        let store = InMemoryKeyValue::default();
        run_often(KeyValueCheck::new(store.clone()));
        assert!(store.is_empty());
    });
}

#[test]
fn reading_a_state() {
    alone("distributed::leaks::reading_a_state", || {
        let (_connections, counted) = watch::channel(ConnectionCount::new(5).of_known(9));
        let led = ElectionState::new(ElectionRole::Follower).led_by("node-2");
        let (_election, elected) = watch::channel(led.in_term(7));
        let (_replication, replicated) = watch::channel(ReplicationState::new(3));
        let (_convergence, converging) = watch::channel(Pending::default());
        let (_queue, queued) = watch::channel(QueueState::new(1, 2).of_capacity(100));
        let checks: [Registration; 5] = [
            ConnectionsCheck::new(counted).into(),
            ElectionCheck::new(elected).into(),
            ReplicationCheck::new(replicated, 3).unwrap().into(),
            ConvergenceCheck::new(converging).into(),
            TaskQueueCheck::new(queued).into(),
        ];
        for check in checks {
            run_often(check);
        }
    });
}
