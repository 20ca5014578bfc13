//! Pushes the followers as a section of a node, with one task, until the monitor is gone.
//!
//! What it shows is decided in `section`.

use std::sync::{Arc, Weak};
use std::time::Duration;

use health_core::{Health, MAX_ROWS, Row, Section, SectionError, SectionSpec};
use tokio::runtime::Handle;
use tokio::time::{MissedTickBehavior, interval};

use crate::driver::{Shared, lock};
use crate::forecast::Forecast;
use crate::monitor::LagMonitor;
use crate::section::{Recent, row, sort};
use crate::status::Status;

/// Between two pushes.
const TICK: Duration = Duration::from_secs(1);
/// How far ahead is shown, and in how many steps.
const AHEAD: Duration = Duration::from_mins(1);
const STEPS: u32 = 20;
/// Of how many forecasts the truth should lie in the band.
const COVERAGE: f64 = 0.9;

/// Why the followers are not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShowError {
    /// There is no runtime to push on.
    #[error("no tokio runtime here; call it from within one")]
    NoRuntime,
    /// The node has no room for the section.
    #[error(transparent)]
    Section(#[from] SectionError),
}

pub(crate) fn start(monitor: &LagMonitor, health: &Health) -> Result<(), ShowError> {
    let runtime = Handle::try_current().map_err(|_| ShowError::NoRuntime)?;
    let section = health.section(SectionSpec::new("lag").title("Replication lag"))?;
    let task = runtime.spawn(show(section, Arc::downgrade(&monitor.shared)));
    lock(&monitor.shared.tasks).push(task.abort_handle());
    Ok(())
}

async fn show(section: Section, held: Weak<Shared>) {
    let mut recent = Recent::default();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        // Held only while it works, so that the monitor can go.
        let Some(shared) = held.upgrade() else {
            return;
        };
        push(&section, &LagMonitor { shared }, &mut recent);
    }
}

fn push(section: &Section, monitor: &LagMonitor, recent: &mut Recent) {
    let now = monitor.now();
    let mut statuses = monitor.statuses_at(now);
    sort(&mut statuses);
    let (shown, rest) = statuses.split_at(statuses.len().min(MAX_ROWS));
    recent.observe(now, shown);
    let whole = |status: &Status| {
        let ahead = forecasts(monitor, status);
        row(status, now, recent, &ahead, monitor.policy())
    };
    // Those that do not fit are counted by the section.
    let rest = rest.iter().map(|status| Row::new(&*status.follower));
    section.push(shown.iter().map(whole).chain(rest));
}

fn forecasts(monitor: &LagMonitor, status: &Status) -> Vec<Forecast> {
    let Some(follower) = monitor.get(&status.follower) else {
        return Vec::new();
    };
    (1..=STEPS)
        .filter_map(|step| follower.forecast(AHEAD * step / STEPS, COVERAGE))
        .collect()
}
