//! The step that runs every fuzz target of every crate for a short while.
//! It looks for crashes that are near; long runs are started by hand.

use std::fs;
use std::path::{Path, PathBuf};

use crate::debian;
use crate::failure::Failure;
use crate::tools;
use crate::workspace::Workspace;

/// Fewer where the time runs out first.
const RUNS_PER_TARGET: &str = "-runs=20000";

/// Enough to run through the seeds and some thousands of mutations.
const SECONDS_PER_TARGET: u32 = 15;

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let folders = folders(Path::new("crates"))?;
    if folders.is_empty() {
        println!("no crate has a fuzz folder: nothing to run");
        return Ok(());
    }
    debian::ensure(&[&debian::CPP])?;
    for folder in folders {
        let list = ["fuzz", "list", "--fuzz-dir", &folder.display().to_string()];
        let targets = tools::FUZZ.invocation(workspace, &list)?.output()?;
        if targets.trim().is_empty() {
            let message = format!("{} has no target", folder.display());
            return Err(Failure::Unmet(message));
        }
        for target in targets.lines() {
            fuzz(workspace, &folder, target)?;
        }
    }
    Ok(())
}

/// The fuzz folders of all crates, sorted.
fn folders(crates: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failure = |source| Failure::File {
        path: crates.display().to_string(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(crates).map_err(failure)? {
        let folder = entry.map_err(failure)?.path().join("fuzz");
        if folder.join("Cargo.toml").exists() {
            found.push(folder);
        }
    }
    found.sort();
    Ok(found)
}

fn fuzz(workspace: &Workspace, folder: &Path, target: &str) -> Result<(), Failure> {
    let corpus = folder.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(|source| Failure::File {
        path: corpus.display().to_string(),
        source,
    })?;
    // New finds go to the first folder, which is not committed; the seeds beside it are.
    let seeds = folder.join("seeds").join(target);
    let mut inputs = vec![corpus.display().to_string()];
    if seeds.exists() {
        inputs.push(seeds.display().to_string());
    }
    let builds = workspace.target.join("fuzz").display().to_string();
    let time = format!("-max_total_time={SECONDS_PER_TARGET}");
    tools::FUZZ
        .invocation(workspace, &["fuzz", "run", "--target-dir", &builds])?
        .args(&["--fuzz-dir", &folder.display().to_string(), target])
        .args(&inputs)
        // The same inputs in each run: CI looks for regressions, a long run of one's own for finds.
        .args(&["--", "-seed=1", RUNS_PER_TARGET, &time])
        // Sanitizers and coverage are unstable flags, which this lets the stable compiler take.
        .env("RUSTC_BOOTSTRAP", "1")
        .run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_with_a_manifest_are_fuzz_folders() {
        let root = std::env::temp_dir().join(format!("xtask-fuzz-{}", std::process::id()));
        fs::create_dir_all(root.join("b/fuzz")).unwrap();
        fs::create_dir_all(root.join("a/fuzz")).unwrap();
        fs::create_dir_all(root.join("c/src")).unwrap();
        fs::write(root.join("a/fuzz/Cargo.toml"), "").unwrap();
        let found = folders(&root).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [root.join("a/fuzz")]);
    }
}
