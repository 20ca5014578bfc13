//! What is stopped in which phase: built by named methods, checked when built.
//!
//! Nothing is stopped here; the order is `sequence`'s.

use std::collections::HashSet;
use std::time::Duration;

use thiserror::Error;

use crate::component::{Component, How};
use crate::phase::Phase;
use crate::sequence::{Bounds, Item};

/// A component's deadline unless it has its own.
const COMPONENT: Duration = Duration::from_secs(5);
/// Between being asked to hurry and being aborted: at most this, and a tenth of the whole.
const MOMENT: Duration = Duration::from_millis(500);

/// Collects what is to be stopped; made by [`Shutdown::plan`](crate::Shutdown::plan).
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct PlanBuilder {
    whole: Duration,
    drain_delay: Duration,
    phases: [Option<Duration>; Phase::ALL.len()],
    entries: Vec<(Phase, bool, Component)>,
}

/// What is stopped, in which order; nothing in it contradicts itself.
#[derive(Debug)]
#[must_use = "a plan stops nothing until it is run"]
pub struct Plan {
    pub(crate) bounds: Bounds,
    pub(crate) parts: Vec<Part>,
}

/// One component or hook of a plan.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) item: Item,
    pub(crate) how: How,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("item", &self.item)
            .finish_non_exhaustive()
    }
}

/// Why a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A component without a name.
    #[error("a component of phase {0} has no name; give it one")]
    NoName(Phase),
    /// Two of one name could not be told apart in the report.
    #[error("`{0}` is in the plan twice; give each its own name")]
    Duplicate(String),
    /// There is no time at all.
    #[error("the whole shutdown has no time; give it a deadline")]
    NoTime,
    /// Something may take longer than everything.
    #[error("{what} may take {deadline:?}, but the whole shutdown {whole:?}; shorten it")]
    TooLong {
        /// The component, phase, or the drain delay.
        what: String,
        /// What it asks for.
        deadline: Duration,
        /// The whole.
        whole: Duration,
    },
    /// It could only be skipped.
    #[error("`{name}` is in phase {phase}, which is never reached in time; {remedy}")]
    Unreachable {
        /// The component.
        name: String,
        /// Its phase.
        phase: Phase,
        /// What to do about it.
        remedy: &'static str,
    },
}

impl PlanBuilder {
    pub(crate) fn new(whole: Duration, drain_delay: Duration) -> Self {
        Self {
            whole,
            drain_delay,
            phases: [None; Phase::ALL.len()],
            entries: Vec::new(),
        }
    }

    /// Runs when `phase` begins, before its components; hooks of one phase by priority.
    pub fn hook(mut self, phase: Phase, hook: Component) -> Self {
        self.entries.push((phase, true, hook));
        self
    }

    /// Takes in no new work.
    pub fn stop_intake(self, component: Component) -> Self {
        self.component(Phase::StopIntake, component)
    }

    /// Finishes work under way.
    pub fn drain_in_flight(self, component: Component) -> Self {
        self.component(Phase::DrainInFlight, component)
    }

    /// Ends something that runs in the background.
    pub fn stop_service(self, component: Component) -> Self {
        self.component(Phase::StopServices, component)
    }

    /// Writes what is buffered.
    pub fn flush(self, component: Component) -> Self {
        self.component(Phase::Flush, component)
    }

    /// Closes a pool, a file, a connection.
    pub fn close(self, component: Component) -> Self {
        self.component(Phase::CloseResources, component)
    }

    /// Goes last of all, such as the health endpoint.
    pub fn last(self, component: Component) -> Self {
        self.component(Phase::Final, component)
    }

    /// Stops `component` in `phase`.
    pub fn component(mut self, phase: Phase, component: Component) -> Self {
        self.entries.push((phase, false, component));
        self
    }

    /// How long a phase may take at most; by default as long as is left of the whole.
    pub fn phase_deadline(mut self, phase: Phase, deadline: Duration) -> Self {
        if let Some(limit) = self.phases.get_mut(phase as usize) {
            *limit = Some(deadline);
        }
        self
    }

    /// Checks that nothing in it contradicts itself.
    pub fn build(self) -> Result<Plan, PlanError> {
        self.check()?;
        let default = COMPONENT.min(self.whole);
        let parts = self
            .entries
            .into_iter()
            .map(|(phase, hook, component)| Part {
                name: component.name,
                item: Item {
                    phase,
                    hook,
                    priority: component.priority,
                    deadline: component.deadline.unwrap_or(default),
                },
                how: component.how,
            });
        Ok(Plan {
            bounds: Bounds {
                whole: self.whole,
                drain_delay: self.drain_delay,
                moment: MOMENT.min(self.whole / 10),
                phases: self.phases,
            },
            parts: parts.collect(),
        })
    }

    fn check(&self) -> Result<(), PlanError> {
        if self.whole.is_zero() {
            return Err(PlanError::NoTime);
        }
        let within = |what: &dyn Fn() -> String, deadline: Option<Duration>| match deadline {
            Some(deadline) if deadline > self.whole => Err(PlanError::TooLong {
                what: what(),
                deadline,
                whole: self.whole,
            }),
            _ => Ok(()),
        };
        within(&|| "the drain delay".to_owned(), Some(self.drain_delay))?;
        for (phase, limit) in Phase::ALL.iter().zip(self.phases) {
            within(&|| format!("phase {phase}"), limit)?;
        }
        let mut names = HashSet::new();
        for (phase, _, component) in &self.entries {
            let name = component.name.as_str();
            if name.is_empty() {
                return Err(PlanError::NoName(*phase));
            }
            if !names.insert(name) {
                return Err(PlanError::Duplicate(name.to_owned()));
            }
            within(&|| format!("`{name}`"), component.deadline)?;
            if let Some(remedy) = self.unreachable(*phase) {
                return Err(PlanError::Unreachable {
                    name: name.to_owned(),
                    phase: *phase,
                    remedy,
                });
            }
        }
        Ok(())
    }

    /// Why nothing of a phase could be stopped in time.
    fn unreachable(&self, phase: Phase) -> Option<&'static str> {
        let limit = self.phases.get(phase as usize).copied().flatten();
        if limit.is_some_and(|limit| limit.is_zero()) {
            return Some("give the phase a deadline over 0");
        }
        (phase > Phase::DrainDelay && self.drain_delay >= self.whole)
            .then_some("make the drain delay shorter than the whole")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn part(name: &str) -> Component {
        Component::new(name, |_| async {})
    }

    fn builder() -> PlanBuilder {
        PlanBuilder::new(secs(25), secs(5))
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        for (plan, words) in [
            (builder().flush(part("")), "phase flush has no name"),
            (
                builder().flush(part("queue")).close(part("queue")),
                "`queue` is in the plan twice",
            ),
            (
                builder().hook(Phase::Announce, part("a")).last(part("a")),
                "`a` is in the plan twice",
            ),
            (PlanBuilder::new(secs(0), secs(0)), "has no time"),
            (
                PlanBuilder::new(secs(5), secs(6)),
                "the drain delay may take 6s, but the whole shutdown 5s",
            ),
            (
                builder().flush(part("queue").deadline(secs(26))),
                "`queue` may take 26s, but the whole shutdown 25s",
            ),
            (
                builder().phase_deadline(Phase::Flush, secs(26)),
                "phase flush may take 26s",
            ),
            (
                PlanBuilder::new(secs(5), secs(5)).flush(part("queue")),
                "`queue` is in phase flush, which is never reached in time; make the drain delay",
            ),
            (
                builder()
                    .phase_deadline(Phase::Flush, secs(0))
                    .flush(part("queue")),
                "give the phase a deadline over 0",
            ),
        ] {
            let error = plan.build().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_left_open_has_its_default() {
        let plan = builder()
            .flush(part("queue"))
            .flush(part("index").deadline(secs(9)).priority(-1))
            .build()
            .unwrap();
        let deadlines: Vec<_> = plan.parts.iter().map(|part| part.item.deadline).collect();
        assert_eq!(deadlines, [secs(5), secs(9)]);
        assert_eq!(plan.bounds.moment, MOMENT);
        let short = PlanBuilder::new(secs(1), secs(0)).flush(part("queue"));
        let short = short.build().unwrap();
        assert_eq!(short.parts[0].item.deadline, secs(1));
        assert_eq!(short.bounds.moment, secs(1) / 10);
        assert!(PlanBuilder::new(secs(5), secs(5)).build().is_ok());
    }
}
