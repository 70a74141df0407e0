//! The codes that people read from one screen and type at another.

use crate::access::seal;

/// Neither vowels, so that no word comes of it, nor what looks like something else: 0 O, 1 I L, 2, 5, 8's B.
const LETTERS: &[u8; 25] = b"CDFGHJKMNPQRSTVWXYZ346789";

const LENGTH: usize = 8;

/// A new one, without its dash.
///
/// # Errors
/// The system gives no random numbers.
pub(super) fn new() -> Result<String, String> {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        for byte in seal::random::<16>()? {
            // What is beyond the last whole round would make some letters likelier than others.
            let whole = LETTERS.len() * (256 / LETTERS.len());
            if usize::from(byte) < whole && code.len() < LENGTH {
                code.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            }
        }
    }
    Ok(code)
}

/// As it is shown: `CDFG-3467`.
pub(super) fn shown(code: &str) -> String {
    match code.split_at_checked(LENGTH / 2) {
        Some((first, last)) => format!("{first}-{last}"),
        None => code.to_owned(),
    }
}

/// A code as somebody typed it, with spaces, dashes, small letters and what was misread.
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
    fn codes_differ_are_of_eight_letters_and_use_them_all() {
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
    fn what_people_type_is_understood_and_nothing_else() {
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
        fn whatever_is_typed_is_a_code_or_none(typed in ".{0,80}") {
            if let Some(code) = read(&typed) {
                prop_assert_eq!(code.len(), LENGTH);
                prop_assert!(code.bytes().all(|byte| LETTERS.contains(&byte)));
            }
        }
    }
}
