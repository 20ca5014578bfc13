//! The body of a response: opaque, so that a streaming kind can join the full one without
//! changing a signature.
//!
//! It does not render anything: whoever answers hands over finished bytes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::event_stream::{Ending, EventStream};

/// The body of a response.
///
/// Made from [`Bytes`] without allocating or copying: many responses may share one rendering.
#[derive(Debug, Default)]
pub struct Body {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Sent in one frame; empty once it was taken.
    Full(Bytes),
    /// Goes on until it ends.
    Events(Box<EventStream>),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Full(Bytes::new())
    }
}

impl Body {
    /// A body without bytes.
    pub const fn empty() -> Self {
        Self {
            kind: Kind::Full(Bytes::new()),
        }
    }

    /// A body of the given bytes.
    pub const fn full(bytes: Bytes) -> Self {
        Self {
            kind: Kind::Full(bytes),
        }
    }

    /// A body that goes on.
    pub(crate) fn events(stream: EventStream) -> Self {
        Self {
            kind: Kind::Events(Box::new(stream)),
        }
    }

    /// Ends a body that goes on when `ending` says so; one with an end of its own is left alone.
    pub(crate) fn until(&mut self, ending: impl FnOnce() -> Ending) {
        if let Kind::Events(stream) = &mut self.kind {
            stream.until(ending());
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::full(Bytes::from_static(text.as_bytes()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::full(Bytes::from(text))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.get_mut().kind {
            Kind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Events(stream) => stream
                .poll_next(cx)
                .map(|next| next.map(|it| Ok(Frame::data(it)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Events(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;

    use super::*;

    #[test]
    fn a_full_body_is_one_shared_frame() {
        let bytes = Bytes::from(vec![7_u8; 100]);
        let mut body = Body::from(bytes.clone());
        assert_eq!(body.size_hint().exact(), Some(100));
        assert!(!body.is_end_stream());

        let mut cx = Context::from_waker(std::task::Waker::noop());
        let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut cx) else {
            panic!("a full body has a frame at once");
        };
        let sent = frame.into_data().unwrap();
        assert_eq!(
            sent.as_ptr(),
            bytes.as_ptr(),
            "the bytes are shared, not copied"
        );
        assert!(body.is_end_stream());
        assert!(matches!(
            Pin::new(&mut body).poll_frame(&mut cx),
            Poll::Ready(None)
        ));
    }

    #[test]
    fn an_empty_body_has_ended_from_the_start() {
        assert!(Body::empty().is_end_stream());
        assert_eq!(Body::default().size_hint().exact(), Some(0));
    }
}
