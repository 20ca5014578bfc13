//! How far a shutdown has come: what the report is drawn from, at any time, by anybody.
//!
//! The sequence decides; here its state is joined with names, notes and errors.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::phase::Phase;
use crate::reason::Reason;
use crate::report::{ComponentReport, Report};
use crate::sequence::{Id, Sequence, State};
use crate::stop::Tether;

/// A shutdown under way.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) reason: Reason,
    pub(crate) began: SystemTime,
    pub(crate) sequence: Sequence,
    pub(crate) parts: Vec<Known>,
}

/// What is known of a component beside its state.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) phase: Phase,
    pub(crate) tether: Tether,
    pub(crate) error: Option<String>,
}

impl Progress {
    pub(crate) fn failed(&mut self, id: Id, error: String) {
        if let Some(part) = self.parts.get_mut(id) {
            part.error = Some(error);
        }
    }

    pub(crate) fn name(&self, id: Id) -> &str {
        self.parts.get(id).map_or("", |part| &part.name)
    }

    /// A number that grows whenever something has ended or said how far it is.
    #[cfg(all(feature = "systemd", unix))]
    pub(crate) fn count(&self) -> u64 {
        let ended = |state: &&State| matches!(state, State::Ended { .. });
        let ended = self.sequence.states().iter().filter(ended).count() as u64;
        let phase = self.sequence.phase().map_or(0, |phase| phase as u64 + 1);
        let notes = self.parts.iter().map(|part| part.tether.count());
        ended + phase + notes.sum::<u64>()
    }

    /// `stopping: phase flush, 3 of 7 left`.
    #[cfg(all(feature = "systemd", unix))]
    pub(crate) fn status(&self) -> String {
        let left = |state: &&State| !matches!(state, State::Ended { .. });
        let states = self.sequence.states();
        let phase = self.sequence.phase().map_or("none", Phase::as_str);
        let left = states.iter().filter(left).count();
        format!("stopping: phase {phase}, {left} of {} left", states.len())
    }

    /// The report as of `elapsed`. `overran`: the time is up, whatever the sequence knows of it.
    pub(crate) fn report(&self, elapsed: Duration, overran: bool) -> Report {
        let components = self.parts.iter().zip(self.sequence.states());
        let mut components: Vec<_> = components
            .map(|(part, state)| part.report(*state, elapsed))
            .collect();
        components.sort_by_key(|component| component.phase);
        Report {
            reason: self.reason.clone(),
            began: self.began,
            elapsed,
            phase: self.sequence.phase(),
            overran: overran || self.sequence.overran(),
            components,
        }
    }
}

impl Known {
    fn report(&self, state: State, elapsed: Duration) -> ComponentReport {
        let (ending, took) = match state {
            State::Waiting => (None, None),
            State::Stopping { since, .. } => (None, Some(elapsed.saturating_sub(since))),
            State::Ended { since, at, ending } => (Some(ending), Some(at.saturating_sub(since))),
        };
        ComponentReport {
            name: self.name.clone(),
            phase: self.phase,
            ending,
            elapsed: took,
            note: self.tether.note().map(Cow::into_owned),
            error: self.error.clone(),
        }
    }
}
