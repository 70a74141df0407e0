//! Bounds what is kept in memory for clients that read slowly or not at all: the bytes of large answers that are
//! not sent yet, in all and of each session. An answer that several get is kept, and counted, once. A leaf but for
//! problems.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// The most bytes in all.
const TOTAL: usize = 256 << 20;
/// The most bytes of one session.
const PER_SESSION: usize = 128 << 20;
/// The largest answer that may come.
const LARGEST: usize = 50 << 20;
/// A smaller answer does not count.
const LARGE: usize = 64 << 10;
/// How much is handed on at a time.
const PART: usize = 64 << 10;

/// The large answers that are being sent.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<Sending>);

#[derive(Debug, Default)]
struct Sending {
    /// How often each buffer is being sent, and its size, by its address.
    buffers: HashMap<usize, (usize, usize)>,
    total: usize,
    sessions: HashMap<String, usize>,
}

/// The share of one answer.
#[derive(Debug)]
struct Share {
    of: Arc<InFlight>,
    bytes: Bytes,
    session: String,
}

/// The body of a large answer, in parts.
struct Parts {
    share: Share,
    sent: usize,
}

impl InFlight {
    /// Whether another large answer may be asked for. Nobody reads from a vendor what nobody reads from here.
    ///
    /// # Errors
    /// The session, or all together, have not read enough of what they asked for.
    pub(crate) fn check(&self, session: &str) -> Result<(), Problem> {
        let sending = lock(&self.0);
        let of_session = sending.sessions.get(session).copied().unwrap_or(0);
        if sending.total + LARGEST > TOTAL || of_session + LARGEST > PER_SESSION {
            return Err(full());
        }
        Ok(())
    }

    /// The body for an answer to a session.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn body(self: &Arc<Self>, bytes: Bytes, session: &str) -> Result<Body, Problem> {
        if bytes.len() < LARGE {
            return Ok(Body::from(bytes));
        }
        let mut sending = lock(&self.0);
        let of_session = sending.sessions.get(session).copied().unwrap_or(0) + bytes.len();
        let address = bytes.as_ptr().addr();
        let new = match sending.buffers.contains_key(&address) {
            true => 0,
            false => bytes.len(),
        };
        if sending.total + new > TOTAL || of_session > PER_SESSION {
            return Err(full());
        }
        sending.total += new;
        sending.sessions.insert(session.to_owned(), of_session);
        let buffer = sending.buffers.entry(address).or_insert((0, bytes.len()));
        buffer.0 += 1;
        drop(sending);
        let share = Share {
            of: self.clone(),
            bytes,
            session: session.to_owned(),
        };
        Ok(Body::new(Parts { share, sent: 0 }))
    }
}

fn full() -> Problem {
    Problem {
        retry_after: Some(5),
        ..Problem::new(
            Kind::Overloaded,
            "too many large responses wait for slow clients; not sent to the vendor",
        )
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut sending = lock(&self.of.0);
        let address = self.bytes.as_ptr().addr();
        if let Some((times, size)) = sending.buffers.get_mut(&address) {
            *times -= 1;
            if *times == 0 {
                let size = *size;
                sending.buffers.remove(&address);
                sending.total -= size;
            }
        }
        if let Some(of_session) = sending.sessions.get_mut(&self.session) {
            *of_session -= self.bytes.len();
            if *of_session == 0 {
                sending.sessions.remove(&self.session);
            }
        }
    }
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let end = self.share.bytes.len().min(self.sent + PART);
        if self.sent == end {
            return Poll::Ready(None);
        }
        let part = self.share.bytes.slice(self.sent..end);
        self.sent = end;
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent == self.share.bytes.len()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.share.bytes.len() - self.sent) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    #[tokio::test]
    async fn answers_that_nobody_reads_are_bounded_and_a_shared_one_counts_once() {
        let in_flight = Arc::new(InFlight::default());
        let large = |fill: u8| Bytes::from(vec![fill; 40 << 20]);
        let shared = large(1);
        let mut held: Vec<Body> = (0..30)
            .map(|number| in_flight.body(shared.clone(), &number.to_string()).unwrap())
            .collect();
        for number in 0..5 {
            let session = format!("other {number}");
            held.push(in_flight.body(large(2), &session).unwrap());
        }
        assert_eq!(lock(&in_flight.0).total, 240 << 20);
        let refused = in_flight.body(large(3), "another").unwrap_err();
        assert_eq!(
            (refused.kind, refused.retry_after),
            (Kind::Overloaded, Some(5))
        );
        assert!(in_flight.body(Bytes::from_static(b"small"), "x").is_ok());
        let first = held.remove(0);
        assert_eq!(to_bytes(first, usize::MAX).await.unwrap(), shared);
        drop(held);
        assert_eq!(lock(&in_flight.0).total, 0);
        assert!(lock(&in_flight.0).sessions.is_empty());
        let two = [(); 2].map(|()| in_flight.body(large(4), "one").unwrap());
        assert!(in_flight.check("one").is_err(), "nothing more is asked for");
        assert!(in_flight.check("two").is_ok() && in_flight.body(large(4), "two").is_ok());
        let third = in_flight.body(large(4), "one").unwrap();
        assert!(in_flight.body(large(4), "one").is_err(), "of one session");
        drop(third);
        drop(two);
    }
}
