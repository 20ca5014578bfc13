//! Any output of a command, judged: the exit code decides, and the details stay within bounds.
//!
//! What core makes of message and details has a target of its own there.
#![no_main]

use health_checks::process::fuzzing::fuzz;
use health_core::Status;
use libfuzzer_sys::fuzz_target;

/// 64 figures with four limits each, and what the check adds itself.
const MOST_DETAILS: usize = 64 * 5 + 2;

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (code, stdout, stderr) = input;
    let outcome = fuzz(code.into(), stdout, stderr);
    let status = match code {
        0 => Status::Healthy,
        1 => Status::Degraded,
        _ => Status::Unhealthy,
    };
    assert_eq!(outcome.status(), status);
    assert!(!outcome.message().is_empty());
    assert!(outcome.message().lines().count() == 1, "{outcome:?}");
    assert!(outcome.details().len() <= MOST_DETAILS, "{outcome:?}");
    assert_eq!(outcome.details()["exit_code"], code);
});
