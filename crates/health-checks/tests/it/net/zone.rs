//! Names of a real zone, resolved as this machine does: several addresses, of which some are
//! dead, and some are not to be asked.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::process::{Child, Command};

use health_checks::net::{HttpCheck, ReachableCheck, TcpCheck};
use health_core::Registration;

use super::tcp::Full;
use super::{assert_healthy, assert_unhealthy, detail, patient};
use crate::harness::{alone_with_network, until};

/// Names and their addresses. Those that are nearer to 127.0.0.1, from which is connected, come
/// first (RFC 6724, section 5, rule 9).
const ZONE: [&str; 10] = [
    "refused.x.test,127.0.0.2",
    "refused.x.test,127.9.9.9",
    "dropped.x.test,127.0.0.3",
    "dropped.x.test,127.9.9.9",
    "dead.x.test,127.0.0.2",
    "meta.x.test,169.254.169.254",
    "mixed.x.test,169.254.169.254",
    "mixed.x.test,127.9.9.9",
    "mapped.x.test,::ffff:169.254.169.254",
    "link.x.test,fe80::1",
];

/// The server of the zone, and the only one that this process asks.
struct Zone(Child);

impl Zone {
    fn serve() -> Self {
        let child = Command::new("/usr/sbin/dnsmasq")
            .args(["--keep-in-foreground", "--log-facility=/dev/null"])
            .args(["--conf-file=/dev/null", "--pid-file="])
            // In a user namespace it can change to nobody else.
            .args(["--user=root", "--group="])
            .args(["--no-resolv", "--no-hosts", "--local=/x.test/"])
            .args(["--listen-address=127.0.0.1", "--bind-interfaces"])
            .args(["--port=53", "--no-round-robin"])
            .args(ZONE.map(|name| format!("--host-record={name}")))
            .spawn();
        let zone = Self(child.unwrap_or_else(|error| {
            panic!(
                "cannot run dnsmasq ({error}); run `apt-get install --no-install-recommends \
                 dnsmasq-base`"
            )
        }));
        let directory = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("resolv.conf", "nameserver 127.0.0.1\n"),
            ("nsswitch.conf", "hosts: files dns\n"),
        ] {
            let own = directory.path().join(file);
            std::fs::write(&own, text).unwrap();
            let place = std::path::Path::new("/etc").join(file);
            if place.exists() {
                let bound = Command::new("mount")
                    .arg("--bind")
                    .args([&own, &place])
                    .status()
                    .unwrap();
                assert!(bound.success());
            }
        }
        until("the zone to be served", || {
            ("dead.x.test", 1).to_socket_addrs().is_ok()
        });
        zone
    }
}

impl Drop for Zone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const ALIVE: Ipv4Addr = Ipv4Addr::new(127, 9, 9, 9);

/// What a name means, as this process resolves it.
fn first(name: &str) -> SocketAddr {
    let mut addresses = (name, 1).to_socket_addrs().unwrap();
    addresses.next().unwrap()
}

/// Answers each request with `ok`; gives the port.
fn server() -> u16 {
    use std::io::{Read, Write};
    let listener = TcpListener::bind((ALIVE, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    port
}

fn tcp(name: &str, port: u16) -> Registration {
    let check = TcpCheck::new(&format!("{name}:{port}")).unwrap();
    check.registration()
}

fn http(name: &str, port: u16) -> HttpCheck {
    HttpCheck::new(&format!("http://{name}:{port}/")).unwrap()
}

#[test]
fn a_dead_first_address_does_not_hide_the_next() {
    alone_with_network(
        "net::zone::a_dead_first_address_does_not_hide_the_next",
        dead_first,
    );
}

#[tokio::main(flavor = "current_thread")]
async fn dead_first() {
    let _zone = Zone::serve();
    let port = server();
    let mut full = Full::at(Ipv4Addr::new(127, 0, 0, 3), port);
    full.fill();
    let alive = format!("{ALIVE}:{port}");
    for name in ["refused.x.test", "dropped.x.test"] {
        assert_ne!(
            first(name).ip(),
            Ipv4Addr::LOCALHOST,
            "the dead one is first"
        );
        for check in [tcp(name, port), http(name, port).registration()] {
            // Each address has its share of the time, so there must be some.
            let check = check.timeout(std::time::Duration::from_secs(4));
            let state = crate::harness::result(check).await;
            assert_healthy(&state);
            assert_eq!(detail(&state, "remote_address"), alive, "{name}");
        }
        let check = ReachableCheck::new([format!("{name}:{port}")]).unwrap();
        let check = check
            .registration()
            .timeout(std::time::Duration::from_secs(4));
        assert_healthy(&crate::harness::result(check).await);
    }
    let state = patient(tcp("dead.x.test", port)).await;
    assert_unhealthy(&state, "127.0.0.2");
    let state = patient(http("dead.x.test", port)).await;
    assert_unhealthy(&state, "refuses connections");
}

#[test]
fn a_name_does_not_lead_past_the_guard() {
    alone_with_network("net::zone::a_name_does_not_lead_past_the_guard", guarded);
}

#[tokio::main(flavor = "current_thread")]
async fn guarded() {
    let _zone = Zone::serve();
    let port = server();
    for name in ["meta.x.test", "mapped.x.test", "link.x.test"] {
        assert_unhealthy(&patient(http(name, port)).await, "link-local");
        // Whoever means it gets there, and finds nobody in a network of loopback alone.
        let state = patient(http(name, port).allow_link_local()).await;
        assert_unhealthy(&state, name);
        assert!(!state.message.contains("link-local"), "{state:?}");
    }
    // Of several, those that may be asked are.
    let state = patient(http("mixed.x.test", port)).await;
    assert_healthy(&state);
    assert_eq!(detail(&state, "remote_address"), format!("{ALIVE}:{port}"));
}
