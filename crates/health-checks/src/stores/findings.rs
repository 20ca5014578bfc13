//! Several things judged at once, told as one outcome. It judges nothing itself.

use health_core::{Outcome, Status};

/// What one thing was judged to be, in words.
pub(crate) type Finding = (Status, String);

/// All that is as bad as the worst of them.
pub(crate) fn worst(findings: &[Finding]) -> Outcome {
    let status = findings.iter().map(|(status, _)| *status).max();
    let status = status.unwrap_or(Status::Unhealthy);
    let told: Vec<&str> = findings
        .iter()
        .filter(|(of, _)| *of == status)
        .map(|(_, text)| text.as_str())
        .collect();
    Outcome::new(status, told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_are_told() {
        use Status::{Degraded, Healthy, Unhealthy};
        for (findings, status, message) in [
            (&[][..], Unhealthy, ""),
            (&[(Healthy, "a"), (Healthy, "b")], Healthy, "a, b"),
            (&[(Healthy, "a"), (Degraded, "b")], Degraded, "b"),
            (
                &[(Unhealthy, "a"), (Degraded, "b"), (Unhealthy, "c")],
                Unhealthy,
                "a, c",
            ),
        ] {
            let findings: Vec<Finding> = findings
                .iter()
                .map(|(status, text)| (*status, (*text).to_owned()))
                .collect();
            let outcome = worst(&findings);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
        }
    }
}
