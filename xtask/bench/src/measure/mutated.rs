//! A million mutated requests: the test that CI runs with 100,000, at its full size.
//!
//! It mutates nothing itself. The test ends at the first harm, so one is all that is ever found.

use crate::budgets::MUTATED_HARM;
use crate::error::BenchError;
use crate::launch::{Launcher, cargo};
use crate::table::Row;

const REQUESTS: &str = "1000000";
const TEST: &str = "stack::mutated::in_a_process_of_its_own";

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    launcher.cargo(["test", "--release", "-p", "health-http", "--no-run"])?;
    let mut test = cargo();
    test.args(["test", "--release", "--quiet", "-p", "health-http"])
        .args([
            "--test",
            "it",
            "--",
            "--ignored",
            "--exact",
            "--nocapture",
            TEST,
        ])
        .current_dir(&launcher.workspace)
        .env("HEALTH_MUTATION_REQUESTS", REQUESTS);
    let output = test.output().map_err(|source| BenchError::Start {
        what: TEST.to_owned(),
        source,
    })?;
    let said = String::from_utf8_lossy(&output.stdout);
    let unharmed = output.status.success() && said.contains("1 passed");
    let row = Row::new(MUTATED_HARM, "", if unharmed { 0.0 } else { 1.0 });
    if unharmed {
        return Ok(vec![row.note(tallies(&said))]);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Ok(vec![row.note(format!("{}\n{}", said.trim(), words.trim()))])
}

/// The lines in which each client says what its requests came to.
fn tallies(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix("Tally "));
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_clients_came_to_is_noted() {
        let text = "running 1 test\nTally { requests: 2 }\nTally { requests: 3 }\n.\n";
        assert_eq!(tallies(text), "{ requests: 2 }; { requests: 3 }");
    }
}
