//! Repairs text that is almost JSON: raw control characters and lone surrogates in strings, bytes that are not UTF-8,
//! and literals that JSON does not have (`NaN`, `None`, `1e999`). The original value is kept where possible, so that
//! one invalid value does not make others unreadable.

use serde_json::Value;
use std::iter::Peekable;
use std::str::Chars;

/// The body with all repairs; it may still be invalid.
pub(crate) fn json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut chars = text.chars().peekable();
    let mut out = String::with_capacity(text.len() + 16);
    let mut depth = 0_usize;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                string(&mut chars, &mut out);
            }
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match c {
            '"' => {}
            '{' | '}' | '[' | ']' | ',' | ':' | ' ' | '\t' | '\r' | '\n' => out.push(c),
            c if c.is_control() => out.push(' '),
            // At the top level, a literal would be the whole body, which is not repaired.
            c if depth == 0 => out.push(c),
            c => word(c, &mut chars, &mut out),
        }
    }
    out
}

/// Copies the rest of a string.
fn string(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                return;
            }
            '\\' if chars.peek() == Some(&'u') => escape(chars, out),
            '\\' => {
                out.push('\\');
                out.extend(chars.next());
            }
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// Copies `uXXXX` after a backslash. A lone surrogate becomes the replacement character.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    let ahead = |skip| chars.clone().skip(skip);
    let own = code(ahead(1));
    let pairs = ahead(5).take(2).eq("\\u".chars());
    let next = pairs.then(|| code(ahead(7))).flatten();
    let take = match (own, next) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 11,
        (Some(0xD800..=0xDFFF), _) => {
            chars.nth(4);
            out.push(char::REPLACEMENT_CHARACTER);
            return;
        }
        _ => 1,
    };
    out.push('\\');
    out.extend(chars.by_ref().take(take));
}

fn code(chars: impl Iterator<Item = char>) -> Option<u32> {
    let digits: String = chars.take(4).collect();
    u32::from_str_radix(&digits, 16).ok()
}

/// Copies a number, `true`, `false` or `null`; any other literal becomes a string.
fn word(first: char, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    let ends = |c: &char| matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"') || c.is_whitespace();
    let mut word = first.to_string();
    while let Some(c) = chars.next_if(|c| !ends(c)) {
        word.push(c);
    }
    match crate::json::value(word.as_bytes()) {
        Ok(_) => out.push_str(&word),
        Err(_) => out.push_str(&Value::from(word).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::json;
    use proptest::prelude::*;
    use serde_json::{Value, json as value};

    fn repaired(body: &[u8]) -> Option<Value> {
        serde_json::from_str(&json(body)).ok()
    }

    #[test]
    fn almost_valid_json_is_repaired() {
        for (body, expected) in [
            (
                &b"{\"a\":\"x\ny\tz\x01\"}"[..],
                value!({"a": "x\ny\tz\u{1}"}),
            ),
            (b"{\"a\x00\":1}\x00\x00", value!({"a\u{0}": 1})),
            (b"\x00{\"a\":1}", value!({"a": 1})),
            (b"[\"M\xFCller\"]", value!(["M\u{FFFD}ller"])),
            (
                b"[NaN, -Infinity, 1e999, 01, None]",
                value!(["NaN", "-Infinity", "1e999", "01", "None"]),
            ),
            (
                br#"["\ud83d\ude00","\ud83d","\ude00x","\ud83d\u0041"]"#,
                value!(["😀", "\u{FFFD}", "\u{FFFD}x", "\u{FFFD}A"]),
            ),
            (
                br#"["\\u", "\"\\", "{NaN\n}"]"#,
                value!(["\\u", "\"\\", "{NaN\n}"]),
            ),
        ] {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(repaired(body), Some(expected), "{shown}");
        }
    }

    #[test]
    fn other_text_is_not_repaired() {
        for body in [
            "<html>", "done", "{\"a\":", "[1", "{a b}", "[\"x", "", "\"x\" y",
        ] {
            assert_eq!(repaired(body.as_bytes()), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn valid_json_is_unchanged(text in "\\PC{0,20}", number: f64, flag: bool) {
            let whole = value!({"a": [text, number, flag, null], "b": {"c": text}});
            for body in [whole.to_string(), format!("{whole:#}")] {
                prop_assert_eq!(json(body.as_bytes()), body);
            }
        }

        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..100), text in "[\"\\\\u0dD8c{}\\[\\],a]{0,40}") {
            repaired(&body);
            repaired(text.as_bytes());
        }
    }
}
