//! TCP ports that accept, refuse, and drop; and a quorum of them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use health_checks::net::{ReachableCheck, TcpCheck};
use health_core::{CheckState, CheckStatus, Registration};
use socket2::{Domain, Socket, Type};

use super::{SHORT, assert_healthy, assert_unhealthy, detail, hurried, patient};
use crate::harness::{Monitored, PATIENCE};
use crate::server::free_port;

fn tcp(port: u16) -> Registration {
    TcpCheck::new(&format!("127.0.0.1:{port}"))
        .unwrap()
        .registration()
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A listener that takes no more connections, as behind a firewall that drops packets.
pub(crate) struct Full {
    listener: TcpListener,
    port: u16,
    waiting: Vec<Socket>,
}

impl Full {
    pub(crate) fn new() -> Self {
        Self::at(Ipv4Addr::LOCALHOST, 0)
    }

    pub(crate) fn at(ip: Ipv4Addr, port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((ip, port)).into()).unwrap();
        socket.listen(1).unwrap();
        let listener = TcpListener::from(socket);
        let port = listener.local_addr().unwrap().port();
        Self {
            listener,
            port,
            waiting: Vec::new(),
        }
    }

    pub(crate) fn fill(&mut self) {
        for _ in 0..4 {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let address = self.listener.local_addr().unwrap();
            let _ = socket.connect(&address.into());
            self.waiting.push(socket);
        }
    }

    /// Accepts whatever comes from now on.
    pub(crate) fn drain(self) {
        std::thread::spawn(move || self.listener.incoming().for_each(drop));
    }
}

#[tokio::test]
async fn a_port_that_accepts_is_healthy() {
    let (_listener, port) = listener();
    let state = patient(tcp(port)).await;
    assert_healthy(&state);
    assert_eq!(
        state.message,
        format!("tcp 127.0.0.1:{port} accepts connections")
    );
    assert_eq!(
        detail(&state, "remote_address"),
        format!("127.0.0.1:{port}")
    );
    assert!(detail(&state, "latency_ms").is_f64());
}

#[tokio::test]
async fn a_name_is_resolved() {
    let (_listener, port) = listener();
    assert_healthy(&patient(TcpCheck::new(&format!("localhost:{port}")).unwrap()).await);
    let state = patient(TcpCheck::new("no-such-host.invalid:80").unwrap()).await;
    assert_unhealthy(&state, "its name cannot be resolved");
}

#[tokio::test]
async fn a_closed_port_is_unhealthy() {
    let state = patient(tcp(free_port())).await;
    assert_unhealthy(&state, "refuses connections; start the server");
}

#[tokio::test]
async fn a_port_that_drops_packets_times_out_and_recovers() {
    let mut full = Full::new();
    let monitored = Monitored::start(tcp(full.port).timeout(SHORT));
    full.fill();
    let state = monitored
        .ask_until("a timeout", |state| {
            state.message.contains("no answer from")
        })
        .await;
    assert_eq!(state.cause, health_core::Cause::Timeout);
    full.drain();
    monitored.ask_until("recovery", CheckState::healthy).await;
    monitored.stop().await;
}

#[tokio::test]
async fn a_stopped_server_still_has_a_kernel() {
    let server = super::nginx::plain("");
    server.suspend();
    assert_healthy(&patient(tcp(server.port)).await);
    server.resume();
}

#[tokio::test]
async fn a_quorum_of_endpoints() {
    let (_one, first) = listener();
    let (_two, second) = listener();
    let endpoints = [first, second, free_port()].map(|port| format!("127.0.0.1:{port}"));
    for (quorum, degraded_below, status) in [
        (1, 1, CheckStatus::Healthy),
        (2, 3, CheckStatus::Degraded),
        (3, 3, CheckStatus::Unhealthy),
    ] {
        let check = ReachableCheck::new(&endpoints).unwrap();
        let check = check
            .quorum(quorum)
            .unwrap()
            .degraded_below(degraded_below)
            .unwrap();
        let state = patient(check).await;
        assert_eq!(state.status, status, "{state:?}");
        assert_eq!(detail(&state, "reachable"), 2);
        assert_eq!(
            detail(&state, "unreachable"),
            serde_json::json!([endpoints[2]])
        );
    }
}

#[tokio::test]
async fn one_that_drops_packets_does_not_hide_the_others() {
    let (_listener, port) = listener();
    let mut full = Full::new();
    full.fill();
    let endpoints = [full.port, port].map(|port| format!("127.0.0.1:{port}"));
    let check = ReachableCheck::new(&endpoints).unwrap().registration();
    let state = crate::harness::result(check.timeout(SHORT)).await;
    assert_healthy(&state);
    assert_eq!(detail(&state, "reachable"), 1);

    let check = ReachableCheck::new(&endpoints[..1]).unwrap();
    hurried(check, "0 of 1 endpoints reachable").await;
    full.drain();
}

#[tokio::test]
async fn a_server_is_killed_and_comes_back() {
    let mut server = super::nginx::plain("");
    let monitored = Monitored::start(tcp(server.port).timeout(PATIENCE));
    assert_healthy(&monitored.ask().await);
    server.kill();
    assert_unhealthy(&monitored.ask().await, "refuses connections");
    server.restart();
    assert_healthy(&monitored.ask().await);
    monitored.stop().await;
}
