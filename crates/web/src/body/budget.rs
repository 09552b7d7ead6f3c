//! One budget for all bodies that are held at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use ferroflow_model::{Error, ErrorKind, Result};

/// What each body may have beside the budget. So small requests cost nothing to count, and find
/// their way past large ones; how many there can be is bounded by the number of requests.
pub(super) const OWN_BYTES: usize = 64 * 1024;

/// How many bytes of request bodies the server may hold at once, and what is left of that.
#[derive(Debug, Clone)]
pub struct BodyBudget(Arc<AtomicUsize>);

impl BodyBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// The share of one body, which has nothing yet.
    pub(super) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            body_bytes: 0,
            taken: 0,
        }
    }
}

/// What one body takes of the budget, given back when dropped.
pub(super) struct Share {
    budget: BodyBudget,
    body_bytes: usize,
    taken: usize,
}

impl Share {
    /// Takes room for more bytes of the body.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<()> {
        self.body_bytes += bytes;
        let more = self.body_bytes.saturating_sub(OWN_BYTES) - self.taken;
        if more == 0 {
            return Ok(());
        }
        let left = &self.budget.0;
        let take = |left: usize| left.checked_sub(more);
        if left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_err()
        {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "The server is reading too many large requests; try again.",
            ));
        }
        self.taken += more;
        Ok(())
    }

    /// The whole body, which keeps its share for as long as it lives.
    pub(super) fn hold(self, chunks: Vec<Bytes>) -> Bytes {
        let body = joined(chunks, self.body_bytes);
        if self.taken == 0 {
            return body;
        }
        Bytes::from_owner(Held { body, _share: self })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.taken > 0 {
            self.budget.0.fetch_add(self.taken, Ordering::Relaxed);
        }
    }
}

/// Puts pieces together, and frees each as soon as it is copied.
fn joined(mut chunks: Vec<Bytes>, bytes: usize) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop().unwrap_or_default();
    }
    let mut joined = Vec::with_capacity(bytes);
    for chunk in chunks {
        joined.extend_from_slice(&chunk);
    }
    joined.into()
}

/// A body with its share of the budget.
struct Held {
    body: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}
