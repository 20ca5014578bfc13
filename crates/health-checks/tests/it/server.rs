//! A real server as an ordinary process: started on a free port, killed, suspended, brought back.
//! Which programs, and with what arguments, the families say.
#![allow(dead_code, reason = "which of it is used depends on the features")]

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::until;

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

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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
        self.signal_children(Signal::STOP);
        let tasks = format!("/proc/{}/task", self.child.id());
        let stopped = |task: std::io::Result<std::fs::DirEntry>| {
            let stat = std::fs::read_to_string(task.unwrap().path().join("stat"));
            // The name before the state may hold anything; a thread that has ended is as good.
            stat.map_or(true, |stat| {
                stat.rsplit_once(") ").unwrap().1.starts_with('T')
            })
        };
        until("the suspension", || {
            std::fs::read_dir(&tasks).unwrap().all(stopped)
        });
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

    fn signal_children(&self, signal: Signal) {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        for child in children.split_ascii_whitespace() {
            let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
            // It may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }
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
