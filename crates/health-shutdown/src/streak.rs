//! One critical check that has failed without a break, and how far it has come.
//!
//! How far it must come is asked in `critical`.

use std::time::{Duration, SystemTime};

use crate::failure::Failure;
use crate::sighting::Seen;

/// How far a failure has come. Times are those that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not so often, or not for so long.
    Building,
    /// It has been said that the grace holds it back.
    Held,
    /// The jitter, or the pause after a veto.
    Waiting(Duration),
    /// The guards are being asked.
    Asking,
    /// There is nothing more to do or to say.
    Settled,
}

/// A critical check that has failed without a break.
#[derive(Clone, Debug)]
pub(crate) struct Streak {
    pub(crate) since: Duration,
    pub(crate) runs: u64,
    pub(crate) last_success: Option<SystemTime>,
    pub(crate) component: bool,
    pub(crate) message: String,
    pub(crate) shared: bool,
    pub(crate) stage: Stage,
    /// How often it has come to the guards, or to its end.
    pub(crate) confirmed: u32,
    /// The log has spoken of it.
    pub(crate) said: bool,
}

impl Streak {
    /// It begins with what is seen at `age`.
    pub(crate) fn new(check: &Seen<'_>, age: Duration) -> Self {
        Self {
            since: age,
            runs: check.runs,
            last_success: check.last_success,
            component: check.component,
            message: check.message.to_owned(),
            shared: check.shared,
            stage: Stage::Building,
            confirmed: 0,
            said: false,
        }
    }

    /// Goes on with what is seen; `false` if that is another one: it was well in between, which
    /// was not seen, or is another check of its name.
    pub(crate) fn go_on(&mut self, check: &Seen<'_>) -> bool {
        let same = check.runs >= self.runs
            && check.last_success == self.last_success
            && check.shared == self.shared;
        if same {
            self.runs = check.runs;
            check.message.clone_into(&mut self.message);
        }
        same
    }

    pub(crate) fn failure(&self, check: &str, age: Duration) -> Failure {
        Failure {
            check: check.to_owned(),
            runs: self.runs,
            lasted: age.saturating_sub(self.since),
            message: self.message.clone(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.shared && self.stage != Stage::Settled
    }
}
