//! Reads the list of a group's sessions again and again, piece by piece: a session whose text is as it was before is
//! not read anew, and whoever reads with one thread can do other things in between. Knows nothing of what a session
//! holds.

use super::{ClientSession, Listed, decode};
use crate::json::{parse, without_bom};
use crate::unreadable::counted;
use std::ops::Range;

/// A body up to this size is read whole, in bytes.
const SHORT: usize = 64 * 1024;

/// How much text is read at once, in bytes.
const PIECE: usize = 32 * 1024;

/// A session that is taken over costs about this part of one that is read.
const SAVED: usize = 8;

/// The text of a list that was read, and where each of its items stands in it.
#[derive(Debug, Default)]
pub struct ReadText {
    body: Vec<u8>,
    items: Vec<Range<usize>>,
}

impl ReadText {
    fn item(&self, place: usize) -> Option<&[u8]> {
        self.body.get(self.items.get(place)?.clone())
    }
}

/// A list that is being read.
#[derive(Debug)]
pub struct Reread<'a> {
    before: &'a ReadText,
    sessions: &'a [ClientSession],
    text: ReadText,
    read: Vec<Option<ClientSession>>,
    /// Where the next item begins.
    at: usize,
}

impl<'a> Reread<'a> {
    /// Begins to read a long body. `before` is the text that these sessions were read from. `None` for a body that
    /// is short or no list, which is to be read whole.
    #[must_use]
    pub fn begin(body: &[u8], before: &'a ReadText, sessions: &'a [ClientSession]) -> Option<Self> {
        let body = without_bom(body);
        if body.len() <= SHORT {
            return None;
        }
        let at = past(body, 0, b'[')?;
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

    /// Reads a piece, and says whether it was the last. `None` if the text cannot be read piece by piece: read
    /// whole it is repaired, or the error says what is wrong with it.
    pub fn piece(&mut self) -> Option<bool> {
        let mut spent = 0;
        while spent < PIECE {
            let at = blank(&self.text.body, self.at);
            let place = self.read.len();
            let rest = self.text.body.get(at..)?;
            let held = self.before.item(place).zip(self.sessions.get(place));
            // An object ends with its brace, so that what begins with its text is the same object.
            let end = match held.filter(|(text, _)| rest.starts_with(text)) {
                Some((text, session)) => {
                    self.read.push(Some(session.clone()));
                    spent += text.len() / SAVED;
                    at + text.len()
                }
                None => {
                    let text = rest.get(..object_length(rest)?)?;
                    self.read.push(decode::session(&parse(text).ok()?).ok());
                    spent += text.len();
                    at + text.len()
                }
            };
            self.text.items.push(at..end);
            let after = blank(&self.text.body, end);
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

    /// The list, once its last piece was read, and its text for the next time.
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

/// The first place from `at` on that holds no white space.
fn blank(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_ascii_start().len()
}

/// The place after a byte that stands at `at`, behind white space.
fn past(body: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = blank(body, at);
    (body.get(at) == Some(&byte)).then_some(at + 1)
}

/// The length of the JSON object that this begins with.
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
        // What is no object is one that cannot be read: an object begins with its brace.
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

    fn whole(body: &str) -> Listed<ClientSession> {
        decode::sessions(body.as_bytes()).expect("a list")
    }

    /// What is read of a body after another, in how many pieces.
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
        // Long bodies take long.
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever came, went, changed or moved, the list is what it would be if all of it were read.
        #[test]
        fn what_is_read_again_is_what_is_read_whole(
            first in prop::collection::vec((0_usize..300, 0_u32..3), 150..200),
            changes in prop::collection::vec((0_usize..300, 0_u32..3, 0_u8..4), 0..40),
            pretty in any::<bool>(),
        ) {
            let sessions: Vec<_> = first.iter().map(|(number, score)| session(*number, *score)).collect();
            let mut next = sessions.clone();
            for (number, score, what) in changes {
                let place = number % next.len();
                match what {
                    0 => { next.remove(place); }
                    1 => next.insert(place, session(number, score)),
                    2 => next[place] = session(number, score),
                    _ => next[place] = json!({ "Id": null, "Role": [number] }),
                }
            }
            let first = body(&sessions, pretty);
            let (listed, text, _) = read(&first, &ReadText::default(), &[]).expect("long");
            prop_assert_eq!(&listed, &whole(first.trim_start_matches('\u{feff}')));
            let next = body(&next, pretty);
            let (again, _, _) = read(&next, &text, &listed.items).expect("long");
            prop_assert_eq!(again, whole(next.trim_start_matches('\u{feff}')));
        }

        #[test]
        fn no_body_makes_it_panic(head in "[\\[{}\",\\\\ ]{0,9}", body in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = head.into_bytes();
            bytes.extend(body.iter().cycle().take(3 * PIECE));
            let before = ReadText::default();
            if let Some(mut reread) = Reread::begin(&bytes, &before, &[]) {
                while reread.piece() == Some(false) {}
            }
        }
    }

    #[test]
    fn what_is_as_it_was_takes_fewer_pieces() {
        let sessions: Vec<_> = (0..1_000).map(|number| session(number, 1)).collect();
        let body = body(&sessions, false);
        let (listed, text, first) = read(&body, &ReadText::default(), &[]).expect("long");
        let (again, _, second) = read(&body, &text, &listed.items).expect("long");
        assert_eq!(again, listed);
        assert!(second * 4 < first, "{second} of {first}");
    }

    #[test]
    fn what_is_short_no_list_or_broken_is_read_whole() {
        let long = "x".repeat(3 * PIECE);
        for body in [
            "[]".to_owned(),
            format!("{{\"a\":\"{long}\"}}"),
            format!("[1,\"{long}\"]"),
            format!("[{{\"Id\":\"{long}\"}}"),
            format!("[{{\"Id\":\"{long}\"}}] x"),
            format!("[{{\"Id\":NaN,\"Name\":\"{long}\"}}}}]"),
        ] {
            assert!(read(&body, &ReadText::default(), &[]).is_none());
        }
    }
}
