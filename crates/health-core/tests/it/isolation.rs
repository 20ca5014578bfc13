//! Two nodes in one process never meet.

use health_core::{ComponentSpec, Health, Lifecycle, Notice, Probe, Redaction};
use tokio::time::sleep;

use crate::stage::{Meter, check, metered, ms, secs, settle};

#[tokio::test(start_paused = true)]
async fn two_nodes_never_meet() {
    let secretive = Redaction::default().secret_key("ssn");
    let one = Health::builder()
        .node_id("one")
        .redaction(secretive)
        .build();
    let two = Health::builder().node_id("two").build();
    let meters = [Meter::default(), Meter::default()];
    for (health, meter) in [&one, &two].into_iter().zip(&meters) {
        health
            .register(metered("db", meter, || async {}).every(secs(1)))
            .unwrap();
    }
    let mut heard = two.subscribe();
    let first = one
        .component(ComponentSpec::new("part").critical())
        .unwrap();
    let second = two
        .component(ComponentSpec::new("part").critical())
        .unwrap();
    one.start().unwrap();
    first.not_ready("ssn=123");
    settle().await;
    assert_eq!(
        (one.lifecycle(), two.lifecycle()),
        (Lifecycle::Running, Lifecycle::Starting)
    );
    assert_eq!((meters[0].runs(), meters[1].runs()), (1, 0));
    two.start().unwrap();
    second.degraded("ssn=123");
    assert_eq!(check(&one, "part").message, "ssn=***");
    assert_eq!(check(&two, "part").message, "ssn=123");
    assert!(!one.verdict(Probe::Ready).passing && two.verdict(Probe::Ready).passing);
    one.unregister("db").unwrap();
    one.begin_shutdown();
    one.stop().await;
    drop((first, one));
    sleep(secs(100)).await;
    assert!(two.verdict(Probe::Ready).passing);
    assert_eq!(two.report().checks.len(), 2);
    assert_eq!(&*two.report().node_id, "two");
    meters[1].assert_cadence("db", secs(1), 97);
    let mut last = 1;
    while let Ok(Some(Notice::Event(event))) = tokio::time::timeout(secs(0), heard.next()).await {
        assert_eq!(event.seq, last + 1, "its own numbers, from its own events");
        last = event.seq;
    }
    assert!(last > 50, "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_check_object_may_be_shared_by_both() {
    let meter = Meter::default();
    let counted = meter.clone();
    let shared = std::sync::Arc::new(Shared(counted));
    let (one, two) = (Health::new(), Health::new());
    for health in [&one, &two] {
        let shared = health_core::Registration::shared("shared", shared.clone());
        health.register(shared.every(secs(1))).unwrap();
        health.start().unwrap();
    }
    sleep(ms(10_500)).await;
    one.stop().await;
    sleep(secs(10)).await;
    assert_eq!(check(&one, "shared").runs, 11);
    assert_eq!(check(&two, "shared").runs, 21);
    assert_eq!(meter.runs(), 32);
}

struct Shared(Meter);

#[async_trait::async_trait]
impl health_core::Check for Shared {
    async fn check(&self, _cx: &health_core::CheckContext) -> health_core::Outcome {
        drop(self.0.enter());
        health_core::Outcome::healthy()
    }
}
