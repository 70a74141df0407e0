//! Searching in what a table shows, without regard to case.

/// A text in lower case. Of other letters than ASCII's by the browser, which has the tables for it: those of the library
/// would be 6 kB more to load for each list.
#[must_use]
pub fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    #[cfg(target_arch = "wasm32")]
    return js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    text.to_lowercase()
}

/// Whether a text holds these words, which are in lower case.
#[must_use]
pub fn holds(text: &str, words: &str) -> bool {
    if !text.is_ascii() {
        return lower(text).contains(words);
    }
    // Nearly every name and id is such a text, and is not copied to be looked at.
    let (text, words) = (text.as_bytes(), words.as_bytes());
    let mut parts = text.windows(words.len().max(1));
    words.is_empty() || parts.any(|part| part.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests {
    use super::holds;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_search_is_that_of_both_texts_in_lower_case(text in "[aAbÄ. ]{0,6}", words in "[abä. ]{0,3}") {
            prop_assert_eq!(holds(&text, &words), text.to_lowercase().contains(&words));
        }
    }
}
