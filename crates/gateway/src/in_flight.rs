//! Bounds what is kept in memory for clients that read slowly or not at all: the bytes of large answers that are
//! not sent yet, in all and of each person. An answer that several get is kept, and counted, once. What is too much is
//! broken off, so that who holds much is in nobody else's way. A leaf but for problems.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// The most bytes in all.
const MAX_TOTAL: usize = 256 << 20;
/// The most bytes of one person, in all sessions together.
const MAX_PER_PERSON: usize = MAX_TOTAL / 4;
/// Above this, further reads of the same person are refused. Half the limit, because aborting the oldest responses always
/// leaves more than that.
const MAX_BEFORE_READS_REFUSED: usize = MAX_PER_PERSON / 2;
/// A smaller answer does not count.
const MIN_COUNTED: usize = 64 << 10;
/// How much is handed on at a time.
const PART_BYTES: usize = 64 << 10;

/// The large answers that are being sent.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<Sending>);

/// Who gets an answer, and its number.
type Key = (String, u64);

#[derive(Debug, Default)]
struct Sending {
    /// The answers, of each person the oldest first.
    answers: BTreeMap<Key, Bytes>,
    /// How often each buffer is being sent, by its address.
    buffers: HashMap<usize, usize>,
    /// The bytes of all buffers.
    total: usize,
    next: u64,
}

/// The body of a large answer, in parts.
struct Parts {
    of: Arc<InFlight>,
    key: Key,
    length: usize,
    sent: usize,
}

impl InFlight {
    /// Whether a person may ask for another answer that may be large. Nobody reads from a vendor what nobody reads from
    /// here.
    ///
    /// # Errors
    /// The person has not read enough of what they asked for.
    pub(crate) fn check(&self, person: &str) -> Result<(), Problem> {
        if lock(&self.0).held(person, None) <= MAX_BEFORE_READS_REFUSED {
            return Ok(());
        }
        Err(Problem {
            retry_after: Some(5),
            ..Problem::new(
                Kind::Overloaded,
                "large responses to you wait to be received; not sent to the vendor",
            )
        })
    }

    /// The body for an answer to a person. Where there is no room for it, older ones are broken off: of the person, or
    /// of whoever holds the most.
    pub(crate) fn body(self: &Arc<Self>, bytes: Bytes, person: &str) -> Body {
        let length = bytes.len();
        if length < MIN_COUNTED {
            return Body::from(bytes);
        }
        let key = lock(&self.0).add(person, bytes);
        let of = self.clone();
        Body::new(Parts {
            of,
            key,
            length,
            sent: 0,
        })
    }
}

impl Sending {
    fn add(&mut self, person: &str, bytes: Bytes) -> Key {
        while self.held(person, Some(&bytes)) > MAX_PER_PERSON && self.break_off(person) {}
        let address = address(&bytes);
        let is_new = |sending: &Self| !sending.buffers.contains_key(&address);
        while self.total + bytes.len() > MAX_TOTAL && is_new(self) {
            let greediest = self.greediest();
            if !greediest.is_some_and(|person| self.break_off(&person)) {
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

    /// The bytes that a person holds, with another answer.
    fn held(&self, person: &str, another: Option<&Bytes>) -> usize {
        let held = self.of_person(person).map(|(_, bytes)| bytes);
        size(held.chain(another))
    }

    /// Who holds the most.
    fn greediest(&self) -> Option<String> {
        let mut people: HashMap<&str, Vec<&Bytes>> = HashMap::new();
        for ((person, _), bytes) in &self.answers {
            people.entry(person).or_default().push(bytes);
        }
        let sizes = people.into_iter();
        let sizes = sizes.map(|(person, held)| (size(held.into_iter()), person));
        sizes.max().map(|(_, person)| person.to_owned())
    }

    /// Breaks off a person's oldest answer. Returns whether there was one.
    fn break_off(&mut self, person: &str) -> bool {
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

/// The bytes of these answers, each buffer once.
fn size<'b>(answers: impl Iterator<Item = &'b Bytes>) -> usize {
    let buffers: HashMap<usize, usize> =
        answers.map(|bytes| (address(bytes), bytes.len())).collect();
    buffers.into_values().sum()
}

impl Drop for Parts {
    fn drop(&mut self) {
        lock(&self.of.0).remove(&self.key);
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
        let bytes = lock(&self.of.0).answers.get(&self.key).cloned();
        let Some(bytes) = bytes else {
            let why = "others needed the memory of an answer that was read too slowly";
            return Poll::Ready(Some(Err(io::Error::other(why))));
        };
        // A copy: a part of the buffer that waits to be sent would keep the whole of it.
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

    async fn is_whole(body: Body) -> bool {
        to_bytes(body, usize::MAX).await.is_ok()
    }

    fn total(in_flight: &InFlight) -> usize {
        lock(&in_flight.0).total / MIB
    }

    #[tokio::test]
    async fn an_answer_that_several_get_counts_once_and_what_was_read_no_longer() {
        let in_flight = Arc::new(InFlight::default());
        let shared = of_size(30);
        let held: Vec<Body> = (0..30)
            .map(|number| in_flight.body(shared.clone(), &(number % 3).to_string()))
            .collect();
        assert_eq!(total(&in_flight), 30);
        assert!(in_flight.check("0").is_ok(), "so it does of one person");
        for body in held {
            assert_eq!(to_bytes(body, usize::MAX).await.unwrap(), shared);
        }
        assert_eq!(total(&in_flight), 0);
        let sending = lock(&in_flight.0);
        assert!(sending.answers.is_empty() && sending.buffers.is_empty());
    }

    #[tokio::test]
    async fn a_person_asks_for_no_more_than_a_quarter_and_others_notice_nothing_of_it() {
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
        // What is not refused breaks off the person's own.
        let other = in_flight.body(of_size(50), "two");
        let mut own = [40, 20, 30].map(|mib| in_flight.body(of_size(mib), "one"));
        assert_eq!(total(&in_flight), 100);
        own.reverse();
        let [third, second, first] = own;
        assert!(!is_whole(first).await);
        assert!(is_whole(second).await && is_whole(third).await && is_whole(other).await);
        assert!(is_whole(in_flight.body(of_size(70), "one")).await);
    }

    #[tokio::test]
    async fn where_all_is_taken_the_oldest_of_who_holds_the_most_is_broken_off() {
        let in_flight = Arc::new(InFlight::default());
        let sizes = [("a", 30), ("b", 20), ("b", 40), ("c", 55), ("d", 55)];
        let hold = |(person, mib): (&str, usize)| in_flight.body(of_size(mib), person);
        let mut held: Vec<Body> = sizes.into_iter().map(hold).collect();
        held.push(in_flight.body(of_size(50), "e"));
        assert_eq!(total(&in_flight), 250);
        assert!(in_flight.check("new").is_ok(), "nobody else is refused");
        assert!(is_whole(in_flight.body(of_size(5), "new")).await);
        held.push(in_flight.body(of_size(20), "new"));
        assert_eq!(total(&in_flight), 250, "b's older one has gone at once");
        let mut whole = Vec::new();
        for body in held {
            whole.push(is_whole(body).await);
        }
        assert_eq!(whole, [true, false, true, true, true, true, true]);
        assert_eq!(total(&in_flight), 0);
    }

    #[tokio::test]
    async fn a_part_that_was_handed_on_keeps_nothing_of_what_is_broken_off() {
        use http_body_util::BodyExt as _;
        let in_flight = Arc::new(InFlight::default());
        let bytes = of_size(40);
        let mut body = in_flight.body(bytes.clone(), "one");
        let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
        lock(&in_flight.0).break_off("one");
        assert!(bytes.is_unique() && part.len() == PART_BYTES);
        assert!(body.frame().await.unwrap().is_err());
    }
}
