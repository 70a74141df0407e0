//! What is wrong with a filter that cannot be read: in a sentence, and which word of it.

use vendors::veeam::FilterError;

/// A filter's text before the word that was not expected, that word, and the text behind it. The word ends before the
/// next operator, separator, parenthesis or blank; one that begins with such a sign is that sign alone.
#[must_use]
pub fn parted<'a>(error: &FilterError, text: &'a str) -> [&'a str; 3] {
    let start = text.char_indices().nth(error.position.saturating_sub(1));
    let (before, rest) = text.split_at(start.map_or(text.len(), |(at, _)| at));
    let is_op = |char: char| "=!<>&".contains(char);
    let ends = |char: char| is_op(char) || "(),;\"".contains(char) || char.is_whitespace();
    let behind = rest.trim_start_matches(is_op);
    let length = match rest.chars().next() {
        Some(first) if is_op(first) => rest.len() - behind.len(),
        Some(first) if ends(first) => first.len_utf8(),
        _ => rest.find(ends).unwrap_or(rest.len()),
    };
    let (word, after) = rest.split_at(length);
    [before, word, after]
}

/// Where it is wrong, what was expected there, and the word that was found.
#[must_use]
pub fn sentence(error: &FilterError, text: &str) -> String {
    let [_, word, _] = parted(error, text);
    let (position, expected) = (error.position, quoted(&error.expected));
    let found = match word {
        "" => "but the filter ends".to_owned(),
        word if word.trim().is_empty() => "found a blank".to_owned(),
        word => format!("found “{word}”"),
    };
    format!("At character {position}: expected {expected}, {found}.")
}

/// With the quotes of a sentence in place of backquotes.
fn quoted(words: &str) -> String {
    let mut quotes = ["“", "”"].into_iter().cycle();
    let mut parts = words.split('`');
    let mut quoted = parts.next().unwrap_or_default().to_owned();
    for (quote, part) in quotes.by_ref().zip(parts) {
        quoted.push_str(quote);
        quoted.push_str(part);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::{parted, sentence};
    use vendors::veeam::Filter;

    #[test]
    fn only_the_word_that_was_found_is_marked() {
        for (text, parts) in [
            (
                "Resultt==Failed;State==Working",
                ["", "Resultt", "==Failed;State==Working"],
            ),
            (
                "Result==Failed;Größe>=1,x",
                ["Result==Failed;", "Größe", ">=1,x"],
            ),
            ("Result=Failed", ["Result", "=", "Failed"]),
            (
                "Result==;State==Working",
                ["Result==", ";", "State==Working"],
            ),
            ("Name==a b c", ["Name==a ", "b", " c"]),
            ("Name==\"a", ["Name==", "\"", "a"]),
            ("Name==«ü»;a", ["Name==", "«ü»", ";a"]),
            ("Result==", ["Result==", "", ""]),
        ] {
            let error = Filter::parse(text).expect_err(text);
            assert_eq!(parted(&error, text), parts);
        }
    }

    #[test]
    fn the_sentence_quotes_that_word_whole() {
        for (text, end) in [
            (
                "Resultt==Failed;CreationTime>=yesterday",
                "BackupServerName) or “(”, found “Resultt”.",
            ),
            (
                "AVeryLongNameOfAFieldThatIsNone==1",
                ", found “AVeryLongNameOfAFieldThatIsNone”.",
            ),
            ("(Result==Failed", "“;”, “,” or “)”, but the filter ends."),
        ] {
            let error = Filter::parse(text).expect_err(text);
            let sentence = sentence(&error, text);
            assert!(sentence.ends_with(end), "{sentence}");
            assert!(sentence.starts_with("At character "), "{sentence}");
        }
    }
}
