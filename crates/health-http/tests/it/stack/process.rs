//! A test in a process of its own: for what would disturb the others, or be disturbed by them.
//!
//! Such a test is ignored, and started by another one through its name.

use std::process::{Command, Stdio};

/// The command that runs the ignored test `name` of this binary, and nothing else.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture", name])
        .stdin(Stdio::null());
    command
}

/// Runs the ignored test `name`, which must pass; gives what it printed.
pub(crate) fn run(name: &str) -> String {
    let output = command(name).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
