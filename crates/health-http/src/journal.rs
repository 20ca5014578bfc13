//! What has changed of late, for people: a bounded ring of transitions, fed as an observer.
//!
//! It is no history of runs (core keeps those), and forgets with the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use health_core::{Event, EventKind, Notice, Observer, Probe};
use serde::Serialize;

use crate::wire_time::unix_millis;

/// How many transitions are kept.
const MOST: usize = 200;

/// One change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Transition {
    seq: u64,
    /// Milliseconds since 1970.
    at: u64,
    subject: String,
    from: &'static str,
    to: &'static str,
    message: String,
}

#[derive(Debug, Default)]
struct Kept {
    /// The newest first.
    transitions: VecDeque<Arc<Transition>>,
    /// Since when the node has its status, if that was seen to change.
    since: Option<SystemTime>,
}

/// The ring.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    kept: Arc<Mutex<Kept>>,
}

impl Journal {
    /// The newest first, and since when the node has its status.
    pub(crate) fn read(&self) -> (Vec<Arc<Transition>>, Option<SystemTime>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.transitions.iter().cloned().collect(), kept.since)
    }

    fn note(&self, event: &Event) {
        let Some(transition) = transition(event) else {
            return;
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if is_the_nodes(&event.kind) {
            kept.since = Some(event.at);
        }
        kept.transitions.truncate(MOST - 1);
        kept.transitions.push_front(Arc::new(transition));
    }
}

#[async_trait]
impl Observer for Journal {
    async fn observe(&self, notice: &Notice) {
        if let Notice::Event(event) = notice {
            self.note(event);
        }
    }
}

fn is_the_nodes(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Probe {
            probe: Probe::Health,
            ..
        }
    )
}

/// What is worth a line: a check's status, the node's, and whether it is ready.
fn transition(event: &Event) -> Option<Transition> {
    let (subject, from, to, message) = match &event.kind {
        // The first good result is what everybody expects.
        EventKind::Transition { check, .. } if check.healthy() && check.runs <= 1 => return None,
        EventKind::Transition { check, from } => {
            let message = if check.healthy() { "" } else { check.reason() };
            (check.name(), from.as_str(), check.status.as_str(), message)
        }
        EventKind::Probe {
            probe, from, to, ..
        } => match probe {
            Probe::Health => ("the node", from.as_str(), to.as_str(), ""),
            Probe::Ready => ("readiness", from.as_str(), to.as_str(), ""),
            Probe::Live | Probe::Startup => return None,
        },
        _ => return None,
    };
    Some(Transition {
        seq: event.seq,
        at: unix_millis(event.at),
        subject: subject.to_owned(),
        from,
        to,
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{ComponentSpec, Health};

    #[tokio::test]
    async fn the_newest_are_kept() {
        let health = Health::new();
        let mut notices = health.subscribe();
        let journal = Journal::default();
        let queue = health.component(ComponentSpec::new("queue")).unwrap();
        let read = |journal: &Journal| -> Vec<String> {
            let line = |it: &Arc<Transition>| format!("{} {}>{}", it.subject, it.from, it.to);
            journal.read().0.iter().map(line).collect()
        };
        for round in 0..MOST {
            queue.degraded(format!("round {round}"));
            queue.ready();
            for _ in 0..2 {
                loop {
                    let notice = notices.next().await.unwrap();
                    journal.observe(&notice).await;
                    if matches!(&notice, Notice::Event(it) if matches!(it.kind, EventKind::Transition { .. }))
                    {
                        break;
                    }
                }
            }
        }
        let lines = read(&journal);
        assert_eq!(lines.len(), MOST);
        assert_eq!(lines[0], "queue degraded>healthy");
        assert_eq!(lines[1], "queue healthy>degraded");
    }
}
