//! Listens to the results of critical checks, and begins a shutdown when one has failed for
//! long enough and no guard objects.
//!
//! What is long enough is decided in `critical`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{CriticalFailure, EventKind, Guard, Notice, Observer, Veto};

use crate::clock;
use crate::critical::{CriticalPolicy, CriticalWatch, Failure, Finding, Mode, Seen};
use crate::isolation::isolated;
use crate::reason::Reason;
use crate::shutdown::Inner;

/// How long a guard may think; silence is a veto.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the critical trigger has done so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) confirmed: AtomicU64,
    pub(crate) dry_runs: AtomicU64,
    pub(crate) vetoes: AtomicU64,
}

/// The observer that is the trigger.
pub(crate) struct Trigger {
    shutdown: Weak<Inner>,
    node_id: String,
    policy: CriticalPolicy,
    watch: Mutex<CriticalWatch>,
}

impl Trigger {
    pub(crate) fn new(shutdown: Weak<Inner>, node_id: &str, policy: CriticalPolicy) -> Self {
        Self {
            node_id: node_id.to_owned(),
            watch: Mutex::new(CriticalWatch::new(&policy, clock::instant())),
            shutdown,
            policy,
        }
    }

    fn watch(&self) -> MutexGuard<'_, CriticalWatch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, check: Seen<'_>) {
        let finding = self.watch().see(check, clock::instant());
        match finding {
            None => {}
            Some(Finding::Begins { check }) => tracing::info!(
                check,
                "critical check fails; no shutdown before {} runs, {:?}, and the grace",
                self.policy.after,
                self.policy.sustained
            ),
            Some(Finding::Exempt { check }) => tracing::info!(
                check,
                "critical check fails; no shutdown, as it is a shared dependency"
            ),
            Some(Finding::Recovered(failure)) => tracing::info!(
                check = failure.check,
                runs = failure.runs,
                lasted = ?failure.lasted,
                "critical check recovered; no shutdown"
            ),
        }
    }

    fn take(&self, notice: &Notice) {
        match notice {
            Notice::Event(event) => match &event.kind {
                EventKind::Result { check }
                | EventKind::Transition { check, .. }
                | EventKind::Registered { check } => self.see(Seen::of(check)),
                EventKind::Unregistered { name } => self.watch().gone(name),
                _ => {}
            },
            Notice::Missed { report, .. } => {
                self.watch()
                    .retain(|name| report.checks.iter().any(|check| check.name() == name));
                for check in &report.checks {
                    self.see(Seen::of(check));
                }
            }
            _ => {}
        }
    }

    async fn act(&self, shutdown: &Arc<Inner>, failure: Failure) {
        let jitter = self.policy.jitter.mul_f64(random_fraction());
        if self
            .watch()
            .put_off(&failure.check, jitter, clock::instant())
        {
            tracing::warn!(%failure, ?jitter, "a shutdown begins after the jitter, if it goes on");
            return;
        }
        shutdown.critical.confirmed.fetch_add(1, Ordering::Relaxed);
        if self.policy.mode == Mode::DryRun {
            shutdown.critical.dry_runs.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%failure, "a shutdown would begin, but this is a dry run");
            self.watch().settle(&failure.check, clock::instant());
            return;
        }
        let request = CriticalFailure {
            node_id: self.node_id.clone(),
            check: failure.check.clone(),
            runs: failure.runs,
            lasted: failure.lasted,
            message: failure.message.clone(),
        };
        for guard in &self.policy.guards {
            if let Err(veto) = ask(guard.as_ref(), &request).await {
                shutdown.critical.vetoes.fetch_add(1, Ordering::Relaxed);
                let pause = self.watch().vetoed(&failure.check, clock::instant());
                tracing::warn!(%failure, %veto, again_after = ?pause, "no shutdown: a guard objects");
                return;
            }
        }
        // The guards took their time.
        if !shutdown.still_fails(&failure.check) {
            tracing::info!(%failure, "no shutdown: it recovered while the guards were asked");
            return;
        }
        self.watch().settle(&failure.check, clock::instant());
        shutdown.begin(Reason::Critical(failure.to_string()));
    }
}

#[async_trait]
impl Observer for Trigger {
    async fn observe(&self, notice: &Notice) {
        self.take(notice);
        let confirmed = self.watch().confirmed(clock::instant());
        if let (Some(failure), Some(shutdown)) = (confirmed, self.shutdown.upgrade())
            && !shutdown.has_begun()
        {
            self.act(&shutdown, failure).await;
        }
    }
}

/// What a guard says; silence and a panic are vetoes.
async fn ask(guard: &dyn Guard, failure: &CriticalFailure) -> Result<(), Veto> {
    let asked = isolated(|| guard.permit(failure));
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Some(answer)) => answer,
        Ok(None) => Err(Veto::new("the guard panicked")),
        Err(_) => Err(Veto::new(format!("the guard was silent for {PATIENCE:?}"))),
    }
}

/// In 0..1, and another one each time.
fn random_fraction() -> f64 {
    // A hasher's key is the one source of chance that std has.
    let bits = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(bits).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}
