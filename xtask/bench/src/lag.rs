//! How good forecasts of a lag are: traces to replay, those who forecast, and the score.
//!
//! It is in process and reads no clock: a replay is a computation.

pub mod families;
pub mod forecasters;
pub mod score;
pub mod stalls;
pub mod trace;
