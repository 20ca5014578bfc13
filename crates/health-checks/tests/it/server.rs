//! A real server as an ordinary process: started on a free port, killed, suspended, brought back.
//! Which programs, and with what arguments, the families say.
#![allow(dead_code, reason = "which of it is used depends on the features")]

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use health_core::{Cause, CheckState, CheckStatus, Registration};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{Monitored, PATIENCE, until};

/// What the servers are logged in to with.
#[allow(dead_code, reason = "some servers ask for none")]
pub(crate) const PASSWORD: &str = "sw0rdfish";

/// How long a run waits for a server that is killed, if its client waits.
const IMPATIENCE: Duration = Duration::from_secs(2);

/// Makes the command of a server from its directory and its port.
type MakeCommand = dyn Fn(&Path, u16) -> Command + Send;
/// Whether the server on a port answers.
type Answers = fn(u16) -> bool;

/// A server that ends, with all it wrote, when this is dropped.
pub(crate) struct Server {
    command: Box<MakeCommand>,
    answers: Answers,
    child: Child,
    directory: TempDir,
    pub(crate) port: u16,
}

impl Server {
    /// Starts what `command` makes of a directory of its own and a free port, and waits until
    /// it accepts connections.
    pub(crate) fn start(command: impl Fn(&Path, u16) -> Command + Send + 'static) -> Self {
        Self::start_until(
            |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok(),
            command,
        )
    }

    /// The same for a server that is ready once it `answers`.
    pub(crate) fn start_until(
        answers: Answers,
        command: impl Fn(&Path, u16) -> Command + Send + 'static,
    ) -> Self {
        let directory = TempDir::new().unwrap();
        // A server that runs as another user must reach it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open).unwrap();
        // Servers that cannot find a free port themselves are given one; another process may
        // take it meanwhile, so a server that ends at once is tried again elsewhere.
        for _ in 0..10 {
            let port = free_port();
            let mut child = spawn(&command, directory.path(), port);
            if ready(&mut child, port, answers) {
                return Self {
                    command: Box::new(command),
                    answers,
                    child,
                    directory,
                    port,
                };
            }
        }
        let log = std::fs::read_to_string(log_path(directory.path())).unwrap_or_default();
        panic!("the server does not start: {log}");
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// SIGKILL, and waits until it is gone, and its children have ended for want of it.
    pub(crate) fn kill(&mut self) {
        let children = self.children();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        until("the end of the server's children", || {
            children.iter().all(|pid| threads_are(*pid, "ZX"))
        });
    }

    /// Starts it again, on the same port and directory.
    pub(crate) fn restart(&mut self) {
        until("the server's return", || {
            self.child = spawn(&self.command, self.directory.path(), self.port);
            ready(&mut self.child, self.port, self.answers)
        });
    }

    /// SIGSTOP, to its children too: it keeps its connections and answers nothing. Threads stop
    /// one by one, so this waits for the last.
    pub(crate) fn suspend(&self) {
        self.signal(Signal::STOP);
        // A thread that runs may answer before it stops, or make another child.
        until("the server's stop", || {
            self.signal_children(Signal::STOP);
            let mut processes = self.children();
            processes.push(Pid::from_child(&self.child));
            processes.iter().all(|pid| threads_are(*pid, "TtZX"))
        });
    }

    /// Suspends it under a check that has just passed, until a run says why it did not: on a
    /// machine too busy the runner gives a run up first, and does not know.
    pub(crate) async fn suspend_under(&self, monitored: &Monitored, words: &str) {
        let begin = Instant::now();
        loop {
            monitored.ask_until("an answer", CheckState::healthy).await;
            self.suspend();
            let state = monitored.ask().await;
            assert_eq!(state.cause, Cause::Timeout, "{state:?}");
            if state.message.contains(words) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "no {words:?}: {state:?}");
            self.resume();
        }
    }

    /// Suspends it under a check, which must say so in these words, and recover by itself once it
    /// goes on.
    pub(crate) async fn hang_under(&self, registration: impl Into<Registration>, words: &str) {
        let registration = registration.into().thresholds(1, 1);
        let monitored = Monitored::start(registration);
        self.suspend_under(&monitored, words).await;
        self.resume();
        monitored
            .ask_until("the server's return", CheckState::healthy)
            .await;
        monitored.stop().await;
    }

    /// Kills it under a check, which must say so in each run, and recover by itself once it is
    /// back.
    pub(crate) async fn kill_under(&mut self, registration: impl Into<Registration>) {
        let registration = registration.into().thresholds(1, 1).timeout(IMPATIENCE);
        let monitored = Monitored::start(registration);
        monitored.ask_until("an answer", CheckState::healthy).await;
        self.kill();
        for _ in 0..2 {
            let state = monitored.ask().await;
            assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
        }
        self.restart();
        monitored
            .ask_until("the server's return", CheckState::healthy)
            .await;
        monitored.stop().await;
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) {
        self.signal_children(Signal::CONT);
        self.signal(Signal::CONT);
    }

    /// Ends it by a signal that it obeys, which lets it tidy up what a kill would leave.
    pub(crate) fn end(mut self, signal: Signal) {
        self.signal(signal);
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    fn signal_children(&self, signal: Signal) {
        for pid in self.children() {
            // It may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
    }

    fn children(&self) -> Vec<Pid> {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let ids = children.split_ascii_whitespace();
        ids.map(|id| Pid::from_raw(id.parse().unwrap()).unwrap())
            .collect()
    }
}

/// Whether all threads of a process are in one of these states; one that is gone is in any.
fn threads_are(pid: Pid, states: &str) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else {
        return true;
    };
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The name before it may hold anything, and ends with the last parenthesis.
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        state.is_none_or(|state| states.contains(state))
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        // A child that is suspended would never notice.
        self.signal_children(Signal::CONT);
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(command: &impl Fn(&Path, u16) -> Command, directory: &Path, port: u16) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(log_path(directory))
        .unwrap();
    let mut command = command(directory, port);
    let program = command.get_program().to_owned();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; install the servers with `cargo xtask ci test` as root",
                program.display()
            )
        })
}

fn log_path(directory: &Path) -> PathBuf {
    directory.join("server.log")
}

/// Waits until it answers; `false` if it ends before.
fn ready(child: &mut Child, port: u16, answers: Answers) -> bool {
    let mut answered = false;
    until("the server", || {
        answered = answers(port);
        answered || child.try_wait().unwrap().is_some()
    });
    answered
}

/// A port of loopback that was free a moment ago, and is given to nobody else in this process.
///
/// It is below those that the kernel hands out (from 32768 up), so that no connection and no
/// listener on port 0 takes it before the server does.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        // Processes that run at once start apart.
        let next = std::process::id()
            .wrapping_mul(97)
            .wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + next % COUNT).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
