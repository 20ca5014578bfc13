//! What the node refuses: each with one clear line, and its exit code.
//!
//! Which flags are refused at all has its table beside the parser.

use std::net::TcpListener;

use crate::process::{Directory, output};

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = output(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    assert!(error.starts_with("node: "), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    (output.status.code(), error)
}

#[test]
fn bad_flags_end_with_2() {
    for (arguments, word) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--listen"], "--listen"),
        (&["--listen", "nowhere"], "HOST:PORT"),
        (&["--checks", "many"], "--checks"),
        (&["--interval", "-1s"], "--interval"),
        (&["--log", "xml"], "--log"),
        (
            &["--drain-delay", "25s"],
            "--drain-delay: 25s leaves nothing",
        ),
        (
            &["--deadline", "0"],
            "--deadline: a shutdown takes some time",
        ),
        (
            &["--critical-mode", "maybe"],
            "none of off, dry-run, enforce",
        ),
        (&["--critical-after", "0"], "--critical-after: \"0\""),
        (
            &["--critical-sustained", "x"],
            "--critical-sustained: \"x\"",
        ),
        (
            &["--critical-grace", "25h"],
            "--critical-grace: \"25h\" is out of range; give 0 to 24h",
        ),
        (&["--file-check", "a=/x", "--file-check", "a=/y"], "twice"),
        (&["--file-check", "a/b=/x"], "a/b"),
        (&["--file-check", "memory=/x"], "registered already"),
    ] {
        let (code, error) = refused(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?}: {error}");
    }
    let (code, error) = refused(&["--listen", "127.0.0.1:0", "--file-check", "worker=/x"]);
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn an_address_that_is_taken_ends_with_1_and_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, error) = refused(&["--listen", &address]);
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains(&address) && error.contains("in use"),
        "{error}"
    );
}

#[test]
fn a_socket_that_cannot_be_made_ends_with_1() {
    let directory = Directory::new("no-socket");
    let path = directory.path("missing").join("socket");
    let (code, error) = refused(&["--listen", &format!("unix:{}", path.display())]);
    assert_eq!(code, Some(1), "{error}");
}

#[test]
fn the_help_ends_with_0() {
    let output = output(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("Examples:")
    );
    assert!(output.stderr.is_empty());
}
