//! The outside programs that a measurement needs, and the command that installs each.
//!
//! It installs nothing.

use std::process::{Command, Stdio};

use crate::error::BenchError;

/// A Debian package and the program in it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    Valgrind,
    Strace,
    Faketime,
    Chromedriver,
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Valgrind => "valgrind",
            Self::Strace => "strace",
            Self::Faketime => "faketime",
            Self::Chromedriver => "chromedriver",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Chromedriver => "chromium-driver",
            other => other.name(),
        }
    }

    pub(crate) fn require(self) -> Result<(), BenchError> {
        Command::new(self.name())
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(|_| ())
            .map_err(|_| BenchError::MissingTool {
                tool: self.package(),
            })
    }
}
