//! The node's own life: `Starting -> Running -> Stopping -> Stopped`, never back.

use std::sync::Arc;

use crate::event::EventKind;
use crate::group::GroupError;
use crate::moment::{Moment, Now};
use crate::scope::Audience;
use crate::status::Lifecycle;

use super::Engine;
use super::effect::{Effect, LogLine};

impl Engine {
    /// The service says go: checks run from here on.
    pub(crate) fn start(&mut self, now: Now) -> Result<(), GroupError> {
        for scope in &self.scopes {
            if let Audience::Group { name, members } = &scope.audience {
                self.check_members(name, members)?;
            }
        }
        self.started = Some(now.mono);
        for index in 0..self.entries.len() {
            self.pend(index, now);
            self.settle(index, None, now);
        }
        self.advance(now);
        Ok(())
    }

    pub(crate) fn is_started(&self) -> bool {
        self.started.is_some()
    }

    /// Leaves `Starting` once nothing is awaited any more; else says anew for what it waits.
    pub(super) fn advance(&mut self, now: Now) {
        let proven = self.awaited.is_empty();
        #[cfg(test)]
        let proven = proven || self.planted(crate::simulator::Fault::StartsUnproven);
        if self.lifecycle == Lifecycle::Starting && self.started.is_some() && proven {
            self.proven = true;
            self.enter_lifecycle(Lifecycle::Running, now);
        } else {
            self.refresh_all(now);
        }
    }

    /// From here on the node is on its way out. `deadline`: when liveness fails
    /// because the shutdown has overrun it.
    pub(crate) fn begin_shutdown(&mut self, deadline: Moment, now: Now) {
        if self.lifecycle < Lifecycle::Stopping {
            self.shutdown_deadline = deadline;
            self.enter_lifecycle(Lifecycle::Stopping, now);
        } else if deadline < self.shutdown_deadline {
            self.shutdown_deadline = deadline;
            self.refresh_all(now);
        }
    }

    /// Nothing runs any more.
    pub(crate) fn stopped(&mut self, now: Now) {
        self.begin_shutdown(Moment::NEVER, now);
        if self.lifecycle != Lifecycle::Stopped {
            self.enter_lifecycle(Lifecycle::Stopped, now);
            let slots = self
                .entries
                .iter()
                .flatten()
                .map(|entry| Arc::clone(&entry.slot));
            self.effects.extend(slots.map(Effect::Close));
        }
    }

    fn enter_lifecycle(&mut self, to: Lifecycle, now: Now) {
        let from = self.lifecycle;
        self.lifecycle = to;
        self.effects.push(Effect::Lifecycle(to));
        self.emit(EventKind::Lifecycle { from, to }, now);
        self.effects
            .push(Effect::Log(LogLine::Lifecycle { from, to }));
        self.refresh_all(now);
    }

    fn refresh_all(&mut self, now: Now) {
        for index in 0..self.scopes.len() {
            self.refresh(index, Some(now));
        }
    }
}
