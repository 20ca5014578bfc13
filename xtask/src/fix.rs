//! `cargo xtask fix`: what a program can repair by itself (format, lints, spelling).
//! What it cannot repair is left for `cargo xtask ci` to name.

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::{tools, workspace};

/// Repairs the work tree in place, committed or not. One repair that fails stops no other.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = workspace::load()?;
    let spelling = tools::TYPOS
        .invocation(&workspace, &["-w"])
        .and_then(|typos| typos.run());
    let lints = Invocation::cargo(&["clippy", "--workspace", "--all-targets", "--all-features"])
        .args(&["--fix", "--allow-dirty", "--allow-staged"])
        .run();
    // Last, since a repair may leave a line too long.
    let format = Invocation::cargo(&["fmt", "--all"]).run();
    spelling.and(lints).and(format)
}
