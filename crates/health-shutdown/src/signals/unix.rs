//! Hears signals on a thread of its own, which no stalled runtime holds up.
//!
//! What they mean is decided in the file above.

use std::io;
use std::thread::Builder;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals as Arrivals};

use super::{Hearing, Meaning, Signal, Signals};
use crate::clock;

/// The handlers, for as long as this is held; the thread ends with it.
#[derive(Debug)]
pub(crate) struct Listener(Handle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Installs the handlers, and calls `begin` on the first signal, `force` on the next.
pub(crate) fn listen(
    signals: Signals,
    begin: impl Fn(Signal) + Send + 'static,
    force: impl Fn(Signal) + Send + 'static,
) -> io::Result<Listener> {
    let mut arrivals = Arrivals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT])?;
    let handle = arrivals.handle();
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
    Ok(Listener(handle))
}
