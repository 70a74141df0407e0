//! Case-insensitive search in the texts of a table.

/// A text in lower case. The browser converts non-ASCII text: the library's tables would add 6 kB to each list.
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

/// Whether a text contains these words, which must be in lower case.
#[must_use]
pub fn contains_ignore_case(text: &str, words: &str) -> bool {
    if !text.is_ascii() {
        return lower(text).contains(words);
    }
    // Nearly every name and id is ASCII, and this comparison does not copy it.
    let (text, words) = (text.as_bytes(), words.as_bytes());
    let mut parts = text.windows(words.len().max(1));
    words.is_empty() || parts.any(|part| part.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests {
    use super::contains_ignore_case;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_search_equals_that_of_the_text_in_lower_case(text in "[aAbÄ. ]{0,6}", words in "[abä. ]{0,3}") {
            prop_assert_eq!(contains_ignore_case(&text, &words), text.to_lowercase().contains(&words));
        }
    }
}
