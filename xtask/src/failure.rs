//! The one error of this program: why a task or a step ended, and what to do about it.
//! It is shown to a person, and no code branches on it.

use std::fmt;
use std::io;
use std::process::ExitStatus;

/// Why a task ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A command ran and reported failure.
    Exit { command: String, status: ExitStatus },
    /// A command could not be started.
    Start { command: String, source: io::Error },
    /// Something that a step needs is not on this machine.
    Missing { what: String, remedy: String },
    /// A file could not be read or written.
    File { path: String, source: io::Error },
    /// A check made by this program itself did not hold.
    Unmet(String),
    /// A step of `ci` failed.
    Step {
        name: &'static str,
        cause: Box<Failure>,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit { command, status } => write!(f, "failed ({status}): {command}"),
            Self::Start { command, source } => write!(f, "cannot start ({source}): {command}"),
            Self::Missing { what, remedy } => write!(f, "missing: {what}; run: {remedy}"),
            Self::File { path, source } => write!(f, "{path}: {source}"),
            Self::Unmet(message) => f.write_str(message),
            Self::Step { name, cause } => {
                write!(
                    f,
                    "step `{name}`: {cause}\nrerun only it: cargo xtask ci {name}"
                )
            }
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } | Self::File { source, .. } => Some(source),
            Self::Step { cause, .. } => Some(cause.as_ref()),
            Self::Exit { .. } | Self::Missing { .. } | Self::Unmet(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_names_the_rerun() {
        let failure = Failure::Step {
            name: "docs",
            cause: Box::new(Failure::Unmet("no pages".to_owned())),
        };
        assert_eq!(
            failure.to_string(),
            "step `docs`: no pages\nrerun only it: cargo xtask ci docs"
        );
    }
}
