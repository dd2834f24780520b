//! The bodies that pass: a request's must have come by a certain moment, an answer's says as long as it
//! lasts that it is owed.

use crate::owed::Answering;
use axum::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};

type Deadline = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Fails when the whole has not come in time, however it trickles.
pub(crate) struct TimedBody {
    body: Incoming,
    deadline: Deadline,
}

impl TimedBody {
    /// A body to be read; one that is empty needs no watch.
    pub fn wrap(
        body: Incoming,
        deadline: impl Future<Output = ()> + Send + 'static,
    ) -> axum::body::Body {
        if body.is_end_stream() {
            return axum::body::Body::empty();
        }
        let deadline = Box::pin(deadline);
        axum::body::Body::new(TimedBody { body, deadline })
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match self.deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err("the body did not come in time".into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; it is dropped when all of it was taken over to be sent.
pub(crate) struct OwedBody {
    body: axum::body::Body,
    _answering: Answering,
}

impl OwedBody {
    pub fn wrap(body: axum::body::Body, answering: Answering) -> OwedBody {
        OwedBody {
            body,
            _answering: answering,
        }
    }
}

impl Body for OwedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
