//! One check made of several: all of its parts run at once, each to itself.
//!
//! What the whole is, is decided in `whole`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use super::contained::contained;
use super::whole::told;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::together::together;

const NAME: &str = "check of parts";
/// So many fit into the details, with short messages.
const MOST_PARTS: usize = 32;

/// A check that is as its worst part.
///
/// Of the parts their names, checks and timeouts are used; their schedules,
/// thresholds and impacts are not. 1 to 32 parts of different names. They run at
/// the same time, on one task; one that panics or hangs takes no other down, and
/// counts as unhealthy. The whole takes as long as its slowest part: give each a
/// timeout. Its own is the longest of theirs, and it runs every 30 s, or less often if a part
/// must not run as often.
///
/// Its details are `parts`, `healthy_parts`, `needed_parts`, and `part:NAME` with
/// `status`, `cause` and `message` of each, and `cached_ms` where it says its last outcome
/// again; other details of the parts are left out.
///
/// ```
/// use health_checks::wrap::all_of;
/// use health_core::check_fn;
///
/// let registration = all_of("mail", [
///     check_fn("smtp", |_| async { true }),
///     check_fn("spool", |_| async { true }),
/// ])?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
pub fn all_of(
    name: impl Into<String>,
    parts: impl IntoIterator<Item = Registration>,
) -> Result<Registration, InvalidCheck> {
    let parts = parts.into_iter().collect::<Vec<_>>();
    made_of(name.into(), parts.len(), &parts)
}

/// A check that is as its best part; else like [`all_of`].
pub fn any_of(
    name: impl Into<String>,
    parts: impl IntoIterator<Item = Registration>,
) -> Result<Registration, InvalidCheck> {
    made_of(name.into(), 1, &parts.into_iter().collect::<Vec<_>>())
}

/// A check that is healthy if `needed` of its parts are, degraded if so many are at
/// least degraded, and unhealthy otherwise; else like [`all_of`].
///
/// ```
/// use health_checks::wrap::quorum;
/// use health_core::check_fn;
///
/// let peers = ["a", "b", "c"].map(|peer| check_fn(peer, |_| async { true }));
/// let registration = quorum("peers", 2, peers)?.critical();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
pub fn quorum(
    name: impl Into<String>,
    needed: usize,
    parts: impl IntoIterator<Item = Registration>,
) -> Result<Registration, InvalidCheck> {
    made_of(name.into(), needed, &parts.into_iter().collect::<Vec<_>>())
}

fn made_of(
    name: String,
    needed: usize,
    parts: &[Registration],
) -> Result<Registration, InvalidCheck> {
    let count = parts.len();
    let refused = |problem| Err(InvalidCheck::new(NAME, problem));
    if !(1..=MOST_PARTS).contains(&count) {
        return refused(format!(
            "`{name}` cannot have {count} parts; give 1 to {MOST_PARTS}"
        ));
    }
    if !(1..=count).contains(&needed) {
        return refused(format!(
            "`{name}` cannot need {needed} of {count} parts; give 1 to {count}"
        ));
    }
    let mut names = BTreeSet::new();
    for part in parts {
        if !names.insert(part.spec().name.as_str()) {
            let part = &part.spec().name;
            return refused(format!(
                "`{name}` has two parts `{part}`; give each another name"
            ));
        }
    }
    let timeout = parts.iter().map(|part| part.spec().timeout).max();
    let reuse = parts.iter().map(|part| part.spec().reuse).max();
    let least = parts.iter().map(|part| part.spec().least_interval).max();
    let parts = parts.iter().map(Part::of).collect();
    let whole = Whole { needed, parts };
    let registration = Registration::new(name, whole)
        .least_interval(least.unwrap_or_default())
        .reuse(reuse.unwrap_or_default());
    Ok(match timeout {
        Some(timeout) => registration.timeout(timeout),
        None => registration,
    })
}

struct Part {
    name: String,
    check: Arc<dyn Check>,
    timeout: Duration,
}

impl Part {
    fn of(registration: &Registration) -> Self {
        Self {
            name: registration.spec().name.clone(),
            check: Arc::clone(registration.check()),
            timeout: registration.spec().timeout,
        }
    }
}

struct Whole {
    needed: usize,
    parts: Vec<Part>,
}

#[async_trait]
impl Check for Whole {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let now = clock::instant();
        let runs = self.parts.iter().map(|part| {
            let until = now.checked_add(part.timeout);
            contained(part.check.as_ref(), cx, until)
        });
        let outcomes = together(runs).await;
        let names = self.parts.iter().map(|part| part.name.clone());
        told(self.needed, names.zip(outcomes).collect())
    }
}
