//! The checks of the node that need nothing else of it: of this process and machine, of its own loopbacks, of the files that were asked for, and those that do nothing.
//!
//! It registers and runs none of them.

use std::error::Error;
use std::io;
use std::path::Path;

use health_checks::distributed::{InMemoryKeyValue, InProcessPubSub, KeyValueCheck, PubSubCheck};
use health_checks::runtime::RuntimeStallCheck;
use health_checks::system::{DescriptorCheck, DiskCheck, MemoryCheck};
use health_core::{BlockingPool, Outcome, Registration, check_fn};
use health_examples::file_check::FileCheck;
use health_examples::flags::Flags;

/// How many files are looked at once.
const FILE_THREADS: u32 = 4;

pub(crate) fn all(flags: &Flags) -> Result<Vec<Registration>, Box<dyn Error>> {
    let files = BlockingPool::new(FILE_THREADS);
    let mut checks = if flags.own_checks { own()? } else { Vec::new() };
    checks.extend(
        flags
            .file_checks
            .iter()
            .map(|check| file(&files, check).every(flags.interval)),
    );
    checks.extend((1..=flags.checks).map(|number| {
        check_fn(format!("noop-{number}"), |_| async { true }).every(flags.interval)
    }));
    Ok(checks)
}

/// Of this process and machine.
fn own() -> Result<Vec<Registration>, Box<dyn Error>> {
    Ok(vec![
        MemoryCheck::new(512.0)?.registration(),
        DiskCheck::root().registration(),
        DescriptorCheck::new().registration(),
        RuntimeStallCheck::new().registration(),
        // Of this process alone: no replica shares them.
        PubSubCheck::new(InProcessPubSub::default()).registration(),
        KeyValueCheck::new(InMemoryKeyValue::default()).registration(),
    ])
}

fn file(pool: &BlockingPool, check: &FileCheck) -> Registration {
    let path = check.path.clone();
    let mut registration = pool
        .check(&check.name, move |_| outcome(&path, path.metadata()))
        .description(format!("{} is there", shown(&check.path)));
    if check.critical {
        registration = registration.critical();
    }
    if check.live {
        registration = registration.live();
    }
    if check.startup {
        registration = registration.startup();
    }
    registration
}

fn outcome(path: &Path, found: io::Result<std::fs::Metadata>) -> Outcome {
    let shown = shown(path);
    match found {
        Ok(_) => Outcome::healthy(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Outcome::unhealthy(format!("{shown} is missing; create it"))
        }
        Err(error) => Outcome::unhealthy(format!("{shown} cannot be looked at")).with_error(error),
    }
}

/// A path of bounded length, for a description may have 512 bytes at most.
fn shown(path: &Path) -> String {
    path.display().to_string().chars().take(100).collect()
}
