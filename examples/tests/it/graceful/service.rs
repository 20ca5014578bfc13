//! The service under test: started on free ports, and killed at the latest when it is dropped.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use crate::process::{binary, ended, exchange, signal, until};

/// `O_NONBLOCK` on Linux.
const NONBLOCK: i32 = 0o4000;

pub(crate) struct Graceful {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// What was read of its log so far.
    log: String,
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
        // However the tests themselves were started, under `nohup` for one.
        let mut command = Command::new("env");
        command.arg("--default-signal=HUP").arg(binary("graceful"));
        Self::start_as(command, arguments, change)
    }

    /// The same with SIGHUP ignored, as `nohup` starts it.
    pub(crate) fn start_under_nohup(arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
        command.arg(binary("graceful"));
        Self::start_as(command, arguments, |_| ())
    }

    fn start_as(
        mut command: Command,
        arguments: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
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
            stderr: BufReader::new(child.stderr.take().unwrap()),
            log: String::new(),
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

    /// Sends several signals as fast as may be.
    pub(crate) fn signals(&self, names: &[&str]) {
        let pid = self.child.id();
        let kills: Vec<_> = names
            .iter()
            .map(|name| format!("kill -{name} {pid}"))
            .collect();
        let status = Command::new("sh").args(["-c", &kills.join("; ")]).status();
        assert!(status.unwrap().success(), "{kills:?}");
    }

    /// Reads the log up to a line that holds `word`.
    pub(crate) fn until_logged(&mut self, word: &str) {
        loop {
            let mut line = String::new();
            let read = self.stderr.read_line(&mut line).unwrap();
            assert!(read > 0, "no {word} in {}", self.log);
            self.log.push_str(&line);
            if line.contains(word) {
                return;
            }
        }
    }

    /// Fills its stdout (1), its stderr (2), or both, which nobody reads from now on.
    pub(crate) fn fill_its_pipes(&self, streams: &[u8]) {
        for stream in streams {
            // Another opening of the same pipe, so that only this end does not block.
            let mut pipe = File::options()
                .write(true)
                .custom_flags(NONBLOCK)
                .open(format!("/proc/{}/fd/{stream}", self.child.id()))
                .unwrap();
            for size in [4096, 1] {
                let chunk = vec![b'x'; size];
                while pipe.write(&chunk).is_ok() {}
            }
        }
    }

    /// Waits for its end without reading what it says.
    pub(crate) fn end_unread(mut self) -> Option<i32> {
        ended(&mut self.child).code()
    }

    /// Waits for its end without reading its log.
    pub(crate) fn end_without_log(mut self) -> End {
        let code = ended(&mut self.child).code();
        let mut report = String::new();
        self.stdout.read_to_string(&mut report).unwrap();
        End {
            code,
            report,
            log: String::new(),
        }
    }

    /// Whether it has ended by now.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> End {
        let mut log = std::mem::take(&mut self.log);
        let mut report = String::new();
        // Read meanwhile: a log that nobody reads would fill its pipe.
        let status = std::thread::scope(|scope| {
            let status = scope.spawn(|| ended(&mut self.child));
            self.stderr.read_to_string(&mut log).unwrap();
            self.stdout.read_to_string(&mut report).unwrap();
            status.join().unwrap()
        });
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
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.report).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Why it began, by the report.
    pub(crate) fn reason(&self) -> String {
        self.json()["reason"]["detail"].as_str().unwrap().to_owned()
    }

    /// How long it took, in milliseconds.
    pub(crate) fn elapsed(&self) -> u64 {
        self.json()["elapsed_ms"].as_u64().unwrap()
    }

    /// What the report says of one component.
    pub(crate) fn component(&self, name: &str) -> String {
        let report = self.json();
        let components = report["components"].as_array().unwrap();
        let found = components
            .iter()
            .find(|component| component["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {self:?}"))["ending"].to_string()
    }
}
