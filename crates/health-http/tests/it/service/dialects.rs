//! What all dialects have in common: codes, headers, that they follow every change, and sizes.
//!
//! Their bytes are compared with golden files beside this.

use std::time::Duration;

use health_core::{Component, ComponentSpec, Group, Health, Outcome, check_fn};
use health_http::HealthService;
use hyper::{Request, header};

use super::dialect_golden::{Node, everything, node};
use super::{get, send};

#[tokio::test(start_paused = true)]
async fn codes_are_the_same_in_every_dialect() {
    let Node {
        health,
        service,
        _parts,
    } = node();
    let paths = everything("native");
    for started in [false, true] {
        if started {
            health.start().unwrap();
            health.ask("database").await.unwrap();
        }
        for path in &paths {
            let native = get(&service, path).await.status;
            for format in [
                "components",
                "ietf",
                "actuator",
                "microprofile",
                "kubernetes",
            ] {
                let path = path.replace("native", format);
                assert_eq!(get(&service, &path).await.status, native, "{path}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn accept_chooses_and_head_and_headers_agree() {
    let Node {
        health,
        service,
        _parts,
    } = node();
    health.start().unwrap();
    health.ask("database").await.unwrap();
    for (accept, path, kind) in [
        ("*/*", "/health", "application/json"),
        (
            "application/health+json",
            "/health",
            "application/health+json",
        ),
        (
            "application/health+json",
            "/ready",
            "application/health+json",
        ),
        (
            "application/vnd.spring-boot.actuator.v3+json, application/json;q=0.5",
            "/health/groups/storage",
            "application/vnd.spring-boot.actuator.v3+json",
        ),
        ("text/plain", "/livez", "text/plain; charset=utf-8"),
        (
            "text/plain",
            "/health/checks/cache",
            "text/plain; charset=utf-8",
        ),
        ("image/png", "/health", "application/json"),
        ("q=1;;,/", "/ready", "application/json"),
        // No dialect but our own has these.
        ("text/plain", "/health/checks", "application/json"),
        ("text/plain", "/health/summary", "application/json"),
        ("text/plain", "/health/history/cache", "application/json"),
        // Spring Boot's paths speak no other.
        (
            "text/plain",
            "/actuator/health",
            "application/vnd.spring-boot.actuator.v3+json",
        ),
    ] {
        let ask = |method| {
            Request::builder()
                .method(method)
                .uri(path)
                .header("host", "node")
                .header("accept", accept)
                .body(())
                .unwrap()
        };
        let got = send(&service, ask("GET")).await;
        let head = send(&service, ask("HEAD")).await;
        assert_eq!(got.headers[header::CONTENT_TYPE], kind, "{accept} {path}");
        assert_eq!((head.status, &head.headers), (got.status, &got.headers));
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(got.headers[&name], value, "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_dialect_follows_every_change() {
    let health = Health::new();
    let service = HealthService::new(health.clone());
    let part = health
        .component(ComponentSpec::new("part").critical().tag("all"))
        .unwrap();
    health.group(Group::tagged("all", "all")).unwrap();
    health.start().unwrap();
    for format in [
        "native",
        "components",
        "ietf",
        "actuator",
        "microprofile",
        "kubernetes",
    ] {
        for path in [
            "/health",
            "/ready",
            "/health/groups/all",
            "/health/checks/part",
        ] {
            let path = format!("{path}?format={format}&verbose");
            let mut seen = Vec::new();
            for _ in 0..2 {
                part.ready();
                let up = get(&service, &path).await;
                assert_eq!(get(&service, &path).await.text, up.text);
                part.not_ready("gone");
                let down = get(&service, &path).await;
                assert_eq!((up.status, down.status), (200, 503), "{path}");
                assert_ne!(up.text, down.text, "{path}");
                seen.push((up.text, down.text));
            }
            if format != "native" && format != "ietf" {
                assert_eq!(seen[0], seen[1], "{path}: no time is in it");
            }
        }
    }
}

#[tokio::test]
async fn a_node_without_checks_has_no_components_in_the_words_of_spring() {
    let health = Health::new();
    let service = HealthService::new(health.clone());
    health.start().unwrap();
    let node = get(&service, "/actuator/health").await.json();
    assert_eq!(
        (&node["status"], node.get("components")),
        (&"UP".into(), None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_stays_small_in_every_dialect_that_lists_no_checks() {
    let health = Health::new();
    let service = HealthService::new(health.clone());
    for n in 0..1000 {
        let name = format!("{n:04}-{}", "x".repeat(59));
        let check = check_fn(name, |_| async { Outcome::unhealthy("m".repeat(500)) });
        health.register(check.critical().live()).unwrap();
    }
    health.start().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for format in ["native", "components", "ietf", "actuator", "microprofile"] {
        for path in ["/ready", "/live", "/startup"] {
            let reply = get(&service, &format!("{path}?format={format}")).await;
            assert!(reply.text.len() < 1024, "{path} {format}: {}", reply.text);
            reply.json();
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_costs_anything() {
    let health = Health::new();
    let service = HealthService::new(health);
    let long = format!("/ready?x={}", "y".repeat(5000));
    let many = format!("/readyz?{}", "exclude=a&".repeat(65));
    for (path, status) in [(&long, 414), (&many, 400)] {
        let reply = get(&service, path).await;
        assert_eq!(reply.status, status);
        assert!(reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn envoy_is_told_of_a_node_that_is_degraded_and_of_no_other() {
    let health = Health::new();
    let service = HealthService::builder(health.clone()).status_only().build();
    let part = health.component(ComponentSpec::new("part").tag("all"));
    let part = part.unwrap();
    health.group(Group::tagged("all", "all")).unwrap();
    health.start().unwrap();
    let tell = [
        (Component::ready as fn(&Component), false),
        (|part| part.degraded("slow"), true),
        (Component::ready, false),
        // It is not critical, so the node is degraded still.
        (|part| part.not_ready("gone"), true),
    ];
    for (tell, degraded) in tell {
        tell(&part);
        for path in [
            "/health",
            "/ready",
            "/health?format=ietf",
            "/readyz?verbose",
            "/health/groups/all",
        ] {
            let reply = get(&service, path).await;
            let header = reply.headers.get("x-envoy-degraded");
            assert_eq!((reply.status, header.is_some()), (200, degraded), "{path}");
        }
        let startup = get(&service, "/startup").await;
        assert_eq!(startup.headers.get("x-envoy-degraded"), None);
    }
    health.begin_shutdown();
    assert_eq!(
        get(&service, "/ready")
            .await
            .headers
            .get("x-envoy-degraded"),
        None
    );
}
