//! Servers that say what they are told to, however wrong it is.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

/// Serves each connection on a thread of its own until the process ends; gives the port.
pub(crate) fn serve(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

/// The same for who has read the head of a request.
pub(crate) fn serve_http(serve_head: impl Fn(TcpStream, String) + Send + Sync + 'static) -> u16 {
    serve(move |stream| {
        let head = head(&stream);
        serve_head(stream, head);
    })
}

/// Answers each request with `answer`, and closes.
pub(crate) fn serve_text(answer: impl Into<String>) -> u16 {
    let answer = answer.into();
    serve_http(move |mut stream, _| {
        let _ = stream.write_all(answer.as_bytes());
    })
}

/// Does not end: the client must.
pub(crate) fn hang(stream: &TcpStream) {
    let _ = std::io::copy(&mut &*stream, &mut std::io::sink());
}

fn head(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while lines.read_line(&mut head).is_ok_and(|length| length > 2) {}
    head
}
