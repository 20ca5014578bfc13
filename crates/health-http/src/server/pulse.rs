//! Runs the stall observer: the application beats, the health thread ticks and listens.
//!
//! It does not decide what silence means.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::stall::{Silence, StallWatch};

/// The application's beats, counted for the observer.
#[derive(Debug, Default)]
pub(crate) struct Beats(Arc<AtomicU64>);

impl Beats {
    /// Where to beat, for as long as somebody listens.
    pub(crate) fn heard(&self) -> Weak<AtomicU64> {
        Arc::downgrade(&self.0)
    }
}

/// Beats from the application's runtime, until nobody listens or that runtime ends.
pub(crate) async fn beat(heard: Weak<AtomicU64>, interval: Duration) {
    while let Some(beats) = heard.upgrade() {
        beats.fetch_add(1, Ordering::Relaxed);
        drop(beats);
        tokio::time::sleep(interval).await;
    }
}

/// Ticks on the health thread. Sleeps rather than keeping a schedule: ticks that a suspended
/// machine missed must not be made up for.
pub(crate) async fn observe(beats: Beats, watch: Arc<StallWatch>, running: impl Fn() -> bool) {
    let interval = watch.limits().interval();
    let mut silence = Silence::default();
    loop {
        tokio::time::sleep(interval).await;
        let ticks = silence.tick(beats.0.load(Ordering::Relaxed), running());
        watch.set(interval.saturating_mul(ticks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::stall::StallLimits;

    #[tokio::test(start_paused = true)]
    async fn silence_is_found_and_forgotten() {
        let beats = Beats::default();
        let watch = Arc::new(StallWatch::new(StallLimits::default()));
        let heard = beats.heard();
        let observer = observe(beats, watch.clone(), || true);
        tokio::pin!(observer);
        let mut until = async |silent: Duration| {
            tokio::select! {
                () = &mut observer => {}
                () = tokio::time::sleep(silent) => {}
            }
        };

        until(Duration::from_millis(3_500)).await;
        assert!(watch.stall().readiness && !watch.stall().liveness);
        until(Duration::from_secs(7)).await;
        assert!(watch.stall().liveness);

        tokio::select! {
            () = beat(heard, Duration::from_secs(1)) => {}
            () = until(Duration::from_secs(2)) => {}
        }
        assert_eq!(watch.stall().stalled_for, Duration::ZERO);
    }
}
