//! Memory and descriptors of this process.

use health_checks::system::{DescriptorCheck, MemoryCheck};
use health_core::CheckStatus;

use super::detail;
use crate::harness::{Monitored, alone, result};

#[tokio::test]
async fn memory_is_judged_against_its_limit() {
    for (limit_mb, status) in [
        (0.001, CheckStatus::Unhealthy),
        (1_000_000.0, CheckStatus::Healthy),
    ] {
        let state = result(MemoryCheck::new(limit_mb).unwrap()).await;
        assert_eq!(state.status, status, "{limit_mb} MB: {state:?}");
        assert!(state.message.starts_with("memory "), "{state:?}");
    }
}

#[test]
fn memory_that_is_taken_shows() {
    const TAKEN: usize = 128 << 20;
    alone("system::process::memory_that_is_taken_shows", || {
        alone_runtime(async {
            let memory = Monitored::start(MemoryCheck::new(100.0).unwrap());
            assert_eq!(memory.ask().await.status, CheckStatus::Healthy);
            let taken = vec![1_u8; TAKEN];
            assert_eq!(memory.ask().await.status, CheckStatus::Unhealthy);
            assert!(taken.iter().all(|byte| *byte == 1));
            drop(taken);
            assert_eq!(memory.ask().await.status, CheckStatus::Healthy);
            memory.stop().await;
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn descriptors_that_are_opened_show() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    const LIMIT: u64 = 200;
    alone("system::process::descriptors_that_are_opened_show", || {
        alone_runtime(async {
            let limit = Rlimit {
                current: Some(LIMIT),
                ..getrlimit(Resource::Nofile)
            };
            setrlimit(Resource::Nofile, limit).unwrap();
            let descriptors = Monitored::start(DescriptorCheck::new());
            let before = descriptors.ask().await;
            assert_eq!(before.status, CheckStatus::Healthy, "{before:?}");
            assert_eq!(detail(&before, "limit"), LIMIT);

            let mut opened = Vec::new();
            let mut open = || opened.push(std::fs::File::open("/dev/null").unwrap());
            (0..160).for_each(|_| open());
            let warned = descriptors.ask().await;
            assert_eq!(warned.status, CheckStatus::Degraded, "{warned:?}");
            let difference = detail(&warned, "open").as_u64().unwrap()
                - detail(&before, "open").as_u64().unwrap();
            assert_eq!(difference, 160);

            // Until none is left, not even for the check.
            while let Ok(file) = std::fs::File::open("/dev/null") {
                opened.push(file);
            }
            let full = descriptors.ask().await;
            assert_eq!(full.status, CheckStatus::Unhealthy, "{full:?}");
            assert!(full.message.contains("descriptor"), "{full:?}");

            drop(opened);
            assert_eq!(descriptors.ask().await.status, CheckStatus::Healthy);
            descriptors.stop().await;
        });
    });
}

/// Started in the test's own process, as the test may not be `async` itself.
fn alone_runtime(body: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(body);
}
