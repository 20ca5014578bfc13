//! A wall clock that jumps at random, years back and centuries on: do checks change that did not?
//!
//! The clock is that of one process, bent by libfaketime and read from a file; the machine's own is
//! left alone, and so is the monotonic one, which does not jump.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::budgets::{JUMPS_FAILED, JUMPS_WRONG};
use crate::client;
use crate::clock::pause;
use crate::error::BenchError;
use crate::last_words::figure;
use crate::launch::Launcher;
use crate::process::Server;
use crate::statistics::float;
use crate::table::Row;

const JUMPS: u64 = 300;
const STAYS: Duration = Duration::from_millis(100);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let file = launcher.scratch.join("wall-clock");
    set(&file, 0)?;
    let flags = [
        ("LD_PRELOAD", library()?),
        ("FAKETIME_TIMESTAMP_FILE", file.clone().into_os_string()),
        ("FAKETIME_NO_CACHE", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
    ];
    let flags = flags.map(|(name, value)| {
        let mut flag = OsString::from(format!("{name}="));
        flag.push(value);
        flag
    });
    let mut command = launcher.program_under("env", &flags, "known");
    let server = Server::start("known under faketime", &mut command)?;
    let (mut dates, mut bad) = (BTreeMap::new(), Vec::new());
    for number in 0..JUMPS {
        set(&file, offset(number))?;
        pause(STAYS);
        match look(&server) {
            Ok(date) => *dates.entry(date).or_insert(0) += 1,
            Err(what) => bad.push(format!("{what} at {} s", offset(number))),
        }
    }
    let (_, words) = server.terminate()?;
    let wrong = figure(&words, "wrong transitions: ")?;
    let made = figure(&words, "changes made: ")?;
    let first = bad.first().map_or("none", String::as_str);
    let shown = format!(
        "{JUMPS} jumps to {} dates, from {} to {}; {made} right ones",
        dates.len(),
        dates.keys().next().map_or("", String::as_str),
        dates.keys().next_back().map_or("", String::as_str),
    );
    // A clock that stood still proves nothing.
    let jumped = float(dates.len() as u64) > float(JUMPS) / 3.0 && made > 0.0;
    let wrong = if jumped { wrong } else { f64::NAN };
    Ok(vec![
        Row::new(JUMPS_WRONG, "", wrong).note(shown),
        Row::new(JUMPS_FAILED, "", float(bad.len() as u64)).note(format!("first: {first}")),
    ])
}

/// Where the library is, as its own program says it.
fn library() -> Result<OsString, BenchError> {
    let output = Command::new("faketime")
        .args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"])
        .output()
        .map_err(|source| BenchError::Start {
            what: "faketime".to_owned(),
            source,
        })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().into())
}

/// Bends the clock by so many seconds; put in place in one step, as it may be read at any time.
fn set(file: &Path, seconds: i64) -> Result<(), BenchError> {
    let next = file.with_extension("next");
    std::fs::write(&next, format!("{seconds:+}"))
        .and_then(|()| std::fs::rename(&next, file))
        .map_err(|source| BenchError::Read {
            what: file.display().to_string(),
            source,
        })
}

/// By seconds, by months, by decades back (before 1970 too) or by centuries on; the same in each run.
fn offset(number: u64) -> i64 {
    const DAY: i64 = 86_400;
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    let random = i64::try_from(hasher.finish() >> 1).unwrap_or(0);
    match number % 4 {
        0 => random % 100 - 50,
        1 => random % (1_000 * DAY) - 500 * DAY,
        2 => -(random % (70 * 365 * DAY)),
        _ => random % (500 * 365 * DAY),
    }
}

/// The date that the report bears, if it is whole and right.
fn look(server: &Server) -> Result<String, String> {
    let answer = client::get(server.addr(), "/health").map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    let checks = report.get("checks").and_then(Value::as_object);
    let checks = checks.ok_or("a report without checks")?;
    for (name, check) in checks {
        let status = check
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or("none");
        let kind = name.split('-').next().unwrap_or_default();
        let right = match kind {
            "changing" => matches!(status, "healthy" | "unhealthy"),
            "critical" => status == "healthy",
            kind => status == kind,
        };
        if !right {
            return Err(format!("{name} is shown {status}"));
        }
    }
    let time = report.get("timestamp").and_then(Value::as_str);
    let date = time.and_then(|time| time.split('T').next());
    Ok(date.ok_or("a report without a time")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_go_before_1970_and_far_on_and_are_the_same_each_time() {
        const YEAR: i64 = 365 * 86_400;
        let offsets: Vec<_> = (0..JUMPS).map(offset).collect();
        assert!(offsets.iter().any(|seconds| *seconds < -60 * YEAR));
        assert!(offsets.iter().any(|seconds| *seconds > 200 * YEAR));
        assert_eq!(offsets, (0..JUMPS).map(offset).collect::<Vec<_>>());
    }
}
