//! TLS, by the connector that a service would give: verified, refused, and absent.

use std::sync::Arc;

use health_checks::postgres::PostgresCheck;
use health_core::Cause;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::cluster;
use crate::authority::{Authority, Identity, self_signed};
use crate::harness::{Monitored, result};
use crate::server::PASSWORD;
use crate::server::Server;
use crate::stores::{assert_says, detail};

/// Trusts one root, and no other.
fn trusting(root: &str) -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

fn at(host: &str, port: u16, mode: SslMode) -> Config {
    let mut config = Config::new();
    config
        .host(host)
        .port(port)
        .user("app")
        .password(PASSWORD)
        .dbname("service")
        .ssl_mode(mode);
    config
}

/// A server without TLS: whoever wants it gets none, and sees that.
pub(super) async fn absent(server: &Server) {
    let (port, authority) = (server.port, Authority::new());
    let check = |mode| {
        let tls = trusting(&authority.root);
        PostgresCheck::with_options(at("127.0.0.1", port, mode), tls).unwrap()
    };
    let state = result(check(SslMode::Prefer)).await;
    assert!(state.healthy(), "{state:?}");
    assert_eq!(detail(&state, "tls"), "\"none\"");
    assert_says(&*result(check(SslMode::Require)).await, "no TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_verified() {
    let authority = Authority::new();
    let server = cluster::start_with_tls(authority.issue("localhost", 60)).await;
    let port = server.port;

    // The name is resolved by the check, and is still the one that is verified.
    let trusted = at("localhost", port, SslMode::Require);
    let trusted = PostgresCheck::with_options(trusted, trusting(&authority.root)).unwrap();
    let monitored = Monitored::start(trusted);
    let state = monitored.ask().await;
    assert!(state.healthy(), "{state:?}");
    assert_eq!(detail(&state, "tls"), "\"as configured\"");
    let admin = cluster::admin(port).await;
    let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE application_name = 'health-check'";
    let seen: Option<bool> = admin.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(seen, Some(true), "as the server sees it");
    // The same on the connection that is kept.
    assert_eq!(detail(&*monitored.ask().await, "tls"), "\"as configured\"");
    monitored.stop().await;

    // By an address for which the certificate is not, and by somebody else.
    let elsewhere = Authority::named("Another Root");
    for (host, root) in [
        ("127.0.0.1", &authority.root),
        ("localhost", &elsewhere.root),
    ] {
        for mode in [SslMode::Prefer, SslMode::Require] {
            let check = PostgresCheck::with_options(at(host, port, mode), trusting(root));
            let state = result(check.unwrap()).await;
            assert_says(&state, "no TLS that suits both");
            assert_eq!(state.cause, Cause::Reported);
        }
    }

    // Whoever wants no TLS has none.
    let plain = at("localhost", port, SslMode::Prefer);
    let state = result(PostgresCheck::with_options(plain, NoTls).unwrap()).await;
    assert!(state.healthy(), "{state:?}");
    assert_eq!(detail(&state, "tls"), "\"none\"");
    cluster::end(server);

    refused(self_signed("localhost"), &authority).await;
    refused(authority.issue("localhost", -4), &authority).await;
}

async fn refused(identity: Identity, authority: &Authority) {
    let server = cluster::start_with_tls(identity).await;
    let config = at("localhost", server.port, SslMode::Require);
    let check = PostgresCheck::with_options(config, trusting(&authority.root)).unwrap();
    assert_says(&*result(check).await, "no TLS that suits both");
    cluster::end(server);
}
