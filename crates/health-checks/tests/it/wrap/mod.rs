//! Wrappers and checks made of checks, run by the monitor.

mod leaks;
mod parts;
mod wrappers;

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use health_core::{CheckState, Outcome, Registration, check_fn};
use serde_json::Value;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn detail(state: &CheckState, key: &str) -> Value {
    let details = state.details.as_ref();
    details.map_or(Value::Null, |details| details[key].clone())
}

/// What one run does.
#[derive(Clone, Debug)]
enum Act {
    Say(Outcome),
    After(Duration, Outcome),
    Hang,
    Panic,
    /// Hangs, and panics when it is given up.
    PanicLate,
}

struct PanicsLate;

impl Drop for PanicsLate {
    fn drop(&mut self) {
        panic!("dropped on purpose");
    }
}

/// A check that acts as it is told, one act a run, the last one repeating; and how often it ran.
fn acting(name: &str, acts: impl Into<Vec<Act>>) -> (Registration, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let acts = Mutex::new(acts.into());
    let registration = check_fn(name, move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut acts = acts.lock().unwrap();
        let act = match acts.as_slice() {
            [last] => last.clone(),
            _ => acts.remove(0),
        };
        async move {
            match act {
                Act::Say(outcome) => outcome,
                Act::After(pause, outcome) => {
                    tokio::time::sleep(pause).await;
                    outcome
                }
                Act::Hang => pending().await,
                Act::Panic => panic!("on purpose"),
                Act::PanicLate => {
                    let _late = PanicsLate;
                    pending().await
                }
            }
        }
    });
    (registration, runs)
}

fn part(name: &str, act: Act) -> Registration {
    acting(name, [act]).0
}

fn good() -> Act {
    Act::Say(Outcome::healthy())
}

fn half() -> Act {
    Act::Say(Outcome::degraded("half"))
}

fn bad() -> Act {
    Act::Say(Outcome::unhealthy("refused").with_error("10.0.0.7: refused"))
}
