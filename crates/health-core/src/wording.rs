//! The sentences that probes answer with. Pure, and bounded well under 1 KiB.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::status::{Lifecycle, NodeStatus};
use crate::tallies::Tallies;
use crate::verdict::Table;

/// What a probe says in words, with the table it belongs to.
#[derive(Debug)]
pub(crate) struct ScopeText {
    pub(crate) table: Table,
    pub(crate) message: Arc<str>,
}

/// How many names a sentence spells out.
pub(crate) const NAMED: usize = 3;

/// `a, b, c and 4 more`.
fn names<'a>(names: impl Iterator<Item = &'a str>, total: usize) -> String {
    let mut text = String::new();
    let mut spelled = 0;
    for name in names.take(NAMED) {
        if spelled > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
        spelled += 1;
    }
    if total > spelled {
        // Writing to a `String` cannot fail.
        let _ = write!(text, " and {} more", total - spelled);
    }
    text
}

/// The sentence for a scope: what is failing, or that nothing is.
pub(crate) fn evident<'a>(
    tallies: &Tallies,
    failing: impl ExactSizeIterator<Item = &'a str>,
) -> Arc<str> {
    let total = tallies.total();
    let checks = if total == 1 { "check" } else { "checks" };
    match (failing.len(), total) {
        (0, 0) => "no checks".into(),
        (0, 1) => "1 check healthy".into(),
        (0, _) => format!("all {total} checks healthy").into(),
        (n, _) => format!("{n} of {total} {checks} not healthy: {}", names(failing, n)).into(),
    }
}

/// The sentence while the node is starting.
pub(crate) fn starting<'a>(
    started: bool,
    awaited: impl ExactSizeIterator<Item = &'a str>,
) -> Arc<str> {
    if !started {
        return "starting: the checks have not been started yet".into();
    }
    let total = awaited.len();
    format!("starting: waiting for {}", names(awaited, total)).into()
}

/// The sentence for a verdict that a reader itself found stale.
pub(crate) fn stale(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Stopping => "stopping: the shutdown has overrun its deadline",
        _ => "evidence ran out: a check that counts gave no fresh result",
    }
}

/// The sentence of the rest of the node's life.
pub(crate) fn ending(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Stopped => "stopped",
        _ => "stopping",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Impact, Status};

    #[test]
    fn sentences() {
        let healthy = |n: usize| {
            (0..n).fold(Tallies::EMPTY, |t, _| {
                t.with(Impact::Critical, Some(Status::Healthy))
            })
        };
        let none: [&str; 0] = [];
        for (tallies, failing, expected) in [
            (healthy(0), &none[..], "no checks"),
            (healthy(1), &none[..], "1 check healthy"),
            (healthy(4), &none[..], "all 4 checks healthy"),
            (healthy(1), &["db"][..], "1 of 1 check not healthy: db"),
            (
                healthy(9),
                &["a", "b", "c", "d", "e"][..],
                "5 of 9 checks not healthy: a, b, c and 2 more",
            ),
        ] {
            assert_eq!(&*evident(&tallies, failing.iter().copied()), expected);
        }
        assert_eq!(
            &*starting(true, ["db", "cache"].into_iter()),
            "starting: waiting for db, cache"
        );
    }
}
