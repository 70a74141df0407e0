//! The pairing codes, which people read on one screen and type on another.

use crate::crypto::random;

/// The letters of codes: no vowels, so that no code spells a word, and none of 0 O, 1 I L, 2, 5 and B, which are easily
/// misread.
const LETTERS: &[u8; 25] = b"CDFGHJKMNPQRSTVWXYZ346789";

const LENGTH: usize = 8;

/// Generates a code, without its dash.
///
/// # Errors
/// The operating system provides no random numbers.
pub(super) fn new() -> Result<String, String> {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        for byte in random::<16>()? {
            // Bytes beyond the last multiple would make some letters more likely than others.
            let limit = LETTERS.len() * (256 / LETTERS.len());
            if usize::from(byte) < limit && code.len() < LENGTH {
                code.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            }
        }
    }
    Ok(code)
}

/// Formats the code for people: `CDFG-3467`.
pub(super) fn shown(code: &str) -> String {
    match code.split_at_checked(LENGTH / 2) {
        Some((first, last)) => format!("{first}-{last}"),
        None => code.to_owned(),
    }
}

/// Parses a typed code. Accepts spaces, dashes, lower case, and characters that are easily misread.
pub(super) fn read(typed: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for c in typed.chars().take(64) {
        let letter = match c.to_ascii_uppercase() {
            ' ' | '-' | '\u{2010}'..='\u{2015}' | '\u{a0}' => continue,
            '2' => 'Z',
            '5' => 'S',
            'B' => '8',
            other => other,
        };
        let known = u8::try_from(letter).is_ok_and(|byte| LETTERS.contains(&byte));
        if !known || code.len() == LENGTH {
            return None;
        }
        code.push(letter);
    }
    (code.len() == LENGTH).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_use_all_letters() {
        let codes: HashSet<String> = (0..500).map(|_| new().unwrap()).collect();
        assert_eq!(codes.len(), 500);
        let used: HashSet<u8> = codes.iter().flat_map(|code| code.bytes()).collect();
        assert_eq!(used, LETTERS.iter().copied().collect());
        assert!(
            codes
                .iter()
                .all(|code| read(&shown(code)).as_ref() == Some(code))
        );
    }

    #[test]
    fn a_typed_code_is_read_leniently() {
        for (typed, expected) in [
            ("CDFG-3467", Some("CDFG3467")),
            ("cdfg3467", Some("CDFG3467")),
            (" c d f g – 3 4 6 7 ", Some("CDFG3467")),
            ("25B5-cdfg", Some("ZS8SCDFG")),
            ("CDFG-346", None),
            ("CDFG-34677", None),
            ("CDFG-346A", None),
            ("CDFG-346é", None),
            ("", None),
            ("--------", None),
        ] {
            assert_eq!(read(typed).as_deref(), expected, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_a_code_or_none(typed in ".{0,80}") {
            if let Some(code) = read(&typed) {
                prop_assert_eq!(code.len(), LENGTH);
                prop_assert!(code.bytes().all(|byte| LETTERS.contains(&byte)));
            }
        }
    }
}
