//! This process and this machine.

#[cfg(target_os = "linux")]
mod cgroup;
mod disk;
mod file_age;
mod leaks;
mod machine;
mod process;

use std::time::Duration;

use health_checks::system::{DiskCheck, MemoryCheck, defaults};
use health_core::{CheckState, Schedule};
use serde_json::Value;

use crate::harness::result;

/// One detail of a result.
fn detail(state: &CheckState, key: &str) -> Value {
    let details = state.details.as_ref().unwrap();
    details.get(key).unwrap_or(&Value::Null).clone()
}

#[test]
fn defaults_can_be_overridden() {
    let memory = MemoryCheck::new(512.0).unwrap().registration();
    let disk = DiskCheck::root().registration().named("disk-root");
    for (registration, name) in [(&memory, "memory"), (&disk, "disk-root")] {
        let spec = registration.spec();
        assert_eq!(spec.name, name);
        assert_eq!(spec.schedule, Schedule::Every(Duration::from_mins(1)));
        assert_eq!(spec.timeout, Duration::from_secs(5));
    }
}

#[tokio::test]
async fn every_default_check_has_figures_of_this_machine() {
    for registration in defaults() {
        let state = result(registration).await;
        assert!(
            state
                .details
                .as_ref()
                .is_some_and(|details| !details.is_empty())
        );
        assert!(!state.message.is_empty());
    }
}
