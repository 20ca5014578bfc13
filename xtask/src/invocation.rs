//! A command to run, shown exactly as a person would type it from the root.
//! It does not decide what a failure means.

use std::ffi::OsStr;
use std::fmt;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// A program, its arguments, and the environment it gets beside the inherited one.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Invocation {
    /// `program` with its arguments.
    pub(crate) fn new<S: AsRef<str>>(program: &str, arguments: &[S]) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
        .args(arguments)
    }

    /// `cargo` with its arguments.
    pub(crate) fn cargo<S: AsRef<str>>(arguments: &[S]) -> Self {
        Self::new("cargo", arguments)
    }

    /// Further arguments.
    pub(crate) fn args<S: AsRef<str>>(mut self, arguments: &[S]) -> Self {
        let further = arguments
            .iter()
            .map(|argument| argument.as_ref().to_owned());
        self.arguments.extend(further);
        self
    }

    /// One more variable of the environment.
    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Says what it runs, runs it on this terminal, and fails if it fails.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        println!("$ {self}");
        let status = self.command().status().map_err(|e| self.not_started(e))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed(status))
        }
    }

    /// Runs it quietly and returns what it wrote to standard output.
    pub(crate) fn output(&self) -> Result<String, Failure> {
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| self.not_started(e))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(self.failed(output.status))
        }
    }

    /// Whether it can be started and succeeds, with nothing shown.
    pub(crate) fn succeeds(&self) -> bool {
        self.command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// As something that can be spawned.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let pairs = self.environment.iter().map(|(key, value)| (key, value));
        command
            .args(&self.arguments)
            .envs(pairs)
            .stdin(Stdio::null());
        // Nothing is built twice on a machine of CI, where incremental data only costs time.
        if std::env::var_os("CI").is_some_and(|value| value != *OsStr::new("")) {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// The failure to start it.
    pub(crate) fn not_started(&self, source: std::io::Error) -> Failure {
        Failure::Start {
            command: self.to_string(),
            source,
        }
    }

    fn failed(&self, status: std::process::ExitStatus) -> Failure {
        Failure::Exit {
            command: self.to_string(),
            status,
        }
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.environment {
            write!(f, "{key}={} ", quoted(value))?;
        }
        f.write_str(&quoted(&self.program))?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(argument))?;
        }
        Ok(())
    }
}

/// `word` as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_typed() {
        let invocation = Invocation::cargo(&["test", "--workspace"])
            .args(&["it's"])
            .env("RUSTFLAGS", "--cfg health_loom");
        assert_eq!(
            invocation.to_string(),
            r"RUSTFLAGS='--cfg health_loom' cargo test --workspace 'it'\''s'"
        );
    }

    #[test]
    fn a_program_that_does_not_exist_is_a_failure_that_names_it() {
        let invocation = Invocation::new("no-such-program-here", &["now"]);
        assert!(!invocation.succeeds());
        let message = invocation.output().unwrap_err().to_string();
        assert!(message.ends_with("no-such-program-here now"), "{message}");
    }

    #[test]
    fn a_failing_program_is_a_failure_and_a_good_one_yields_its_output() {
        assert!(Invocation::new("sh", &["-c", "exit 3"]).output().is_err());
        let said = Invocation::new("sh", &["-c", "echo $WORD"]).env("WORD", "yes");
        assert_eq!(said.output().unwrap(), "yes\n");
    }
}
