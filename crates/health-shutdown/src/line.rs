//! The lines of the log: what each says, and how loudly. When they are said is decided elsewhere.

use std::time::Duration;

use health_core::Unlogged;
use tracing::{Level, error, info, warn};

use crate::failure::{Failure, Why};
use crate::phase::Phase;
use crate::reason::Reason;
use crate::sighting::Over;

/// One thing to be said.
#[derive(Debug)]
pub(crate) enum Line {
    /// What the node says of its stopping.
    Node(Unlogged),
    Begins {
        reason: Reason,
        deadline: Duration,
    },
    /// Somebody else wanted to begin, and why.
    Overtaken(String),
    /// The node could not be told that it is stopping.
    Unannounced,
    /// The section could not be shown, and why.
    Unshown(String),
    Phase(Phase),
    Hurry(String),
    Abort(String),
    Failed {
        component: String,
        error: String,
    },
    Ends(Duration),
    /// What a critical failure leads to.
    Critical {
        failure: Failure,
        why: Why,
    },
    /// So many lines before it were lost.
    Dropped(u64),
    #[cfg(all(feature = "systemd", unix))]
    Systemd(std::io::Error),
}

impl Line {
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Node(_) | Self::Abort(_) | Self::Failed { .. } | Self::Unannounced => {
                Level::ERROR
            }
            Self::Hurry(_) | Self::Dropped(_) | Self::Unshown(_) => Level::WARN,
            Self::Critical { why, .. } => match why {
                Why::Begins { .. } | Why::Exempt | Why::Over(_) => Level::INFO,
                _ => Level::WARN,
            },
            #[cfg(all(feature = "systemd", unix))]
            Self::Systemd(_) => Level::DEBUG,
            _ => Level::INFO,
        }
    }

    /// Writes it, which may block or panic.
    pub(crate) fn write(self) {
        match self {
            Self::Node(lines) => lines.write(),
            Self::Begins { reason, deadline } => info!(%reason, ?deadline, "shutdown begins"),
            Self::Overtaken(reason) => info!(reason, "a shutdown is under way already"),
            Self::Unannounced => error!(
                "readiness could not be made to fail: somebody's aggregation holds the health up; \
                 the shutdown goes on without"
            ),
            Self::Unshown(error) => warn!(error, "the shutdown is not shown as a section"),
            Self::Phase(phase) => info!(%phase, "shutdown phase begins"),
            Self::Hurry(component) => warn!(component, "at its deadline, asked to hurry"),
            Self::Abort(component) => error!(component, "did not end in time, aborted"),
            Self::Failed { component, error } => {
                error!(component, error, "could not be stopped in order");
            }
            Self::Ends(elapsed) => info!(elapsed = ?short(elapsed), "shutdown ends"),
            Self::Critical { failure, why } => critical(&failure, why),
            Self::Dropped(lines) => warn!(lines, "the log was held up, and lines are lost"),
            #[cfg(all(feature = "systemd", unix))]
            Self::Systemd(error) => tracing::debug!(%error, "systemd does not listen"),
        }
    }
}

fn critical(failure: &Failure, why: Why) {
    match why {
        Why::Begins {
            after,
            sustained,
            grace,
            suppressed,
        } => info!(
            %failure,
            after,
            ?sustained,
            grace_left = ?short(grace),
            suppressed,
            "no shutdown yet: it has not failed so often and for so long, or the grace lasts"
        ),
        Why::Exempt => info!(%failure, "no shutdown: it is a shared dependency"),
        Why::Grace(left) => warn!(
            %failure,
            grace_left = ?short(left),
            "no shutdown yet: confirmed, but within the grace after the start"
        ),
        Why::Jitter(jitter) => {
            warn!(%failure, jitter = ?short(jitter), "a shutdown begins after the jitter, if it goes on");
        }
        Why::DryRun => warn!(%failure, "a shutdown would begin, but this is a dry run"),
        Why::Vetoed { veto, again } => {
            warn!(%failure, %veto, again_after = ?again, "no shutdown: a guard objects");
        }
        Why::Over(over) => match over {
            Over::Recovered => info!(%failure, "no shutdown: it recovered"),
            Over::NoEvidence => info!(%failure, "no shutdown: there is no evidence of it any more"),
            Over::Anew => info!(%failure, "no shutdown: it was registered anew"),
            Over::Disabled => info!(%failure, "no shutdown: it was disabled"),
            Over::NotCritical => info!(%failure, "no shutdown: it is critical no more"),
            Over::Ending => info!(%failure, "no shutdown: it announced its end"),
            Over::Gone => info!(%failure, "no shutdown: it was unregistered"),
        },
    }
}

/// To the millisecond: nobody reads more of it.
fn short(time: Duration) -> Duration {
    Duration::new(time.as_secs(), time.subsec_millis() * 1_000_000)
}
