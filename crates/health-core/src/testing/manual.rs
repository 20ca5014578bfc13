//! A check whose result a test sets from outside. It does not run by itself when
//! it is set: its schedule does that, or `Health::ask`.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use crate::check::check_fn;
use crate::outcome::Outcome;
use crate::registration::Registration;

/// Sets what a check made by [`manual`] says; clones set the same one.
#[derive(Clone, Debug)]
pub struct Manual(Arc<Mutex<Dial>>);

#[derive(Debug)]
struct Dial {
    outcome: Outcome,
    runs: u64,
}

/// A check that says `outcome`, until its handle says otherwise.
pub fn manual(name: impl Into<String>, outcome: impl Into<Outcome>) -> (Registration, Manual) {
    let handle = Manual(Arc::new(Mutex::new(Dial {
        outcome: outcome.into(),
        runs: 0,
    })));
    let dial = handle.clone();
    (check_fn(name, move |_| ready(dial.run())), handle)
}

impl Manual {
    /// What every run says from now on.
    pub fn set(&self, outcome: impl Into<Outcome>) {
        let outcome = outcome.into();
        self.with(|dial| dial.outcome = outcome);
    }

    /// How many runs there were.
    pub fn runs(&self) -> u64 {
        self.with(|dial| dial.runs)
    }

    fn run(&self) -> Outcome {
        self.with(|dial| {
            dial.runs += 1;
            dial.outcome.clone()
        })
    }

    fn with<R>(&self, act: impl FnOnce(&mut Dial) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
