//! The load, the pressure and the resources of the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use health_checks::system::{
    CpuLoadCheck, LoadAverage, MachineMemoryCheck, PressureAverage, PressureCheck, PressureShare,
    ResourceCheck,
};
use health_core::{CheckState, CheckStatus};

use super::detail;
use crate::harness::{Monitored, result};

#[tokio::test]
async fn memory_of_the_machine_is_judged_against_its_limits() {
    let low = 1e-9;
    for (unhealthy, status) in [(low, CheckStatus::Unhealthy), (1.0, CheckStatus::Degraded)] {
        let check = MachineMemoryCheck::new().thresholds(low, unhealthy);
        let state = result(check.unwrap()).await;
        assert_eq!(state.status, status, "{state:?}");
    }
}

#[tokio::test]
async fn the_worst_resource_is_named() {
    let low = 1e-9;
    let check = ResourceCheck::new().memory_thresholds(low, low).unwrap();
    let state = result(check).await;
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
    let lost = result(ResourceCheck::new().disk_path("/no/such/path").unwrap()).await;
    assert_eq!(lost.status, CheckStatus::Unhealthy, "{lost:?}");
    assert!(!detail(&lost, "memory_used_percent").is_null(), "{lost:?}");
    assert!(detail(&lost, "disk_used_percent").is_null(), "{lost:?}");
}

/// Keeps every core busy, several times over, until it is dropped.
struct Burn {
    goes_on: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Burn {
    fn start() -> Self {
        let cores = thread::available_parallelism().unwrap().get();
        let goes_on = Arc::new(AtomicBool::new(true));
        let burn = || {
            let goes_on = Arc::clone(&goes_on);
            thread::spawn(move || {
                while goes_on.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        let threads = (0..4 * cores).map(|_| burn()).collect();
        Self { goes_on, threads }
    }
}

impl Drop for Burn {
    fn drop(&mut self) {
        self.goes_on.store(false, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

#[tokio::test]
async fn burnt_processor_time_shows() {
    let figure = |state: &CheckState, key: &str| detail(state, key).as_f64().unwrap();
    let load = Monitored::start(CpuLoadCheck::new().over(LoadAverage::OneMinute));
    let resources = Monitored::start(ResourceCheck::new().cpu_thresholds(0.7, 0.7).unwrap());
    let burn = Burn::start();
    // The kernel recounts every five seconds; four tasks a core come to one within half a minute.
    load.ask_until("a load", |state| figure(state, "load_per_core") >= 1.0)
        .await;
    resources
        .ask_until("a busy processor", |state| {
            figure(state, "cpu_used_percent") >= 70.0 && state.status == CheckStatus::Unhealthy
        })
        .await;
    if PressureCheck::cpu().available() {
        let check = PressureCheck::cpu()
            .judge(PressureShare::Some, PressureAverage::TenSeconds)
            .thresholds(0.3, 0.3);
        let pressure = Monitored::start(check.unwrap());
        pressure
            .ask_until("pressure", |state| state.status == CheckStatus::Unhealthy)
            .await;
        pressure.stop().await;
    }
    drop(burn);
    resources.stop().await;
    load.stop().await;
}
