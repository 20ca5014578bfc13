//! What building costs: crates in the tree, the stripped binary, a clean clone to its first answer.
//!
//! The clone is of what is committed; downloads are not counted, as cargo runs offline.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::budgets::{BINARY, CLEAN_CLONE, CRATES};
use crate::client;
use crate::clock::{Stopwatch, wait_until};
use crate::error::BenchError;
use crate::launch::{Launcher, cargo};
use crate::output::output;
use crate::process::Server;
use crate::statistics::float;
use crate::table::Row;

/// The example of the README: the least that serves health. A package of its own, so that the
/// other examples turn on no features of it.
const MINIMAL: &str = "health_server";
const READY_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn size(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    launcher.build_minimal()?;
    let mut tree = cargo();
    tree.args(["tree", "-p", "health-http", "-e", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(&launcher.workspace);
    let names = crates(&output("cargo tree", &mut tree)?);
    let stripped = launcher.scratch.join(MINIMAL);
    let mut strip = Command::new("strip");
    strip
        .arg("-o")
        .arg(&stripped)
        .arg(launcher.binary(&format!("examples/{MINIMAL}")));
    output("strip", &mut strip)?;
    let bytes = fs::metadata(&stripped)
        .map_err(|source| BenchError::Read {
            what: "the stripped binary".to_owned(),
            source,
        })?
        .len();
    let list = names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    Ok(vec![
        Row::new(CRATES, "", float(names.len() as u64)).note(list),
        Row::new(BINARY, MINIMAL, float(bytes) / 1024.0 / 1024.0),
    ])
}

pub(crate) fn clean_clone(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let clone = launcher.scratch.join("clone");
    remove(&clone)?;
    let watch = Stopwatch::start();
    let mut git = Command::new("git");
    git.args(["clone", "--quiet", "--no-hardlinks"])
        .arg(&launcher.workspace)
        .arg(&clone);
    output("git clone", &mut git)?;
    let mut build = cargo();
    build
        .args(["build", "--release", "--quiet", "--example", "node"])
        .current_dir(&clone)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", clone.join("target"));
    output("cargo build of a clean clone", &mut build)?;
    let mut node = Command::new(clone.join("target/release/examples/node"));
    let server = Server::start(
        "node of a clean clone",
        node.args(["--listen", "127.0.0.1:0"]),
    )?;
    let ready = wait_until(READY_LIMIT, || {
        client::get(server.addr(), "/health").is_ok_and(|answer| answer.head.status == 200)
    });
    let seconds = watch.elapsed().as_secs_f64();
    drop(server);
    remove(&clone)?;
    let seconds = if ready { seconds } else { f64::NAN };
    Ok(vec![Row::new(CLEAN_CLONE, "node", seconds)])
}

fn remove(directory: &std::path::Path) -> Result<(), BenchError> {
    match fs::remove_dir_all(directory) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(BenchError::Read {
            what: directory.display().to_string(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Names and versions, each once: a tree repeats what several depend on, with a mark.
fn crates(tree: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let words: Vec<_> = line.split_whitespace().take(2).collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    tree.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_stands_twice_counts_once() {
        let tree =
            "health-http v0.1.0 (/somewhere)\nbytes v1.12.1\nhttp v1.5.0\nbytes v1.12.1 (*)\n\n";
        assert_eq!(crates(tree).len(), 3);
    }
}
