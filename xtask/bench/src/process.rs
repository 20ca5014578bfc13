//! A server as a child process: started until it listens, ended by SIGTERM, killed when dropped.
//!
//! It knows no particular server. Of what the child prints only the latest lines are kept.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::clock::wait_until;
use crate::error::BenchError;
use crate::procfs;
use crate::server_flags::parse_listening_line;

/// Generous, because starting under valgrind takes seconds.
const START_LIMIT: Duration = Duration::from_mins(1);
const END_LIMIT: Duration = Duration::from_secs(40);
const PIPE_LIMIT: Duration = Duration::from_millis(500);
const LAST_WORDS: usize = 20;

type Lines = Arc<Mutex<VecDeque<String>>>;

pub(crate) struct Server {
    what: String,
    child: Child,
    /// The server itself, when `child` is a tracer that runs it.
    pid: u32,
    addr: SocketAddr,
    lines: Lines,
    pipes: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts the command and waits for its `listening on` line.
    pub(crate) fn start(what: &str, command: &mut Command) -> Result<Self, BenchError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| BenchError::Start {
                what: what.to_owned(),
                source,
            })?;
        let lines = Lines::default();
        let listening = Arc::new(Mutex::new(None));
        let mut pipes = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            pipes.extend(keep_lines(stdout, &lines, Some(Arc::clone(&listening))));
        }
        if let Some(stderr) = child.stderr.take() {
            pipes.extend(keep_lines(stderr, &lines, None));
        }
        let address = || *listening.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = false;
        wait_until(START_LIMIT, || {
            ended = !matches!(child.try_wait(), Ok(None));
            ended || address().is_some()
        });
        let pid = child.id();
        let Some(addr) = address() else {
            let _ = child.kill();
            let _ = child.wait();
            // Its last words may still be on their way through the pipe.
            drain(&pipes);
            return Err(BenchError::NotListening {
                what: what.to_owned(),
                last_words: words(&lines),
            });
        };
        Ok(Self {
            what: what.to_owned(),
            child,
            pid,
            addr,
            lines,
            pipes,
        })
    }

    /// The same for a command that runs the server as its own child, as strace does.
    pub(crate) fn start_traced(what: &str, command: &mut Command) -> Result<Self, BenchError> {
        let mut server = Self::start(what, command)?;
        server.pid = procfs::child_of(server.child.id())?.ok_or(BenchError::Unparsable {
            what: "/proc".to_owned(),
            missing: "the traced server",
        })?;
        Ok(server)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // It may have ended by itself; the exit status tells.
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits for the end after a SIGTERM that somebody sent.
    pub(crate) fn wait(mut self) -> Result<(ExitStatus, String), BenchError> {
        let mut status = None;
        wait_until(END_LIMIT, || {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        match status {
            Some(status) => {
                drain(&self.pipes);
                Ok((status, words(&self.lines)))
            }
            None => Err(BenchError::NotEnding {
                what: self.what.clone(),
                seconds: END_LIMIT.as_secs(),
            }),
        }
    }

    /// Sends SIGTERM and waits; gives the exit status and the last lines printed.
    pub(crate) fn terminate(self) -> Result<(ExitStatus, String), BenchError> {
        self.signal(Signal::TERM);
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads a pipe to its end on a thread, so that the child never blocks on it.
fn keep_lines(
    pipe: impl Read + Send + 'static,
    lines: &Lines,
    listening: Option<Arc<Mutex<Option<SocketAddr>>>>,
) -> Option<JoinHandle<()>> {
    let lines = Arc::clone(lines);
    let read = move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let (Some(slot), Some(addr)) = (&listening, parse_listening_line(&line)) {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(addr);
            }
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LAST_WORDS {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    };
    // Without the thread the child would at worst block, and the start limit say so.
    std::thread::Builder::new()
        .name("bench-pipe".to_owned())
        .spawn(read)
        .ok()
}

/// Waits a little for what an ended child printed last.
fn drain(pipes: &[JoinHandle<()>]) {
    wait_until(PIPE_LIMIT, || pipes.iter().all(JoinHandle::is_finished));
}

fn words(lines: &Lines) -> String {
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.is_empty() {
        return "none".to_owned();
    }
    lines
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_child_that_listens_is_started_and_ended() {
        let script = "echo hello; echo listening on http://127.0.0.1:9; exec sleep 60";
        let server = Server::start("a sleeper", &mut shell(script)).unwrap();
        assert_eq!(server.addr().port(), 9);
        let (status, words) = server.terminate().unwrap();
        assert!(!status.success());
        assert!(words.contains("hello"));
    }

    #[test]
    fn a_child_that_ends_first_is_an_error_with_its_last_words() {
        let error = Server::start("a quitter", &mut shell("echo no flags >&2; exit 2"));
        let message = error.err().unwrap().to_string();
        assert_eq!(
            message,
            "a quitter never said where it listens; its last words: no flags"
        );
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let started = Server::start("nothing", &mut Command::new("/nonexistent/program"));
        assert!(matches!(started, Err(BenchError::Start { .. })));
    }
}
