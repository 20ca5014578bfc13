//! The drift of this machine's clock, against NTP servers and against peers.
//!
//! Nothing here sets a clock: that is the work of `chronyd` and its kind, which
//! these checks watch over.
//!
//! The feature `time` adds `getrandom`, and what tokio needs for sockets: 5 crates. The runtime must have I/O enabled. The packet of 48 bytes is read and written here. Of the crates
//! that do it, `rsntp` 4.1 takes the first datagram that comes for the answer, believes a
//! kiss of death before it has looked whom it answers, takes broadcasts, and does not
//! show the root dispersion; `sntpc` 0.11 too is done at the first stray datagram, and
//! reckons with the origin timestamp, which therefore must be the time: a stranger can
//! guess that, but not the random number that is sent here.

mod consensus;
mod drift;
mod exchange;
mod ntp;
mod packet;
mod peers;
mod rest;
mod server;

pub use ntp::NtpDriftCheck;
pub use peers::{PeerClock, PeerDriftCheck, PeerTime};

/// For the fuzz targets, which see only what is public.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use super::packet::fuzz;
}
