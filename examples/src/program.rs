//! How the program of an example begins and complains: its help on stdout, all else on stderr.
//!
//! Which flags it has, and what it does, is its own.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::command_line::{Command, CommandLine, FlagError};

/// What a mistake in the flags ends with; anything else that goes wrong ends with 1.
pub const USAGE: u8 = 2;

/// An example, as the user calls it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What `--help` prints.
    pub help: &'static str,
}

impl Program {
    /// The flags that it was started with; or else it ends with this code, and has said why.
    pub fn flags<F>(
        &self,
        parse: impl FnOnce(CommandLine) -> Result<Command<F>, FlagError>,
    ) -> Result<F, ExitCode> {
        match parse(CommandLine::new(std::env::args_os().skip(1))) {
            Ok(Command::Run(flags)) => Ok(flags),
            Ok(Command::Help) => {
                // Whoever does not read the help does not miss it.
                let _ = io::stdout().write_all(self.help.as_bytes());
                Err(ExitCode::SUCCESS)
            }
            Err(error) => Err(self.refuse(&error)),
        }
    }

    /// Says what is wrong with the flags, and where to read about them.
    pub fn refuse(&self, error: &dyn Display) -> ExitCode {
        self.complain(&format_args!("{error} (see {} --help)", self.name));
        USAGE.into()
    }

    /// Says what went wrong otherwise.
    pub fn fail(&self, error: &dyn Display) -> ExitCode {
        self.complain(error);
        ExitCode::FAILURE
    }

    /// One line on stderr, whether or not somebody reads it.
    pub fn complain(&self, message: &dyn Display) {
        let _ = writeln!(io::stderr(), "{}: {message}", self.name);
    }
}
