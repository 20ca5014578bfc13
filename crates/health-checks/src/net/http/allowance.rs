//! A stream that gives no more than it was allowed for one answer. What the bytes mean, it
//! does not know.
//!
//! hyper bounds a head and a chunk, and reads any number of preliminary answers (1xx) before
//! it looks up: without this a flood of them would hold a runtime thread.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// More has come than any answer to this request takes.
#[derive(Debug, Error)]
#[error("more than {0} bytes came for one answer")]
pub(super) struct TooMuch(usize);

/// What may still be read; it is set for each request.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance(Arc<Bytes>);

#[derive(Debug, Default)]
struct Bytes {
    granted: AtomicUsize,
    left: AtomicUsize,
}

impl Allowance {
    pub(super) fn grant(&self, bytes: usize) {
        self.0.granted.store(bytes, Ordering::Relaxed);
        self.0.left.store(bytes, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let left = self.0.left.load(Ordering::Relaxed).checked_sub(bytes);
        let granted = self.0.granted.load(Ordering::Relaxed);
        let left = left.ok_or_else(|| io::Error::other(TooMuch(granted)))?;
        self.0.left.store(left, Ordering::Relaxed);
        Ok(())
    }
}

/// What is read of `S` is taken from the allowance.
pub(super) struct Allowed<S> {
    pub(super) stream: S,
    pub(super) allowance: Allowance,
}

impl<S: AsyncRead + Unpin> AsyncRead for Allowed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let came = buf.filled().len().saturating_sub(before);
        Poll::Ready(self.allowance.take(came))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Allowed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_allowed_and_no_more() {
        let allowance = Allowance::default();
        let mut stream = Allowed {
            stream: &[b'x'; 10][..],
            allowance: allowance.clone(),
        };
        let mut four = [0; 4];
        allowance.grant(7);
        stream.read_exact(&mut four).await.unwrap();
        let error = stream.read_exact(&mut four).await.unwrap_err();
        assert_eq!(error.to_string(), "more than 7 bytes came for one answer");
        allowance.grant(2);
        assert_eq!(stream.read(&mut four).await.unwrap(), 2);
    }
}
