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
    /// One group.
    Group(&'a str),
    /// The node in a few figures.
    Summary,
    /// The past runs of one check.
    History(&'a str),
    /// The paths of Spring Boot Actuator, which stand for others of these.
    Actuator(ActuatorPath<'a>),
    /// What a part of its own answers, if one is mounted there.
    Mounted(Seat),
}

/// What follows `/actuator/health`. It lies apart from `/health`, whose own paths have names that a
/// check or a group may have as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActuatorPath<'a> {
    /// Nothing: the node.
    Node,
    /// A group, or else a check.
    Named(&'a str),
    /// A check of a group.
    Member {
        /// The group.
        group: &'a str,
        /// The check.
        check: &'a str,
    },
}

/// The places of answers that are no rendering of a report: 404 until something is mounted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// `/metrics`
    Metrics,
    /// `/health/events`
    Events,
    /// `/health/ui`
    Page,
    /// `/health/ui/state`
    PageState,
}

impl Route<'_> {
    /// The probe whose checks the answer depends on.
    pub(crate) fn probe(self) -> Probe {
        match self {
            Self::Probe(probe) => probe,
            _ => Probe::Health,
        }
    }

    /// Whether it can be had in other dialects than our own.
    pub(crate) fn is_spoken(self) -> bool {
        matches!(
            self,
            Self::Report | Self::Probe(_) | Self::Check(_) | Self::Group(_)
        )
    }

    /// Whether it is a component or a group in the words of Spring Boot, which hides what is not to
    /// be seen as if it were not there.
    pub(crate) fn is_component(self) -> bool {
        matches!(
            self,
            Self::Actuator(ActuatorPath::Named(_) | ActuatorPath::Member { .. })
        )
    }

    /// Whether the answer shows results, so that those on demand are to be asked for first.
    pub(crate) fn demands(self) -> bool {
        !matches!(self, Self::Summary | Self::History(_) | Self::Mounted(_))
    }
}

/// The route of a path; `None` if there is none.
pub(crate) fn route(path: &str) -> Option<Route<'_>> {
    let route = match path {
        "/health" => Route::Report,
        "/health/ready" | "/ready" | "/readyz" => Route::Probe(Probe::Ready),
        "/health/live" | "/live" | "/livez" => Route::Probe(Probe::Live),
        // MicroProfile has it at `/health/started`.
        "/health/startup" | "/health/started" | "/startup" | "/startupz" => {
            Route::Probe(Probe::Startup)
        }
        "/health/checks" => Route::Checks,
        "/health/summary" => Route::Summary,
        "/health/events" => Route::Mounted(Seat::Events),
        "/health/ui" => Route::Mounted(Seat::Page),
        "/health/ui/state" => Route::Mounted(Seat::PageState),
        "/metrics" => Route::Mounted(Seat::Metrics),
        "/actuator/health" => Route::Actuator(ActuatorPath::Node),
        _ => return named(path),
    };
    Some(route)
}

/// The routes whose last part is a name.
fn named(path: &str) -> Option<Route<'_>> {
    if let Some(rest) = path.strip_prefix("/actuator/health/") {
        return actuator(rest).map(Route::Actuator);
    }
    let (kind, name) = path.strip_prefix("/health/")?.split_once('/')?;
    if name.is_empty() || name.contains('/') {
        return None;
    }
    match kind {
        "checks" => Some(Route::Check(name)),
        "groups" => Some(Route::Group(name)),
        "history" => Some(Route::History(name)),
        _ => None,
    }
}

fn actuator(rest: &str) -> Option<ActuatorPath<'_>> {
    let (first, second) = match rest.split_once('/') {
        None => (rest, None),
        Some((first, second)) => (first, Some(second)),
    };
    match second {
        _ if first.is_empty() => None,
        None => Some(ActuatorPath::Named(first)),
        Some(check) if check.is_empty() || check.contains('/') => None,
        Some(check) => Some(ActuatorPath::Member {
            group: first,
            check,
        }),
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
            ("/health/started", startup),
            ("/startup", startup),
            ("/startupz", startup),
            ("/health/checks", Some(Route::Checks)),
            ("/health/checks/db", Some(Route::Check("db"))),
            ("/health/checks/a:b.c_d-e", Some(Route::Check("a:b.c_d-e"))),
            ("/health/groups/storage", Some(Route::Group("storage"))),
            ("/health/summary", Some(Route::Summary)),
            ("/health/history/db", Some(Route::History("db"))),
            ("/health/events", Some(Route::Mounted(Seat::Events))),
            ("/health/ui", Some(Route::Mounted(Seat::Page))),
            ("/health/ui/state", Some(Route::Mounted(Seat::PageState))),
            ("/health/ui/other", None),
            ("/metrics", Some(Route::Mounted(Seat::Metrics))),
            (
                "/actuator/health",
                Some(Route::Actuator(ActuatorPath::Node)),
            ),
            (
                "/actuator/health/db",
                Some(Route::Actuator(ActuatorPath::Named("db"))),
            ),
            (
                "/actuator/health/storage/db",
                Some(Route::Actuator(ActuatorPath::Member {
                    group: "storage",
                    check: "db",
                })),
            ),
            ("/actuator", None),
            ("/actuator/", None),
            ("/actuator/health/", None),
            ("/actuator/health//", None),
            ("/actuator/health//db", None),
            ("/actuator/health/storage/", None),
            ("/actuator/health/storage/db/x", None),
            ("/actuator/info", None),
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
            ("/health/groups", None),
            ("/health/groups/", None),
            ("/health/groups/a/b", None),
            ("/health/history", None),
            ("/health/history/", None),
            ("/health/summary/", None),
            ("/health/events/", None),
            ("/health/db", None),
            ("/metrics/", None),
            ("/ready/", None),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
