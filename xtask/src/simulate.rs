//! `cargo xtask simulate`: random schedules against the engine, as many as asked for, or one again.
//! The simulator itself is a test of `health-core`; this only starts it.

use crate::failure::Failure;
use crate::harness;
use crate::invocation::Invocation;

/// The test that runs as many schedules as it is told.
const MARATHON: &str = "simulator::marathon";
/// The variable that tells it how many schedules to run.
const RUNS: &str = "HEALTH_SIM_RUNS";
/// The variable that tells it the seed of the first schedule.
const SEED: &str = "HEALTH_SIM_SEED";

/// What the user asked for; the simulator has its own defaults for the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// How many schedules.
    pub(crate) runs: Option<u64>,
    /// The seed of the first, as a failure prints it.
    pub(crate) seed: Option<u64>,
}

/// Builds the simulator with optimisations and runs it.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let test = invocation(options);
    harness::require_tests(&test, &["--ignored", "--exact", MARATHON])?;
    test.args(&["--", "--ignored", "--exact", "--nocapture", MARATHON])
        .run()
}

fn invocation(options: &Options) -> Invocation {
    let test = Invocation::cargo(&["test", "--package", "health-core", "--release", "--lib"]);
    [(RUNS, options.runs), (SEED, options.seed)]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .fold(test, |test, (key, value)| test.env(key, &value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_reaches_the_simulator() {
        let shown = |runs, seed| invocation(&Options { runs, seed }).to_string();
        let bare = "cargo test --package health-core --release --lib";
        assert_eq!(shown(None, None), bare);
        assert_eq!(
            shown(Some(9), Some(3)),
            format!("HEALTH_SIM_RUNS=9 HEALTH_SIM_SEED=3 {bare}")
        );
    }
}
