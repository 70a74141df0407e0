//! Sanitizes vendors' texts for a terminal: they must not move the cursor, change colours or change the direction of
//! text.

use crate::hidden_characters::is_bidi_control;

/// The text without characters that control a terminal. Line breaks and tabs become spaces.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' => Some(' '),
            c if is_control(c) => None,
            c => Some(c),
        })
        .collect()
}

/// A JSON text in which such characters are escaped, which occur only within strings. Line breaks between values are
/// kept.
pub(super) fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_control(c) {
            // All of these characters have at most four hexadecimal digits.
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

fn is_control(c: char) -> bool {
    let is_separator = matches!(c, '\u{2028}' | '\u{2029}');
    c.is_control() || is_bidi_control(c) || is_separator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_control_a_terminal() {
        for (text, expected) in [
            ("Kiln 2 é 日", "Kiln 2 é 日"),
            ("a\u{1b}[2Jb", "a[2Jb"),
            ("a\u{9b}2Jb\u{7f}", "a2Jb"),
            ("a\r\nOK: b\tc\0", "a  OK: b c"),
            ("a\u{202e}b\u{2066}c\u{200f}", "abc"),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn escaping_keeps_the_value_of_json() {
        let text = "a\u{9b}\u{202e}\u{1b}\u{7f}\n\"\\é";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = escaped_json(&json);
        assert!(
            escaped.contains("\\u009b\\u202e\\u001b\\u007f"),
            "{escaped}"
        );
        let back: Vec<String> = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back, [text]);
    }
}
