//! A panic in a task of the service begins a shutdown; the hook that was there still runs.
//!
//! Panics of checks, observers and what is being stopped are caught and reported elsewhere.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Weak;

use crate::isolation;
use crate::reason::Reason;
use crate::shutdown::Inner;

/// Puts a hook before the one that is there.
pub(crate) fn install(shutdown: Weak<Inner>) {
    let previous = take_hook();
    set_hook(Box::new(move |panic| {
        let caught_anyway = health_core::is_isolated() || isolation::is_within();
        // Before the hook that was there, which may block.
        if let Some(shutdown) = shutdown.upgrade().filter(|_| !caught_anyway) {
            shutdown.begin_aside(Reason::Panic(describe(panic)));
        }
        previous(panic);
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let text = panic.payload_as_str().unwrap_or("a panic without a text");
    match panic.location() {
        Some(location) => format!("{text} ({}:{})", location.file(), location.line()),
        None => text.to_owned(),
    }
}
