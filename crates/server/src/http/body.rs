//! A request body whose sender may not fall silent, and which is read to its end even when the
//! answer came before it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep, timeout};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How much of a body is read that nobody wants, and for how long.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;
const DRAINING: Duration = Duration::from_secs(10);

/// Uploads may last as long as their bytes take, but a sender that stops in the middle would hold
/// its place for ever. The timer exists only once the server has had to wait.
///
/// A body that is dropped before its end is read further, within limits: a client that is still
/// sending does not see an early answer when its connection is cut, and a connection with half a
/// body in it is no use for the next request.
pub(super) struct PatientBody {
    /// None once it has ended.
    incoming: Option<Incoming>,
    patience: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    waits_for_consent: bool,
}

/// Takes a request in, with a body that is patient but not for ever.
pub(super) fn receive(request: Request<Incoming>, patience: Duration) -> Request<axum::body::Body> {
    // Such a sender waits to be asked for the body; unless it is wanted, it is not asked.
    let waits_for_consent = request.headers().contains_key(EXPECT);
    request.map(|incoming| {
        if incoming.is_end_stream() {
            return axum::body::Body::empty();
        }
        axum::body::Body::new(PatientBody {
            incoming: Some(incoming),
            patience,
            silence: None,
            waits_for_consent,
        })
    })
}

impl PatientBody {
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        silence.as_mut().poll(context)
    }

    fn hear(&mut self) {
        let patience = self.patience;
        if let Some(silence) = &mut self.silence {
            silence.as_mut().reset(Instant::now() + patience);
        }
    }
}

impl Body for PatientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        match Pin::new(incoming).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.hear();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(ended) => {
                self.incoming = None;
                Poll::Ready(ended.map(|outcome| outcome.map_err(Into::into)))
            }
            Poll::Pending => {
                ready!(self.poll_silence(context));
                self.incoming = None;
                Poll::Ready(Some(Err(Box::new(SenderFellSilent))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.incoming.as_ref().map(Body::size_hint);
        hint.unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

impl Drop for PatientBody {
    fn drop(&mut self) {
        let unread = self
            .incoming
            .take()
            .filter(|incoming| !incoming.is_end_stream());
        if let Some(unread) = unread
            && !self.waits_for_consent
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(timeout(DRAINING, drain(unread)));
        }
    }
}

async fn drain(mut unread: Incoming) {
    let mut drained = 0;
    while let Some(Ok(frame)) = unread.frame().await {
        drained += frame.data_ref().map_or(0, Bytes::len);
        if drained > DRAINED_BYTES {
            return;
        }
    }
}

#[derive(Debug)]
struct SenderFellSilent;

impl fmt::Display for SenderFellSilent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sender of the request body fell silent")
    }
}

impl std::error::Error for SenderFellSilent {}
