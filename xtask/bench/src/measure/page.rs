//! The page of a node: when a browser paints it, what it weighs, and how soon a key shows in its search.
//!
//! The browser is driven by `health-paint`.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::budgets::{PAGE_KEY, PAGE_PAINT, PAGE_SHOWN, PAGE_WEIGHT};
use crate::client;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::statistics::{float, median};
use crate::table::Row;

const NODE: Subject = Subject::Node {
    checks: 100,
    own_thread: false,
};
/// Browsers, each of which loads the page once.
const TIMES: usize = 15;
/// Each of its checks runs once a second, so that all rows are drawn anew while somebody types.
const LARGE: Subject = Subject::Node {
    checks: 1_000,
    own_thread: false,
};
/// How often a word of eight letters is typed and taken back.
const WORDS: usize = 10;

pub(crate) fn paint(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let said = browse(launcher, NODE, "load", TIMES)?;
    let row = |figure, label: &str| {
        let times = times(&said, label);
        let note = format!("{} browsers, {}", times.len(), range(&times));
        Row::new(figure, "100 checks", median(&times).unwrap_or(f64::NAN)).note(note)
    };
    Ok(vec![
        row(PAGE_PAINT, "first contentful paint:"),
        row(PAGE_SHOWN, "first check shown:"),
    ])
}

pub(crate) fn typing(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let times = times(&browse(launcher, LARGE, "type", WORDS)?, "key shown:");
    let note = format!("{} keys, {}", times.len(), range(&times));
    let row = Row::new(PAGE_KEY, "1,000 checks", median(&times).unwrap_or(f64::NAN));
    Ok(vec![row.note(note)])
}

/// What `health-paint` says of the page of such a node.
fn browse(
    launcher: &Launcher,
    node: Subject,
    what: &str,
    times: usize,
) -> Result<String, BenchError> {
    launcher.cargo(["build", "--release", "-p", "health-paint"])?;
    let server = launcher.start(node)?;
    let output = Command::new(launcher.binary("health-paint"))
        .arg(what)
        .arg(format!("http://{}/health/ui", server.addr()))
        .arg(times.to_string())
        .output();
    let what = "health-paint".to_owned();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => Err(BenchError::Failed {
            what,
            status: output.status,
            last_words: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Err(source) => Err(BenchError::Start { what, source }),
    }
}

fn times(said: &str, label: &str) -> Vec<f64> {
    let lines = said.lines();
    lines
        .filter_map(|line| line.strip_prefix(label)?.trim().parse().ok())
        .collect()
}

fn range(times: &[f64]) -> String {
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    format!("{least:.0} to {most:.0} ms")
}

/// The document, which refers to nothing else to load, and the state that it asks for.
pub(crate) fn weight(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let server = launcher.start(NODE)?;
    let mut bytes = 0;
    let mut parts = Vec::new();
    for path in ["/health/ui", "/health/ui/state"] {
        let answer = client::get(server.addr(), path).map_err(|error| BenchError::Load {
            what: NODE.label(),
            failed: 1,
            first: error.to_string(),
        })?;
        let compressed = gzip(&answer.body)?;
        parts.push(format!(
            "{path}: {} bytes as served, {compressed} compressed",
            answer.body.len()
        ));
        bytes += compressed;
    }
    let row = Row::new(PAGE_WEIGHT, "100 checks", float(bytes) / 1024.0);
    Ok(vec![row.note(parts.join("; "))])
}

/// How many bytes `gzip -9` makes of these.
fn gzip(bytes: &[u8]) -> Result<u64, BenchError> {
    let cannot = |source| BenchError::Start {
        what: "gzip".to_owned(),
        source,
    };
    let mut child = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut compressed = Vec::new();
    // What it says meanwhile fits into its pipe.
    if let Some(mut stdin) = stdin {
        stdin.write_all(bytes).map_err(cannot)?;
    }
    if let Some(mut stdout) = stdout {
        stdout.read_to_end(&mut compressed).map_err(cannot)?;
    }
    child.wait().map_err(cannot)?;
    Ok(compressed.len() as u64)
}
