//! The steps that read the code without running it.
//! They change nothing: `cargo xtask fix` does.

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::tools;
use crate::workspace::Workspace;

const CLIPPY: [&str; 3] = ["clippy", "--workspace", "--all-targets"];
const NO_WARNING: [&str; 3] = ["--", "-D", "warnings"];

pub(super) fn format(_: &Workspace) -> Result<(), Failure> {
    Invocation::cargo(&["fmt", "--all", "--check"]).run()
}

pub(super) fn spelling(workspace: &Workspace) -> Result<(), Failure> {
    tools::TYPOS.invocation(workspace, &[])?.run()
}

pub(super) fn clippy(_: &Workspace) -> Result<(), Failure> {
    Invocation::cargo(&CLIPPY).args(&NO_WARNING).run()
}

pub(super) fn clippy_all(_: &Workspace) -> Result<(), Failure> {
    Invocation::cargo(&CLIPPY)
        .args(&["--all-features"])
        .args(&NO_WARNING)
        .run()
}

/// The published crates, with no feature, each feature alone, and all of them. Only the library:
/// tests bring dependencies that would switch further features on.
pub(super) fn features(workspace: &Workspace) -> Result<(), Failure> {
    tools::HACK
        .invocation(workspace, &["hack", "clippy", "--workspace"])?
        .args(&["--ignore-private", "--each-feature", "--lib"])
        .args(&NO_WARNING)
        .run()
}

pub(super) fn docs(_: &Workspace) -> Result<(), Failure> {
    Invocation::cargo(&["doc", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .run()
}

pub(super) fn deny(workspace: &Workspace) -> Result<(), Failure> {
    println!(
        "advisories stand in deny.toml but are not checked here: their database is fetched from \
         the network; where that is allowed: cargo deny check advisories"
    );
    tools::DENY
        .invocation(workspace, &["--workspace", "--all-features"])?
        .args(&[
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ])
        .run()
}
