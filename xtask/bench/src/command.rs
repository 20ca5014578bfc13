//! The command line: which measurements to run, and how to print what they found.
//!
//! It measures nothing.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the program's one voice"
)]

use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::BenchError;
use crate::launch::Launcher;
use crate::measure::{self, Measurement};
use crate::table::{self, Judgement};

const HELP: &str = "\
Measures the budgets, side by side with their bases.

Usage: cargo xtask bench [NAME…] [--json] [--list]

  NAME     a measurement or a group of them (default: all); --list names them
  --json   print the rows as JSON
  --list   list the measurements and end

Examples:
  cargo xtask bench instructions syscalls
  cargo xtask bench reliability --json > reliability.json

Exit code: 0 all budgets met, 1 one was missed or could not be measured, 2 wrong usage.
";

#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    names: Vec<String>,
    json: bool,
    list: bool,
    help: bool,
}

/// Runs the command line; its first word is the program's own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let request = match parse(lexopt::Parser::from_iter(args)) {
        Ok(request) => request,
        Err(error) => return wrong_usage(&error),
    };
    if request.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if request.list {
        for measurement in measure::ALL {
            println!(
                "{:<14}{:<13}{}",
                measurement.name, measurement.group, measurement.about
            );
        }
        return ExitCode::SUCCESS;
    }
    match select(&request.names) {
        Ok(chosen) => measure_all(&chosen, request.json),
        Err(error) => wrong_usage(&error),
    }
}

fn wrong_usage(error: &BenchError) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}

fn parse(mut args: lexopt::Parser) -> Result<Request, BenchError> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut request = Request::default();
    while let Some(arg) = args.next()? {
        match arg {
            Long("json") => request.json = true,
            Long("list") => request.list = true,
            Long("help") | Short('h') => request.help = true,
            Value(name) => request.names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

/// The named measurements in the order of the table, each once; all when none is named.
fn select(names: &[String]) -> Result<Vec<&'static Measurement>, BenchError> {
    let goes_by = |measurement: &Measurement, name: &str| {
        measurement.name == name || measurement.group == name
    };
    for name in names {
        if !measure::ALL
            .iter()
            .any(|measurement| goes_by(measurement, name))
        {
            return Err(BenchError::UnknownName(name.clone()));
        }
    }
    Ok(measure::ALL
        .iter()
        .filter(|measurement| {
            names.is_empty() || names.iter().any(|name| goes_by(measurement, name))
        })
        .collect())
}

fn measure_all(chosen: &[&Measurement], as_json: bool) -> ExitCode {
    let prepared = chosen
        .iter()
        .flat_map(|measurement| measurement.tools)
        .try_for_each(|tool| tool.require())
        .and_then(|()| raise_descriptor_limit())
        .and_then(|()| Launcher::new())
        .and_then(|launcher| launcher.build().map(|()| launcher));
    let launcher = match prepared {
        Ok(launcher) => launcher,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut rows = Vec::new();
    let mut failed = false;
    for measurement in chosen {
        eprintln!("measuring {} …", measurement.name);
        match (measurement.run)(&launcher) {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                failed = true;
                eprintln!("{}: NOT MEASURED: {error}", measurement.name);
            }
        }
    }
    if as_json {
        println!("{}", table::json(&rows));
    } else {
        print!("{}", table::plain(&rows));
    }
    if failed || rows.iter().any(|row| row.judgement() == Judgement::Missed) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Thousands of connections need thousands of descriptors, here and in the servers, which inherit.
fn raise_descriptor_limit() -> Result<(), BenchError> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).map_err(|source| BenchError::Start {
        what: "raising the limit on open files".to_owned(),
        source: source.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Request, BenchError> {
        parse(lexopt::Parser::from_args(args))
    }

    fn selected(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        select(&names)
            .unwrap()
            .iter()
            .map(|measurement| measurement.name)
            .collect()
    }

    #[test]
    fn arguments_are_read_and_refused() {
        let request = parsed(&["syscalls", "--json"]).unwrap();
        assert_eq!(
            (request.names, request.json),
            (vec!["syscalls".to_owned()], true)
        );
        assert!(parsed(&["--fast"]).is_err());
    }

    #[test]
    fn names_and_groups_select_in_the_order_of_the_table() {
        assert_eq!(selected(&[]).len(), measure::ALL.len());
        assert_eq!(
            selected(&["syscalls", "bases", "syscalls"]),
            ["bases", "syscalls"]
        );
        assert_eq!(
            selected(&["reliability"]),
            [
                "soak", "crowds", "flood", "closing", "trouble", "jumps", "mutated"
            ]
        );
        assert!(select(&["speed".to_owned()]).is_err());
    }
}
