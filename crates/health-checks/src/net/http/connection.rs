//! One HTTP/1.1 connection, driven by whoever uses it: it has no task of its own, so that
//! nothing is left behind when a run is dropped.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};

use http::{Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::allowance::{Allowance, Allowed};

/// What the headers of an answer may take. hyper takes at most 100 of them.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// What the bytes of a body may take as chunks: one of a byte takes six.
const CHUNKED: usize = 8;

type Task = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// What carries HTTP: TCP, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that has been opened.
pub(super) struct Connection {
    sender: SendRequest<String>,
    /// `None` when it has ended.
    task: Option<Task>,
    allowance: Allowance,
    /// Of the other end.
    pub(super) remote: Option<SocketAddr>,
}

/// The part of a body that was read.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) complete: bool,
}

impl Connection {
    pub(super) async fn open(
        stream: Box<dyn Stream>,
        remote: Option<SocketAddr>,
    ) -> hyper::Result<Self> {
        let mut builder = Builder::new();
        builder.max_buf_size(MAX_HEAD_BYTES);
        let allowance = Allowance::default();
        let stream = Allowed {
            stream,
            allowance: allowance.clone(),
        };
        let (sender, task) = builder.handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            allowance,
            sender,
            task: Some(Box::pin(task)),
            remote,
        })
    }

    /// Whether it can take a request; notices that the server has closed it.
    pub(super) async fn is_ready(&mut self) -> bool {
        let Self { sender, task, .. } = self;
        driven(task, sender.ready()).await.is_ok() && task.is_some()
    }

    /// Sends `request`, and waits for the head of the answer, of whose body `most` bytes will
    /// be read.
    pub(super) async fn send(
        &mut self,
        request: Request<String>,
        most: usize,
    ) -> hyper::Result<Response<Incoming>> {
        // hyper reads ahead by what a head may take.
        self.allowance.grant(
            most.saturating_mul(CHUNKED)
                .saturating_add(4 * MAX_HEAD_BYTES),
        );
        let Self { sender, task, .. } = self;
        driven(task, sender.send_request(request)).await
    }

    /// Reads at most `most` bytes of `body`; with 0 not even its end.
    pub(super) async fn read(&mut self, mut body: Incoming, most: usize) -> hyper::Result<Body> {
        let mut read = Body {
            bytes: Vec::new(),
            complete: body.is_end_stream(),
        };
        while most > 0 && !read.complete {
            let frame = poll_fn(|task| Pin::new(&mut body).poll_frame(task));
            let Some(frame) = driven(&mut self.task, frame).await else {
                read.complete = true;
                break;
            };
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            let room = most.saturating_sub(read.bytes.len());
            read.bytes.extend(data.iter().take(room));
            if data.len() > room {
                break;
            }
        }
        Ok(read)
    }

    /// Lets it say goodbye, which is written at once or not at all.
    pub(super) async fn close(mut self) {
        drop(self.sender);
        if let Some(mut task) = self.task.take() {
            poll_fn(|cx| {
                let _ = task.as_mut().poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
        }
    }
}

/// What `work` comes to while the connection is driven. A failure of the connection shows
/// in `work`.
async fn driven<F: Future>(task: &mut Option<Task>, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Some(running) = task
            && running.as_mut().poll(cx).is_ready()
        {
            *task = None;
        }
        work.as_mut().poll(cx)
    })
    .await
}
