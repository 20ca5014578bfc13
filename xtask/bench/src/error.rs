//! Why a measurement could not be made.
//!
//! A budget that is missed is no error: it is a row of the table.

use std::io;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{tool} is not installed: run `apt-get install -y {tool}`")]
    MissingTool { tool: &'static str },
    #[error("{what} could not be started: {source}")]
    Start { what: String, source: io::Error },
    #[error("{what} never said where it listens; its last words: {last_words}")]
    NotListening { what: String, last_words: String },
    #[error("{what} did not end within {seconds} s of SIGTERM")]
    NotEnding { what: String, seconds: u64 },
    #[error("{what} ended with {status}; its last words: {last_words}")]
    Failed {
        what: String,
        status: std::process::ExitStatus,
        last_words: String,
    },
    #[error("the load on {what} failed {failed} times, first: {first}")]
    Load {
        what: String,
        failed: u64,
        first: String,
    },
    #[error("{what} cannot be read: {source}")]
    Read { what: String, source: io::Error },
    #[error("{what} does not hold {missing}")]
    Unparsable { what: String, missing: &'static str },
    #[error("no measurement is named {0:?}: see --list")]
    UnknownName(String),
    #[error(transparent)]
    Arguments(#[from] lexopt::Error),
}
