//! How the node ends, and what must not end it.
//!
//! That requests survive the closing is tested with the server.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::process::{Directory, Node, binary, ended, exchange, signal, until};

#[test]
fn sigterm_and_ctrl_c_end_it_with_0_and_no_second_line() {
    for signal in ["TERM", "INT"] {
        let node = Node::start(&[]);
        node.wait_for("/ready", 200);
        node.signal(signal);
        let (status, rest) = node.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""), "{signal}");
    }
}

/// The line is out before the handlers could be late: they are installed first of all.
#[test]
fn a_signal_right_after_its_line_ends_it_in_order() {
    let node = Node::start(&["--checks", "5000"]);
    node.signal("TERM");
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn a_stdout_that_takes_nothing_holds_up_nothing() {
    let directory = Directory::new("stdout");
    let (unread, pipe) = std::io::pipe().unwrap();
    fill(&pipe);
    let full: [(&str, Stdio); 3] = [
        (
            "device",
            File::options()
                .write(true)
                .open("/dev/full")
                .unwrap()
                .into(),
        ),
        ("pipe", pipe.into()),
        ("closed", std::io::pipe().unwrap().1.into()),
    ];
    for (name, stdout) in full {
        let path = directory.path(name);
        let mut child = Command::new(binary("node"))
            .args(["--listen", &format!("unix:{}", path.display())])
            .args(["--drain-delay", "0"])
            .stdout(stdout)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stream = connect(&path);
        assert_eq!(exchange(stream, "/live").0, 200, "{name}");
        signal(&child, "TERM");
        assert_eq!(ended(&mut child).code(), Some(0), "{name}");
    }
    drop(unread);
}

#[test]
fn a_critical_check_that_goes_on_failing_ends_it_as_the_mode_says() {
    let directory = Directory::new("critical-end");
    let missing = directory.check("db", ":critical");
    let start = |mode| {
        let policy = ["--critical-after", "2", "--critical-sustained", "100ms"];
        let check = ["--file-check", &missing, "--interval", "50ms"];
        let rest = ["--critical-grace", "0", "--critical-mode", mode];
        Node::start(&[&policy[..], &check, &rest].concat())
    };
    let (status, _) = start("enforce").end();
    assert_eq!(status.code(), Some(70));
    for mode in ["off", "dry-run"] {
        let node = start(mode);
        // Far longer than it takes: so many runs have failed.
        node.wait_until("/health/checks/db", |_, body| {
            let (_, runs) = body.split_once("\"consecutive_failures\":").unwrap();
            let digits = runs.split(|c: char| !c.is_ascii_digit()).next().unwrap();
            digits.parse::<u64>().unwrap() > 20
        });
        assert_eq!(node.get("/live").0, 200, "{mode}");
        node.signal("TERM");
        assert_eq!(node.end().0.code(), Some(0), "{mode}");
    }
}

/// Fills a pipe to the brim.
pub(crate) fn fill(pipe: &std::io::PipeWriter) {
    use std::io::Write;
    use std::os::fd::AsFd;

    let mut writer = File::from(pipe.as_fd().try_clone_to_owned().unwrap());
    // What a pipe holds on Linux.
    writer.write_all(&vec![b'x'; 65_536]).unwrap();
}

/// Connects as soon as the socket is there.
fn connect(path: &std::path::Path) -> std::os::unix::net::UnixStream {
    let mut found = None;
    until("the socket is there", || {
        found = std::os::unix::net::UnixStream::connect(path).ok();
        found.is_some()
    });
    found.unwrap()
}
