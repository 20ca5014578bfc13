//! The step that starts the examples as a user does, probes them, and ends them with SIGTERM.
//! It sees them only from outside: the printed address, the status codes, the exit code.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::probe;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// The examples that serve health, and how each is started so that it takes a free port if it can.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("node", &["--listen", "127.0.0.1:0"]),
    ("health_server", &["127.0.0.1:0"]),
];
/// Those that do their work and end by themselves.
const FINITE: &[(&str, &[&str])] = &[
    ("checks", &[]),
    ("lag_demo", &["--fast", "--svg", "/dev/null"]),
];
/// What a healthy one answers 200 to; readiness is awaited first.
const PATHS: &[&str] = &["/ready", "/live", "/startup", "/health", "/health/checks"];
/// How long each of starting, becoming ready and ending may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    // The selection of the test step, so that nothing is built again.
    Invocation::cargo(&["build", "--workspace", "--examples", "--all-features"]).run()?;
    let folder = workspace.target.join("debug").join("examples");
    for (name, arguments) in EXAMPLES {
        smoke(&folder.join(name), arguments)?;
    }
    for (name, arguments) in FINITE {
        Invocation::new(&folder.join(name).display().to_string(), arguments).run()?;
    }
    Ok(())
}

fn smoke(program: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let invocation = Invocation::new(&program.display().to_string(), arguments);
    println!("$ {invocation}");
    let wrong = |message: String| Failure::Unmet(format!("{message}: {invocation}"));
    let mut example = Example::start(&invocation)?;
    let address = example.address().map_err(&wrong)?;
    await_ready(&address).map_err(&wrong)?;
    for path in PATHS {
        match probe::status_of(&address, path) {
            Ok(200) => println!("GET {path}: 200"),
            Ok(code) => return Err(wrong(format!("GET {path} answered {code}, not 200"))),
            Err(error) => return Err(wrong(format!("GET {path}: {error}"))),
        }
    }
    example.terminate()?;
    match example.end() {
        Some(status) if status.success() => println!("SIGTERM: exit code 0"),
        Some(status) => return Err(wrong(format!("SIGTERM ended it with {status}, not 0"))),
        None => return Err(wrong(format!("still runs {PATIENCE:?} after SIGTERM"))),
    }
    Ok(())
}

fn await_ready(address: &str) -> Result<(), String> {
    let watch = Stopwatch::start();
    loop {
        let last = probe::status_of(address, "/ready");
        if matches!(last, Ok(200)) {
            return Ok(());
        }
        if watch.elapsed() > PATIENCE {
            return Err(format!("not ready in {PATIENCE:?}, last answer {last:?}"));
        }
        thread::sleep(PAUSE);
    }
}

/// A running example. Dropped, it is killed.
#[derive(Debug)]
struct Example {
    child: Child,
    lines: Receiver<String>,
}

impl Example {
    fn start(invocation: &Invocation) -> Result<Self, Failure> {
        let mut command = invocation.command();
        command.stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| invocation.not_started(e))?;
        let (sender, lines) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            thread::Builder::new()
                .name("example output".to_owned())
                .spawn(move || forward(output, &sender))
                .map_err(|e| invocation.not_started(e))?;
        }
        Ok(Self { child, lines })
    }

    fn address(&self) -> Result<String, String> {
        let watch = Stopwatch::start();
        loop {
            let left = PATIENCE.saturating_sub(watch.elapsed());
            let line = self.lines.recv_timeout(left).map_err(|_| {
                "no line `listening on http://ADDR` on its standard output".to_owned()
            })?;
            if let Some(address) = probe::parse_address(&line) {
                return Ok(address.to_owned());
            }
        }
    }

    fn terminate(&self) -> Result<(), Failure> {
        // The shell's own `kill`: the program of that name is not on every machine.
        let kill = format!("kill -TERM {}", self.child.id());
        Invocation::new("sh", &["-c", &kill]).run()
    }

    /// How it ended, or nothing if it does not end.
    fn end(&mut self) -> Option<ExitStatus> {
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(PAUSE);
        }
        None
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on after nobody listens any more: a full pipe would block the example.
fn forward(output: ChildStdout, sender: &mpsc::Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let _ = sender.send(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Example {
        Example::start(&Invocation::new("sh", &["-c", script])).unwrap()
    }

    #[test]
    fn the_address_is_read_past_other_lines() {
        let example = shell("echo starting; echo listening on http://127.0.0.1:9");
        assert_eq!(example.address().unwrap(), "127.0.0.1:9");
    }

    #[test]
    fn one_that_says_nothing_has_no_address() {
        assert!(shell("exit 1").address().unwrap_err().contains("no line"));
    }

    #[test]
    fn sigterm_reaches_it_and_its_exit_code_is_seen() {
        let mut example = shell(
            "trap 'exit 7' TERM; echo x:// listening on http://a:1; while :; do sleep 0.01; done",
        );
        example.address().unwrap();
        example.terminate().unwrap();
        assert_eq!(example.end().and_then(|status| status.code()), Some(7));
    }
}
