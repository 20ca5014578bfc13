//! A shutdown whose runtime is blocked: by how much the process outlives its deadline.
//!
//! The process is the example `graceful`, every worker of its runtime parked; in one case its
//! stdout is a full pipe that nobody reads.

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::budgets::OVERSHOOT;
use crate::client;
use crate::clock::{Stopwatch, wait_until};
use crate::error::BenchError;
use crate::launch::Launcher;
use crate::server_flags::parse_listening_line;
use crate::statistics::nearest_rank;
use crate::table::Row;

const WHAT: &str = "graceful";
const ROUNDS: usize = 20;
const DEADLINE: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(30);
/// The code of a passed deadline.
const DEADLINE_PASSED: i32 = 124;

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    launcher.build_examples()?;
    let mut rows = Vec::new();
    for (full, case) in [(false, "somebody reads"), (true, "its stdout a full pipe")] {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(once(launcher, full)?.saturating_sub(DEADLINE));
        }
        let mut ms = |per_mille| {
            let time = nearest_rank(&mut times, per_mille);
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        let note = format!("the worst of {ROUNDS}; median {:.1} ms", ms(500));
        rows.push(Row::new(OVERSHOOT, case, ms(1000)).note(note));
    }
    Ok(rows)
}

/// From the signal to the end of the process.
fn once(launcher: &Launcher, full: bool) -> Result<Duration, BenchError> {
    let start = |source| BenchError::Start {
        what: WHAT.to_owned(),
        source,
    };
    let (reader, writer) = std::io::pipe().map_err(start)?;
    let child = Command::new(launcher.binary("examples/graceful"))
        .args(["--listen", "127.0.0.1:0", "--health", "127.0.0.1:0"])
        .args(["--block-runtime", "--drain-delay", "0"])
        .args(["--deadline", &format!("{}s", DEADLINE.as_secs())])
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(start)?)
        .stderr(Stdio::null())
        .spawn()
        .map_err(start)?;
    let mut blocked = Blocked(child);
    let mut output = BufReader::new(reader);
    wait_until_listening(&mut output)?;
    std::thread::scope(|scope| {
        let output = if full {
            fill(scope, writer);
            Some(output)
        } else {
            drop(writer);
            scope.spawn(|| output.lines().map_while(Result::ok).count());
            None
        };
        let watch = Stopwatch::start();
        blocked.signal(Signal::TERM);
        let time = blocked.end(watch);
        // Without a reader, whoever fills it ends.
        drop(output);
        time
    })
}

/// Reads until it has said where the service listens, and asks it once.
fn wait_until_listening(output: &mut BufReader<PipeReader>) -> Result<(), BenchError> {
    let mut line = String::new();
    while output.read_line(&mut line).is_ok_and(|read| read > 0) {
        if let Some(addr) = parse_listening_line(line.trim_end())
            && wait_until(LIMIT, || client::get(addr, "/").is_ok())
        {
            return Ok(());
        }
        line.clear();
    }
    Err(BenchError::NotListening {
        what: WHAT.to_owned(),
        last_words: line,
    })
}

/// Writes until nothing goes in any more; a thread stays in its last write.
fn fill<'scope>(scope: &'scope std::thread::Scope<'scope, '_>, mut writer: PipeWriter) {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    scope.spawn(move || {
        while writer.write_all(b"x").is_ok() {
            WRITTEN.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut before = u64::MAX;
    wait_until(LIMIT, || {
        let written = WRITTEN.load(Ordering::Relaxed);
        written == std::mem::replace(&mut before, written)
    });
}

/// The process; killed when dropped.
struct Blocked(Child);

impl Blocked {
    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits until it has ended, with the code of a passed deadline.
    fn end(&mut self, since: Stopwatch) -> Result<Duration, BenchError> {
        while since.elapsed() < LIMIT {
            match self.0.try_wait() {
                Ok(None) => crate::clock::pause(Duration::from_millis(1)),
                Ok(Some(status)) if status.code() == Some(DEADLINE_PASSED) => {
                    return Ok(since.elapsed());
                }
                Ok(Some(status)) => {
                    let last_words = "not the code of a passed deadline".to_owned();
                    return Err(BenchError::Failed {
                        what: WHAT.to_owned(),
                        status,
                        last_words,
                    });
                }
                Err(source) => {
                    return Err(BenchError::Read {
                        what: WHAT.to_owned(),
                        source,
                    });
                }
            }
        }
        Err(BenchError::NotEnding {
            what: WHAT.to_owned(),
            seconds: LIMIT.as_secs(),
        })
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
