//! Hears signals on a thread of its own, which no stalled runtime holds up.
//!
//! What they mean is decided in the file above.

use std::io;
use std::thread::Builder;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals as Arrivals;

use super::{Hearing, Meaning, Signal, Signals};
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
    let mut arrivals = Arrivals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT])?;
    let mut hearing = Hearing::new(signals);
    let hear = move || {
        for number in arrivals.forever() {
            let signal = match number {
                SIGINT => Signal::Interrupt,
                SIGHUP => Signal::Hangup,
                SIGQUIT => Signal::Quit,
                _ => Signal::Terminate,
            };
            match hearing.hear(signal, clock::instant()) {
                Meaning::Begin => begin(signal),
                Meaning::Same => {}
                Meaning::Force => force(signal),
                // It may block or panic; without a thread for it, it is not done.
                Meaning::Reload(reload) => {
                    let _ = Builder::new()
                        .name("reload".to_owned())
                        .spawn(move || reload());
                }
            }
        }
    };
    Builder::new()
        .name("shutdown-signals".to_owned())
        .spawn(hear)?;
    Ok(())
}
