//! The command line of the bench; everything it does is in the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    health_bench::command::run(std::env::args_os())
}
