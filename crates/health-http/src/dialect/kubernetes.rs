//! The text of the health endpoints of Kubernetes' own servers, to the byte.
//!
//! As `k8s.io/apiserver/pkg/server/healthz` writes it, save that a failure is answered with 503,
//! and that checks are sorted by name. A line tells of a check, the last one of the probe: a check
//! that fails without failing the probe shows as failed before `check passed`.

use std::collections::BTreeSet;

use health_core::{CheckState, CheckStatus};

use super::go_quote::push_quoted;

/// What there is to tell, line by line.
pub(crate) struct Lines<'a, I> {
    /// Sorted by name.
    pub(crate) checks: I,
    /// Sorted, each once.
    pub(crate) excluded: &'a [Vec<u8>],
}

/// What a probe or a group says; `name` is `readyz` or the like. With `lines`, they come first.
pub(crate) fn text<'a, I>(name: &str, passing: bool, lines: Option<Lines<'_, I>>) -> Vec<u8>
where
    I: Iterator<Item = &'a CheckState>,
{
    let mut out = Vec::new();
    if let Some(Lines { checks, excluded }) = lines {
        push_lines(&mut out, checks, excluded);
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

fn push_lines<'a>(
    out: &mut Vec<u8>,
    checks: impl Iterator<Item = &'a CheckState>,
    excluded: &[Vec<u8>],
) {
    let mut unmatched: BTreeSet<&[u8]> = excluded.iter().map(Vec::as_slice).collect();
    for check in checks {
        let name = check.name().as_bytes();
        // What is switched off is excluded by its owner.
        let is_excluded = unmatched.remove(name) || !check.enabled;
        let (mark, verdict): (&[u8], &[u8]) = match is_ok(check) {
            _ if is_excluded => (b"[+]", b" excluded: ok\n"),
            true => (b"[+]", b" ok\n"),
            false => (b"[-]", b" failed: reason withheld\n"),
        };
        for part in [mark, name, verdict] {
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
