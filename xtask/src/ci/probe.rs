//! The least HTTP client that can ask an example for its health: one GET over a new connection.
//! It follows nothing, reuses nothing, and does not read a body.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long connecting, writing and each read may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any head that our examples send.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// The status code that `address` answers to `GET path`.
pub(super) fn status_of(address: &str, path: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    parse_status(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::other(format!("no HTTP answer to GET {path}")))
}

fn parse_status(answer: &str) -> Option<u16> {
    let rest = answer.strip_prefix("HTTP/1.1 ")?;
    let code = rest.get(..3)?.parse().ok()?;
    answer.contains("\r\n\r\n").then_some(code)
}

/// The address in the line by which an example says that it is ready for connections.
pub(super) fn parse_address(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("listening on http://")?;
    let end = after.find(|c: char| c == '/' || c.is_whitespace());
    let address = end.map_or(Some(after), |end| after.get(..end))?;
    address.contains(':').then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn only_a_whole_head_has_a_status() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n{}", Some(200)),
            (
                "HTTP/1.1 503 Service Unavailable\r\na: b\r\n\r\n",
                Some(503),
            ),
            ("HTTP/1.1 200 OK\r\na: b", None),
            ("HTTP/1.1 2", None),
            ("", None),
            ("SSH-2.0-x\r\n\r\n", None),
        ] {
            assert_eq!(parse_status(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn the_announced_address_is_found() {
        for (line, expected) in [
            ("listening on http://127.0.0.1:4711", Some("127.0.0.1:4711")),
            (
                "INFO listening on http://[::1]:80/health now",
                Some("[::1]:80"),
            ),
            ("listening on http://localhost", None),
            ("starting", None),
        ] {
            assert_eq!(parse_address(line), expected, "{line}");
        }
    }

    #[test]
    fn a_get_is_sent_and_its_status_returned() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::scope(|scope| {
            let server = scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let read = stream.read(&mut request).unwrap();
                stream
                    .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                    .unwrap();
                String::from_utf8_lossy(&request[..read]).into_owned()
            });
            assert_eq!(status_of(&address, "/ready").unwrap(), 204);
            assert!(
                server
                    .join()
                    .unwrap()
                    .starts_with("GET /ready HTTP/1.1\r\n")
            );
        });
    }
}
