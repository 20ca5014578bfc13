//! Two logs in one process: a follower that is slowed, stopped, resumed; a live table, then a plot.
//!
//! `--help` says how. It waits, prints and writes; the story and the plot are in the library of
//! this package.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use health_examples::demo::flags::{self, Flags};
use health_examples::demo::plot;
use health_examples::demo::record::Recording;
use health_examples::demo::story::{END, Logs, STEP, chapter_at};
use health_examples::program::Program;
use health_lag::{Condition, Level, RegisterError, SampleError, Status};
use thiserror::Error;

const PROGRAM: Program = Program {
    name: "lag_demo",
    help: flags::HELP,
};
/// A line of the table stays for each time of so much.
const LINE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let flags = match PROGRAM.flags(flags::parse) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    match run(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => PROGRAM.fail(&failure),
    }
}

/// Why the story ended early.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error("cannot draw the plot: {0}")]
    Draw(#[from] std::fmt::Error),
    #[error("cannot write the plot to {path}: {error}")]
    Write { path: String, error: io::Error },
}

fn run(flags: &Flags) -> Result<(), Failure> {
    // Found out now rather than at the end.
    write(&flags.svg, "")?;
    let live = io::stdout().is_terminal();
    let mut out = anstream::AutoStream::auto(io::stdout());
    let mut recording = Recording::new()?;
    let mut logs = Logs::default();
    let mut at = Duration::ZERO;
    print(
        &mut out,
        "time   follower   level     conditions  how it is\n",
    );
    while at < END {
        at += STEP;
        let (status, said) = recording.observe(at, logs.step(at))?;
        for alert in said {
            let mark = if live { "\x1b[2K" } else { "" };
            print(&mut out, &format!("{mark}       * {alert}\n"));
        }
        let text = status.map(|status| line(at, &status)).unwrap_or_default();
        if at.as_millis().is_multiple_of(LINE.as_millis()) {
            print(&mut out, &format!("{text}\n"));
        } else if live {
            // It is written over by the next.
            print(&mut out, &format!("\x1b[2K{text}\r"));
        }
        if let Some(speed) = flags.speed {
            std::thread::sleep(STEP.div_f64(speed));
        }
    }
    recording.end(at);
    let svg = plot::svg(&recording.moments, &recording.bars)?;
    write(&flags.svg, &svg)?;
    print(
        &mut out,
        &format!("the plot is in {}\n", flags.svg.display()),
    );
    Ok(())
}

fn line(at: Duration, status: &Status) -> String {
    let colour = match status.level {
        Level::Normal => AnsiColor::Green,
        Level::Warning => AnsiColor::Yellow,
        Level::Critical => AnsiColor::Red,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let conditions: Vec<_> = status.conditions.iter().map(Condition::name).collect();
    format!(
        "{:>4.0} s {:<10} {style}{:<9}{style:#} {:<11} {}",
        at.as_secs_f64(),
        chapter_at(at).name,
        status.level.name(),
        conditions.join(" "),
        status.explain()
    )
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::Write {
        path: path.display().to_string(),
        error,
    })
}

/// Whoever stops reading, such as `head`, has read enough.
fn print(out: &mut impl Write, text: &str) {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
