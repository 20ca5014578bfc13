//! The project's own tasks, run as `cargo xtask COMMAND`: reads the command and hands it on.
//! It holds no task itself; each has a file of its own.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its terminal"
)]

mod bench;
mod ci;
mod cli;
mod clock;
mod debian;
mod failure;
mod fix;
mod harness;
mod invocation;
mod simulate;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use failure::Failure;

fn main() -> ExitCode {
    let command = match cli::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("xtask: {message}");
            return ExitCode::from(2);
        }
    };
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    // Every task speaks in paths from the root, wherever it was started.
    workspace::enter_root()?;
    match command {
        Command::Usage => {
            print!("{}", cli::USAGE);
            Ok(())
        }
        Command::ListSteps => {
            ci::list();
            Ok(())
        }
        Command::Ci(steps) => ci::run(steps),
        Command::Fix => fix::run(),
        Command::Tidy => tidy::run(),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Simulate(options) => simulate::run(options),
    }
}
