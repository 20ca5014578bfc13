//! Lets nobody more into the queue of a listener that is about to be closed, as far as the system
//! can: closing it resets whoever waits there.
//!
//! It takes nobody out of the queue.

use tokio::net::TcpListener;

/// Who comes from now on is not accepted and then reset, but asks again a second later, and is
/// refused. Who has begun to connect before is let in still: its side may think itself connected
/// already.
pub(super) fn turn_away(listener: &TcpListener) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let listener = socket2::SockRef::from(listener);
        if let Err(error) = listener.attach_filter(&program()) {
            tracing::debug!(%error, "cannot turn newcomers away before the listener is closed");
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = listener;
}

/// Drops the segments that ask for a connection. Classic BPF as in the kernel's
/// `Documentation/networking/filter.rst`; a TCP socket's filter sees the segment from its header
/// on, whose flags are the byte 13 and SYN the bit 2 of it, by RFC 9293, section 3.1.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn program() -> [socket2::SockFilter; 4] {
    use socket2::SockFilter;

    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    /// With how many bytes of it are let in.
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        // To the next one, or over it.
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ]
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    /// A newcomer asks again after a second.
    const LESS: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn newcomers_are_neither_let_in_nor_refused_until_it_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut queued = TcpStream::connect(addr).unwrap();
        let connected = TcpStream::connect(addr).unwrap();
        let (before, _) = listener.accept().await.unwrap();
        turn_away(&listener);
        let newcomer = TcpStream::connect_timeout(&addr, LESS);
        assert_eq!(newcomer.unwrap_err().kind(), ErrorKind::TimedOut);
        // Whoever was there before is served as ever.
        let (after, _) = listener.accept().await.unwrap();
        for (server, client) in [(before, &mut queued), (after, &mut { connected })] {
            let mut server = server.into_std().unwrap();
            server.set_nonblocking(false).unwrap();
            client.write_all(b"ping").unwrap();
            let mut got = [0; 4];
            server.read_exact(&mut got).unwrap();
            server.write_all(&got).unwrap();
            client.read_exact(&mut got).unwrap();
            assert_eq!(&got, b"ping");
        }
        drop(listener);
        let late = TcpStream::connect_timeout(&addr, Duration::from_mins(1));
        assert_eq!(late.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
