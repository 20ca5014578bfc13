//! The asking side of `Health`: fresh results, and on-demand checks.
//!
//! Whether to run and whom to wait for is the engine's decision; this waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::engine::Ask;
use crate::health::Health;
use crate::slot::Slot;
use crate::state::CheckState;
use crate::status::Probe;

/// How long a probe waits for an on-demand check that is past its max age.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no fresh result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskError {
    /// There is no such check.
    #[error("no check `{0}` is registered")]
    Unknown(String),
    /// It is switched off.
    #[error("check `{0}` is disabled; enable it first")]
    Disabled(String),
    /// The node has not been started, or has stopped.
    #[error("check `{0}` cannot run: the health monitor is not running")]
    NotRunning(String),
    /// No result came in time, or the check was taken away meanwhile.
    #[error("check `{0}` gave no result in time")]
    NoResult(String),
}

impl Health {
    /// Has a check run as soon as it is not running already; its schedule goes on.
    pub fn run_now(&self, name: &str) -> Result<(), AskError> {
        awaited(name, self.shared().act(|engine, _| engine.run_now(name))).map(|_| ())
    }

    /// A fresh result: from a run of now, which all askers share; or, of an
    /// on-demand check, a result younger than its TTL. A component answers with
    /// its last word, and so does a check that may not run so soon again (see
    /// [`Outcome::measured_at`](crate::Outcome::measured_at)): its state is as old as it was. Waits for the check's timeout and a second more at most.
    /// Cancel safe.
    pub async fn ask(&self, name: &str) -> Result<Arc<CheckState>, AskError> {
        let ask = self.shared().act(|engine, now| engine.ask(name, now));
        let (slot, wait) = awaited(name, ask)?;
        if let Some((results, patience)) = wait
            && !wait_for_result(&slot, results, patience).await
        {
            return Err(AskError::NoResult(name.to_owned()));
        }
        Ok(slot.read(self.shared().clock.mono()).0)
    }

    /// Whether [`demand`](Self::demand) has something to do for `probe`. One atomic load.
    pub fn demand_due(&self, probe: Probe, now: Instant) -> bool {
        let now = self.shared().clock.moment(now);
        self.shared().reader.probe(probe).cell.demand_due(now)
    }

    /// Asks the on-demand checks that count for `probe`: those past their TTL
    /// are refreshed behind the caller's back; for those past their max age it
    /// waits, at most one second. Cancel safe.
    pub async fn demand(&self, probe: Probe) {
        let asks = self
            .shared()
            .act(|engine, now| engine.demand(probe as usize, now));
        let all = async {
            for ask in asks {
                if let Ask::Wait {
                    slot,
                    results,
                    patience,
                } = ask
                {
                    wait_for_result(&slot, results, patience).await;
                }
            }
        };
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }
}

/// A slot, and for more than how many results to wait how long.
type Awaited = (Arc<Slot>, Option<(u64, Duration)>);

fn awaited(name: &str, ask: Ask) -> Result<Awaited, AskError> {
    let name = || name.to_owned();
    match ask {
        Ask::Fresh(slot) => Ok((slot, None)),
        Ask::Wait {
            slot,
            results,
            patience,
        } => Ok((slot, Some((results, patience)))),
        Ask::Disabled => Err(AskError::Disabled(name())),
        Ask::Idle => Err(AskError::NotRunning(name())),
        Ask::Unknown => Err(AskError::Unknown(name())),
    }
}

/// Waits until the slot shows more than `results` results; `false` if it does not in time.
async fn wait_for_result(slot: &Slot, results: u64, patience: Duration) -> bool {
    let fresh = async {
        loop {
            // Registered before the look, so that no result slips in between.
            let mut finished = std::pin::pin!(slot.finished.notified());
            finished.as_mut().enable();
            let state = slot.state();
            if state.runs > results {
                return true;
            }
            if slot.is_gone() || !state.enabled {
                return false;
            }
            finished.await;
        }
    };
    tokio::time::timeout(patience, fresh).await.unwrap_or(false)
}
