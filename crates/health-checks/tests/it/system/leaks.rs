//! Ten thousand runs hold what a hundred hold.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_checks::system::{
    CpuLoadCheck, DescriptorCheck, DiskCheck, FileAgeCheck, MachineMemoryCheck, MemoryCheck,
    PressureAverage, PressureCheck, PressureShare, ResourceCheck,
};
use health_core::{Check, CheckContext, Outcome, Registration, Status};

use crate::harness::{alone, leaks_nothing};

/// Limits that this machine keeps, whatever else it does.
fn all() -> Vec<Registration> {
    let mut all = vec![
        MemoryCheck::of_cgroup(1.0).unwrap().registration(),
        MachineMemoryCheck::new()
            .thresholds(1.0, 1.0)
            .unwrap()
            .registration(),
        DiskCheck::new("/dev/shm").unwrap().registration(),
        CpuLoadCheck::new()
            .thresholds(1e5, 1e5)
            .unwrap()
            .registration(),
        DescriptorCheck::new().registration(),
        FileAgeCheck::newest_in("/etc", Duration::from_hours(100_000))
            .unwrap()
            .registration(),
    ];
    // Of all tasks of a machine, as one of them runs now.
    let pressure = PressureCheck::cpu().judge(PressureShare::Full, PressureAverage::OneMinute);
    if pressure.available() {
        all.push(pressure.registration());
    }
    all
}

#[tokio::main(flavor = "current_thread")]
async fn run(registration: Registration) {
    leaks_nothing(registration).await;
}

#[test]
fn no_check_keeps_what_it_took() {
    alone("system::leaks::no_check_keeps_what_it_took", || {
        for registration in all() {
            run(registration);
        }
    });
}

#[test]
fn nor_do_all_resources_at_once() {
    alone("system::leaks::nor_do_all_resources_at_once", || {
        let check = ResourceCheck::new()
            .disk_path("/dev/shm")
            .unwrap()
            .registration();
        // A machine may be as busy as it likes.
        run(check.wrap(Measured));
    });
}

/// Healthy whenever there is a figure.
struct Measured(Arc<dyn Check>);

#[async_trait]
impl Check for Measured {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let outcome = self.0.check(cx).await;
        let measured = outcome.details()["cpu_used_percent"].is_number();
        let status = if measured {
            Status::Healthy
        } else {
            Status::Unhealthy
        };
        outcome.with_status(status)
    }
}
