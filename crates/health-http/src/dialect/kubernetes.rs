//! The text of the health endpoints of Kubernetes' own servers, to the byte.
//!
//! As `k8s.io/apiserver/pkg/server/healthz` writes it, save that a failure is answered with 503,
//! and that checks are sorted by name. A line tells of a check, the last one of the probe: a check
//! that fails without failing the probe shows as failed before `check passed`. What fails the probe
//! and is no check has a line of its own behind theirs, as the `shutdown` of Kubernetes' API server.

use std::collections::BTreeSet;

use health_core::{CheckState, CheckStatus, NodeStatus};

use super::go_quote::push_quoted;

/// What there is to tell, line by line.
pub(crate) struct Lines<'a, I> {
    /// Sorted by name.
    pub(crate) checks: I,
    /// Sorted, each once.
    pub(crate) excluded: &'a [Vec<u8>],
    /// What fails it and is no check.
    pub(crate) hindrance: Option<Hindrance>,
}

/// Why a probe or a group fails whatever its checks say; no exclusion helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The node is starting.
    Startup,
    /// It is stopping, or its shutdown has overrun.
    Shutdown,
    /// The application's runtime is stalled.
    Runtime,
}

impl Hindrance {
    /// Of what has that status, if it fails: that the node is starting or stopping fails it by
    /// itself, whereas the other statuses are of checks.
    pub(crate) fn of(passing: bool, status: NodeStatus, stalled: bool) -> Option<Self> {
        match status {
            _ if passing => None,
            NodeStatus::Starting => Some(Self::Startup),
            NodeStatus::Stopping => Some(Self::Shutdown),
            _ => stalled.then_some(Self::Runtime),
        }
    }

    /// Its line begins like that of a check, which may have the same name and keeps its own line.
    fn name(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Shutdown => "shutdown",
            Self::Runtime => "runtime",
        }
    }
}

/// What a probe or a group says; `name` is `readyz` or the like. With `lines`, they come first.
pub(crate) fn text<'a, I>(name: &str, passing: bool, lines: Option<Lines<'_, I>>) -> Vec<u8>
where
    I: Iterator<Item = &'a CheckState>,
{
    let mut out = Vec::new();
    if let Some(lines) = lines {
        push_lines(&mut out, lines);
    }
    out.extend_from_slice(name.as_bytes());
    let verdict: &[u8] = if passing {
        b" check passed\n"
    } else {
        b" check failed\n"
    };
    out.extend_from_slice(verdict);
    out
}

const FAILED: &[u8] = b" failed: reason withheld\n";

fn push_lines<'a>(out: &mut Vec<u8>, lines: Lines<'_, impl Iterator<Item = &'a CheckState>>) {
    let mut unmatched: BTreeSet<&[u8]> = lines.excluded.iter().map(Vec::as_slice).collect();
    for check in lines.checks {
        let name = check.name().as_bytes();
        // What is switched off is excluded by its owner.
        let is_excluded = unmatched.remove(name) || !check.enabled;
        let (mark, verdict): (&[u8], &[u8]) = match is_ok(check) {
            _ if is_excluded => (b"[+]", b" excluded: ok\n"),
            true => (b"[+]", b" ok\n"),
            false => (b"[-]", FAILED),
        };
        for part in [mark, name, verdict] {
            out.extend_from_slice(part);
        }
    }
    if let Some(hindrance) = lines.hindrance {
        for part in [b"[-]", hindrance.name().as_bytes(), FAILED] {
            out.extend_from_slice(part);
        }
    }
    if unmatched.is_empty() {
        return;
    }
    out.extend_from_slice(b"warn: some health checks cannot be excluded: no matches for ");
    for (position, name) in unmatched.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        push_quoted(out, name);
    }
    out.push(b'\n');
}

fn is_ok(check: &CheckState) -> bool {
    matches!(check.status, CheckStatus::Healthy | CheckStatus::Degraded)
}

/// One check by itself, which does tell its reason.
pub(super) fn check(check: &CheckState) -> Vec<u8> {
    if is_ok(check) {
        b"ok".to_vec()
    } else {
        format!("internal server error: {}\n", check.reason()).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hinders() {
        use Hindrance::{Runtime, Shutdown, Startup};
        for status in NodeStatus::ALL {
            for stalled in [false, true] {
                let failing = match status {
                    NodeStatus::Starting => Some(Startup),
                    NodeStatus::Stopping => Some(Shutdown),
                    _ => stalled.then_some(Runtime),
                };
                assert_eq!(
                    Hindrance::of(false, *status, stalled),
                    failing,
                    "{status:?}"
                );
                assert_eq!(Hindrance::of(true, *status, stalled), None, "{status:?}");
            }
        }
    }
}
