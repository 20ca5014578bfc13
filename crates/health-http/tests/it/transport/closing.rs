//! Closing loses nothing that was accepted or queued, and ends.

use std::net::TcpStream;
use std::time::Duration;

use health_http::server::{Limits, Transport};

use super::harness::{Client, Probe, bind, block_on, start, until};

const LONG: Duration = Duration::from_hours(1);

#[test]
fn a_request_in_flight_finishes_and_its_response_says_close() {
    let server = start(Limits::default());
    let mut client = server.client();
    client.request("/hold");
    until("the request", || server.handle.counts().requests == 1);
    let (release, address) = (server.release.clone(), server.address);
    let closing = std::thread::spawn(|| server.close());
    until("a closed port", || TcpStream::connect(address).is_err());
    release.add_permits(1);
    let reply = client.reply();
    assert_eq!(reply.status, 200);
    assert!(reply.says_close());
    client.assert_closed();
    closing.join().unwrap();
}

#[test]
fn what_is_queued_is_served() {
    // More than may be open at once.
    const QUEUED: usize = 500;
    let limits = Limits::default().connections(64);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let transport = Transport::new(bind(&limits), Probe::new(), limits);
    let address = transport.local_addr().tcp().unwrap();
    let handle = {
        let _within = runtime.enter();
        transport.serve().unwrap()
    };
    // The runtime does not run yet, so that all of these wait in the system's queue.
    let mut clients: Vec<_> = (0..QUEUED).map(|_| Client::connect(address)).collect();
    for client in &mut clients {
        client.request("/");
    }
    runtime.block_on(handle.close());
    for client in &mut clients {
        let reply = client.reply();
        assert_eq!(reply.status, 200);
        assert!(reply.says_close());
        client.assert_closed();
    }
    assert!(TcpStream::connect(address).is_err(), "the port is closed");
}

#[test]
fn an_idle_client_that_asks_once_more_is_answered() {
    let server = start(Limits::default().farewell(LONG).closing(LONG));
    let mut idle = server.client();
    assert_eq!(idle.get("/").status, 200);
    let mut fresh = server.client();
    until("both", || server.handle.counts().accepted == 2);
    let address = server.address;
    let closing = std::thread::spawn(|| server.close());
    until("a closed port", || TcpStream::connect(address).is_err());
    for client in [&mut idle, &mut fresh] {
        let reply = client.get("/");
        assert_eq!(reply.status, 200);
        assert!(reply.says_close());
        client.assert_closed();
    }
    closing.join().unwrap();
}

#[test]
fn silent_connections_do_not_hold_up_closing() {
    let server = start(
        Limits::default()
            .farewell(Duration::from_millis(20))
            .closing(LONG),
    );
    let mut idle = server.client();
    assert_eq!(idle.get("/").status, 200);
    let mut silent = server.client();
    until("both", || server.handle.counts().accepted == 2);
    server.close();
    idle.assert_closed();
    silent.assert_closed();
}

#[test]
fn what_never_ends_is_cut_when_closing_takes_too_long() {
    let server = start(Limits::default().closing(Duration::from_millis(100)));
    let mut client = server.client();
    client.request("/hold");
    until("the request", || server.handle.counts().requests == 1);
    let counts = server.handle.counts_reader();
    server.close();
    client.assert_closed();
    assert_eq!(counts.counts().cut_at_close, 1);
    assert_eq!(counts.connections(), 0);
}

#[test]
fn nothing_is_lost_while_clients_keep_asking() {
    // Each client asks until it is told that the connection closes or cannot connect; an answer
    // that was asked for on a live connection always comes.
    let server = start(Limits::default());
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = server.client();
            std::thread::spawn(move || {
                let mut answered = 0_u32;
                loop {
                    let reply = client.get("/");
                    assert_eq!(reply.status, 200);
                    answered += 1;
                    if reply.says_close() {
                        return answered;
                    }
                }
            })
        })
        .collect();
    until("some requests", || server.handle.counts().requests > 100);
    let counts = server.handle.counts_reader();
    server.close();
    let answered: u32 = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .sum();
    assert_eq!(u64::from(answered), counts.counts().requests);
}

#[test]
fn a_dropped_handle_closes_and_a_detached_one_does_not() {
    let server = start(Limits::default());
    let address = server.address;
    drop(server.handle);
    until("a closed port", || TcpStream::connect(address).is_err());

    let server = start(Limits::default());
    server.handle.detach();
    assert_eq!(Client::connect(server.address).get("/").status, 200);
}

#[test]
fn a_closed_port_can_be_bound_again_at_once() {
    let server = start(Limits::default());
    server.assert_serves();
    let address = server.address;
    block_on(server.handle.close());
    health_http::server::Listener::bind(address, &Limits::default()).unwrap();
}
