//! `cargo xtask bench`: builds the benchmark program and hands it the arguments.
//! What is measured, and against what, is the business of `health-bench`.

use crate::failure::Failure;
use crate::invocation::Invocation;

/// Runs the benchmarks that `arguments` name, or all.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    Invocation::cargo(&["run", "--release", "--package", "health-bench", "--"])
        .args(arguments)
        .run()
}
