//! Probes on one address, details on another.

use std::sync::Arc;

use health_core::{ComponentSpec, Health};
use health_http::server::{BindError, ServerHandle, StallLimits};
use health_http::{HealthServer, HealthServiceBuilder, Token};

use super::connection::get;
use super::node::runtime;

fn health() -> Health {
    let health = Health::new();
    let db = health
        .component(ComponentSpec::new("db").critical())
        .unwrap();
    db.ready();
    // It stays as it is, whoever holds it.
    std::mem::forget(db);
    health
}

fn statuses(handle: &ServerHandle, paths: &[&str]) -> Vec<u16> {
    let address = handle.local_addr().tcp().unwrap();
    paths.iter().map(|path| get(address, path).status).collect()
}

#[test]
fn details_are_on_the_admin_address_alone() {
    let paths = [
        "/ready",
        "/livez",
        "/health/startup",
        "/health",
        "/health/checks",
        "/health/checks/db",
        "/health/summary",
        "/actuator/health",
        "/metrics",
    ];
    let runtime = runtime(1);
    let _within = runtime.enter();
    for own_thread in [false, true] {
        let health = health();
        health.start().unwrap();
        let mut builder = HealthServer::builder(health).service(HealthServiceBuilder::status_only);
        if own_thread {
            builder = builder.own_thread(StallLimits::default());
        }
        let server = builder
            .bind_with_admin("127.0.0.1:0", "127.0.0.1:0")
            .unwrap();
        assert_ne!(server.admin_addr(), Some(server.local_addr()));
        let handle = server.serve().unwrap();
        let admin = handle.beside().unwrap();

        let public = statuses(&handle, &paths);
        assert_eq!(public, [200, 200, 200, 404, 404, 404, 404, 404, 404]);
        let address = handle.local_addr().tcp().unwrap();
        assert!(!get(address, "/readyz?verbose").body.contains("db"));
        let details = statuses(admin, &paths);
        assert_eq!(details, [200, 200, 200, 200, 200, 200, 200, 200, 404]);
        let address = admin.local_addr().tcp().unwrap();
        assert!(get(address, "/readyz?verbose").body.contains("[+]db ok"));

        // Both are free when it has closed.
        let (first, second) = (handle.local_addr().clone(), address);
        runtime.block_on(handle.close());
        for address in [first.tcp().unwrap(), second] {
            assert!(std::net::TcpStream::connect(address).is_err(), "{address}");
        }
    }
}

#[test]
fn tokens_hold_on_both_addresses() {
    let runtime = runtime(1);
    let _within = runtime.enter();
    let token = Token::new("secret").unwrap();
    let handle = HealthServer::builder(health())
        .service(|service| service.tokens([token]))
        .bind_with_admin("127.0.0.1:0", "127.0.0.1:0")
        .unwrap()
        .serve()
        .unwrap();
    assert_eq!(statuses(&handle, &["/live", "/health"]), [200, 404]);
    let admin = handle.beside().unwrap();
    assert_eq!(statuses(admin, &["/live", "/health"]), [200, 401]);
    runtime.block_on(handle.close());
}

#[test]
fn an_admin_address_that_is_taken_is_an_error_at_bind() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let health = Arc::new(health());
    let error = HealthServer::builder(Health::clone(&health))
        .bind_with_admin("127.0.0.1:0", address.as_str())
        .unwrap_err();
    assert!(matches!(error, BindError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains(&address), "{error}");
}
