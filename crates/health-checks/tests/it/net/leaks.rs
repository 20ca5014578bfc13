//! After 10,000 runs against its real server a check holds what it held after 100.

use health_checks::net::{
    CertificateCheck, DnsCheck, DnsServerCheck, HttpCheck, ReachableCheck, TcpCheck, Tls,
    UnixSocketCheck,
};
use health_core::Registration;

use super::{dns, nginx};
use crate::authority::Authority;
use crate::harness::{alone, leaks_nothing};

const OK: &str = "location / { return 200 ok; }";

fn run(check: impl Into<Registration>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(leaks_nothing(check));
}

#[test]
fn tcp() {
    alone("net::leaks::tcp", || {
        let server = nginx::plain(OK);
        run(TcpCheck::new(&format!("localhost:{}", server.port)).unwrap());
    });
}

#[test]
fn reachable() {
    alone("net::leaks::reachable", || {
        let (one, two) = (nginx::plain(OK), nginx::plain(OK));
        let endpoints = [one.port, two.port].map(|port| format!("127.0.0.1:{port}"));
        run(ReachableCheck::new(endpoints).unwrap().quorum(2).unwrap());
    });
}

#[test]
fn unix_socket() {
    alone("net::leaks::unix_socket", || {
        let server = nginx::plain(OK);
        run(UnixSocketCheck::new(server.directory().join("x.sock")).unwrap());
    });
}

#[test]
fn http_with_new_connections() {
    alone("net::leaks::http_with_new_connections", || {
        let server = nginx::plain(OK);
        run(HttpCheck::new(&format!("http://127.0.0.1:{}/", server.port)).unwrap());
    });
}

#[test]
fn http_with_a_kept_connection() {
    alone("net::leaks::http_with_a_kept_connection", || {
        let server = nginx::plain(OK);
        let check = HttpCheck::new(&format!("http://127.0.0.1:{}/", server.port)).unwrap();
        run(check.keep_connection());
    });
}

#[test]
fn https() {
    alone("net::leaks::https", || {
        let authority = Authority::new();
        let server = nginx::secure(&authority.issue("localhost", 60), OK);
        let check = HttpCheck::new(&format!("https://localhost:{}/", server.port)).unwrap();
        run(check.tls(Tls::with_roots_pem(&authority.root).unwrap()));
    });
}

#[test]
fn certificate() {
    alone("net::leaks::certificate", || {
        let authority = Authority::new();
        let server = nginx::secure(&authority.issue("localhost", 60), OK);
        let check = CertificateCheck::new(&format!("localhost:{}", server.port)).unwrap();
        run(check.tls(Tls::with_roots_pem(&authority.root).unwrap()));
    });
}

#[test]
fn dns() {
    alone("net::leaks::dns", || {
        run(DnsCheck::new("localhost").unwrap());
    });
}

#[test]
fn dns_server() {
    alone("net::leaks::dns_server", || {
        let server = dns::dnsmasq();
        run(DnsServerCheck::new(&format!("127.0.0.1:{}", server.port), "a.x.test").unwrap());
    });
}
