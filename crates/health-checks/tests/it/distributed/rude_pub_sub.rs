//! The loopback through publish/subscribe that brings more, less or else than was sent.

use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use health_checks::distributed::{AdapterError, InProcessPubSub, Messages, PubSub, PubSubCheck};
use health_core::{Cause, CheckStatus};
use tokio::time::sleep;

use super::detail;
use crate::harness::result;

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
async fn lingering_finds_a_copy_that_comes_later() {
    for (linger, status) in [(0, CheckStatus::Healthy), (2, CheckStatus::Degraded)] {
        let bus = Rude::new(|sent| vec![sent.to_vec(), b"other".to_vec(), sent.to_vec()]);
        let pause = Duration::from_secs(1);
        let bus = Rude { pause, ..bus };
        let check = PubSubCheck::new(bus)
            .degraded_after(Duration::from_secs(9))
            .unwrap()
            .linger(Duration::from_secs(linger));
        assert_eq!(result(check).await.status, status, "{linger} s");
    }
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
