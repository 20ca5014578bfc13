//! How TLS is spoken: whose certificates are trusted, and the handshake. What its failures
//! mean is in `tls_failure`.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::tls_failure::{NoRoots, TlsFailure};
use super::tls_verifier::{NotVerified, Verified};
use crate::aside::Aside;
use crate::invalid::InvalidCheck;

const NAME: &str = "tls";

/// Whose certificates a check trusts. A clone shares what is loaded; give clones of one to
/// many checks.
///
/// By default those whom the system trusts, read on the first run (a change needs a new
/// `Tls`). Sessions are never resumed, as a resumed one proves nothing of the certificate.
///
/// ```
/// use health_checks::net::{HttpCheck, Tls};
///
/// let tls = Tls::default();
/// let api = HttpCheck::new("https://api.example.com/health")?.tls(tls.clone());
/// let shop = HttpCheck::new("https://shop.example.com/health")?.tls(tls);
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone)]
pub struct Tls {
    verification: Verification,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
    roots: Arc<Aside<Result<RootCertStore, String>>>,
}

/// Whether, and by whom, a certificate was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    Verified,
    /// By a verifier that the user gave.
    AsConfigured,
    NotVerified,
    /// There was no TLS.
    None,
}

impl Verification {
    /// The value of the detail `tls`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::AsConfigured => "as configured",
            Self::NotVerified => "not verified",
            Self::None => "none",
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            verification: Verification::Verified,
            config: Arc::default(),
            roots: Arc::default(),
        }
    }
}

impl Tls {
    /// Trusts the root certificates in `pem`, and no others.
    pub fn with_roots_pem(pem: impl AsRef<[u8]>) -> Result<Self, InvalidCheck> {
        let refused = || {
            let problem =
                "no root certificates are in what was given; give PEM with `BEGIN CERTIFICATE`";
            InvalidCheck::new(NAME, problem)
        };
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(pem.as_ref()) {
            roots
                .add(root.map_err(|_| refused())?)
                .map_err(|_| refused())?;
        }
        let config = verified(roots).ok_or_else(refused)?;
        Ok(Self::of(config, Verification::Verified))
    }

    /// Speaks TLS as `config` says, such as with a certificate of the client. What its
    /// verifier proves is not known here, so the detail `tls` says `as configured`.
    /// Protocols (ALPN) and resumption are each check's.
    pub fn with_config(config: Arc<ClientConfig>) -> Self {
        Self::of(config, Verification::AsConfigured)
    }

    /// Trusts any certificate. Whoever is on the way can answer in the server's stead, so a
    /// check with it is degraded at best, and says why.
    pub fn not_verified() -> Self {
        let provider = provider();
        let verifier = NotVerified(provider.signature_verification_algorithms);
        let config = config(provider, |builder| {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
        });
        match config {
            Some(config) => Self::of(config, Verification::NotVerified),
            None => Self::default(),
        }
    }

    fn of(config: Arc<ClientConfig>, verification: Verification) -> Self {
        Self {
            verification,
            config: Arc::new(OnceLock::from(config)),
            roots: Arc::default(),
        }
    }

    pub(super) fn verification(&self) -> Verification {
        self.verification
    }

    /// A TLS session with `host` over `stream`, before `limit`. Cancel safe.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
        protocols: &[&[u8]],
        limit: Instant,
    ) -> Result<TlsStream<TcpStream>, TlsFailure> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsFailure::Name)?;
        let shaken = async {
            let mut config = ClientConfig::clone(self.config().await?.as_ref());
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            config.resumption = Resumption::disabled();
            let connector = TlsConnector::from(Arc::new(config));
            Ok(connector.connect(name, stream).await?)
        };
        timeout_at(limit.into(), shaken)
            .await
            .unwrap_or(Err(TlsFailure::Overdue))
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, TlsFailure> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let failed = |text: String| TlsFailure::NoRoots(NoRoots(text));
        let roots = self.roots.call(system_roots).await;
        let roots = roots.map_err(|error| failed(error.to_string()))?;
        let roots = RootCertStore::clone(roots.as_ref().as_ref().map_err(|e| failed(e.clone()))?);
        let config = verified(roots).ok_or_else(|| failed("none is valid".into()))?;
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

/// A configuration may hold a private key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.verification).finish()
    }
}

/// Some that cannot be read do not take the others away.
fn system_roots() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        Err(format!("found none: {:?}", found.errors))
    } else {
        Ok(roots)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// `None` without a root.
fn verified(roots: RootCertStore) -> Option<Arc<ClientConfig>> {
    let provider = provider();
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = Verified(verifier.build().ok()?);
    config(provider, |builder| {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
    })
}

type Builder<S> = rustls::ConfigBuilder<ClientConfig, S>;

/// `None` only if the provider had no cipher for a version of TLS.
fn config(
    provider: Arc<CryptoProvider>,
    verifier: impl FnOnce(Builder<rustls::WantsVerifier>) -> Builder<rustls::client::WantsClientCert>,
) -> Option<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    Some(Arc::new(verifier(builder).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_root_is_refused() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for bad in ["", "hunter2", broken, "-----BEGIN CERTIFICATE-----\n"] {
            let error = Tls::with_roots_pem(bad).unwrap_err().to_string();
            assert!(error.contains("no root certificates") && !error.contains("hunter2"));
        }
    }

    #[test]
    fn what_is_trusted_shows() {
        assert_eq!(format!("{:?}", Tls::default()), "Tls(Verified)");
        assert_eq!(format!("{:?}", Tls::not_verified()), "Tls(NotVerified)");
    }
}
