//! What a change of one entry does to the scopes it counts in: tallies, bounds,
//! verdicts, sentences, and what of them is published.
//!
//! The arithmetic is in `scope`; which entry changed, and why, is known elsewhere.

use std::sync::Arc;

use crate::aggregate::COUNTED;
use crate::event::EventKind;
use crate::moment::{Moment, Now};
use crate::scope::{Audience, Rank, Scope};
#[cfg(test)]
use crate::simulator::Fault;
use crate::status::{Impact, Lifecycle, NodeStatus, Probe};
use crate::wording;

use super::Engine;
use super::effect::{Effect, LogLine};
use super::entry::Counted;

impl Engine {
    /// Moves the tallies of the entry's scopes, and what they publish.
    pub(super) fn recount(
        &mut self,
        index: usize,
        before: Option<Counted>,
        after: Option<Counted>,
        now: Now,
    ) {
        #[cfg(test)]
        let after = if self.planted(Fault::TalliesDrift) {
            before.or(after)
        } else {
            after
        };
        let Some(entry) = self.entries.get(index).and_then(Option::as_ref) else {
            return;
        };
        let expires = entry.expires;
        let name = (before != after).then(|| Arc::clone(&entry.slot.name));
        let memberships = entry.memberships.len();
        for i in 0..memberships {
            let Some((scope_index, impact)) = self.membership(index, i) else {
                continue;
            };
            let Some(scope) = self.scopes.get_mut(scope_index) else {
                continue;
            };
            // Liveness never fails for lack of evidence.
            let live = scope.is_live();
            let counts = |c: &Counted| !(live && c.status.is_none());
            let (before, after) = (before.filter(counts), after.filter(counts));
            let lowered =
                after.is_some_and(|c| c.status.is_some()) && !live && lower(scope, impact, expires);
            if before == after {
                if lowered {
                    self.publish(scope_index, None);
                }
                continue;
            }
            if let Some(old) = before {
                scope.tallies.remove(impact, old.status, old.score);
                if let Some(failing) = Rank::of(impact, old.status).zip(name.clone()) {
                    scope.failing.remove(&failing);
                }
            }
            if let Some(new) = after {
                scope.tallies.add(impact, new.status, new.score);
                if let Some(failing) = Rank::of(impact, new.status).zip(name.clone()) {
                    scope.failing.insert(failing);
                }
            }
            if before.map(|c| c.status) != after.map(|c| c.status) {
                self.refresh(scope_index, Some(now));
            } else if scope.aggregation.reads_scores() {
                let table = scope.entries(self.lifecycle, self.proven);
                if !table.same_entries(scope.table) {
                    self.refresh(scope_index, Some(now));
                } else if lowered {
                    self.publish(scope_index, None);
                }
            } else if lowered {
                self.publish(scope_index, None);
            }
        }
    }

    /// Tells the readers of the entry's scopes that its standing may change at `at`.
    pub(super) fn lower_bounds(&mut self, index: usize, at: Moment) {
        let mut i = 0;
        while let Some((scope_index, impact)) = self.membership(index, i) {
            i += 1;
            let scope = self.scopes.get_mut(scope_index);
            if scope.is_some_and(|scope| !scope.is_live() && lower(scope, impact, at)) {
                self.publish(scope_index, None);
            }
        }
    }

    pub(super) fn membership(&self, index: usize, i: usize) -> Option<(usize, Impact)> {
        self.entries
            .get(index)?
            .as_ref()?
            .memberships
            .get(i)
            .copied()
    }

    /// Works a scope's table and sentence out anew, under a new stamp.
    pub(super) fn refresh(&mut self, scope_index: usize, now: Option<Now>) {
        let Some(scope) = self.scopes.get_mut(scope_index) else {
            return;
        };
        let old = scope.table.verdict(0);
        scope.table = scope
            .entries(self.lifecycle, self.proven)
            .stamped(scope.table.stamp() + 1);
        let new = scope.table.verdict(0);
        let failing = scope.failing.iter().map(|(_, name)| name.as_ref());
        let message = match (self.lifecycle, &scope.audience) {
            (Lifecycle::Starting, Audience::Probe(Probe::Live)) if new.passing => {
                "alive, starting".into()
            }
            (Lifecycle::Starting, audience)
                if !matches!(audience, Audience::Probe(Probe::Live)) =>
            {
                wording::starting(
                    self.started.is_some(),
                    self.awaited.iter().map(AsRef::as_ref),
                )
            }
            (Lifecycle::Stopping | Lifecycle::Stopped, _) => wording::ending(self.lifecycle).into(),
            (_, Audience::Probe(Probe::Startup)) => "started".into(),
            (_, Audience::Probe(Probe::Live)) if scope.tallies.total() == 0 => "alive".into(),
            _ => wording::evident(&scope.tallies, failing),
        };
        self.publish(scope_index, Some(Arc::clone(&message)));
        let Some(now) = now.filter(|_| (old.status, old.passing) != (new.status, new.passing))
        else {
            return;
        };
        let Some(Audience::Probe(probe)) = self
            .scopes
            .get(scope_index)
            .map(|scope| scope.audience.clone())
        else {
            return;
        };
        let (from, to) = (old.status, new.status);
        self.emit(
            EventKind::Probe {
                probe,
                from,
                to,
                passing: new.passing,
            },
            now,
        );
        // That it came up as expected is said by the lifecycle; what is not
        // known yet is known in a moment.
        let came_up = from == NodeStatus::Starting && new.passing;
        if let Some(suppressed) = (probe == Probe::Ready && !came_up)
            .then(|| self.probe_gate.admit(now.mono))
            .flatten()
        {
            self.effects.push(Effect::Log(LogLine::Probe {
                probe,
                from,
                to,
                message,
                suppressed,
            }));
        }
    }

    pub(super) fn publish(&mut self, scope_index: usize, message: Option<Arc<str>>) {
        let Some(scope) = self.scopes.get(scope_index) else {
            return;
        };
        let stopping = self.lifecycle >= Lifecycle::Stopping;
        #[cfg(test)]
        let stopping = match self.fault {
            Some(Fault::BoundForgotten) => true,
            Some(Fault::EndlessShutdown) => false,
            _ => stopping,
        };
        let expiries = if scope.is_live() {
            // Past the deadline of the shutdown, the reader itself fails liveness.
            [
                if stopping {
                    self.shutdown_deadline
                } else {
                    Moment::NEVER
                },
                Moment::NEVER,
            ]
        } else if stopping {
            [Moment::NEVER; 2]
        } else {
            scope.expiries
        };
        let text = message.map(|message| {
            Arc::new(wording::ScopeText {
                table: scope.table,
                message,
            })
        });
        let (scope, table) = (Arc::clone(&scope.published), scope.table);
        self.effects.push(Effect::Publish {
            scope,
            table,
            expiries,
            text,
        });
    }
}

/// Lowers the bound of the class of `impact` to `expires`; whether it moved.
pub(super) fn lower(scope: &mut Scope, impact: Impact, expires: Moment) -> bool {
    let class = COUNTED.iter().position(|counted| *counted == impact);
    match class.and_then(|class| scope.expiries.get_mut(class)) {
        Some(bound) if expires < *bound => {
            *bound = expires;
            true
        }
        _ => false,
    }
}
