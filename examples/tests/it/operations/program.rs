//! Somebody else's program under test: found, started on free ports, ended with the test.
//!
//! What it is asked is the tests' business.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::process::{Directory, until};

/// Below the ports that the system gives to outgoing connections.
const PORTS: u16 = 10_000;
const FIRST: u16 = 20_000;

/// A loopback address on which nobody listens, for programs that cannot choose one themselves.
pub(super) fn free_address() -> String {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Test processes beside this one begin elsewhere.
    let begin = std::process::id().wrapping_mul(61) % u32::from(PORTS);
    for _ in 0..PORTS {
        let step = u32::from(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from((begin + step) % u32::from(PORTS)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return format!("127.0.0.1:{port}");
        }
    }
    panic!("no port is free");
}

/// A tool that `cargo xtask` installs, beside the build.
pub(super) fn tool(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let path = target.join("tools/bin").join(name);
    assert!(
        path.exists(),
        "{} is missing; run `cargo xtask ci test`, which installs it",
        path.display()
    );
    path
}

/// A running program; its log lies in the test's directory.
pub(super) struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    pub(super) fn start(directory: &Directory, program: &str, arguments: &[&str]) -> Self {
        let name = program.rsplit('/').next().unwrap().to_owned();
        let log = directory.path(&format!("{name}.log"));
        let file = std::fs::File::create(&log).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(directory.path("."))
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{program}: {error}; run `cargo xtask ci test`, which installs it")
            });
        Self { name, child, log }
    }

    /// Waits until `holds`, while the program lives.
    pub(super) fn wait(&mut self, what: &str, mut holds: impl FnMut() -> bool) {
        let Self { name, child, log } = self;
        until(&format!("{what} ({name}, {})", log.display()), || {
            if let Some(status) = child.try_wait().unwrap() {
                let log = std::fs::read_to_string(&*log).unwrap();
                panic!("{name} ended with {status}:\n{log}");
            }
            holds()
        });
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Politely, that it ends its own children too.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end; gives whether it succeeded, and all that it said.
pub(super) fn run(program: &str, arguments: &[&str], input: &str) -> (bool, String) {
    use std::io::Write as _;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{program}: {error}; run `cargo xtask ci test`, which installs it")
        });
    let mut stdin = child.stdin.take().unwrap();
    // It may not read.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// The status code and the body of a GET by curl; 0 if there was no answer.
pub(super) fn get(url: &str) -> (u16, String) {
    let arguments = ["-sS", "--max-time", "5", "-w", "\n%{http_code}", url];
    let (_, said) = run("curl", &arguments, "");
    let (body, code) = said.trim_end().rsplit_once('\n').unwrap_or_default();
    (code.parse().unwrap_or(0), body.to_owned())
}
