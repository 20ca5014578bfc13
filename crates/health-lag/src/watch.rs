//! The tasks of a monitor: one for what time alone changes, and one an observer.
//!
//! They decide nothing, and end with the monitor.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use health_core::{MAX_MESSAGE, contained};
use tokio::runtime::Handle;
use tokio::time::{sleep, sleep_until};

use crate::driver::{Shared, lock};
use crate::events::{LagEvent, LagObserver, LagSubscription};
use crate::monitor::LagMonitor;
use crate::pulse::BEAT;
use crate::source_error::bounded;
use crate::statistics::NONE;

/// Many things that are due one after the other are found together.
const TOGETHER: Duration = Duration::from_millis(50);

/// Why a task was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// There is no runtime to run it on.
    #[error("no tokio runtime here; call it from within one")]
    NoRuntime,
    /// There is a watch already.
    #[error("the monitor is watched already")]
    Watched,
}

pub(crate) fn start(monitor: &LagMonitor) -> Result<(), WatchError> {
    let runtime = Handle::try_current().map_err(|_| WatchError::NoRuntime)?;
    let shared = &monitor.shared;
    let mut tasks = lock(&shared.tasks);
    if shared.is_watched() {
        return Err(WatchError::Watched);
    }
    shared.watched(true);
    let ended = Ended(Arc::downgrade(shared));
    let watch = watch(Arc::downgrade(shared));
    let task = runtime.spawn(async move {
        let _ended = ended;
        watch.await;
    });
    tasks.push(task.abort_handle());
    Ok(())
}

/// The watch may be started again once its runtime is gone.
struct Ended(Weak<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.watched(false);
        }
    }
}

async fn watch(held: Weak<Shared>) {
    let Some(wake) = held.upgrade().map(|shared| Arc::clone(&shared.wake)) else {
        return;
    };
    loop {
        // Held only while it works, so that the monitor can go.
        let Some(until) = held.upgrade().map(|shared| {
            let next = shared.sweep(shared.now(), true);
            if next == NONE {
                shared.pulse.withdraw();
            }
            (next != NONE).then(|| Duration::from_nanos(next))
        }) else {
            return;
        };
        match until {
            None => wake.notified().await,
            Some(until) => tokio::select! {
                () = beat(&held, until) => {}
                () = wake.notified() => {}
            },
        }
        sleep(TOGETHER).await;
    }
}

/// Waits, and looks often enough for a suspension to show.
async fn beat(held: &Weak<Shared>, until: Duration) {
    loop {
        let Some(next) = held.upgrade().and_then(|shared| {
            let now = shared.now();
            let next = until.min(now.saturating_add(BEAT));
            shared.pulse.promise(now, next.saturating_add(TOGETHER));
            (now < until).then(|| shared.instant(next))?
        }) else {
            return;
        };
        sleep_until(next.into()).await;
    }
}

pub(crate) fn observe(
    monitor: &LagMonitor,
    observer: Arc<dyn LagObserver>,
) -> Result<(), WatchError> {
    let runtime = Handle::try_current().map_err(|_| WatchError::NoRuntime)?;
    let events = monitor.subscribe();
    let held = Arc::downgrade(&monitor.shared);
    let task = runtime.spawn(tell(events, observer, held));
    lock(&monitor.shared.tasks).push(task.abort_handle());
    Ok(())
}

async fn tell(
    mut events: LagSubscription<LagEvent>,
    observer: Arc<dyn LagObserver>,
    held: Weak<Shared>,
) {
    while let Some(notice) = events.next().await {
        if let Err(text) = contained(|| observer.observe(&notice)).await {
            count_panic(&held, &text);
        }
    }
}

fn count_panic(held: &Weak<Shared>, text: &str) {
    let Some(shared) = held.upgrade() else {
        return;
    };
    let panics = shared.observer_panics.fetch_add(1, Ordering::Relaxed) + 1;
    if panics.is_power_of_two() {
        let text = bounded(text, MAX_MESSAGE);
        tracing::error!(panics, "an observer of replication lag panicked: {text}");
    }
}
