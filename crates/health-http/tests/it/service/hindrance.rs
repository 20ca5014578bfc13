//! The text of Kubernetes where a probe fails for what is no check: a line says so.

use std::time::Duration;

use health_core::{ComponentSpec, Group, Health};
use health_http::HealthService;

use super::{Reply, get};

async fn text(service: &HealthService, path: &str) -> (u16, String) {
    let Reply { status, text, .. } = get(service, path).await;
    (status, text)
}

fn failed(text: &str) -> (u16, String) {
    (503, text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn it_has_a_line_of_its_own_that_no_check_is_taken_for() {
    let health = Health::new();
    let service = HealthService::new(health.clone());
    // Checks may have the names of these lines.
    let parts = ["shutdown", "startup"].map(|name| {
        let spec = ComponentSpec::new(name).critical().live();
        let part = health.component(spec).unwrap();
        part.ready();
        part
    });
    health
        .group(Group::listed("all", ["shutdown", "startup"]))
        .unwrap();
    let lines = "[+]shutdown ok\n[+]startup ok\n";
    for (path, name) in [
        ("/readyz", "readyz"),
        ("/health", "healthz"),
        ("/health/groups/all", "all"),
    ] {
        let expected = format!("{lines}[-]startup failed: reason withheld\n{name} check failed\n");
        let path = format!("{path}?format=kubernetes");
        assert_eq!(text(&service, &path).await, failed(&expected), "{path}");
    }
    // Excluding the checks does not exclude what hinders.
    for path in ["/readyz?", "/health/groups/all?format=kubernetes&"] {
        let (status, text) = text(
            &service,
            &format!("{path}exclude=startup&exclude=shutdown&exclude=runtime"),
        )
        .await;
        let expected = "[+]shutdown excluded: ok\n[+]startup excluded: ok\n\
            [-]startup failed: reason withheld\n\
            warn: some health checks cannot be excluded: no matches for \"runtime\"\n";
        assert_eq!(status, 503, "{path}");
        assert!(text.starts_with(expected), "{path}: {text}");
    }

    health.start().unwrap();
    let passing = (200, format!("{lines}readyz check passed\n"));
    assert_eq!(text(&service, "/readyz?verbose").await, passing);
    parts[0].not_ready("gone");
    let expected = "[-]shutdown failed: reason withheld\n[+]startup ok\nreadyz check failed\n";
    assert_eq!(text(&service, "/readyz?verbose").await, failed(expected));
    parts[0].ready();

    health.begin_shutdown_within(Duration::from_secs(25));
    let stopping = |name| {
        failed(&format!(
            "{lines}[-]shutdown failed: reason withheld\n{name} check failed\n"
        ))
    };
    let ready = text(&service, "/readyz?verbose").await;
    assert_eq!(ready, stopping("readyz"));
    let live = (200, format!("{lines}livez check passed\n"));
    assert_eq!(text(&service, "/livez?verbose").await, live);
    tokio::time::advance(Duration::from_secs(26)).await;
    let overrun = text(&service, "/livez?verbose").await;
    assert_eq!(overrun, stopping("livez"));
    assert_eq!(text(&service, "/startupz?verbose").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_liveness_that_fails_while_stopping_says_so() {
    let health = Health::new();
    let service = HealthService::builder(health.clone())
        .live_fails_while_stopping()
        .build();
    health.start().unwrap();
    health.begin_shutdown();
    let expected = "[-]shutdown failed: reason withheld\nlivez check failed\n";
    assert_eq!(text(&service, "/livez?verbose").await, failed(expected));
}

#[tokio::test(start_paused = true)]
async fn strangers_are_told_the_verdict_alone() {
    let health = Health::new();
    let service = HealthService::builder(health).status_only().build();
    let expected = failed("readyz check failed\n");
    assert_eq!(text(&service, "/readyz?verbose").await, expected);
}
