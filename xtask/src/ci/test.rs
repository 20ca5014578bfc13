//! The steps that run tests: plain, in the documentation, under loom, and the simulator.
//! What is tested is said by the tests.

use crate::failure::Failure;
use crate::harness;
use crate::invocation::Invocation;
use crate::tools;
use crate::workspace::Workspace;

/// All features: a test behind a feature is a test all the same.
pub(super) fn test(workspace: &Workspace) -> Result<(), Failure> {
    for tool in tools::OF_TESTS {
        tool.ensure(workspace)?;
    }
    // The tests of examples run the real programs, which `--all-targets` would
    // build as test harnesses only.
    Invocation::cargo(&["build", "--workspace", "--examples", "--all-features"]).run()?;
    Invocation::cargo(&[
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--all-features",
    ])
    .run()
}

pub(super) fn doctest(_: &Workspace) -> Result<(), Failure> {
    Invocation::cargo(&["test", "--workspace", "--doc", "--all-features"]).run()
}

/// The flag would rebuild everything in the usual place, so this has a place of its own.
pub(super) fn loom(workspace: &Workspace) -> Result<(), Failure> {
    let target = workspace.target.join("loom").display().to_string();
    let test = release_test()
        .env("RUSTFLAGS", "--cfg health_loom")
        .env("CARGO_TARGET_DIR", &target)
        // Linking would take longer than what it saves.
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    filtered(&test, "loom")
}

pub(super) fn simulator(_: &Workspace) -> Result<(), Failure> {
    filtered(&release_test(), "simulator")
}

fn release_test() -> Invocation {
    Invocation::cargo(&["test", "--package", "health-core", "--release", "--lib"])
}

fn filtered(test: &Invocation, filter: &str) -> Result<(), Failure> {
    harness::require_tests(test, &[filter])?;
    test.clone().args(&["--", filter]).run()
}
