//! A program run to its end, for what it prints.
//!
//! One that goes on running, as a server does, is a `process`.

use std::process::Command;

use crate::error::BenchError;

/// What it printed on stdout; an error with its last words if it failed.
pub(crate) fn output(what: &str, command: &mut Command) -> Result<String, BenchError> {
    let output = command.output().map_err(|source| BenchError::Start {
        what: what.to_owned(),
        source,
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let last_words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(BenchError::Failed {
        what: what.to_owned(),
        status: output.status,
        last_words,
    })
}
