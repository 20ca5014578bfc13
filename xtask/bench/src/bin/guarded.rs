//! The guarded base: the least that a hyper 1 server on an open network needs.
//!
//! A header timeout with its timer, a bounded buffer, half-close, and the four response headers of
//! ours; no routing, no connection limit, no state.
#![allow(
    clippy::disallowed_methods,
    reason = "a driver: it owns the tasks it spawns"
)]
#![allow(
    clippy::print_stdout,
    reason = "a program: this is where it says its address"
)]

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use health_bench::server_flags::{ServerFlags, listening_line};
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BUFFER: usize = 16 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let flags = ServerFlags::from_env()?;
    let body = Bytes::from("x".repeat(flags.body_bytes));
    Ok(flags.build_runtime()?.block_on(serve(body))?)
}

async fn serve(body: Bytes) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listening_line(listener.local_addr()?));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_BUFFER)
        .half_close(true);
    loop {
        let (stream, _) = listener.accept().await?;
        let body = body.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            std::future::ready(Ok::<_, Infallible>(respond(body.clone())))
        });
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}

fn respond(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
