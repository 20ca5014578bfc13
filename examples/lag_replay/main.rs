//! Replays a recorded replication through the monitor, and writes what it said at each row.
//!
//! `--help` says how. It reads and writes; what a row means is in the library of this package.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use csv::WriterBuilder;
use health_examples::program::Program;
use health_examples::replay::flags::{self, Flags};
use health_examples::replay::records::Records;
use health_examples::replay::report::{Replay, SetupError};
use health_examples::replay::trace::{Columns, TraceError};
use thiserror::Error;

const PROGRAM: Program = Program {
    name: "lag_replay",
    help: flags::HELP,
};
/// So many bad rows are named one by one.
const NAMED: u64 = 10;

fn main() -> ExitCode {
    let flags = match PROGRAM.flags(flags::parse) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    if io::stdin().is_terminal() {
        PROGRAM.complain(
            &"reads a trace from its input, which is the terminal (see lag_replay --help)",
        );
    }
    match run(&flags, io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever stops reading, such as `head`, has read enough.
        Err(Failure::Write(error)) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(failure @ Failure::Setup(_)) => PROGRAM.refuse(&failure),
        Err(failure) => PROGRAM.fail(&failure),
    }
}

/// Why the replay ended early.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("cannot read the trace: {0}")]
    Read(csv::Error),
    #[error("line {line}: {source}")]
    Header { line: u64, source: TraceError },
    #[error("line {line}: {message}; --skip-bad leaves bad rows out")]
    Row { line: u64, message: String },
    #[error("cannot write the report: {0}")]
    Write(csv::Error),
}

fn is_broken_pipe(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::Io(io) if io.kind() == io::ErrorKind::BrokenPipe)
}

fn run(flags: &Flags, input: impl BufRead, output: impl Write) -> Result<(), Failure> {
    let mut replay = Replay::new(flags)?;
    let mut records = Records::new(input);
    let (line, columns) = match records.read().map_err(Failure::Read)? {
        None => (1, Err(TraceError::Empty)),
        Some(header) => (header.line, Columns::of(header.fields.as_ref())),
    };
    let columns = columns.map_err(|source| Failure::Header { line, source })?;
    let mut writer = WriterBuilder::new().from_writer(output);
    writer
        .write_record(replay.header())
        .map_err(Failure::Write)?;

    let mut skipped = 0_u64;
    let ended = loop {
        let record = match records.read() {
            Ok(Some(record)) => record,
            Ok(None) => break Ok(()),
            Err(error) => break Err(Failure::Read(error)),
        };
        let fields = columns
            .row(record.fields.as_ref())
            .map_err(|error| error.to_string())
            .and_then(|row| replay.row(&row).map_err(|error| error.to_string()));
        match fields {
            Ok(fields) => writer.write_record(fields).map_err(Failure::Write)?,
            Err(message) => {
                let line = record.line;
                if !flags.skip_bad {
                    break Err(Failure::Row { line, message });
                }
                skipped += 1;
                if skipped <= NAMED {
                    PROGRAM.complain(&format_args!("line {line}: {message}; left out"));
                }
                records.give_up(record);
            }
        }
    };
    match skipped {
        0 => {}
        1 => PROGRAM.complain(&"1 bad row left out"),
        _ => PROGRAM.complain(&format_args!("{skipped} bad rows left out")),
    }
    // What was worked out before something went wrong is not lost.
    writer
        .flush()
        .map_err(|error| Failure::Write(error.into()))?;
    ended
}
