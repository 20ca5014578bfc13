//! Hears what a console of Windows sends, on a thread and runtime of its own, which no stalled
//! runtime holds up.
//!
//! What it means is decided in the file above.

use std::io;
use std::thread::Builder;

use tokio::signal::windows;

use super::{Hearing, Signal, Signals, act};
use crate::clock;

/// Installs the handlers, and calls `begin` on the first event, `force` on the next. They stay
/// for good.
pub(crate) fn listen(
    signals: Signals,
    begin: impl Fn(Signal) + Send + 'static,
    force: impl Fn(Signal) + Send + 'static,
) -> io::Result<()> {
    let (mut ctrl_c, mut ctrl_break) = (windows::ctrl_c()?, windows::ctrl_break()?);
    let (mut close, mut logoff) = (windows::ctrl_close()?, windows::ctrl_logoff()?);
    let mut shutdown = windows::ctrl_shutdown()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut hearing = Hearing::new(signals);
    let hear = async move {
        loop {
            // A source that is closed is heard no more.
            let signal = tokio::select! {
                Some(()) = ctrl_c.recv() => Signal::Interrupt,
                Some(()) = ctrl_break.recv() => Signal::Quit,
                Some(()) = close.recv() => Signal::Terminate,
                Some(()) = logoff.recv() => Signal::Terminate,
                Some(()) = shutdown.recv() => Signal::Terminate,
                else => return,
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
        .spawn(move || runtime.block_on(hear))?;
    Ok(())
}
