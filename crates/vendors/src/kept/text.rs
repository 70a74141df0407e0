//! What of a text in an error may be passed on: the sentences, up to where a server begins to tell of
//! its code. Text stays text; nothing here makes markup harmless, the console never reads it as such.

/// The longest text that is passed on, in characters.
const LONGEST: usize = 1000;

/// A line that begins so is of a stack trace, and so is everything behind it.
const TRACES: [&str; 8] = [
    "traceback (most recent call last)",
    "file \"",
    "--- end of",
    "stack trace:",
    "stack backtrace:",
    "goroutine ",
    "thread '",
    "exception in thread",
];

/// A text with one of these in it is a page.
const PAGES: [&str; 5] = ["<!doctype", "<html", "<head", "<body", "<script"];

/// The text without what follows its sentences; none when nothing is left.
pub(super) fn told(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if PAGES.iter().any(|mark| lower.contains(mark)) {
        return None;
    }
    let lines: Vec<&str> = text
        .lines()
        .take_while(|line| !is_trace(line))
        .map(before_frame)
        .collect();
    let clean: String = lines
        .join("\n")
        .trim()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .take(LONGEST)
        .collect();
    let clean = clean.trim_end();
    (!clean.is_empty()).then(|| clean.to_owned())
}

fn is_trace(line: &str) -> bool {
    let line = line.trim_start();
    let lower = line.to_ascii_lowercase();
    let frame = line.strip_prefix("at ").is_some_and(|rest| {
        let place = rest.split([' ', '(', ':']).next().unwrap_or_default();
        place.contains(['.', '/', '\\'])
    });
    frame || TRACES.iter().any(|mark| lower.starts_with(mark))
}

/// A line up to a frame such as ` at Some.Type.Method(`, which some servers write into one line.
fn before_frame(line: &str) -> &str {
    let mut from = 0;
    while let Some(found) = line.get(from..).and_then(|rest| rest.find("at ")) {
        let at = from + found;
        let (before, rest) = (&line[..at], &line[at + 3..]);
        let begins = before.is_empty() || before.ends_with(char::is_whitespace);
        if begins && is_frame(rest) {
            return before;
        }
        from = at + 3;
    }
    line
}

/// Whether a method with its type's name stands here: `Some.Type.Method(`.
fn is_frame(text: &str) -> bool {
    text.split_once('(').is_some_and(|(name, _)| {
        let of_a_name = |c: char| c.is_alphanumeric() || "._$<>`+[],:#".contains(c);
        name.contains('.') && !name.starts_with('.') && name.chars().all(of_a_name)
    })
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn sentences_are_told_and_code_is_not() {
        for (text, kept) in [
            ("No such group.", Some("No such group.")),
            (" Two\nlines. ", Some("Two\nlines.")),
            ("Call it at 8 (or 9).", Some("Call it at 8 (or 9).")),
            (
                "Look at example.com (our site).",
                Some("Look at example.com (our site)."),
            ),
            ("a < b and List<T>", Some("a < b and List<T>")),
            (
                "It broke.\r\n   at Plant.Inside.Run(String s) in C:\\x.cs:line 9",
                Some("It broke."),
            ),
            (
                "It broke. at Plant.Inside.Run(String s) at Plant.Main()",
                Some("It broke."),
            ),
            (
                "It broke.\n\tat com.plant.Inside.run(Inside.java:9)",
                Some("It broke."),
            ),
            (
                "It broke.\nTraceback (most recent call last):\n  File \"x.py\"",
                Some("It broke."),
            ),
            ("It broke.\n    at /srv/app/index.js:3:9", Some("It broke.")),
            ("at Plant.Inside.Run()", None),
            ("panic\ngoroutine 1 [running]:", Some("panic")),
            ("bell\u{7} and \u{1b}[31mred", Some("bell and [31mred")),
            ("<!DOCTYPE html><p>x", None),
            ("Sorry <HTML><body>x", None),
            ("  \n ", None),
            ("", None),
        ] {
            assert_eq!(told(text).as_deref(), kept, "{text:?}");
        }
        assert_eq!(
            told(&"ä".repeat(5000)).unwrap_or_default().chars().count(),
            1000
        );
    }
}
