//! The drift of the clock: against servers that lie in every way, a real one, and peers.

mod fake;
mod ntp;
mod peers;
mod real;
