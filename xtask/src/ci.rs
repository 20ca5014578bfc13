//! `cargo xtask ci`: the steps that a change must pass, in order, stopping at the first that fails.
//! What a step does is in the files below; what follows from a failure is the reader's.

mod fuzz;
mod lint;
mod probe;
mod smoke;
mod test;

use std::time::Duration;

use crate::clock::{self, Stopwatch};
use crate::debian::{self, Need};
use crate::failure::Failure;
use crate::tidy;
use crate::workspace::{self, Workspace};

/// One thing that must hold.
#[derive(Debug)]
pub(crate) struct Step {
    name: &'static str,
    about: &'static str,
    needs: &'static [&'static Need],
    /// What its tests start.
    peers: &'static [&'static Need],
    run: fn(&Workspace) -> Result<(), Failure>,
}

/// Cheap ones first. Those that share a build (features, flags, profile) stand together.
const STEPS: &[Step] = &[
    step("fmt", "the code is formatted", lint::format),
    Step {
        needs: &[&debian::GIT],
        ..step("tidy", "the repository's own rules hold", |_| tidy::run())
    },
    step("typos", "words are spelt right", lint::spelling),
    step("clippy", "no warning, default features", lint::clippy),
    building("clippy-all", "no warning, all features", lint::clippy_all),
    building(
        "features",
        "every feature builds alone and without the rest",
        lint::features,
    ),
    Step {
        peers: debian::PEERS,
        ..building("test", "unit and integration tests", test::test)
    },
    building(
        "doctest",
        "the examples in the documentation",
        test::doctest,
    ),
    building(
        "examples",
        "the examples start, answer, and end on SIGTERM",
        smoke::run,
    ),
    building(
        "docs",
        "the documentation builds without a warning",
        lint::docs,
    ),
    step(
        "deny",
        "licences, sources and versions of dependencies",
        lint::deny,
    ),
    step(
        "loom",
        "the lock-free parts, in every interleaving",
        test::loom,
    ),
    step(
        "simulator",
        "random schedules against the engine",
        test::simulator,
    ),
    step("fuzz", "each fuzz target, briefly", fuzz::run),
];

const fn step(
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace) -> Result<(), Failure>,
) -> Step {
    Step {
        name,
        about,
        needs: &[],
        peers: &[],
        run,
    }
}

/// A step that builds with all features.
const fn building(
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace) -> Result<(), Failure>,
) -> Step {
    Step {
        needs: debian::BUILD,
        ..step(name, about, run)
    }
}

/// The steps of these names, in the order of CI; all of them if none is named.
pub(crate) fn select(names: &[String]) -> Result<Vec<&'static Step>, String> {
    let unknown = |name: &&String| STEPS.iter().all(|step| step.name != name.as_str());
    if let Some(name) = names.iter().find(unknown) {
        return Err(format!(
            "no step `{name}`; `cargo xtask ci --list` lists them"
        ));
    }
    let wanted = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    Ok(STEPS.iter().filter(wanted).collect())
}

/// Prints the name and the meaning of every step.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:<12} {}", step.name, step.about);
    }
}

/// Runs the steps, and ends with the time that each took.
pub(crate) fn run(steps: &[&'static Step]) -> Result<(), Failure> {
    let workspace = workspace::load()?;
    let whole = Stopwatch::start();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let watch = Stopwatch::start();
        let ended = debian::ensure(&[step.needs, step.peers].concat())
            .and_then(|()| (step.run)(&workspace));
        let word = if ended.is_ok() { "ok" } else { "failed" };
        println!(
            "-- {}: {word} after {}",
            step.name,
            clock::display(watch.elapsed())
        );
        ended.map_err(|cause| Failure::Step {
            name: step.name,
            cause: Box::new(cause),
        })?;
        times.push((step.name, watch.elapsed()));
    }
    println!("\n== all {} steps ok", times.len());
    for (name, time) in times {
        println!("{name:<12} {}", clock::display(time));
    }
    println!("{:<12} {}", "together", clock::display(whole.elapsed()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(asked: &[&str]) -> Result<Vec<&'static str>, String> {
        let asked: Vec<_> = asked.iter().map(ToString::to_string).collect();
        Ok(select(&asked)?.iter().map(|step| step.name).collect())
    }

    #[test]
    fn named_steps_run_once_and_in_the_order_of_ci() {
        assert_eq!(names(&["test", "fmt", "test"]).unwrap(), ["fmt", "test"]);
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert!(names(&["fmt", "fnt"]).unwrap_err().contains("`fnt`"));
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut all = names(&[]).unwrap();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), STEPS.len());
    }
}
