//! Limits the memory for clients that read slowly or not at all: the bytes of large responses that are not sent yet, in
//! total and per person. A response that several clients receive is kept, and counted, once. Beyond the limits,
//! responses are aborted, so that a person with many unread responses does not affect others. Uses only `lock` and
//! `problem`.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// The maximum bytes of all responses.
const MAX_TOTAL: usize = 256 << 20;
/// The maximum bytes of one person, in all sessions together.
const MAX_PER_PERSON: usize = MAX_TOTAL / 4;
/// Above this, further reads of the same person are refused. Half the limit, because aborting the oldest responses
/// always leaves more than that.
const MAX_BEFORE_READS_REFUSED: usize = MAX_PER_PERSON / 2;
/// Smaller responses are not counted.
const MIN_COUNTED: usize = 64 << 10;
/// The size of the parts in which a body is sent.
const PART_BYTES: usize = 64 << 10;

/// The large responses that are being sent.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<Sending>);

/// The recipient of a response, and its number.
type Key = (String, u64);

#[derive(Debug, Default)]
struct Sending {
    /// The responses by person, oldest first.
    answers: BTreeMap<Key, Bytes>,
    /// The number of responses that share each buffer, by its address.
    buffers: HashMap<usize, usize>,
    /// The bytes of all buffers.
    total: usize,
    next: u64,
}

/// The body of a large response, sent in parts.
struct Parts {
    in_flight: Arc<InFlight>,
    key: Key,
    length: usize,
    sent: usize,
}

impl InFlight {
    /// Checks whether a person may request another response that may be large. The gateway does not read from a vendor
    /// for a client that does not read from the gateway.
    ///
    /// # Errors
    /// Too many bytes are waiting to be received by this person.
    pub(crate) fn check(&self, person: &str) -> Result<(), Problem> {
        if lock(&self.0).held(person, None) <= MAX_BEFORE_READS_REFUSED {
            return Ok(());
        }
        Err(Problem {
            retry_after: Some(5),
            ..Problem::new(
                Kind::Overloaded,
                "you have not yet received earlier large responses; not sent to the vendor",
            )
        })
    }

    /// Returns the body of a response. If it exceeds a limit, older responses are aborted: the person's own, or those
    /// of the person with the most unsent bytes.
    pub(crate) fn body(self: &Arc<Self>, bytes: Bytes, person: &str) -> Body {
        let length = bytes.len();
        if length < MIN_COUNTED {
            return Body::from(bytes);
        }
        let key = lock(&self.0).add(person, bytes);
        Body::new(Parts {
            in_flight: self.clone(),
            key,
            length,
            sent: 0,
        })
    }
}

impl Sending {
    fn add(&mut self, person: &str, bytes: Bytes) -> Key {
        while self.held(person, Some(&bytes)) > MAX_PER_PERSON && self.abort_oldest(person) {}
        let address = address(&bytes);
        let is_new = |sending: &Self| !sending.buffers.contains_key(&address);
        while self.total + bytes.len() > MAX_TOTAL && is_new(self) {
            let largest = self.largest();
            if !largest.is_some_and(|person| self.abort_oldest(&person)) {
                break;
            }
        }
        if is_new(self) {
            self.total += bytes.len();
        }
        *self.buffers.entry(address).or_default() += 1;
        let key = (person.to_owned(), self.next);
        self.next += 1;
        self.answers.insert(key.clone(), bytes);
        key
    }

    fn of_person(&self, person: &str) -> impl Iterator<Item = (&Key, &Bytes)> {
        let number = |number| (person.to_owned(), number);
        self.answers.range(number(0)..=number(u64::MAX))
    }

    /// The unsent bytes of a person, including `another` response.
    fn held(&self, person: &str, another: Option<&Bytes>) -> usize {
        let held = self.of_person(person).map(|(_, bytes)| bytes);
        size(held.chain(another))
    }

    /// The person with the most unsent bytes.
    fn largest(&self) -> Option<String> {
        let mut people: HashMap<&str, Vec<&Bytes>> = HashMap::new();
        for ((person, _), bytes) in &self.answers {
            people.entry(person).or_default().push(bytes);
        }
        let sizes = people.into_iter();
        let sizes = sizes.map(|(person, held)| (size(held.into_iter()), person));
        sizes.max().map(|(_, person)| person.to_owned())
    }

    /// Aborts a person's oldest response. Returns whether there was one.
    fn abort_oldest(&mut self, person: &str) -> bool {
        let oldest = self.of_person(person).next();
        let oldest = oldest.map(|(key, _)| key.clone());
        oldest.is_some_and(|key| self.remove(&key))
    }

    fn remove(&mut self, key: &Key) -> bool {
        let Some(bytes) = self.answers.remove(key) else {
            return false;
        };
        let address = address(&bytes);
        if let Some(times) = self.buffers.get_mut(&address) {
            *times -= 1;
            if *times == 0 {
                self.buffers.remove(&address);
                self.total -= bytes.len();
            }
        }
        true
    }
}

fn address(bytes: &Bytes) -> usize {
    bytes.as_ptr().addr()
}

/// The bytes of these responses. Counts a shared buffer once.
fn size<'b>(answers: impl Iterator<Item = &'b Bytes>) -> usize {
    let buffers: HashMap<usize, usize> =
        answers.map(|bytes| (address(bytes), bytes.len())).collect();
    buffers.into_values().sum()
}

impl Drop for Parts {
    fn drop(&mut self) {
        lock(&self.in_flight.0).remove(&self.key);
    }
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let end = self.length.min(self.sent + PART_BYTES);
        if self.sent == end {
            return Poll::Ready(None);
        }
        let bytes = lock(&self.in_flight.0).answers.get(&self.key).cloned();
        let Some(bytes) = bytes else {
            let why = "the response was received too slowly, and its memory was needed for others";
            return Poll::Ready(Some(Err(io::Error::other(why))));
        };
        // A copy, because a slice would keep the complete buffer in memory until it is sent.
        let part = Bytes::copy_from_slice(&bytes[self.sent..end]);
        self.sent = end;
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent == self.length
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.length - self.sent) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    const MIB: usize = 1 << 20;

    fn of_size(mib: usize) -> Bytes {
        Bytes::from(vec![1; mib * MIB])
    }

    async fn is_complete(body: Body) -> bool {
        to_bytes(body, usize::MAX).await.is_ok()
    }

    fn total(in_flight: &InFlight) -> usize {
        lock(&in_flight.0).total / MIB
    }

    #[tokio::test]
    async fn a_shared_response_counts_once_and_a_received_response_not_at_all() {
        let in_flight = Arc::new(InFlight::default());
        let shared = of_size(30);
        let held: Vec<Body> = (0..30)
            .map(|number| in_flight.body(shared.clone(), &(number % 3).to_string()))
            .collect();
        assert_eq!(total(&in_flight), 30);
        assert!(in_flight.check("0").is_ok(), "also once per person");
        for body in held {
            assert_eq!(to_bytes(body, usize::MAX).await.unwrap(), shared);
        }
        assert_eq!(total(&in_flight), 0);
        let sending = lock(&in_flight.0);
        assert!(sending.answers.is_empty() && sending.buffers.is_empty());
    }

    #[tokio::test]
    async fn a_person_is_limited_to_a_quarter_and_others_are_not_affected() {
        let in_flight = Arc::new(InFlight::default());
        for (mib, times) in [(50, 1), (33, 1), (30, 2), (10, 4), (1, 33)] {
            let mut held = Vec::new();
            while in_flight.check("one").is_ok() {
                held.push(in_flight.body(of_size(mib), "one"));
            }
            assert_eq!(held.len(), times, "{mib} MiB");
            assert!(in_flight.check("two").is_ok());
            let refused = in_flight.check("one").unwrap_err();
            assert_eq!(
                (refused.kind, refused.retry_after),
                (Kind::Overloaded, Some(5))
            );
        }
        // A response that was not refused aborts older ones of the same person.
        let other = in_flight.body(of_size(50), "two");
        let mut own = [40, 20, 30].map(|mib| in_flight.body(of_size(mib), "one"));
        assert_eq!(total(&in_flight), 100);
        own.reverse();
        let [third, second, first] = own;
        assert!(!is_complete(first).await);
        assert!(is_complete(second).await && is_complete(third).await && is_complete(other).await);
        assert!(is_complete(in_flight.body(of_size(70), "one")).await);
    }

    #[tokio::test]
    async fn at_the_total_limit_the_largest_holder_loses_its_oldest_response() {
        let in_flight = Arc::new(InFlight::default());
        let sizes = [("a", 30), ("b", 20), ("b", 40), ("c", 55), ("d", 55)];
        let hold = |(person, mib): (&str, usize)| in_flight.body(of_size(mib), person);
        let mut held: Vec<Body> = sizes.into_iter().map(hold).collect();
        held.push(in_flight.body(of_size(50), "e"));
        assert_eq!(total(&in_flight), 250);
        assert!(in_flight.check("new").is_ok(), "nobody else is refused");
        assert!(is_complete(in_flight.body(of_size(5), "new")).await);
        held.push(in_flight.body(of_size(20), "new"));
        assert_eq!(total(&in_flight), 250, "b's older one was aborted");
        let mut complete = Vec::new();
        for body in held {
            complete.push(is_complete(body).await);
        }
        assert_eq!(complete, [true, false, true, true, true, true, true]);
        assert_eq!(total(&in_flight), 0);
    }

    #[tokio::test]
    async fn a_part_that_was_sent_keeps_no_memory_of_an_aborted_response() {
        use http_body_util::BodyExt as _;
        let in_flight = Arc::new(InFlight::default());
        let bytes = of_size(40);
        let mut body = in_flight.body(bytes.clone(), "one");
        let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
        lock(&in_flight.0).abort_oldest("one");
        assert!(bytes.is_unique() && part.len() == PART_BYTES);
        assert!(body.frame().await.unwrap().is_err());
    }
}
