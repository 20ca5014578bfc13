//! A source that is polled into a monitor, which is waited for. What is expected of it, the tests
//! say.

use std::time::Duration;

use health_lag::{
    AlertEvent, AlertKind, Condition, LagEvent, LagMonitor, LagNotice, LagSource, LagSubscription,
    Level, Poller, Polling, Status,
};
use tokio::time::timeout;

use crate::harness::{PATIENCE, eventually};

/// The patience of the monitor.
pub(crate) const SHORT: Duration = Duration::from_millis(700);

/// A monitor of one follower.
pub(crate) struct Judged {
    pub(crate) monitor: LagMonitor,
    follower: String,
}

impl Judged {
    /// As usual, but for its patience.
    pub(crate) fn of(follower: impl Into<String>) -> Self {
        let monitor = LagMonitor::builder()
            .stalled(SHORT)
            .silence(SHORT)
            .warning(SHORT)
            .pending(Duration::ZERO)
            .resolve_after(Duration::from_millis(100))
            .no_prediction()
            .build()
            .unwrap();
        monitor.watch().unwrap();
        let follower = follower.into();
        Self { monitor, follower }
    }

    /// Tells it what this source brings from now on.
    pub(crate) fn poll(&self, source: impl LagSource) -> Polling {
        Poller::new("primary", source)
            .every(Duration::from_millis(50))
            .at_least_every(Duration::from_millis(50))
            .timeout(Duration::from_millis(500))
            .start(self.monitor.sink("primary").expect(&self.follower).unwrap())
            .unwrap()
    }

    pub(crate) fn status(&self) -> Status {
        self.monitor.get(&self.follower).unwrap().status().unwrap()
    }

    pub(crate) async fn becomes(&self, what: &str, expected: impl Fn(&Status) -> bool) -> Status {
        eventually(what, || {
            let status = self.status();
            (!expected(&status)).then_some(status)
        })
        .await;
        self.status()
    }

    /// Waits until one of `events` says that its follower began anew.
    pub(crate) async fn begun_anew(events: &mut LagSubscription<LagEvent>) {
        let found = async {
            loop {
                let notice = events.next().await.unwrap();
                if let LagNotice::Item(LagEvent::Transition(it)) = notice
                    && it.to.conditions.has(Condition::Reset)
                {
                    return;
                }
            }
        };
        timeout(PATIENCE, found).await.unwrap();
    }

    /// That ten more polls tell nothing of it.
    pub(crate) async fn hears_nothing(&self, polling: &Polling) {
        let told = self.status().samples;
        let mut watch = polling.watch();
        let polls = watch.next().await.unwrap().polls;
        while watch.next().await.unwrap().polls < polls + 10 {}
        assert_eq!(self.status().samples, told);
    }

    /// That stalls and silences were said, and their ends; and never that it is ahead.
    pub(crate) fn said_each_end(&self) {
        for kind in [AlertKind::Stalled, AlertKind::NoData] {
            let (fired, resolved) = self.fired(kind);
            assert!(fired > 0 && resolved > 0, "{kind:?}");
        }
        assert_eq!(self.fired(AlertKind::FollowerAhead), (0, 0));
    }

    /// How often an alert of a kind fired, and how often it was resolved.
    fn fired(&self, kind: AlertKind) -> (usize, usize) {
        let alerts = self.monitor.alerts().since(1).alerts;
        let count = |event| {
            let said = alerts.iter().filter(|it| it.kind == kind);
            said.filter(|it| it.event == event).count()
        };
        (count(AlertEvent::Firing), count(AlertEvent::Resolved))
    }
}

pub(crate) fn is_well(status: &Status) -> bool {
    status.level == Level::Normal && status.conditions.is_empty() && status.is_proven()
}

pub(crate) fn has(condition: Condition) -> impl Fn(&Status) -> bool {
    move |status| status.conditions.has(condition)
}
