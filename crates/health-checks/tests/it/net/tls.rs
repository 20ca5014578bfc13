//! TLS servers with good certificates and others, for HTTPS and for the check on expiry.

use std::process::Command;
use std::sync::Arc;

use health_checks::net::{CertificateCheck, HttpCheck, Tls, rustls};
use health_core::{CheckStatus, Registration};
use rustls::pki_types::pem::PemObject as _;

use super::{SHORT, assert_healthy, assert_unhealthy, detail, hurried, nginx, patient, raw};
use crate::authority::{Authority, self_signed};
use crate::harness::{Monitored, PATIENCE};
use crate::server::{Server, free_port};

const OK: &str = "location / { return 200 ok; }";

fn https(port: u16, tls: &Tls) -> HttpCheck {
    HttpCheck::new(&format!("https://localhost:{port}/"))
        .unwrap()
        .tls(tls.clone())
}

fn certificate(port: u16, tls: &Tls) -> CertificateCheck {
    CertificateCheck::new(&format!("localhost:{port}"))
        .unwrap()
        .tls(tls.clone())
}

fn both(port: u16, tls: &Tls) -> [Registration; 2] {
    [
        https(port, tls).registration(),
        certificate(port, tls).registration(),
    ]
}

fn trusting(authority: &Authority) -> Tls {
    Tls::with_roots_pem(&authority.root).unwrap()
}

#[tokio::test]
async fn a_good_certificate_is_verified() {
    let authority = Authority::new();
    let server = nginx::secure(&authority.issue("localhost", 60), OK);
    for check in both(server.port, &trusting(&authority)) {
        let state = patient(check).await;
        assert_healthy(&state);
        assert_eq!(detail(&state, "tls"), "verified");
    }
    let state = patient(certificate(server.port, &trusting(&authority))).await;
    assert_eq!(detail(&state, "days_left"), 60.0);
    assert!(detail(&state, "not_after").as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn days_are_counted() {
    let authority = Authority::new();
    for (days, status) in [
        (22, CheckStatus::Healthy),
        (20, CheckStatus::Degraded),
        (2, CheckStatus::Unhealthy),
    ] {
        let server = nginx::secure(&authority.issue("localhost", days), OK);
        let state = patient(certificate(server.port, &trusting(&authority))).await;
        assert_eq!(state.status, status, "{state:?}");
        assert_eq!(detail(&state, "days_left"), f64::from(days));
    }
}

#[tokio::test]
async fn bad_certificates_are_told_apart() {
    let authority = Authority::new();
    let tls = trusting(&authority);
    for (identity, words) in [
        (
            authority.issue("localhost", -4),
            "its certificate expired 4",
        ),
        (
            authority.issue("other.example", 60),
            "its certificate is not for localhost, but for other.example; correct",
        ),
        (
            self_signed("localhost"),
            "its certificate is self-signed; give it as a root",
        ),
        (
            Authority::named("Another Root").issue("localhost", 60),
            "from an authority that is not trusted here",
        ),
        (
            Authority::new().issue("localhost", 60),
            "is not signed by the trusted root of that name",
        ),
    ] {
        let server = nginx::secure(&identity, OK);
        for check in both(server.port, &tls) {
            let state = patient(check).await;
            assert!(state.message.contains(words), "{words}: {state:?}");
            assert_eq!(state.status, CheckStatus::Unhealthy);
        }
        // Whoever does not verify sees it, and is told.
        let state = patient(https(server.port, &Tls::not_verified())).await;
        assert_eq!(state.status, CheckStatus::Degraded, "{state:?}");
        assert!(
            state.message.contains("certificate is not verified"),
            "{state:?}"
        );
        assert_eq!(detail(&state, "tls"), "not verified");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_counted_without_verification_too() {
    let server = nginx::secure(&Authority::new().issue("localhost", -4), OK);
    let state = patient(certificate(server.port, &Tls::not_verified())).await;
    assert_unhealthy(&state, "expired 4");
}

#[tokio::test]
async fn the_roots_of_this_machine_do_not_trust_a_stranger() {
    let server = nginx::secure(&Authority::new().issue("localhost", 60), OK);
    for check in both(server.port, &Tls::default()) {
        let state = patient(check).await;
        let stranger = state.message.contains("not trusted here");
        let rootless = state.message.contains("install `ca-certificates`");
        assert!(stranger || rootless, "{state:?}");
        assert_eq!(state.status, CheckStatus::Unhealthy);
    }
}

#[tokio::test]
async fn a_self_signed_certificate_may_be_its_own_root() {
    let identity = self_signed("localhost");
    let tls = Tls::with_roots_pem(&identity.certificate).unwrap();
    let server = nginx::secure(&identity, OK);
    for check in both(server.port, &tls) {
        assert_healthy(&patient(check).await);
    }
}

#[tokio::test]
async fn an_authority_is_no_server() {
    // As `openssl req -x509` makes it: CA:TRUE.
    let server = Server::start(|directory, port| {
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "60", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(directory)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut command = Command::new("openssl");
        command
            .args([
                "s_server",
                "-quiet",
                "-www",
                "-cert",
                "certificate.pem",
                "-key",
                "key.pem",
            ])
            .args(["-accept", &format!("127.0.0.1:{port}")])
            .current_dir(directory);
        command
    });
    let own = std::fs::read(server.directory().join("certificate.pem")).unwrap();
    for tls in [
        Tls::with_roots_pem(own).unwrap(),
        trusting(&Authority::new()),
    ] {
        for check in both(server.port, &tls) {
            assert_unhealthy(&patient(check).await, "make one with CA:FALSE");
        }
    }
}

#[tokio::test]
async fn another_name_may_be_asked_for() {
    let authority = Authority::new();
    let server = nginx::secure(&authority.issue("shop.example", 60), OK);
    let check = certificate(server.port, &trusting(&authority));
    let state = patient(check.server_name("shop.example").unwrap()).await;
    assert_healthy(&state);
    assert!(
        state
            .message
            .starts_with("certificate of shop.example at localhost:")
    );
}

#[tokio::test]
async fn a_given_configuration_is_used() {
    let authority = Authority::new();
    let server = nginx::secure(&authority.issue("localhost", 60), OK);
    let mut roots = rustls::RootCertStore::empty();
    let root = rustls::pki_types::CertificateDer::from_pem_slice(authority.root.as_bytes());
    roots.add(root.unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    for check in both(server.port, &Tls::with_config(Arc::new(config))) {
        let state = patient(check).await;
        assert_healthy(&state);
        assert_eq!(detail(&state, "tls"), "as configured");
    }
}

#[tokio::test]
async fn what_does_not_speak_tls_is_unhealthy() {
    let tls = Tls::not_verified();
    for (port, words) in [
        (
            raw::serve_text("SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n"),
            "answers what is not TLS",
        ),
        (raw::serve(drop), "does the port speak TLS?"),
        (free_port(), "refuses connections"),
    ] {
        for check in both(port, &tls) {
            let state = crate::harness::result(check.timeout(SHORT)).await;
            assert_unhealthy(&state, words);
        }
    }
    let server = nginx::plain(OK);
    for check in both(server.port, &tls) {
        assert_unhealthy(&patient(check).await, "answers what is not TLS");
    }
    let silent = raw::serve(|stream| raw::hang(&stream));
    for check in both(silent, &tls) {
        hurried(check, "does not shake hands for TLS in time").await;
    }
}

#[tokio::test]
async fn a_redirect_away_from_https_is_not_followed() {
    let authority = Authority::new();
    let identity = authority.issue("localhost", 60);
    let server = nginx::secure(&identity, "location / { return 301 http://localhost:1/; }");
    let check = https(server.port, &trusting(&authority))
        .redirects(5)
        .unwrap();
    assert_unhealthy(
        &patient(check).await,
        "from HTTPS to HTTP, which is not followed",
    );
}

#[tokio::test]
async fn a_renewed_certificate_shows_at_the_next_run() {
    let authority = Authority::new();
    let (old, new) = (
        authority.issue("localhost", -4),
        authority.issue("localhost", 60),
    );
    let mut server = nginx::renewed(&old, &new, OK);
    let check = certificate(server.port, &trusting(&authority)).registration();
    let monitored = Monitored::start(check.timeout(PATIENCE));
    assert_unhealthy(&monitored.ask().await, "expired 4");
    server.kill();
    server.restart();
    assert_healthy(&monitored.ask().await);
    monitored.stop().await;
}
