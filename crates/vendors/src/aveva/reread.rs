//! Reads a group's list of sessions incrementally: sessions whose text has not changed since the last response are not
//! decoded again, and the list is read in pieces, so that a single thread can do other work in between.

use super::{ClientSession, Listed, decode};
use crate::json::{parse, without_bom};
use crate::unreadable::counted;
use std::ops::Range;

/// The largest body in bytes that is read at once.
const READ_AT_ONCE: usize = 64 * 1024;

/// The amount of text per piece, in bytes.
const PIECE: usize = 32 * 1024;

/// Reusing a session is about this many times cheaper than decoding it.
const REUSE_FACTOR: usize = 8;

/// The text of a list that was read, with the range of each item.
#[derive(Debug, Default)]
pub struct ReadText {
    body: Vec<u8>,
    items: Vec<Range<usize>>,
}

impl ReadText {
    fn item(&self, index: usize) -> Option<&[u8]> {
        self.body.get(self.items.get(index)?.clone())
    }
}

/// A list that is being read in pieces.
#[derive(Debug)]
pub struct Reread<'a> {
    before: &'a ReadText,
    sessions: &'a [ClientSession],
    text: ReadText,
    read: Vec<Option<ClientSession>>,
    /// The start of the next item.
    at: usize,
}

impl<'a> Reread<'a> {
    /// Starts reading a long body. `before` is the text from which `sessions` were read. Returns `None` for a body
    /// that is short or not a list, which has to be read at once.
    #[must_use]
    pub fn begin(body: &[u8], before: &'a ReadText, sessions: &'a [ClientSession]) -> Option<Self> {
        let body = without_bom(body);
        if body.len() <= READ_AT_ONCE {
            return None;
        }
        let at = skip_byte(body, 0, b'[')?;
        let known = before.items.len() == sessions.len();
        Some(Self {
            before,
            sessions: if known { sessions } else { &[] },
            text: ReadText {
                body: body.to_vec(),
                items: Vec::with_capacity(sessions.len()),
            },
            read: Vec::with_capacity(sessions.len()),
            at,
        })
    }

    /// Reads a piece and returns whether it was the last. `None` if the text cannot be read in pieces; reading it at
    /// once then repairs it or reports the error.
    pub fn piece(&mut self) -> Option<bool> {
        let mut spent = 0;
        while spent < PIECE {
            let at = skip_whitespace(&self.text.body, self.at);
            let index = self.read.len();
            let rest = self.text.body.get(at..)?;
            let previous = self.before.item(index).zip(self.sessions.get(index));
            // An object ends with its brace, so text that starts with the object's text contains the same object.
            let end = match previous.filter(|(text, _)| rest.starts_with(text)) {
                Some((text, session)) => {
                    self.read.push(Some(session.clone()));
                    spent += text.len() / REUSE_FACTOR;
                    at + text.len()
                }
                None => {
                    let text = rest.get(..object_length(rest)?)?;
                    let read = parse(text, |value| Ok(decode::session(value).ok())).ok()?;
                    self.read.push(read);
                    spent += text.len();
                    at + text.len()
                }
            };
            self.text.items.push(at..end);
            let after = skip_whitespace(&self.text.body, end);
            match self.text.body.get(after)? {
                b',' => self.at = after + 1,
                b']' => {
                    let rest = self.text.body.get(after + 1..)?;
                    return rest.iter().all(u8::is_ascii_whitespace).then_some(true);
                }
                _ => return None,
            }
        }
        Some(false)
    }

    /// The list after its last piece, with its text for the next response.
    #[must_use]
    pub fn end(self) -> (Listed<ClientSession>, ReadText) {
        let (items, left_out) = counted(self.read, |session| session.id.as_deref());
        let listed = Listed {
            items,
            total: None,
            left_out,
        };
        (listed, self.text)
    }
}

/// The first position from `at` on that is not white space.
fn skip_whitespace(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_ascii_start().len()
}

/// The position after `byte`, if that is the first byte from `at` on that is not white space.
fn skip_byte(body: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = skip_whitespace(body, at);
    (body.get(at) == Some(&byte)).then_some(at + 1)
}

/// The length of the JSON object at the start of the text.
fn object_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'{' => depth += 1,
            b'}' => depth = depth.checked_sub(1)?,
            b'"' => {
                at += 1;
                while *text.get(at)? != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
        // Only an object starts with a brace; other values are rejected.
        if depth == 0 {
            return text.starts_with(b"{").then_some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, ReadText, Reread};
    use crate::aveva::{ClientSession, Listed, decode};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn session(number: usize, score: u32) -> Value {
        json!({
            "Id": format!("S-{number}\"{{[\\"),
            "Name": "A session whose name is long enough that a few of them are a long body ".repeat(8),
            "Role": 2,
            "Heartbeat": { "FailoverScore": score, "HeartbeatTime": "2026-01-15T14:32:08Z" },
        })
    }

    fn read_at_once(body: &str) -> Listed<ClientSession> {
        decode::sessions(body.as_bytes()).expect("a list")
    }

    /// Reads a body after another one; also returns the number of pieces.
    fn read(
        body: &str,
        before: &ReadText,
        sessions: &[ClientSession],
    ) -> Option<(Listed<ClientSession>, ReadText, usize)> {
        let mut reread = Reread::begin(body.as_bytes(), before, sessions)?;
        let mut pieces = 1;
        while !reread.piece()? {
            pieces += 1;
        }
        let (listed, text) = reread.end();
        Some((listed, text, pieces))
    }

    fn body(sessions: &[Value], pretty: bool) -> String {
        let list = Value::from(sessions.to_vec());
        if pretty {
            format!("\u{feff}{list:#}\r\n")
        } else {
            list.to_string()
        }
    }

    proptest! {
        // Each case takes long because its bodies are long.
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever was added, removed, changed or moved, the result is the same as reading the list at once.
        #[test]
        fn incremental_reading_equals_reading_at_once(
            first in prop::collection::vec((0_usize..300, 0_u32..3), 150..200),
            changes in prop::collection::vec((0_usize..300, 0_u32..3, 0_u8..4), 0..40),
            pretty in any::<bool>(),
        ) {
            let sessions: Vec<_> = first.iter().map(|(number, score)| session(*number, *score)).collect();
            let mut next = sessions.clone();
            for (number, score, what) in changes {
                let index = number % next.len();
                match what {
                    0 => { next.remove(index); }
                    1 => next.insert(index, session(number, score)),
                    2 => next[index] = session(number, score),
                    _ => next[index] = json!({ "Id": null, "Role": [number] }),
                }
            }
            let first = body(&sessions, pretty);
            let (listed, text, _) = read(&first, &ReadText::default(), &[]).expect("long");
            prop_assert_eq!(&listed, &read_at_once(first.trim_start_matches('\u{feff}')));
            let next = body(&next, pretty);
            let (again, _, _) = read(&next, &text, &listed.items).expect("long");
            prop_assert_eq!(again, read_at_once(next.trim_start_matches('\u{feff}')));
        }

        #[test]
        fn no_body_panics(head in "[\\[{}\",\\\\ ]{0,9}", body in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = head.into_bytes();
            bytes.extend(body.iter().cycle().take(3 * PIECE));
            let before = ReadText::default();
            if let Some(mut reread) = Reread::begin(&bytes, &before, &[]) {
                while reread.piece() == Some(false) {}
            }
        }
    }

    #[test]
    fn an_unchanged_list_takes_fewer_pieces() {
        let sessions: Vec<_> = (0..1_000).map(|number| session(number, 1)).collect();
        let body = body(&sessions, false);
        let (listed, text, first) = read(&body, &ReadText::default(), &[]).expect("long");
        let (again, _, second) = read(&body, &text, &listed.items).expect("long");
        assert_eq!(again, listed);
        assert!(second * 4 < first, "{second} of {first}");
    }

    #[test]
    fn a_short_or_broken_body_or_no_list_is_read_at_once() {
        let long = "x".repeat(3 * PIECE);
        for body in [
            "[]".to_owned(),
            format!("{{\"a\":\"{long}\"}}"),
            format!("[1,\"{long}\"]"),
            format!("[{{\"Id\":\"{long}\"}}"),
            format!("[{{\"Id\":\"{long}\"}}] x"),
            format!("[{{\"Id\":\"a\" \"Name\":\"{long}\"}}]"),
            format!("[{{\"Id\":NaN,\"Name\":\"{long}\"}}}}]"),
        ] {
            assert!(read(&body, &ReadText::default(), &[]).is_none());
        }
    }
}
