//! Many ask at once while a check on demand hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_core::{Health, check_fn};
use health_http::HealthService;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::get;

const ASKERS: usize = 1000;
/// No run ends by itself within the test.
const LONG: Duration = Duration::from_hours(10);

/// A node whose only check answers once, and hangs from then on, together with its runs so far.
async fn node() -> (Health, HealthService, Arc<AtomicU64>) {
    let health = Health::new();
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let check = check_fn("db", move |_| {
        let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if !first {
                std::future::pending::<()>().await;
            }
        }
    });
    let check = check.critical().timeout(LONG);
    health
        .register(
            check
                .on_demand(Duration::from_secs(5))
                .max_age(Duration::from_mins(1)),
        )
        .unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();
    tokio::time::advance(Duration::from_hours(1)).await;
    (health.clone(), HealthService::new(health), runs)
}

#[tokio::test(start_paused = true)]
async fn a_hanging_check_is_run_once_for_a_thousand_askers_who_are_all_answered() {
    let (health, service, runs) = node().await;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for wave in 0..3 {
        let mut askers = JoinSet::new();
        for number in 0..ASKERS {
            let service = service.clone();
            let path = ["/ready", "/health", "/health/checks/db", "/readyz?verbose"][number % 4];
            askers.spawn(async move { get(&service, path).await.status });
        }
        // All of them wait, each in the task it came with.
        while runs.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        assert!(tasks() <= before + ASKERS + 1, "wave {wave}: {}", tasks());
        let mut answered = 0;
        while let Some(status) = askers.join_next().await {
            assert_eq!(status.unwrap(), 503, "wave {wave}: it is stale");
            answered += 1;
        }
        assert_eq!(answered, ASKERS, "wave {wave}");
        assert_eq!(
            runs.load(Ordering::Relaxed),
            2,
            "wave {wave}: one run for all"
        );
        let finished = health.check("db").unwrap().runs;
        assert_eq!(finished, 1, "wave {wave}: nobody has waited for its end");
        assert!(tasks() <= before + 1, "wave {wave}: {}", tasks());
    }
    health.stop().await;
}
