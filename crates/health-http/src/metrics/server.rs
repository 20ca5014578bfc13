//! The figures of the server and of what the service answered.
//!
//! Both count by themselves; this names the counts.

use super::family::Family;
use super::text::Text;
use crate::answered::Answered;
use crate::server::CountsReader;

/// Answers by route and code.
pub(super) fn answered(answered: &Answered) -> Text {
    let mut family = Text::counter(
        "health_http_requests_total",
        "Requests answered, by route and status code.",
    );
    for (route, code, count) in answered.read() {
        family.count(&[("route", route), ("code", code)], count);
    }
    family
}

/// Connections, and what became of them.
pub(super) fn connections(server: &CountsReader) -> [Text; 6] {
    let counts = server.counts();
    let mut open = Text::gauge("health_http_connections", "Connections now open.");
    open.set(
        &[],
        u32::try_from(server.connections()).map_or(f64::INFINITY, f64::from),
    );
    let counter = |name, help, value| {
        let mut family = Text::counter(name, help);
        family.count(&[], value);
        family
    };
    let mut evicted = Text::counter(
        "health_http_connections_evicted_total",
        "Connections that gave way to newcomers at the cap, by what they were doing.",
    );
    for (state, count) in [
        ("new", counts.evicted_new),
        ("idle", counts.evicted_idle),
        ("busy", counts.evicted_busy),
    ] {
        evicted.count(&[("state", state)], count);
    }
    let mut overdue = Text::counter(
        "health_http_connections_timed_out_total",
        "Connections that were closed for having outstayed a bound.",
    );
    for (bound, count) in [
        ("header", counts.timed_out_header),
        ("idle", counts.timed_out_idle),
        ("write", counts.timed_out_write),
        ("age", counts.timed_out_age),
    ] {
        overdue.count(&[("bound", bound)], count);
    }
    [
        open,
        evicted,
        overdue,
        counter(
            "health_http_connections_accepted_total",
            "Connections accepted.",
            counts.accepted,
        ),
        counter(
            "health_http_accept_failures_total",
            "Failures to accept a connection.",
            counts.accept_failures,
        ),
        counter(
            "health_http_requests_refused_total",
            "Requests refused because too many were waiting.",
            counts.refused,
        ),
    ]
}
