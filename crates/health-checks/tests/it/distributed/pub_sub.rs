//! The loopback through publish/subscribe, under every fault.

use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use health_checks::distributed::{AdapterError, InProcessPubSub, Messages, PubSub, PubSubCheck};
use health_checks::testing::{Fault, FaultyPubSub};
use health_core::{Cause, CheckStatus, Registration, Schedule};
use tokio::time::sleep;

use super::detail;
use crate::harness::{Monitored, result};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[tokio::test(start_paused = true)]
async fn each_fault_is_told_apart_and_leaves_nothing() {
    use Cause::{Panic, Reported, Timeout};
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    let none = Fault::None;
    for (subscribe, publish, status, cause, word, message) in [
        (none, none, Healthy, Reported, "ok", "the message took 0 ms"),
        (
            none,
            Fault::Drop,
            Unhealthy,
            Timeout,
            "timeout",
            "did not come within 10 s",
        ),
        (
            none,
            Fault::Delay(secs(1) / 2),
            Healthy,
            Reported,
            "ok",
            "the message took 500 ms",
        ),
        (
            none,
            Fault::Delay(secs(2)),
            Degraded,
            Reported,
            "ok",
            "the message took 2 s, limit 1 s",
        ),
        (
            none,
            Fault::Delay(secs(11)),
            Unhealthy,
            Timeout,
            "timeout",
            "did not come within 10 s",
        ),
        (
            none,
            Fault::Corrupt,
            Unhealthy,
            Reported,
            "corrupt",
            "integrity violation",
        ),
        (
            none,
            Fault::Duplicate,
            Degraded,
            Reported,
            "duplicate",
            "came 2 times",
        ),
        (
            none,
            Fault::Fail,
            Unhealthy,
            Reported,
            "failed",
            "publishing failed",
        ),
        (
            none,
            Fault::Hang,
            Unhealthy,
            Timeout,
            "timeout",
            "publishing took longer than 10 s",
        ),
        (
            none,
            Fault::HangAfter,
            Unhealthy,
            Timeout,
            "timeout",
            "publishing took longer",
        ),
        (none, Fault::Panic, Unhealthy, Panic, "", "check panicked"),
        (
            Fault::Drop,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "did not come within 10 s",
        ),
        (
            Fault::Delay(secs(3)),
            none,
            Healthy,
            Reported,
            "ok",
            "the message took 0 ms",
        ),
        (
            Fault::Delay(secs(11)),
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "subscribing took longer",
        ),
        (
            Fault::Corrupt,
            none,
            Unhealthy,
            Reported,
            "corrupt",
            "integrity violation",
        ),
        (
            Fault::Duplicate,
            none,
            Degraded,
            Reported,
            "duplicate",
            "came 2 times",
        ),
        (
            Fault::Fail,
            none,
            Unhealthy,
            Reported,
            "failed",
            "subscribing failed",
        ),
        (
            Fault::Hang,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "subscribing took longer than 10 s",
        ),
        (Fault::Panic, none, Unhealthy, Panic, "", "check panicked"),
    ] {
        let broker = FaultyPubSub::default();
        broker.on_subscribe().always(subscribe);
        broker.on_publish().always(publish);
        let state = result(PubSubCheck::new(broker.clone())).await;
        let case = format!("{subscribe:?} {publish:?}: {state:?}");
        assert_eq!((state.status, state.cause), (status, cause), "{case}");
        assert!(state.message.contains(message), "{case}");
        assert_eq!(
            detail(&state, "result").as_str().unwrap_or_default(),
            word,
            "{case}"
        );
        assert_eq!((broker.topics(), broker.subscriptions()), (0, 0), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_leaves_nothing() {
    let broker = FaultyPubSub::default();
    broker.on_publish().always(Fault::Hang);
    let check = Monitored::start(PubSubCheck::new(broker.clone()));
    sleep(secs(1)).await;
    assert_eq!(broker.subscriptions(), 1, "in the midst of a run");
    check.stop().await;
    assert_eq!((broker.topics(), broker.subscriptions()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn it_recovers_and_remembers() {
    let broker = FaultyPubSub::default();
    let faults = [Fault::None, Fault::Drop, Fault::Corrupt];
    broker.on_publish().script(faults, Fault::None);
    let check = Monitored::start(PubSubCheck::new(broker.clone()));
    for (healthy, rate, failures) in [
        (true, 1.0, 0),
        (false, 0.5, 1),
        (false, 1.0 / 3.0, 2),
        (true, 0.5, 0),
    ] {
        let state = check.ask().await;
        assert_eq!(state.healthy(), healthy, "{state:?}");
        assert_eq!(detail(&state, "success_rate"), rate);
        assert_eq!(detail(&state, "consecutive_failures"), failures);
        assert!(detail(&state, "last_success_unix_s").is_u64());
        assert_eq!(detail(&state, "latency_ms").is_null(), !healthy);
    }
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lingering_finds_a_copy_that_comes_later() {
    for (linger, status) in [(0, CheckStatus::Healthy), (2, CheckStatus::Degraded)] {
        let bus = Rude::new(|sent| vec![sent.to_vec(), b"other".to_vec(), sent.to_vec()]);
        let pause = secs(1);
        let bus = Rude { pause, ..bus };
        let check = PubSubCheck::new(bus)
            .degraded_after(secs(9))
            .linger(secs(linger));
        assert_eq!(result(check).await.status, status, "{linger} s");
    }
}

/// Publishes something else than it is told to, and closes badly.
struct Rude {
    inner: InProcessPubSub,
    instead: fn(&[u8]) -> Vec<Vec<u8>>,
    /// Before each message that is received.
    pause: Duration,
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Well,
    /// The subscription is over before anything came.
    AtOnce,
    NextFails,
    CloseFails,
    CloseHangs,
    ClosePanics,
    /// Messages of others, without end and without a pause.
    Flood,
}

impl Rude {
    fn new(instead: fn(&[u8]) -> Vec<Vec<u8>>) -> Self {
        Self {
            inner: InProcessPubSub::default(),
            instead,
            pause: Duration::ZERO,
            end: End::Well,
        }
    }

    fn ending(end: End) -> Self {
        Self {
            end,
            ..Self::new(|sent| vec![sent.to_vec()])
        }
    }
}

#[async_trait]
impl PubSub for Rude {
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError> {
        Ok(Box::new(RudeMessages {
            inner: self.inner.subscribe(topic).await?,
            pause: self.pause,
            end: self.end,
        }))
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError> {
        for message in (self.instead)(message) {
            self.inner.publish(topic, &message).await?;
        }
        Ok(())
    }
}

struct RudeMessages {
    inner: Box<dyn Messages>,
    pause: Duration,
    end: End,
}

#[async_trait]
impl Messages for RudeMessages {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, AdapterError> {
        match self.end {
            End::AtOnce => Ok(None),
            End::NextFails => Err("connection reset".into()),
            End::Flood => Ok(Some(b"noise".to_vec())),
            _ => {
                if !self.pause.is_zero() {
                    sleep(self.pause).await;
                }
                self.inner.next().await
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<(), AdapterError> {
        match self.end {
            End::CloseFails => Err("connection reset".into()),
            End::CloseHangs => pending().await,
            End::ClosePanics => panic!("on purpose"),
            _ => self.inner.close().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn subscriptions_that_end_badly() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    for (end, status, cause, message) in [
        (End::Well, Healthy, Cause::Reported, "the message took"),
        (
            End::AtOnce,
            Unhealthy,
            Cause::Reported,
            "ended before the message came",
        ),
        (End::NextFails, Unhealthy, Cause::Reported, "waiting failed"),
        (
            End::CloseFails,
            Degraded,
            Cause::Reported,
            "could not be ended",
        ),
        (
            End::CloseHangs,
            Degraded,
            Cause::Reported,
            "could not be ended",
        ),
        (End::ClosePanics, Unhealthy, Cause::Panic, "check panicked"),
    ] {
        let bus = Rude::ending(end);
        let events = bus.inner.clone();
        let state = result(PubSubCheck::new(bus)).await;
        assert_eq!((state.status, state.cause), (status, cause), "{state:?}");
        assert!(state.message.contains(message), "{state:?}");
        assert_eq!((events.topics(), events.subscriptions()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_others_are_ignored_and_counted() {
    let noise: fn(&[u8]) -> Vec<Vec<u8>> = |sent| {
        let mut all = vec![Vec::new(), b"noise".to_vec(), vec![0xff; 100_000]];
        all.resize(200, b"more noise".to_vec());
        all.push(sent.to_vec());
        all
    };
    let state = result(PubSubCheck::new(Rude::new(noise))).await;
    assert!(state.healthy(), "{state:?}");
    assert_eq!(detail(&state, "foreign_messages"), 200);
}

#[tokio::test(start_paused = true)]
async fn replicas_share_the_topic() {
    let events = InProcessPubSub::default();
    let checks = [(); 10].map(|()| Monitored::start(PubSubCheck::new(events.clone())));
    for check in &checks {
        let state = check.ask().await;
        assert!(state.healthy(), "{state:?}");
    }
    for check in checks {
        check.stop().await;
    }
    assert_eq!(events.subscriptions(), 0);
}

/// In real time: time that is paused stands still while a task never rests.
#[tokio::test]
async fn a_flood_holds_off_neither_the_deadline_nor_other_tasks() {
    let check = PubSubCheck::new(Rude::ending(End::Flood));
    let check = check.wait(Duration::from_millis(20)).unwrap();
    let state = result(check).await;
    assert_eq!(state.cause, Cause::Timeout, "{state:?}");
    assert!(detail(&state, "foreign_messages").as_u64().unwrap() > 0);
}

#[test]
fn constructors_validate_and_default() {
    let check = || PubSubCheck::new(InProcessPubSub::default());
    for refused in [
        check().topic(""),
        check().topic("t".repeat(257)),
        check().wait(Duration::ZERO),
    ] {
        let refused = refused.err().unwrap().to_string();
        assert!(refused.starts_with("pub-sub: "), "{refused}");
    }
    assert!(check().topic("t".repeat(256)).is_ok());
    let registration: Registration = check().into();
    let spec = registration.spec();
    assert_eq!(
        (
            spec.name.as_str(),
            spec.schedule,
            spec.timeout,
            spec.shared_dependency
        ),
        ("pub-sub", Schedule::Every(secs(60)), secs(15), true)
    );
}
