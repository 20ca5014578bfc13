//! What the end of a command means, by the Monitoring Plugins Development Guidelines:
//! <https://www.monitoring-plugins.org/doc/guidelines.html>.
//!
//! Pure. Reading figures is in `perfdata`.

use health_core::{Outcome, Status};

use super::group::{Ended, Exit};
use super::perfdata::Perfdata;
use super::program::StartError;
use super::streams::Written;

/// What is shown of what the command wrote; core has a bound too.
const MAX_LINE: usize = 512;

/// What the end of `program` means.
pub(super) fn outcome(program: &str, ended: Ended) -> Outcome {
    let written = match ended.written {
        Ok(written) => written,
        Err(error) => {
            return Outcome::unhealthy(format!("{program}: its output cannot be read"))
                .with_error(error);
        }
    };
    let complaint = complaint(&written);
    if written.flooded {
        return Outcome::unhealthy(format!(
            "{program} wrote more than 1 MiB and was killed; let it write one line"
        ));
    }
    let text = String::from_utf8_lossy(&written.stdout);
    let (line, figures) = split(&text);
    let outcome = match ended.exit {
        Exit::Code(code) => by_code(program, code, line).detail("exit_code", code),
        Exit::Signal(signal) => {
            Outcome::unhealthy(format!("{program} was ended by signal {signal}"))
                .detail("signal", signal)
        }
        Exit::Lost => Outcome::unhealthy(format!(
            "{program}: its exit code is lost; let no other part of the service reap its \
             children or ignore SIGCHLD"
        )),
    };
    // Its own details come last, so that no figure of a plugin takes their place.
    let own = outcome.details().clone();
    let mut outcome = Perfdata::parse(&figures).details(outcome);
    for (key, value) in own {
        outcome = outcome.detail(key, value);
    }
    match complaint {
        Some(complaint) if outcome.status() > Status::Healthy => outcome.with_error(complaint),
        _ => outcome,
    }
}

/// What it means that `program` was killed at its deadline.
pub(super) fn killed(program: &str, seconds: f64, ended: &Ended) -> Outcome {
    let outcome = Outcome::timeout(format!(
        "{program} did not end within {seconds:.1} s and was killed"
    ));
    match ended.written.as_ref().ok().and_then(complaint) {
        Some(complaint) => outcome.with_error(complaint),
        None => outcome,
    }
}

/// What it means that `program` did not start.
pub(super) fn not_started(program: &str, error: StartError) -> Outcome {
    let advice = match &error {
        StartError::NotFound(_) => "not found; install it, or give its path",
        StartError::NotExecutable(_) => "not executable for the service; correct its permissions",
        StartError::Spawn { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound => {
                "cannot be started; its interpreter or its working directory is not there"
            }
            std::io::ErrorKind::PermissionDenied => {
                "not executable for the service; correct its permissions"
            }
            _ => "cannot be started; the log says why",
        },
        StartError::Thread(_) | StartError::Pipe(_) => {
            "cannot be started; the service has used up its threads or descriptors"
        }
    };
    Outcome::unhealthy(format!("{program}: {advice}")).with_error(error)
}

fn by_code(program: &str, code: i32, line: &str) -> Outcome {
    // A plugin that says UNKNOWN could not judge, and what is not proven is not healthy.
    let (status, state) = match code {
        0 => (Status::Healthy, "ok"),
        1 => (Status::Degraded, "warning"),
        2 => (Status::Unhealthy, "critical"),
        3 => (Status::Unhealthy, "unknown"),
        _ => {
            let what =
                format!("{program} ended with code {code}, which means nothing for a plugin");
            return Outcome::unhealthy(if line.is_empty() {
                what
            } else {
                format!("{what}: {line}")
            });
        }
    };
    let message = if line.is_empty() {
        format!("{program} says {state}, and no more")
    } else {
        line.to_owned()
    };
    Outcome::new(status, message)
}

/// The first line of an output up to its bar, and the figures behind all bars: the rest of
/// that line, and all that follows the next bar.
fn split(text: &str) -> (&str, String) {
    let text = text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (line, mut figures) = match first.split_once('|') {
        Some((line, figures)) => (line, figures.to_owned()),
        None => (first, String::new()),
    };
    if let Some((_, more)) = rest.split_once('|') {
        figures.push('\n');
        figures.push_str(more);
    }
    let line = line.trim_end();
    let end = line.floor_char_boundary(MAX_LINE);
    (line.get(..end).unwrap_or_default(), figures)
}

/// What it wrote to stderr, for the log.
fn complaint(written: &Written) -> Option<String> {
    let text = String::from_utf8_lossy(&written.stderr);
    let text = text.trim();
    (!text.is_empty()).then(|| format!("stderr: {text}"))
}

/// Runs what is pure here on any output.
#[cfg(fuzzing)]
pub fn fuzz(code: i32, stdout: &[u8], stderr: &[u8]) -> Outcome {
    let written = Written {
        stdout: stdout.to_vec(),
        stderr: stderr.to_vec(),
        flooded: false,
    };
    outcome(
        "fuzz",
        Ended {
            exit: Exit::Code(code),
            written: Ok(written),
        },
    )
}

#[cfg(test)]
mod tests {
    use std::io;

    use health_core::Cause;

    use super::*;

    fn ended(exit: Exit, stdout: &str, stderr: &str) -> Ended {
        let written = Written {
            stdout: stdout.into(),
            stderr: stderr.into(),
            flooded: false,
        };
        Ended {
            exit,
            written: Ok(written),
        }
    }

    #[test]
    fn ends_and_what_they_mean() {
        use Exit::{Code, Lost, Signal};
        use Status::{Degraded, Healthy, Unhealthy};
        for (exit, stdout, status, message) in [
            (Code(0), "DISK OK\n", Healthy, "DISK OK"),
            (Code(1), "LOAD WARNING - 9\n", Degraded, "LOAD WARNING - 9"),
            (Code(2), "CRITICAL\r\nmore\n", Unhealthy, "CRITICAL"),
            (
                Code(3),
                "UNKNOWN - bad host\n",
                Unhealthy,
                "UNKNOWN - bad host",
            ),
            (Code(0), "", Healthy, "p says ok, and no more"),
            (Code(2), " \n", Unhealthy, "p says critical, and no more"),
            (Code(0), "\n\nlate\n", Healthy, "late"),
            (Code(3), "| a=1", Unhealthy, "p says unknown, and no more"),
            (
                Code(4),
                "",
                Unhealthy,
                "p ended with code 4, which means nothing for a plugin",
            ),
            (
                Code(127),
                "gone",
                Unhealthy,
                "p ended with code 127, which means nothing for a plugin: gone",
            ),
            (Signal(11), "OK", Unhealthy, "p was ended by signal 11"),
        ] {
            let outcome = outcome("p", ended(exit, stdout, ""));
            let told = (outcome.status(), outcome.message());
            assert_eq!(told, (status, message), "{exit:?} {stdout:?}");
        }
        let lost = outcome("p", ended(Lost, "OK", ""));
        assert_eq!(lost.status(), Unhealthy);
        assert!(lost.message().contains("SIGCHLD"), "{lost:?}");
    }

    #[test]
    fn figures_stand_behind_bars_on_the_first_line_and_later() {
        for (stdout, line, keys) in [
            ("OK | a=1 b=2", "OK", "a b exit_code"),
            (
                "OK|a=1\nlong text\nmore | b=2\nc=3\n",
                "OK",
                "a b c exit_code",
            ),
            ("OK\nlong a=1 text\n", "OK", "exit_code"),
            ("OK | exit_code=7", "OK", "exit_code"),
        ] {
            let outcome = outcome("p", ended(Exit::Code(0), stdout, ""));
            assert_eq!(outcome.message(), line);
            let names: Vec<&str> = outcome.details().keys().map(String::as_str).collect();
            assert_eq!(names.join(" "), keys, "{stdout:?}");
            assert_eq!(outcome.details()["exit_code"], 0);
        }
    }

    #[test]
    fn output_that_is_no_text_is_shown_as_far_as_it_is() {
        let mut bytes = ended(Exit::Code(1), "", "");
        bytes.written.as_mut().unwrap().stdout = vec![b'a', 0xff, b'b'];
        assert_eq!(outcome("p", bytes).message(), "a\u{fffd}b");
        let long = "ä".repeat(MAX_LINE);
        let shown = outcome("p", ended(Exit::Code(1), &long, ""));
        assert_eq!(shown.message().len(), MAX_LINE);
    }

    #[test]
    fn stderr_is_for_the_log_alone() {
        for (exit, logged) in [
            (Exit::Code(2), true),
            (Exit::Signal(9), true),
            (Exit::Code(0), false),
        ] {
            let outcome = outcome("p", ended(exit, "", "password hunter2\n"));
            assert_eq!(outcome.error().is_some(), logged, "{exit:?}");
            assert!(!outcome.message().contains("hunter2"));
            assert!(!format!("{:?}", outcome.details()).contains("hunter2"));
        }
        let killed = killed("p", 9.94, &ended(Exit::Signal(9), "", "stuck at x"));
        assert_eq!(
            killed.message(),
            "p did not end within 9.9 s and was killed"
        );
        assert_eq!(killed.cause(), Cause::Timeout);
        assert_eq!(killed.error().unwrap().to_string(), "stderr: stuck at x");
    }

    #[test]
    fn a_flood_and_unreadable_output_are_unhealthy() {
        let mut flood = ended(Exit::Code(0), "OK", "");
        flood.written.as_mut().unwrap().flooded = true;
        let mut broken = ended(Exit::Code(0), "", "");
        broken.written = Err(io::Error::other("x"));
        for (end, word) in [(flood, "1 MiB"), (broken, "cannot be read")] {
            let outcome = outcome("p", end);
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert!(outcome.message().contains(word), "{outcome:?}");
        }
    }

    #[test]
    fn what_does_not_start_says_what_to_do() {
        let spawn = |kind: io::ErrorKind| StartError::Spawn {
            program: "/private/p".into(),
            source: kind.into(),
        };
        for (error, word) in [
            (StartError::NotFound("/private/p".into()), "install it"),
            (
                StartError::NotExecutable("/private/p".into()),
                "permissions",
            ),
            (spawn(io::ErrorKind::NotFound), "interpreter"),
            (spawn(io::ErrorKind::PermissionDenied), "permissions"),
            (spawn(io::ErrorKind::Other), "the log says why"),
            (StartError::Thread(io::Error::other("x")), "threads"),
            (StartError::Pipe(io::Error::other("x")), "descriptors"),
        ] {
            let outcome = not_started("p", error);
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert!(outcome.message().contains(word), "{}", outcome.message());
            assert!(!outcome.message().contains("private"));
            assert!(outcome.error().is_some());
        }
    }
}
