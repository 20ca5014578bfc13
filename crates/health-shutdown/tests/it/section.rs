//! The section that shows a shutdown, as whoever reads the node sees it.

use std::sync::Arc;
use std::time::Duration;

use health_core::{Field, Health, SectionSpec, SectionState};
use health_shutdown::{Component, Shutdown, Stop};
use tokio::sync::oneshot;

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

/// `name: state` of each row of the section, once it is as it should be.
async fn shown(health: &Health, expected: impl Fn(&[String]) -> bool) -> Vec<String> {
    let mut last = Vec::new();
    // A minute, reached only by a test that fails.
    for _ in 0..12_000 {
        let sections = health.sections();
        last = sections.first().map(lines).unwrap_or_default();
        if expected(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain: {last:#?}");
}

fn lines(state: &Arc<SectionState>) -> Vec<String> {
    let line = |row: &health_core::Row| match &row.fields[0].field {
        Field::Text(text) => format!("{}: {text} {}", row.name, row.message),
        other => panic!("{other:?}"),
    };
    state.rows.iter().map(line).collect()
}

fn has(line: &'static str) -> impl Fn(&[String]) -> bool {
    move |lines| lines.iter().any(|it| it.starts_with(line))
}

#[tokio::test]
async fn it_comes_with_the_shutdown_and_goes_with_its_handles() {
    let health = Health::new();
    let shutdown = Shutdown::of(&health)
        .drain_delay(Duration::ZERO)
        .deadline(LONG)
        .section();
    let shutdown = shutdown.install().unwrap();
    assert!(health.sections().is_empty(), "nothing has begun");

    shutdown.request("a test");
    shown(
        &health,
        has("the whole: stopping after requested: a test; 0 of 0"),
    )
    .await;

    let (end, ended) = oneshot::channel::<()>();
    let queue = Component::new("queue", |stop: Stop| async move {
        stop.progress("3 of 9 written");
        let _ = ended.await;
    });
    let plan = shutdown
        .plan()
        .flush(queue.deadline(LONG))
        .last(Component::new("endpoint", |_| async {}))
        .build()
        .unwrap();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.run(plan).await }
    });
    let lines = shown(&health, has("queue: stopping 3 of 9 written")).await;
    assert!(
        has("the whole: stopping after requested: a test; 2 of 2")(&lines),
        "{lines:?}"
    );
    assert!(has("phase drain delay: over")(&lines), "{lines:?}");
    assert!(has("phase flush: under way")(&lines), "{lines:?}");
    assert!(has("endpoint: waiting")(&lines), "{lines:?}");

    end.send(()).unwrap();
    running.await.unwrap();
    let lines = shown(&health, has("the whole: ended")).await;
    assert!(has("endpoint: done")(&lines), "{lines:?}");

    drop(shutdown);
    shown(&health, <[String]>::is_empty).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_shown_is_stopped_all_the_same() {
    let health = Health::new();
    let _taken = health.section(SectionSpec::new("shutdown")).unwrap();
    let shutdown = Shutdown::of(&health).section().install().unwrap();
    shutdown.request("a test");
    let report = shutdown.run(shutdown.plan().build().unwrap()).await;
    assert_eq!(report.exit_code(), 0, "{report}");
    assert!(health.sections()[0].rows.is_empty());
}
