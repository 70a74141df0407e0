//! The limit on the resources of one connection, so that the process does not run out of memory.

use health::words;
use vendors::LeftOut;

/// The most groups of one connection that are watched.
pub(super) const MAX_WATCHED: usize = 20_000;

/// Truncates a list to the limit. Returns a note if that omits something, or if the system listed fewer items than it
/// reports. `listed` is the number of listed items, and `total` the number that the system reports.
pub(super) fn apply_limit<T>(
    all: &mut Vec<T>,
    listed: usize,
    total: Option<u64>,
    noun: &str,
) -> Option<String> {
    let held = total.unwrap_or(0).max(all.len() as u64);
    if all.len() < MAX_WATCHED || held <= MAX_WATCHED as u64 {
        let listed = listed as u64;
        return (total? > listed).then(|| {
            let (held, listed) = (grouped(held), grouped(listed));
            format!("The service reports {held} {noun} and listed {listed}.")
        });
    }
    all.truncate(MAX_WATCHED);
    let watched = grouped(MAX_WATCHED as u64);
    // Without a reported total, reading stops at the limit.
    let held = total.map_or_else(|| format!("more than {watched}"), |_| grouped(held));
    Some(format!(
        "The system holds {held} {noun}, and the gateway watches the first {watched} of them."
    ))
}

/// A note about the limit and the items that could not be read.
pub(super) fn limitation_note(limit: Option<String>, left_out: LeftOut) -> Option<String> {
    let words: Vec<String> = limit.into_iter().chain(words::left_out(left_out)).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The number with a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_items_are_reported_with_both_numbers() {
        let of = |held: usize, total| {
            let mut all = vec![(); held];
            let limit = apply_limit(&mut all, held, total, "groups");
            (all.len(), limit)
        };
        assert_eq!(of(MAX_WATCHED, None), (MAX_WATCHED, None));
        for total in [None, Some(2), Some(3)] {
            assert_eq!(of(3, total), (3, None));
        }
        let less = "The service reports 25,000 groups and listed 3.";
        assert_eq!(of(3, Some(25_000)), (3, Some(less.to_owned())));
        // An unreadable item is reported separately.
        assert_eq!(apply_limit(&mut vec![(); 3], 4, Some(4), "groups"), None);
        let note =
            "The system holds 25,000 groups, and the gateway watches the first 20,000 of them.";
        for held in [MAX_WATCHED, 25_000] {
            assert_eq!(of(held, Some(25_000)), (MAX_WATCHED, Some(note.to_owned())));
        }
        let unknown = note.replace("25,000", "more than 20,000");
        assert_eq!(of(20_100, None), (MAX_WATCHED, Some(unknown)));
    }

    #[test]
    fn unreadable_items_are_reported_beside_the_limit() {
        let out = |unreadable, repeated| LeftOut {
            unreadable,
            repeated,
        };
        for (limit, left_out, expected) in [
            (None, out(0, 0), None),
            (Some("Too many."), out(0, 0), Some("Too many.")),
            (None, out(1, 0), Some("1 item could not be read.")),
            (
                Some("Too many."),
                out(2, 1),
                Some(
                    "Too many. 2 items could not be read. 1 item was listed twice and is shown once.",
                ),
            ),
        ] {
            let note = limitation_note(limit.map(str::to_owned), left_out);
            assert_eq!(note.as_deref(), expected);
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
