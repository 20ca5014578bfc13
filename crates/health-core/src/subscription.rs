//! A subscriber's end of the event stream.

use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::clock::Clock;
use crate::driver::Shared;
use crate::event::Event;
use crate::reader::Reader;
use crate::report::Report;
use crate::state::CheckState;

/// What a subscriber receives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// Something happened.
    Event(Arc<Event>),
    /// The subscriber was too slow: this many events are lost to it. The report
    /// is the state of now, which includes what they led to.
    Missed {
        /// How many events were lost.
        count: u64,
        /// The state since.
        report: Arc<Report>,
    },
}

/// A stream of events, from the moment of subscribing.
#[derive(Debug)]
pub struct Subscription {
    events: Receiver<Arc<Event>>,
    reader: Arc<Reader>,
    clock: Arc<Clock>,
    missed: u64,
}

impl Subscription {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            events: shared.listen(),
            reader: Arc::clone(&shared.reader),
            clock: Arc::clone(&shared.clock),
            missed: 0,
        }
    }

    /// The next notice; `None` once the `Health` is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.events.recv().await {
            Ok(event) => Some(Notice::Event(event)),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(count)) => {
                self.missed += count;
                let report = self.reader.report(self.clock.mono(), &self.clock);
                Some(Notice::Missed { count, report })
            }
        }
    }

    /// One check or component as of now, which may be later than the next notice.
    pub fn check(&self, name: &str) -> Option<Arc<CheckState>> {
        self.reader.check(name, self.clock.mono())
    }

    /// How many events were lost to this subscriber in all.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}
