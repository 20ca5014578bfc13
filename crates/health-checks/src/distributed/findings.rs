//! Several things judged at once, told as one outcome. It judges nothing itself.

use health_core::{Outcome, Status};

/// What was found so far.
#[derive(Debug)]
pub(super) struct Findings {
    status: Status,
    said: Vec<String>,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            status: Status::Healthy,
            said: Vec::new(),
        }
    }
}

impl Findings {
    /// Adds one; what is healthy needs no words.
    pub(super) fn add(&mut self, status: Status, message: impl FnOnce() -> String) {
        if status != Status::Healthy {
            self.status = self.status.max(status);
            self.said.push(message());
        }
    }

    /// The worst of them with what they say, or `otherwise` if all is well.
    pub(super) fn outcome(self, otherwise: impl FnOnce() -> String) -> Outcome {
        let message = if self.said.is_empty() {
            otherwise()
        } else {
            self.said.join("; ")
        };
        Outcome::new(self.status, message)
    }
}
