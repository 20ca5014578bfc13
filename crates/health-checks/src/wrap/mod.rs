//! Wrappers around any check, and checks that are made of checks.
//!
//! When a check runs is not decided here: a wrapped registration keeps its name,
//! schedule and timeout.
//!
//! | wrapper | what it does |
//! |---|---|
//! | [`retry`](Wrap::retry) | runs it again while it is unhealthy |
//! | [`cache`](Wrap::cache) | keeps its last outcome for a while |
//! | [`within`](Wrap::within) | gives it less time than the registration has |
//! | [`invert`](Wrap::invert) | healthy is unhealthy, and the other way round |
//! | [`map_status`](Wrap::map_status) | any other status for its status |
//! | [`degraded_only`](Wrap::degraded_only) | never worse than degraded |
//! | [`slow_is_degraded`](Wrap::slow_is_degraded) | degraded if it takes long |
//!
//! They nest, the last one outermost: `check.within(d).retry(3, p)` gives each
//! attempt its time, `check.retry(3, p).within(d)` all of them together.
//!
//! [`all_of`], [`any_of`] and [`quorum`] make one check of several.
//!
//! To them a panic of what is wrapped, and a run that does not end in time, are
//! outcomes like others; but what panicked or gave no result never reads as healthy:
//! the best that it can become is degraded. To be able to say so, what is wrapped
//! is given up a twentieth of its time before the deadline.
//!
//! The feature adds no crate.
//!
//! ```
//! use std::time::Duration;
//! use health_checks::wrap::{Wrap, any_of};
//! use health_core::check_fn;
//!
//! let resolver = |name: &str| check_fn(name, |_| async { true })
//!     .within(Duration::from_secs(1))
//!     .retry(3, Duration::from_millis(100));
//! let registration = any_of("resolvers", [resolver("east"), resolver("west")])?
//!     .slow_is_degraded(Duration::from_millis(500))
//!     .critical();
//! # Ok::<(), health_checks::InvalidCheck>(())
//! ```

mod cache;
mod contained;
mod parts;
mod retry;
mod slow;
mod status;
mod whole;
mod within;
mod wrapper;

pub use parts::{all_of, any_of, quorum};
pub use wrapper::Wrap;
