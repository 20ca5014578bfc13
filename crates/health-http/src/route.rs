//! Which answer a path asks for. Pure: the text of the path in, a route out.
//!
//! Paths are compared as they are sent: `//health`, `/health/` and `%2e` are
//! other paths, and there is nothing there.

use health_core::Probe;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// The full report.
    Report,
    /// Readiness, liveness or startup.
    Probe(Probe),
    /// All checks with their specs.
    Checks,
    /// One check.
    Check(&'a str),
}

impl Route<'_> {
    /// The probe whose checks the answer depends on.
    pub(crate) fn probe(self) -> Probe {
        match self {
            Self::Probe(probe) => probe,
            Self::Report | Self::Checks | Self::Check(_) => Probe::Health,
        }
    }
}

/// The route of a path; `None` if there is none.
pub(crate) fn route(path: &str) -> Option<Route<'_>> {
    match path {
        "/health" => Some(Route::Report),
        "/health/ready" | "/ready" | "/readyz" => Some(Route::Probe(Probe::Ready)),
        "/health/live" | "/live" | "/livez" => Some(Route::Probe(Probe::Live)),
        "/health/startup" | "/startup" | "/startupz" => Some(Route::Probe(Probe::Startup)),
        "/health/checks" => Some(Route::Checks),
        _ => match path.strip_prefix("/health/checks/") {
            Some(name) if !name.is_empty() && !name.contains('/') => Some(Route::Check(name)),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let ready = Some(Route::Probe(Probe::Ready));
        let live = Some(Route::Probe(Probe::Live));
        let startup = Some(Route::Probe(Probe::Startup));
        for (path, expected) in [
            ("/health", Some(Route::Report)),
            ("/health/ready", ready),
            ("/ready", ready),
            ("/readyz", ready),
            ("/health/live", live),
            ("/live", live),
            ("/livez", live),
            ("/health/startup", startup),
            ("/startup", startup),
            ("/startupz", startup),
            ("/health/checks", Some(Route::Checks)),
            ("/health/checks/db", Some(Route::Check("db"))),
            ("/health/checks/a:b.c_d-e", Some(Route::Check("a:b.c_d-e"))),
            ("/", None),
            ("*", None),
            ("", None),
            ("//health", None),
            ("/health/", None),
            ("/Health", None),
            ("/%68ealth", None),
            ("/health/%2e%2e/ready", None),
            ("/health/../ready", None),
            ("/health/checks/", None),
            ("/health/checks/db/", None),
            ("/health/checks/db/x", None),
            ("/ready/", None),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
