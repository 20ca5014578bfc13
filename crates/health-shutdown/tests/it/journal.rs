//! Writes down what happened, in its order, with the seconds since the beginning
//! (in tenths: timers round up to a millisecond).

use std::sync::{Arc, Mutex};

use health_core::Health;
use health_shutdown::{Component, Shutdown, ShutdownBuilder, Stop};
use tokio::time::Instant;

#[derive(Clone)]
pub(crate) struct Journal {
    began: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            lines: Arc::default(),
        }
    }

    pub(crate) fn note(&self, what: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.lines
            .lock()
            .unwrap()
            .push(format!("{seconds:.1} {what}"));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// A component that takes some seconds, and notes when it begins and ends.
    pub(crate) fn takes(&self, name: &'static str, seconds: u64) -> Component {
        let journal = self.clone();
        Component::new(name, move |_| async move {
            journal.note(&format!("{name} begins"));
            tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
            journal.note(&format!("{name} ends"));
        })
    }

    /// A component that never ends by itself, and notes when it is asked to hurry.
    pub(crate) fn hangs(&self, name: &'static str) -> Component {
        let journal = self.clone();
        Component::new(name, move |stop: Stop| async move {
            journal.note(&format!("{name} hangs"));
            stop.hurry().cancelled().await;
            journal.note(&format!("{name} is asked to hurry"));
            std::future::pending::<()>().await;
        })
    }
}

/// A shutdown of a running node.
pub(crate) fn running() -> (Health, ShutdownBuilder) {
    let health = Health::new();
    health.start().unwrap();
    let shutdown = Shutdown::of(&health);
    (health, shutdown)
}
