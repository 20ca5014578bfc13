//! Other machines, as a client meets them: TCP, HTTP, TLS, DNS, and local sockets.
//!
//! Nothing here pings: ICMP needs privileges, and says nothing of a service.
//!
//! | check | proves | every | timeout |
//! |---|---|---|---|
//! | [`TcpCheck`] | a port accepts connections | 30 s | 5 s |
//! | [`ReachableCheck`] | a quorum of endpoints does | 30 s | 5 s |
//! | [`UnixSocketCheck`] | a local socket accepts connections | 30 s | 5 s |
//! | [`HttpCheck`] | a URL answers as it should | 30 s | 10 s |
//! | [`CertificateCheck`] | a certificate is good, and for how long | 1 h | 10 s |
//! | [`DnsCheck`] | this machine resolves a name | 60 s | 5 s |
//! | [`DnsServerCheck`] | one DNS server answers for a name | 60 s | 5 s |
//!
//! What is remote is registered as a
//! [shared dependency](health_core::Registration::shared_dependency), as all replicas
//! reach for the same; a target on loopback is not.
//!
//! A run opens a connection of its own and closes it: what is kept from run to run proves
//! nothing about name, route, queue of connections and certificate that the next client
//! meets. [`HttpCheck::keep_connection`] trades that for fewer handshakes.
//!
//! Names are resolved by the system, on a thread of the check's own: it may hang for long,
//! and must not hold up a runtime thread, or the end of the runtime. At most one such thread
//! a check is alive at once. The runtime needs its I/O driver (`enable_io` or `enable_all`).
//!
//! Proxies and their environment variables are not used.
//!
//! The feature adds 39 crates to the 16 that there are without any feature: hyper and rustls
//! with what they stand on, `domain` for DNS messages, `x509-cert` to read certificates.
//! Cryptography is `ring`'s, which needs a C compiler to build.

mod address_guard;
mod certificate;
mod certificate_check;
mod dial;
mod dns;
mod dns_answers;
mod dns_query;
mod dns_record;
mod dns_server;
mod dns_transport;
mod endpoint;
mod http;
mod moments;
mod reachable;
mod tcp;
mod tls;
mod tls_failure;
mod tls_verifier;
#[cfg(unix)]
mod unix_socket;

pub use certificate_check::CertificateCheck;
pub use dns::DnsCheck;
pub use dns_record::DnsRecord;
pub use dns_server::DnsServerCheck;
pub use http::HttpCheck;
pub use reachable::ReachableCheck;
pub use tcp::TcpCheck;
pub use tls::Tls;
/// The version of rustls that [`Tls::with_config`] takes.
pub use tokio_rustls::rustls;
#[cfg(unix)]
pub use unix_socket::UnixSocketCheck;
