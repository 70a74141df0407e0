//! Vendors' texts for a terminal. What they hold must not move the cursor, change its colours, or turn the
//! direction of writing.

use crate::identity::is_bidi_control;

/// The text without characters that a terminal obeys in place of showing them. A line break is a space.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|letter| match letter {
            '\n' | '\r' | '\t' => Some(' '),
            letter if is_obeyed(letter) => None,
            letter => Some(letter),
        })
        .collect()
}

/// A JSON text in which such characters are escaped. They stand within strings only; line breaks between
/// values stay.
pub(super) fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter != '\n' && is_obeyed(letter) {
            // All of them have four digits.
            text.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            text.push(letter);
        }
    }
    text
}

fn is_obeyed(letter: char) -> bool {
    let is_separator = matches!(letter, '\u{2028}' | '\u{2029}');
    letter.is_control() || is_bidi_control(letter) || is_separator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_steer_a_terminal() {
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
    fn json_stays_the_same_value() {
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
