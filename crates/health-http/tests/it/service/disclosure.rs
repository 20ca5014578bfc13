//! Who gets to see what: by default, under `status_only`, with tokens, and on two addresses.

use health_core::{ComponentSpec, Group, Health};
use health_http::{HealthServer, HealthService, HealthServiceBuilder, Token};
use hyper::{Request, header};
use serde_json::json;

use super::{Reply, send};

/// What no stranger may read; it is everywhere in the node below.
const NAMES: [&str; 5] = ["db-main", "gone-away", "cafe", "node-9", "9.9.9"];

fn service(set_up: impl FnOnce(HealthServiceBuilder) -> HealthServiceBuilder) -> HealthService {
    let health = Health::builder().node_id("node-9").version("9.9.9").build();
    let db = health
        .component(ComponentSpec::new("db-main").critical().live().tag("all"))
        .unwrap();
    health.group(Group::tagged("cafe", "all")).unwrap();
    health.start().unwrap();
    db.not_ready("gone-away");
    // The node is unhealthy for good, and the component stays as it is.
    std::mem::forget(db);
    set_up(HealthService::builder(health)).build()
}

async fn ask(service: &HealthService, path: &str, authorization: &[&str]) -> Reply {
    let mut request = Request::get(path).header("host", "node");
    for value in authorization {
        request = request.header(header::AUTHORIZATION, *value);
    }
    send(service, request.body(()).unwrap()).await
}

const PROBES: [&str; 3] = ["/ready", "/livez", "/health/live"];
const DETAILS: [&str; 8] = [
    "/health/checks",
    "/health/checks/db-main",
    "/health/checks/nobody",
    "/health/history/db-main",
    "/health/summary",
    "/health/events",
    "/health/ui/state",
    "/metrics",
];
const FORMATS: [&str; 7] = [
    "",
    "?format=components",
    "?format=ietf",
    "?format=actuator",
    "?format=microprofile",
    "?format=kubernetes",
    "?format=kubernetes&verbose",
];

fn assert_tells_nothing(reply: &Reply, path: &str) {
    // What somebody asks for by its name, he knows.
    for name in NAMES.iter().filter(|name| !path.contains(*name)) {
        assert!(!reply.text.contains(name), "{path}: {}", reply.text);
    }
}

#[tokio::test]
async fn status_only_tells_the_status_in_every_dialect_and_nothing_else() {
    let service = service(HealthServiceBuilder::status_only);
    for path in PROBES
        .iter()
        .chain(&["/health", "/health/groups/cafe", "/actuator/health"])
    {
        for format in FORMATS {
            let path = format!("{path}{format}");
            let reply = ask(&service, &path, &[]).await;
            assert_eq!(reply.status, 503, "{path}");
            assert_tells_nothing(&reply, &path);
            assert!(!reply.text.contains("1 of 1"), "{path}: {}", reply.text);
        }
    }
    for path in DETAILS {
        let reply = ask(&service, path, &["Bearer x"]).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_tells_nothing(&reply, path);
    }
    let reply = ask(&service, "/readyz?verbose&exclude=db-main", &[]).await;
    assert_eq!((reply.status, &*reply.text), (503, "readyz check failed\n"));
    let ready = ask(&service, "/ready", &[]).await.json();
    let expected = json!({"ready": false, "status": "unhealthy", "message": "unhealthy"});
    assert_eq!(ready, expected);
    let live = ask(&service, "/live", &[]).await.json();
    let expected = json!({"live": false, "status": "unhealthy", "message": "unhealthy"});
    assert_eq!(live, expected);
}

#[tokio::test]
async fn with_tokens_details_need_one_and_probes_do_not() {
    let tokens = ["old", "new"].map(|token| Token::new(token).unwrap());
    let service = service(|service| service.tokens(tokens));
    for authorization in [
        &[][..],
        &["Bearer wrong"],
        &["Bearer"],
        &["Basic old"],
        &["Bearer old", "Bearer old"],
    ] {
        for path in PROBES {
            for format in FORMATS {
                let path = format!("{path}{format}");
                let reply = ask(&service, &path, authorization).await;
                assert_eq!(reply.status, 503, "{path}");
                assert_tells_nothing(&reply, &path);
            }
        }
        for path in DETAILS.iter().chain(&[
            "/health",
            "/health/groups/cafe",
            "/actuator/health",
            "/readyz?exclude=db-main",
        ]) {
            let reply = ask(&service, path, authorization).await;
            assert_eq!(reply.status, 401, "{path} {authorization:?}");
            assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
            assert_tells_nothing(&reply, path);
        }
        // What is at no path at all is no secret.
        assert_eq!(ask(&service, "/nowhere", authorization).await.status, 404);
    }
    for token in ["Bearer old", "bearer new"] {
        let report = ask(&service, "/health", &[token]).await;
        assert_eq!(
            (report.status, report.text.contains("db-main")),
            (503, true)
        );
        let ready = ask(&service, "/ready", &[token]).await;
        assert!(ready.text.contains("db-main"), "{}", ready.text);
        assert_eq!(ask(&service, "/health/checks", &[token]).await.status, 200);
        assert_eq!(ask(&service, "/health/summary", &[token]).await.status, 200);
        let excluding = ask(&service, "/livez?verbose&exclude=db-main", &[token]).await;
        assert_eq!(excluding.status, 200);
        assert_eq!(
            excluding.text,
            "[+]db-main excluded: ok\nlivez check passed\n"
        );
    }
}

#[tokio::test]
async fn with_both_the_status_is_open_and_details_need_a_token() {
    let token = Token::new("secret").unwrap();
    let service = service(|service| service.status_only().tokens([token]));
    let reply = ask(&service, "/health", &[]).await;
    assert_eq!(reply.status, 503);
    assert_tells_nothing(&reply, "/health");
    assert_eq!(ask(&service, "/health/checks", &[]).await.status, 401);
    let reply = ask(&service, "/health/checks", &["Bearer secret"]).await;
    assert_eq!(
        (reply.status, reply.text.contains("gone-away")),
        (200, true)
    );
}

/// Whoever may not see a component of Spring Boot's paths cannot tell it from one that is not there.
#[tokio::test]
async fn what_is_hidden_of_spring_is_as_if_it_were_not_there() {
    const KNOWN: [&str; 4] = ["db-main", "cafe", "cafe/db-main", "liveness/db-main"];
    const UNKNOWN: [&str; 4] = ["nobody", "nobody/db-main", "cafe/nobody", "liveness/nobody"];
    for (status_only, with_token) in [(false, false), (true, false), (false, true), (true, true)] {
        let service = service(|mut service| {
            if status_only {
                service = service.status_only();
            }
            service.tokens(with_token.then(|| Token::new("secret").unwrap()))
        });
        for (authorization, good) in [
            (&[][..], false),
            (&["Bearer wrong"], false),
            (&["Bearer secret", "Bearer secret"], false),
            (&["Bearer secret"], true),
        ] {
            let sees_all = if with_token { good } else { !status_only };
            let shown = format!("{status_only} {with_token} {authorization:?}");
            let ask = async |name: &str| {
                let path = format!("/actuator/health/{name}");
                ask(&service, &path, authorization).await
            };
            let absent = ask("nobody").await;
            assert_eq!((absent.status, &*absent.text), (404, ""), "{shown}");
            assert!(!absent.headers.contains_key(header::WWW_AUTHENTICATE));
            for name in UNKNOWN.iter().chain(&KNOWN) {
                let reply = ask(name).await;
                let is_known = KNOWN.contains(name);
                if is_known && sees_all {
                    assert!(reply.json()["status"] == "DOWN", "{shown} {name}");
                } else if status_only && *name == "cafe" {
                    // The status of a group is open there.
                    assert_eq!(reply.text, r#"{"status":"DOWN"}"#, "{shown}");
                } else {
                    let told = (reply.status, &*reply.text, &reply.headers);
                    assert_eq!(told, (404, "", &absent.headers), "{shown} {name}");
                    continue;
                }
                assert_eq!(reply.status, 503, "{shown} {name}");
            }
            for probe in ["liveness", "readiness"] {
                assert_eq!(ask(probe).await.status, 503, "{shown} {probe}");
            }
        }
    }
}

#[tokio::test]
async fn no_token_is_shown_by_debug() {
    let token = Token::new("hunter2-hunter2").unwrap();
    let builder = HealthServer::builder(Health::new()).service(|service| service.tokens([token]));
    let service = service(|service| service.tokens([Token::new("hunter2-hunter2").unwrap()]));
    assert!(!format!("{builder:?} {service:?}").contains("hunter2"));
}
