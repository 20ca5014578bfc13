//! What the checks of SQL servers share: what is asked of one, what its answers mean, and
//! what a failure says.
//!
//! It speaks to no server: `postgres` and `mysql` do.

mod failure;
mod role;
mod stage;
mod standing;

pub(crate) use failure::{Failure, Trouble};
pub use role::DatabaseRole;
pub(crate) use stage::{Stage, within};
pub(crate) use standing::{CONNECTION_LIMITS, Connections, Demands, Facts, judge};
