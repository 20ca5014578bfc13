//! What every example makes of its command line: the same help, the same refusals.
//!
//! Which flags there are, and which values, is tried beside each parser.

use std::process::{Command, Output, Stdio};

use crate::process::binary;

/// Each with what it needs so that only its flags are wrong.
const EXAMPLES: [(&str, &[&str]); 7] = [
    ("checks", &[]),
    ("databases", &["--redis", "redis://127.0.0.1"]),
    ("graceful", &[]),
    ("lag_demo", &[]),
    ("lag_replay", &[]),
    ("node", &[]),
    (
        "postgres_lag",
        &["--primary", "postgres://127.0.0.1/postgres"],
    ),
];

fn output(name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary(name));
    command.args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn the_help_is_on_stdout_and_fits_a_terminal() {
    for (name, _) in EXAMPLES {
        for flag in ["--help", "-h"] {
            let output = output(name, &[flag]);
            let help = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(0), "{name}");
            assert!(output.stderr.is_empty(), "{name}");
            assert!(help.contains(&format!("Usage: {name} ")), "{name}: {help}");
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
        }
    }
}

#[test]
fn what_is_no_flag_ends_with_2_and_one_line_on_stderr() {
    for (name, needed) in EXAMPLES {
        for (wrong, words) in [
            ("--nonsense", "there is no flag \"--nonsense\""),
            ("-x", "there is no flag \"-x\""),
            ("stray", "\"stray\" belongs to no flag"),
            ("redis://:hunter2@a", "belongs to no flag"),
        ] {
            let output = output(name, &[needed, &[wrong]].concat());
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{name} {wrong}: {error}");
            assert!(output.stdout.is_empty(), "{name} {wrong}");
            assert_eq!(error.lines().count(), 1, "{name} {wrong}: {error}");
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
            assert!(error.contains(words), "{name} {wrong}: {error}");
            assert!(error.contains(&format!("see {name} --help")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
