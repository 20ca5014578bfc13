//! The stream of events over real sockets: many readers, slow ones, and the end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use health_core::{ComponentSpec, Health};
use health_http::server::Limits;
use socket2::{Domain, Socket, Type};

use super::node::{Place, runtime, serve, until};

/// A connection whose system takes next to nothing that is not read.
fn small(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

struct Reader {
    socket: TcpStream,
    heard: Vec<u8>,
}

impl Reader {
    fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    fn over(mut socket: TcpStream) -> Self {
        socket
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        socket
            .write_all(b"GET /health/events HTTP/1.1\r\nhost: node\r\n\r\n")
            .unwrap();
        Self {
            socket,
            heard: Vec::new(),
        }
    }

    fn hears(&mut self, what: &str) {
        let mut chunk = [0; 4096];
        while !self
            .heard
            .windows(what.len())
            .any(|at| at == what.as_bytes())
        {
            let read = self.socket.read(&mut chunk).unwrap();
            assert_ne!(read, 0, "the stream ended before {what:?}");
            self.heard.extend_from_slice(&chunk[..read]);
        }
        self.heard.clear();
    }

    /// Whether the response came to its own end.
    fn ends(mut self) -> bool {
        let mut rest = self.heard;
        self.socket.read_to_end(&mut rest).unwrap();
        rest.ends_with(b"0\r\n\r\n")
    }
}

#[test]
fn closing_ends_the_streams_in_order_and_at_once() {
    for place in Place::both() {
        let runtime = runtime(1);
        let health = Health::new();
        // Cutting them would need this long, and the test would hang.
        let limits = Limits::default().closing(Duration::from_hours(1));
        let (server, address) = serve(&runtime, &health, place, limits);
        let mut readers: Vec<_> = (0..20).map(|_| Reader::open(address)).collect();
        for reader in &mut readers {
            reader.hears("event: beat");
        }
        runtime.block_on(server.close());
        for reader in readers {
            assert!(reader.ends());
        }
    }
}

#[test]
fn a_reader_that_takes_nothing_costs_the_others_nothing() {
    const READERS: usize = 1_000;
    let runtime = runtime(2);
    let health = Health::new();
    // The kernel's buffers hold much; with small ones the slow reader is behind at once.
    let limits = Limits::default().connections(2 * READERS).send_buffer(4096);
    let (server, address) = serve(&runtime, &health, Place::Application, limits);
    let queue = health.component(ComponentSpec::new("queue")).unwrap();
    let slow = Reader::over(small(address));
    let mut readers: Vec<_> = (0..READERS).map(|_| Reader::open(address)).collect();
    for reader in &mut readers {
        reader.hears("event: beat");
    }
    for round in 0..20 {
        queue.degraded(format!("round {round}."));
        for reader in &mut readers {
            reader.hears(&format!("round {round}."));
        }
        queue.ready();
        for reader in &mut readers {
            reader.hears(r#""to":"healthy""#);
        }
    }
    drop(slow);
    drop(readers);
    until("the readers' connections end", || {
        queue.beat();
        queue.degraded("said so that who left is noticed");
        queue.ready();
        server.connections() == 0
    });
    runtime.block_on(server.close());
}
