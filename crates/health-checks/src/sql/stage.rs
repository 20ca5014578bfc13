//! What a run waits for, and the deadline that ends each wait.
//!
//! The runner has the same deadline, and would say no more than that it has passed.

use std::future::Future;
use std::time::Instant;

use tokio::time::timeout_at;

use super::failure::{Failure, Trouble};

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A connection that a pool gives.
    Pool,
    /// A connection that the check makes.
    Connect,
    /// The answer to a query.
    Query,
}

/// What `work` comes to before `deadline`, when it is dropped.
pub(crate) async fn within<F: Future>(
    deadline: Instant,
    stage: Stage,
    work: F,
) -> Result<F::Output, Failure> {
    timeout_at(deadline.into(), work)
        .await
        .map_err(|_| Failure::new(Trouble::TimedOut(stage)))
}
