//! Verifiers of server certificates: webpki's with a clearer word on self-signed ones, and
//! one that takes any. What their errors mean to people is in `tls_failure`.

use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::rustls;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme,
};

use super::certificate::Certificate;

/// The certificate vouches for itself, and is not among the roots.
#[derive(Debug, Error)]
pub(super) enum SelfSigned {
    #[error("the certificate is self-signed")]
    Server,
    /// Not even as a root would it do, as it is no server's.
    #[error("the certificate is self-signed, as one of an authority (CA:TRUE)")]
    Authority,
}

/// Verifies as webpki does.
#[derive(Debug)]
pub(super) struct Verified(pub(super) Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Verified {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| {
            let self_signed = match &error {
                TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => SelfSigned::Server,
                TlsError::InvalidCertificate(CertificateError::Other(_)) => SelfSigned::Authority,
                _ => return error,
            };
            match Certificate::read(end_entity) {
                Ok(certificate) if certificate.self_signed => {
                    let other = OtherError(Arc::new(self_signed));
                    TlsError::InvalidCertificate(CertificateError::Other(other))
                }
                _ => error,
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Takes any certificate, as long as the server holds its key.
#[derive(Debug)]
pub(super) struct NotVerified(pub(super) WebPkiSupportedAlgorithms);

impl ServerCertVerifier for NotVerified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
