//! Sends the log to stderr, as text or as JSON.
//!
//! It decides nothing of what is logged, but that it is `info` and above.

use std::io;

use health_examples::flags::Log;
use tracing::Level;

/// Called once, first of all.
pub(crate) fn install(form: Log) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_writer(io::stderr)
        .with_ansi(false)
        // A log that cannot be written would else be reported on stderr, which panics.
        .log_internal_errors(false);
    match form {
        Log::Json => builder.json().flatten_event(true).init(),
        Log::Text => builder.init(),
    }
}
