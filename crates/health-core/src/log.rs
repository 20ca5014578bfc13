//! The log lines of transitions. What is said and how often is decided by the engine.

use crate::engine::effect::LogLine;
use crate::status::{CheckStatus, NodeStatus};

/// Lines that are still to be written, for a caller that must not wait for a log that blocks.
#[derive(Debug)]
#[must_use = "`write` it where the log may block"]
pub struct Unlogged(pub(crate) Vec<LogLine>);

impl Unlogged {
    /// Writes them. It waits for whoever takes the lines, and a panic there goes on here.
    pub fn write(self) {
        self.0.iter().for_each(write);
    }
}

fn write(line: &LogLine) {
    match line {
        LogLine::Check {
            state,
            from,
            error,
            suppressed,
        } => {
            let (check, to, cause) = (state.name(), state.status.as_str(), state.cause.as_str());
            let (from, reason) = (from.as_str(), state.reason());
            let error = error.as_deref();
            match state.status {
                CheckStatus::Healthy => {
                    tracing::info!(check, from, to, cause, suppressed, "check recovered");
                }
                CheckStatus::Degraded | CheckStatus::Stopping | CheckStatus::Starting => {
                    tracing::warn!(
                        check,
                        from,
                        to,
                        cause,
                        reason,
                        error,
                        suppressed,
                        "check changed"
                    );
                }
                _ => {
                    tracing::error!(
                        check,
                        from,
                        to,
                        cause,
                        reason,
                        error,
                        suppressed,
                        "check failing"
                    );
                }
            }
        }
        LogLine::Probe {
            probe,
            from,
            to,
            message,
            suppressed,
        } => {
            let (probe, from) = (probe.as_str(), from.as_str());
            match to {
                NodeStatus::Unhealthy | NodeStatus::Degraded => {
                    tracing::warn!(probe, from, to = to.as_str(), reason = %message, suppressed, "probe changed");
                }
                _ => {
                    tracing::info!(probe, from, to = to.as_str(), reason = %message, suppressed, "probe changed");
                }
            }
        }
        LogLine::Lifecycle { from, to } => {
            tracing::info!(from = from.as_str(), to = to.as_str(), "node lifecycle");
        }
    }
}
