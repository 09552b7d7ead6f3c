//! A request body whose sender may not fall silent.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Uploads may last as long as their bytes take, but a sender that stops in the middle would hold
/// its place for ever. The timer exists only once the server has had to wait.
pub(super) struct PatientBody {
    incoming: Incoming,
    patience: Duration,
    silence: Option<Pin<Box<Sleep>>>,
}

impl PatientBody {
    pub(super) fn new(incoming: Incoming, patience: Duration) -> Self {
        Self {
            incoming,
            patience,
            silence: None,
        }
    }

    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        silence.as_mut().poll(context)
    }
}

impl Body for PatientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(frame) => {
                let patience = self.patience;
                if let Some(silence) = &mut self.silence {
                    silence.as_mut().reset(Instant::now() + patience);
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                ready!(self.poll_silence(context));
                Poll::Ready(Some(Err(Box::new(SenderFellSilent))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
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
