//! Guards against a filter that selects no test: the test harness calls that a success.
//! It runs no test itself.

use crate::failure::Failure;
use crate::invocation::Invocation;

/// Fails unless `test`, with `filter` after its `--`, has at least one test to run.
pub(crate) fn require_tests(test: &Invocation, filter: &[&str]) -> Result<(), Failure> {
    let list = test.clone().args(&["--", "--list"]).args(filter);
    match count(&list.output()?) {
        0 => Err(Failure::Unmet(format!("no test is selected by: {list}"))),
        _ => Ok(()),
    }
}

/// The tests in what `--list` printed.
fn count(list: &str) -> usize {
    list.lines().filter(|line| line.ends_with(": test")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tests_are_counted() {
        let list = "engine::down: test\nspeed: benchmark\n\n1 test, 1 benchmark\n";
        assert_eq!(count(list), 1);
        assert_eq!(count("\n0 tests, 0 benchmarks\n"), 0);
    }
}
