//! The page and what it shows, without a browser.

use health_core::{ComponentSpec, Field, Health, Row, SectionSpec};

use super::{get, node};

#[tokio::test]
async fn the_page_is_one_document_that_may_fetch_from_the_node_alone() {
    let (_health, service) = node();
    let page = get(&service, "/health/ui").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.contains("connect-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    for outside in ["http://", "https://", "//cdn", "@import", "innerHTML", "{{"] {
        let allowed = outside == "http://" && page.text.matches(outside).count() == 1;
        // The namespace of SVG is a name, and nothing is fetched from it.
        assert!(allowed || !page.text.contains(outside), "{outside}");
    }
    assert!(page.text.contains("http://www.w3.org/2000/svg"));
    assert!(page.text.len() < 60 * 1024, "{} bytes", page.text.len());
}

#[tokio::test]
async fn a_service_may_leave_it_out() {
    let service = health_http::HealthService::builder(Health::new())
        .without_page()
        .build();
    assert_eq!(get(&service, "/health/ui").await.status, 404);
    assert_eq!(get(&service, "/health/ui/state").await.status, 404);
    assert_eq!(get(&service, "/health/summary").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_state_holds_what_the_page_shows_and_only_what_changed_after_a_moment() {
    let (health, service) = node();
    health.start().unwrap();
    let db = health
        .component(ComponentSpec::new("db").critical())
        .unwrap();
    db.ready();
    db.not_ready("no connection");
    let lag = health
        .section(SectionSpec::new("lag").title("Replication lag"))
        .unwrap();
    lag.push([Row::new("standby-1").field("lag", Field::Seconds(12.3))]);

    let state = get(&service, "/health/ui/state").await.json();
    assert_eq!(state["node_id"], "node-1");
    assert_eq!(state["status"], "unhealthy");
    assert_eq!(state["checks"][0]["name"], "db");
    assert_eq!(state["checks"][0]["message"], "no connection");
    assert_eq!(state["checks"][0]["runs"]["status"], "hu");
    assert_eq!(state["sections"][0]["rows"][0]["fields"][0]["value"], 12.3);
    assert_eq!(state["sections"][0]["stale"], false);

    let now = state["now"].as_u64().unwrap();
    let later = get(
        &service,
        &format!("/health/ui/state?after={}", now + 60_000),
    )
    .await
    .json();
    assert_eq!(
        later["checks"].as_array().unwrap().len(),
        1,
        "a clock set back shows all"
    );
    let registry = &state["registry"];
    drop(db);
    let _other = health.component(ComponentSpec::new("other")).unwrap();
    let moved = get(&service, "/health/ui/state").await.json();
    assert_ne!(&moved["registry"], registry);

    for bad in [
        "after=",
        "after=x",
        "after=-1",
        "after=1e9",
        "after=99999999999999999999999",
    ] {
        assert_eq!(
            get(&service, &format!("/health/ui/state?{bad}"))
                .await
                .status,
            400,
            "{bad}"
        );
    }
}
