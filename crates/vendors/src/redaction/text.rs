//! Redacts an error text: its sentences pass up to a stack trace. Markup passes, because the console shows plain text.

/// The maximum length of a text, in characters.
const MAX_LENGTH: usize = 1000;

/// The number of bytes of a text that are examined: enough for the longest text and leading white space.
const EXAMINED: usize = 8 * 1024;

/// A line with one of these prefixes starts a stack trace.
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

/// A text that contains one of these is an HTML page.
const PAGES: [&str; 5] = ["<!doctype", "<html", "<head", "<body", "<script"];

/// The text up to a stack trace; `None` if nothing remains.
pub(crate) fn redact_text(text: &str) -> Option<String> {
    let (text, _) = text.split_at(text.floor_char_boundary(EXAMINED));
    let lower = text.to_ascii_lowercase();
    if PAGES.iter().any(|mark| lower.contains(mark)) {
        return None;
    }
    let lines: Vec<String> = text
        .lines()
        .take_while(|line| !is_trace(line))
        .map(without_frames)
        .collect();
    let clean: String = lines
        .join("\n")
        .trim()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .take(MAX_LENGTH)
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

/// A line up to its stack frames, with an ellipsis if these interrupt a sentence.
fn without_frames(line: &str) -> String {
    let before = before_frame(line);
    let kept = before.trim_end();
    let has_ended = kept.is_empty() || kept.ends_with(['.', '!', '?', ':', ';']);
    if before.len() == line.len() || has_ended {
        before.to_owned()
    } else {
        format!("{kept}…")
    }
}

/// A line up to a stack frame such as ` at Some.Type.Method(`. Some servers write all frames into one line.
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

/// Whether the text starts with a qualified method name: `Some.Type.Method(`. It examines only the name, so that a
/// line with many "at" is scanned only once.
fn is_frame(text: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || "._$<>`+[],:#".contains(c);
    let Some((name, rest)) = text
        .find(|c: char| !of_a_name(c))
        .and_then(|end| text.split_at_checked(end))
    else {
        return false;
    };
    rest.starts_with('(') && name.contains('.') && !name.starts_with('.') && !is_host(name, rest)
}

/// Whether a name and the text after it are a host, possibly with its port, such as `10.1.2.3(5590)`. A method name
/// does not begin with a digit, and a frame does not have only a number in its parentheses.
fn is_host(name: &str, rest: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let last = name.rsplit('.').next().unwrap_or_default();
    let within = rest.strip_prefix('(').unwrap_or_default();
    let after = within.trim_start_matches(is_digit);
    let is_port = after.len() < within.len() && after.starts_with(')');
    last.starts_with(is_digit) || is_port
}

#[cfg(test)]
mod tests {
    use super::{MAX_LENGTH, before_frame, redact_text};

    #[test]
    fn sentences_are_kept_and_stack_traces_removed() {
        for (text, expected) in [
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
                "Cannot reach the agent at 10.1.2.3(5590): timed out",
                Some("Cannot reach the agent at 10.1.2.3(5590): timed out"),
            ),
            (
                "Cannot reach the agent at 10.1.2.3(agent): timed out",
                Some("Cannot reach the agent at 10.1.2.3(agent): timed out"),
            ),
            (
                "No answer at db.plant.local(5590), at Plant.Net.Ask(5 s)",
                Some("No answer at db.plant.local(5590),…"),
            ),
            (
                "The pump stopped at Plant.Inside.Run(String s) in C:\\x.cs:line 9",
                Some("The pump stopped…"),
            ),
            ("Why? at Plant.Main()", Some("Why?")),
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
            assert_eq!(redact_text(text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(
            redact_text(&"ä".repeat(5000))
                .unwrap_or_default()
                .chars()
                .count(),
            1000
        );
    }

    #[test]
    fn long_texts_are_redacted_quickly() {
        let begin = "a ".repeat(MAX_LENGTH / 2);
        for long in ["at ", "at x.y ", "ä at ", "at (", "at a.b"] {
            let text = format!("{begin}{}", long.repeat(300_000));
            assert_eq!(redact_text(&text).as_deref(), Some(begin.trim_end()));
        }
        // The search for frames is linear even without the length limit.
        for line in ["at x.y ".repeat(300_000), "at ".repeat(300_000)] {
            assert_eq!(before_frame(&line), line);
        }
        let line = format!("{}at a.B.c(", "at ".repeat(300_000));
        assert_eq!(before_frame(&line).len(), 900_000);
    }
}
