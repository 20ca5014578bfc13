//! The report at the end: for people as a small table, for machines as one JSON line.
//!
//! It is plain data; it stops and judges nothing but the exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::ending::Ending;
use crate::last_words;
use crate::phase::Phase;
use crate::reason::Reason;

/// Critical health began the shutdown, and all went well.
pub const EXIT_CRITICAL: u8 = 70;
/// A component failed, panicked, or had to be aborted; or a task of the service panicked.
pub const EXIT_COMPONENT: u8 = 71;
/// The deadline of the whole passed.
pub const EXIT_DEADLINE: u8 = 124;

/// How long printing may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a shutdown came to.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Why it began.
    pub reason: Reason,
    /// When it began, for display.
    #[serde(serialize_with = "timestamp")]
    pub began: SystemTime,
    /// From the trigger to now.
    #[serde(rename = "elapsed_ms", serialize_with = "millis")]
    pub elapsed: Duration,
    /// The last phase that was entered.
    pub phase: Option<Phase>,
    /// The deadline of the whole passed before all had ended.
    pub overran: bool,
    /// What was to be stopped, by phase, then in the order of the plan.
    pub components: Vec<ComponentReport>,
}

/// What became of one component.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ComponentReport {
    /// Its name.
    pub name: String,
    /// The phase it belongs to.
    pub phase: Phase,
    /// How it ended; `None` while it has not.
    pub ending: Option<Ending>,
    /// How long it took, or has taken so far; `None` before its turn.
    #[serde(rename = "elapsed_ms", serialize_with = "some_millis")]
    pub elapsed: Option<Duration>,
    /// Its last word on its progress.
    pub note: Option<String>,
    /// What it failed with.
    pub error: Option<String>,
}

impl Report {
    /// Of a shutdown that has begun and is not run yet.
    pub(crate) fn nothing_yet(reason: Reason, began: SystemTime, elapsed: Duration) -> Self {
        Self {
            reason,
            began,
            elapsed,
            phase: None,
            overran: false,
            components: Vec::new(),
        }
    }

    /// 124 if the deadline passed, 71 if a component did not end as it should or a panic began
    /// it, 70 if critical health did, else 0. The first that fits, in this order.
    pub fn exit_code(&self) -> u8 {
        let clean = |component: &ComponentReport| component.ending.is_some_and(Ending::is_clean);
        if self.overran {
            EXIT_DEADLINE
        } else if !self.components.iter().all(clean) || matches!(self.reason, Reason::Panic(_)) {
            EXIT_COMPONENT
        } else if matches!(self.reason, Reason::Critical(_)) {
            EXIT_CRITICAL
        } else {
            0
        }
    }

    /// The same, for the end of `main`.
    pub fn exit(&self) -> ExitCode {
        self.exit_code().into()
    }

    /// Prints the table on stderr and the line of JSON on stdout, as far as both can be
    /// written within a second: either may be a full pipe that nobody reads.
    pub fn print(&self) {
        let (table, line) = (format!("{self}\n"), format!("{}\n", self.to_json()));
        let table = last_words::write_at_once(&io::stderr(), &table);
        let line = last_words::write_at_once(&io::stdout(), &line);
        last_words::write(table, line, PATIENCE);
    }

    /// One line of JSON, without the line's end.
    pub fn to_json(&self) -> String {
        // Strings and numbers alone: there is nothing in it that cannot be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    /// A line on the whole, then a line a component.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.exit_code() {
            EXIT_DEADLINE => "deadline passed",
            EXIT_COMPONENT => "with failures",
            _ => "clean",
        };
        let phase = self.phase.map_or("none", Phase::as_str);
        write!(
            f,
            "shutdown after {}: {verdict} in {}, last phase {phase}, exit code {}",
            self.reason,
            Shown(self.elapsed),
            self.exit_code()
        )?;
        let width = |of: fn(&ComponentReport) -> usize| {
            self.components.iter().map(of).max().unwrap_or_default()
        };
        let (phases, names) = (width(|c| c.phase.as_str().len()), width(|c| c.name.len()));
        for component in &self.components {
            let ending = component.ending.map_or("unfinished", Ending::as_str);
            let elapsed = component.elapsed.map(|time| Shown(time).to_string());
            write!(
                f,
                "\n  {:phases$}  {:names$}  {ending:10}  {:>8}",
                component.phase.as_str(),
                component.name,
                elapsed.unwrap_or_default()
            )?;
            for text in component.error.iter().chain(&component.note) {
                write!(f, "  {text}")?;
            }
        }
        Ok(())
    }
}

/// `340 ms` or `6.2 s`.
struct Shown(Duration);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            short if short < Duration::from_secs(1) => write!(f, "{} ms", short.as_millis()),
            long => write!(f, "{:.1} s", long.as_secs_f64()),
        }
    }
}

fn timestamp<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*time))
}

fn millis<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn some_millis<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millis(time, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, ending: Option<Ending>) -> ComponentReport {
        ComponentReport {
            name: name.to_owned(),
            phase: Phase::Flush,
            ending,
            elapsed: ending.map(|_| Duration::from_millis(340)),
            note: None,
            error: None,
        }
    }

    fn report(reason: Reason, overran: bool, endings: &[Option<Ending>]) -> Report {
        Report {
            reason,
            began: SystemTime::UNIX_EPOCH,
            elapsed: Duration::from_millis(6_240),
            phase: Some(Phase::Final),
            overran,
            components: endings
                .iter()
                .map(|ending| component("queue", *ending))
                .collect(),
        }
    }

    #[test]
    fn exit_codes() {
        use Ending::{Aborted, Done, Failed, Hurried, Panicked, Skipped};
        let critical = || Reason::Critical("db".to_owned());
        let signal = || Reason::Signal("SIGTERM");
        for (reason, overran, endings, code) in [
            (signal(), false, &[][..], 0),
            (signal(), false, &[Some(Done), Some(Hurried)], 0),
            (signal(), false, &[Some(Done), Some(Failed)], 71),
            (signal(), false, &[Some(Panicked)], 71),
            (signal(), false, &[Some(Aborted)], 71),
            (signal(), false, &[None], 71),
            (signal(), true, &[Some(Aborted), Some(Skipped)], 124),
            (Reason::Panic("boom".to_owned()), false, &[Some(Done)], 71),
            (critical(), false, &[Some(Done)], 70),
            (critical(), false, &[Some(Failed)], 71),
            (critical(), true, &[], 124),
        ] {
            assert_eq!(
                report(reason, overran, endings).exit_code(),
                code,
                "{endings:?}"
            );
        }
    }

    #[test]
    fn one_line_of_json() {
        let mut report = report(
            Reason::Signal("SIGTERM"),
            false,
            &[Some(Ending::Done), None],
        );
        report.components[0].note = Some("9 of 9\nwritten".to_owned());
        assert_eq!(
            report.to_json(),
            concat!(
                r#"{"reason":{"kind":"signal","detail":"SIGTERM"},"began":"1970-01-01T00:00:00.000Z","#,
                r#""elapsed_ms":6240,"phase":"final","overran":false,"components":["#,
                r#"{"name":"queue","phase":"flush","ending":"done","elapsed_ms":340,"note":"9 of 9\nwritten","error":null},"#,
                r#"{"name":"queue","phase":"flush","ending":null,"elapsed_ms":null,"note":null,"error":null}]}"#
            )
        );
    }

    #[test]
    fn a_table_for_people() {
        let mut report = report(Reason::Signal("SIGTERM"), false, &[Some(Ending::Failed)]);
        report.components[0].error = Some("disk full".to_owned());
        assert_eq!(
            report.to_string(),
            "shutdown after SIGTERM: with failures in 6.2 s, last phase final, exit code 71\n  \
             flush  queue  failed        340 ms  disk full"
        );
    }
}
