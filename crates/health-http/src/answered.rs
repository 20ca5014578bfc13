//! Counts answers by route and status code: one atomic addition an answer.
//!
//! Routes and codes are known beforehand, so that no stranger makes a series.

use std::sync::atomic::{AtomicU64, Ordering};

use health_core::Probe;
use hyper::StatusCode;

use crate::route::{Route, Seat};

const CODES: [&str; 7] = ["200", "400", "401", "404", "405", "503", "other"];

const ROUTES: [&str; 14] = [
    "health", "ready", "live", "startup", "checks", "check", "group", "summary", "history",
    "actuator", "metrics", "events", "ui", "other",
];

/// The place of a route in [`ROUTES`]; a path that has none is `other`, whatever it is.
fn place(route: Option<Route<'_>>) -> usize {
    match route {
        Some(Route::Report | Route::Probe(Probe::Health)) => 0,
        Some(Route::Probe(Probe::Ready)) => 1,
        Some(Route::Probe(Probe::Live)) => 2,
        Some(Route::Probe(Probe::Startup)) => 3,
        Some(Route::Checks) => 4,
        Some(Route::Check(_)) => 5,
        Some(Route::Group(_)) => 6,
        Some(Route::Summary) => 7,
        Some(Route::History(_)) => 8,
        Some(Route::Actuator(_)) => 9,
        Some(Route::Mounted(Seat::Metrics)) => 10,
        Some(Route::Mounted(Seat::Events)) => 11,
        Some(Route::Mounted(Seat::Page | Seat::PageState)) => 12,
        None => 13,
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    counts: [[AtomicU64; CODES.len()]; ROUTES.len()],
}

impl Answered {
    /// Counts an answer to a request for a path that has this route.
    pub(crate) fn count(&self, route: Option<Route<'_>>, code: StatusCode) {
        let route = place(route);
        let code = match code.as_u16() {
            200 => 0,
            400 => 1,
            401 => 2,
            404 => 3,
            405 => 4,
            503 => 5,
            _ => 6,
        };
        if let Some(count) = self.counts.get(route).and_then(|codes| codes.get(code)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each route and code that was answered at all, and how often.
    pub(crate) fn read(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        ROUTES
            .into_iter()
            .zip(&self.counts)
            .flat_map(|(route, codes)| {
                CODES
                    .into_iter()
                    .zip(codes)
                    .filter_map(move |(code, count)| {
                        let count = count.load(Ordering::Relaxed);
                        (count > 0).then_some((route, code, count))
                    })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::route;

    #[test]
    fn each_route_has_its_place_and_strangers_make_none() {
        let answered = Answered::default();
        for (path, code) in [
            ("/health", 200),
            ("/readyz", 503),
            ("/ready", 503),
            ("/health/checks/db", 404),
            ("/health/ui/state", 200),
            ("/metrics", 200),
            ("/wp-login.php", 404),
            ("/.env", 404),
            ("/health", 414),
        ] {
            answered.count(route(path), StatusCode::from_u16(code).unwrap());
        }
        let read: Vec<_> = answered.read().collect();
        assert_eq!(
            read,
            [
                ("health", "200", 1),
                ("health", "other", 1),
                ("ready", "503", 2),
                ("check", "404", 1),
                ("metrics", "200", 1),
                ("ui", "200", 1),
                ("other", "404", 2),
            ]
        );
    }
}
