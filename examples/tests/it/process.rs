//! A program under test: started, asked, signalled, and killed at the latest when it is dropped.
//!
//! Every wait is for a condition, and gives up after a generous while.
#![allow(
    clippy::disallowed_methods,
    reason = "a test that waits must give up some time"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Long enough for the slowest machine; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// An example's binary: `target/PROFILE/examples/NAME`, while tests are in `target/PROFILE/deps`.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(std::path::Path::parent).unwrap();
    let program = profile.join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing; run `cargo build --package health-examples --examples`",
        program.display()
    );
    program
}

/// Runs a node that is expected to end by itself.
pub(crate) fn output(arguments: &[&str]) -> Output {
    let child = Command::new(binary("node"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.wait_with_output().unwrap()
}

/// A running node.
pub(crate) struct Node {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it said that it listens on.
    pub(crate) address: String,
}

impl Node {
    /// Starts a node on a free port that ends at once when told, and waits for its line.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut all = vec!["--listen", "127.0.0.1:0", "--drain-delay", "0"];
        all.extend(arguments);
        Self::start_as(&all)
    }

    /// The same with all its arguments given.
    pub(crate) fn start_as(arguments: &[&str]) -> Self {
        let mut child = Command::new(binary("node"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("its line was {line:?}"));
        Self {
            child,
            stdout,
            address: address.to_owned(),
        }
    }

    /// The status code and the body of one GET.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let address = self.address.strip_prefix("http://").unwrap();
        exchange(TcpStream::connect(address).unwrap(), path)
    }

    /// Waits until `path` answers with `code`, and gives the body.
    pub(crate) fn wait_for(&self, path: &str, code: u16) -> String {
        self.wait_until(path, |got, _| got == code)
    }

    /// Waits until an answer to `path` is as it is expected, and gives the body.
    pub(crate) fn wait_until(&self, path: &str, expected: impl Fn(u16, &str) -> bool) -> String {
        let mut last = (0, String::new());
        until(path, || {
            last = self.get(path);
            expected(last.0, &last.1)
        });
        last.1
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for its end; gives how it ended, and what else it printed.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = ended(&mut self.child);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status, rest)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal by its name; the shell has `kill` built in, which else is a package of its own.
pub(crate) fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(status.success(), "{kill}");
}

/// Waits until a process has ended; one that does not is killed, and whoever reads from it reads on.
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("waited in vain for its end");
        }
        std::thread::sleep(PAUSE);
    }
}

/// Waits until a condition holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Sends one GET, and reads to the end of the connection.
pub(crate) fn exchange(mut stream: impl Read + Write, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, body.to_owned())
}

/// A directory that goes with the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("health-node-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(crate) fn write(&self, file: &str) {
        std::fs::write(self.path(file), "").unwrap();
    }

    pub(crate) fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).unwrap();
    }

    /// `--file-check` for a file in it.
    pub(crate) fn check(&self, name: &str, options: &str) -> String {
        format!("{name}={}{options}", self.path(name).display())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
