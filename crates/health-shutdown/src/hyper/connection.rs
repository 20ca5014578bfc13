//! One connection: its answers say when it is the last, and at the end it is heard out.
//!
//! It is not decided here when the end is, nor how long it may take.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::component::StopError;
use crate::shutdown::Shutdown;

/// How long a client may take to send the head of a request; hyper's own default.
const HEAD: Duration = Duration::from_secs(30);

/// How long silent connections are heard out, once they are to end.
pub(super) type Farewell = watch::Receiver<Option<Duration>>;

/// Serves a connection to its end.
///
/// Hyper closes one that has no request under way the moment it is told to, even if a request has
/// arrived that nobody has read yet. So it is told only when the client has been silent for the
/// farewell; what is answered meanwhile closes by itself.
pub(super) async fn serve<S, B>(stream: TcpStream, service: Closing<S>, mut farewell: Farewell)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<StopError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<StopError>,
{
    let heard = Arc::<AtomicBool>::default();
    let stream = Heard {
        stream,
        heard: Arc::clone(&heard),
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .half_close(true);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    // A client that goes away is its own business, here and below.
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let patience = tokio::select! {
        _ = &mut connection => return,
        told = farewell.wait_for(Option::is_some) => told.ok().and_then(|told| *told),
    };
    let patience = patience.unwrap_or_default();
    heard.store(true, Ordering::Relaxed);
    while heard.swap(false, Ordering::Relaxed) {
        if tokio::time::timeout(patience, &mut connection)
            .await
            .is_ok()
        {
            return;
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// A stream that remembers whether anything has come.
struct Heard {
    stream: TcpStream,
    heard: Arc<AtomicBool>,
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Adds `Connection: close` once the shutdown has begun.
#[derive(Clone)]
pub(super) struct Closing<S> {
    pub(super) service: S,
    pub(super) shutdown: Shutdown,
}

impl<S, B> Service<Request<Incoming>> for Closing<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.service.call(request);
        let shutdown = self.shutdown.clone();
        Box::pin(async move {
            let mut response = answer.await?;
            // That of an upgrade says `upgrade`, and is the last in any case.
            if shutdown.is_requested() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok(response)
        })
    }
}
