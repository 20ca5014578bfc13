//! The command line, parsed into a [`Command`].
//! It runs nothing, and knows the names of the CI steps only through [`crate::ci`].

use lexopt::{Arg, Parser, ValueExt};

use crate::ci::{self, Step};
use crate::simulate;

/// What `cargo xtask` prints when asked for nothing or for help.
pub(crate) const USAGE: &str = "\
usage: cargo xtask COMMAND

  ci                             every check that a change must pass, in order
  ci --list                      the names of its steps
  ci STEP...                     only these steps
  fix                            format, apply clippy's suggestions, correct spelling
  tidy                           the repository's own rules: edges, sizes, names, links
  bench [NAME...]                the benchmarks; arguments go to health-bench
  simulate [--runs N] [--seed S] random schedules against the engine, many or one again
";

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Print [`USAGE`].
    Usage,
    /// Print the names of the CI steps.
    ListSteps,
    /// Run these CI steps.
    Ci(Vec<&'static Step>),
    /// Repair what can be repaired by a program.
    Fix,
    /// Check the repository's own rules.
    Tidy,
    /// Run benchmarks, with arguments for the benchmark program.
    Bench(Vec<String>),
    /// Run the simulator.
    Simulate(simulate::Options),
}

/// Parses the arguments; the error is one line for a person.
pub(crate) fn parse(mut parser: Parser) -> Result<Command, String> {
    let command = match parser.next().map_err(|error| error.to_string())? {
        None | Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Command::Usage),
        Some(Arg::Value(name)) => name.to_string_lossy().into_owned(),
        Some(other) => return Err(unexpected(other)),
    };
    match command.as_str() {
        "ci" => parse_ci(&mut parser),
        "fix" => bare(&mut parser, Command::Fix),
        "tidy" => bare(&mut parser, Command::Tidy),
        "bench" => parse_bench(&mut parser),
        "simulate" => parse_simulate(&mut parser),
        "help" => Ok(Command::Usage),
        _ => Err(format!(
            "unknown command `{command}`; `cargo xtask --help` lists them"
        )),
    }
}

fn parse_ci(parser: &mut Parser) -> Result<Command, String> {
    let mut names = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("list") => return bare(parser, Command::ListSteps),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Usage),
            Arg::Value(name) => names.push(name.to_string_lossy().into_owned()),
            other => return Err(unexpected(other)),
        }
    }
    ci::select(&names).map(Command::Ci)
}

fn parse_bench(parser: &mut Parser) -> Result<Command, String> {
    let forwarded = parser.raw_args().map_err(|error| error.to_string())?;
    Ok(Command::Bench(
        forwarded
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
    ))
}

fn parse_simulate(parser: &mut Parser) -> Result<Command, String> {
    let mut options = simulate::Options::default();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        let slot = match argument {
            Arg::Long("runs") => &mut options.runs,
            Arg::Long("seed") => &mut options.seed,
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Usage),
            other => return Err(unexpected(other)),
        };
        let number = parser.value().and_then(|value| value.parse::<u64>());
        *slot = Some(number.map_err(|error| error.to_string())?);
    }
    Ok(Command::Simulate(options))
}

/// `command`, if nothing but a call for help follows.
fn bare(parser: &mut Parser, command: Command) -> Result<Command, String> {
    match parser.next().map_err(|error| error.to_string())? {
        None => Ok(command),
        Some(Arg::Long("help") | Arg::Short('h')) => Ok(Command::Usage),
        Some(other) => Err(unexpected(other)),
    }
}

fn unexpected(argument: Arg<'_>) -> String {
    format!(
        "{}; `cargo xtask --help` shows the usage",
        argument.unexpected()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn every_command_is_understood() {
        for (line, debug) in [
            ("", "Usage"),
            ("--help", "Usage"),
            ("help", "Usage"),
            ("tidy -h", "Usage"),
            ("fix", "Fix"),
            ("tidy", "Tidy"),
            ("ci --list", "ListSteps"),
            ("bench idle --quick", r#"Bench(["idle", "--quick"])"#),
            ("bench", "Bench([])"),
            ("simulate", "Simulate(Options { runs: None, seed: None })"),
            (
                "simulate --runs 5 --seed=7",
                "Simulate(Options { runs: Some(5), seed: Some(7) })",
            ),
        ] {
            assert_eq!(format!("{:?}", parsed(line).unwrap()), debug, "{line}");
        }
    }

    #[test]
    fn ci_without_names_is_all_steps_and_with_names_these() {
        let count = |line| match parsed(line).unwrap() {
            Command::Ci(steps) => steps.len(),
            other => panic!("{other:?}"),
        };
        assert!(count("ci") > 10);
        assert_eq!(count("ci tidy fmt"), 2);
    }

    #[test]
    fn mistakes_get_one_line_with_a_remedy() {
        for (line, part) in [
            ("frobnicate", "unknown command `frobnicate`"),
            ("ci nosuch", "no step `nosuch`"),
            ("--verbose", "--verbose"),
            ("tidy now", "now"),
            ("simulate --runs", "--runs"),
            ("simulate --runs many", "many"),
            ("simulate 5", "5"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
            assert!(!message.contains('\n'), "{line}: {message}");
        }
    }
}
