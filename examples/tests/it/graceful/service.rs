//! The service under test: started on free ports, and killed at the latest when it is dropped.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use crate::process::{binary, ended, exchange, signal, until};

pub(crate) struct Graceful {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
    /// Where the service is.
    pub(crate) address: String,
    health: String,
}

impl Graceful {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, |_| ())
    }

    /// The same, after a last change to the command.
    pub(crate) fn start_with(arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(binary("graceful"));
        command
            .args(["--listen", "127.0.0.1:0", "--health", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = |before: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let address = line.trim_end().strip_prefix(before);
            address.unwrap_or_else(|| panic!("{line:?}")).to_owned()
        };
        let health = address("health on http://");
        let address = address("listening on http://");
        Self {
            stderr: child.stderr.take().unwrap(),
            child,
            stdout,
            address,
            health,
        }
    }

    /// The status code of a probe; 0 if nobody answers.
    pub(crate) fn probe(&self, path: &str) -> u16 {
        TcpStream::connect(&self.health).map_or(0, |stream| exchange(stream, path).0)
    }

    pub(crate) fn wait_until_ready(&self) {
        until("readiness", || self.probe("/ready") == 200);
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Whether it has ended by now.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> End {
        let mut log = String::new();
        // Read first: a log that nobody reads would fill its pipe.
        self.stderr.read_to_string(&mut log).unwrap();
        let mut report = String::new();
        self.stdout.read_to_string(&mut report).unwrap();
        let status = ended(&mut self.child);
        End {
            code: status.code(),
            report,
            log,
        }
    }
}

impl Drop for Graceful {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    /// What it printed on stdout after its addresses: one line of JSON.
    pub(crate) report: String,
    pub(crate) log: String,
}

impl End {
    /// What the report says of one component.
    pub(crate) fn component(&self, name: &str) -> String {
        let report: serde_json::Value =
            serde_json::from_str(&self.report).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let components = report["components"].as_array().unwrap();
        let found = components
            .iter()
            .find(|component| component["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {self:?}"))["ending"].to_string()
    }
}
