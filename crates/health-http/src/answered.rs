//! Counts answers by route and status code: one atomic addition an answer.
//!
//! Routes and codes are known beforehand, so that no stranger makes a series.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;

use crate::route::Route;

const CODES: [&str; 7] = ["200", "400", "401", "404", "405", "503", "other"];

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    counts: [[AtomicU64; CODES.len()]; Route::NAMES.len()],
}

impl Answered {
    /// Counts an answer to `route`; `None`: there is nothing at that path.
    pub(crate) fn count(&self, route: Option<Route<'_>>, code: StatusCode) {
        let route = route.map_or(Route::NAMES.len() - 1, Route::index);
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
    #[cfg(feature = "prometheus")]
    pub(crate) fn read(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        Route::NAMES.into_iter().zip(&self.counts).flat_map(|(route, codes)| {
            CODES.into_iter().zip(codes).filter_map(move |(code, count)| {
                let count = count.load(Ordering::Relaxed);
                (count > 0).then_some((route, code, count))
            })
        })
    }
}
