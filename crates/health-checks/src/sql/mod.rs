//! What the checks of SQL servers share: what is asked of one, what its answers mean, and
//! what a failure says.
//!
//! It speaks to no server: `postgres` and `mysql` do.

mod failure;
mod stage;
mod standing;

pub(crate) use failure::{Failure, Trouble};
pub(crate) use stage::{Stage, within};
pub(crate) use standing::{Connections, Demands, Facts, judge};
