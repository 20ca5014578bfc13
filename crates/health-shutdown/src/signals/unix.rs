//! Hears signals on a thread of its own, which no stalled runtime holds up.
//!
//! What they mean is decided in the file above.

use std::io;
use std::thread::Builder;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals as Arrivals;

use super::{Hearing, Signal, Signals, act};
use crate::clock;

/// Installs the handlers, and calls `begin` on the first signal, `force` on the next.
///
/// They stay for good: what a signal did before does not come back, so that a process which let
/// go of them would be deaf.
pub(crate) fn listen(
    signals: Signals,
    begin: impl Fn(Signal) + Send + 'static,
    force: impl Fn(Signal) + Send + 'static,
) -> io::Result<()> {
    let mut heard = vec![SIGTERM, SIGINT, SIGQUIT];
    // Without `/proc` nothing is known of it.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if signals.reload.is_some() || !is_ignored(&status, SIGHUP) {
        heard.push(SIGHUP);
    }
    let mut arrivals = Arrivals::new(heard)?;
    let mut hearing = Hearing::new(signals);
    let hear = move || {
        for number in arrivals.forever() {
            let signal = match number {
                SIGINT => Signal::Interrupt,
                SIGHUP => Signal::Hangup,
                SIGQUIT => Signal::Quit,
                _ => Signal::Terminate,
            };
            act(
                hearing.hear(signal, clock::instant()),
                signal,
                &begin,
                &force,
            );
        }
    };
    Builder::new()
        .name("shutdown-signals".to_owned())
        .spawn(hear)?;
    Ok(())
}

/// Whether a signal is ignored, by what proc(5) says in `/proc/PID/status`: a mask in hexadecimal
/// digits, whose lowest bit is signal 1.
fn is_ignored(status: &str, number: i32) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_ignored_signals() {
        for (status, number, ignored) in [
            (
                "Name:\tx\nSigIgn:\t0000000000000001\nSigCgt:\t0",
                SIGHUP,
                true,
            ),
            ("SigIgn:\t0000000000001000\n", SIGHUP, false),
            ("SigIgn:\t0000000000004000\n", SIGTERM, true),
            ("SigIgn:\tffffffffffffffff", SIGINT, true),
            ("SigBlk:\t0000000000000001\n", SIGHUP, false),
            ("SigIgn:\tnonsense\n", SIGHUP, false),
            ("", SIGHUP, false),
        ] {
            assert_eq!(is_ignored(status, number), ignored, "{status} {number}");
        }
    }
}
