//! The bare base: hyper 1 with nothing but a static body and its content type.
//!
//! It guards against nothing: no timer, no limits, no other headers.
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

use bytes::Bytes;
use health_bench::server_flags::{ServerFlags, listening_line};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    let flags = ServerFlags::from_env()?;
    let body = Bytes::from("x".repeat(flags.body_bytes));
    Ok(flags.build_runtime()?.block_on(serve(body))?)
}

async fn serve(body: Bytes) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listening_line(listener.local_addr()?));
    loop {
        let (stream, _) = listener.accept().await?;
        let body = body.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            let mut response = Response::new(Full::new(body.clone()));
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            std::future::ready(Ok::<_, Infallible>(response))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
