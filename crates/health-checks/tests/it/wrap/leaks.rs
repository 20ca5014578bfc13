//! Ten thousand runs of each wrapper hold what a hundred hold, whatever becomes of what it wraps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_checks::wrap::{Wrap, all_of, any_of, quorum};
use health_core::{Outcome, Registration, Status, check_fn};

use super::{Act, bad, good, half, part, secs};
use crate::harness::{alone, leaks_nothing};

/// A check that fails every other time, with an error and details.
fn moody(name: &str) -> Registration {
    let runs = AtomicU64::new(0);
    check_fn(name, move |_| {
        let odd = runs.fetch_add(1, Ordering::SeqCst) % 2 == 1;
        std::future::ready(if odd {
            Outcome::unhealthy("refused")
                .detail("n", 1)
                .with_error("10.0.0.7: refused")
        } else {
            Outcome::healthy().detail("n", 2)
        })
    })
}

fn hanging(name: &str) -> Registration {
    part(name, Act::Hang).within(Duration::from_micros(1))
}

fn wrapped() -> Vec<Registration> {
    vec![
        moody("retry").retry(3, Duration::ZERO),
        part("cache", good()).cache(Duration::from_micros(1), Duration::ZERO),
        part("cached", good()).cache(secs(3600), secs(3600)),
        part("within", good()).within(secs(60)).degraded_only(),
        part("invert", bad()).invert(),
        part("map_status", bad()).map_status(|_| Status::Healthy),
        part("slow", good()).slow_is_degraded(secs(60)),
        any_of(
            "any_of",
            [
                part("a", good()),
                moody("b"),
                hanging("c"),
                part("d", Act::Panic),
            ],
        )
        .unwrap(),
        all_of("all_of", [part("a", good()), part("b", good())]).unwrap(),
        quorum(
            "quorum",
            2,
            [part("a", good()), part("b", half()), part("c", good())],
        )
        .unwrap(),
    ]
}

#[test]
fn no_wrapper_keeps_what_it_took() {
    alone("wrap::leaks::no_wrapper_keeps_what_it_took", || {
        // A part panics on purpose, in each run.
        std::panic::set_hook(Box::new(|_| {}));
        for check in wrapped() {
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap()
                .block_on(leaks_nothing(check.timeout(secs(60))));
        }
    });
}
