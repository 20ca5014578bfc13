//! Checks that never give a result. What becomes of them is the runner's business.

use std::future::pending;

use async_trait::async_trait;

use crate::check::{Check, CheckContext, check_fn};
use crate::outcome::Outcome;
use crate::registration::Registration;

/// A check that never ends by itself, and holds no thread meanwhile: each run is
/// given up at its deadline.
pub fn hanging(name: impl Into<String>) -> Registration {
    check_fn(name, |_| pending::<Outcome>())
}

/// A check whose every run panics with `text`.
pub fn panicking(name: impl Into<String>, text: impl Into<String>) -> Registration {
    Registration::new(name, Panicking(text.into()))
}

struct Panicking(String);

#[expect(clippy::panic, reason = "it is what it is for")]
#[async_trait]
impl Check for Panicking {
    async fn check(&self, _cx: &CheckContext) -> Outcome {
        panic!("{}", self.0)
    }
}
