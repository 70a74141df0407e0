//! The open alarms as a text that outlasts a reload of the page: the wall loads itself anew, and what broke meanwhile
//! must be found. Pure. It holds ids and priorities only.
//!
//! A line each: the time; `=` and a connection of which everything has been seen; `C` or `W`, the connection of an
//! alarm, and the key of its tile. Ids of connections hold no space.

use super::{AlarmDiff, Priority};
use std::fmt::Write;

/// What was known longer ago tells nothing of what is new, in milliseconds.
pub const RECENT: i64 = 600_000;

/// The most lines. Where there are more, nothing is kept: a part of it would make all others new.
const MOST: usize = 1_000;

impl AlarmDiff {
    /// What is known at this time, in milliseconds since 1970. An alarm that is shown as new is left out: nobody may have
    /// seen or heard it before the page is loaded anew, and so it is new again then.
    #[must_use]
    pub fn stored(&self, now: i64, is_new: impl Fn(&str) -> bool) -> String {
        let open = self.known.iter().filter_map(|(key, (source, priority))| {
            let mark = match (*priority)? {
                Priority::Critical => 'C',
                Priority::Warning => 'W',
            };
            // A vendor's id may hold anything, also what would begin another line.
            let is_kept = !is_new(key) && !key.contains(char::is_control);
            is_kept.then_some((mark, source, key))
        });
        let open: Vec<_> = open.take(MOST + 1).collect();
        let mut text = String::new();
        if open.len() + self.settled.len() > MOST {
            return text;
        }
        let _ = write!(text, "{now}");
        for source in &self.settled {
            let _ = write!(text, "\n= {source}");
        }
        for (mark, source, key) in open {
            let _ = write!(text, "\n{mark} {source} {key}");
        }
        text
    }

    /// What was known right before the page was loaded anew; `None` where that is too long ago or cannot be read.
    #[must_use]
    pub fn restored(text: &str, now: i64) -> Option<Self> {
        let mut lines = text.lines();
        let written: i64 = lines.next()?.parse().ok()?;
        if !(0..RECENT).contains(&now.checked_sub(written)?) {
            return None;
        }
        let mut diff = Self::default();
        for line in lines.take(MOST) {
            let (mark, rest) = line.split_once(' ')?;
            let priority = match mark {
                "C" => Priority::Critical,
                "W" => Priority::Warning,
                _ => {
                    diff.settled.insert(rest.to_owned());
                    continue;
                }
            };
            let (source, key) = rest.split_once(' ')?;
            let seen = (source.to_owned(), Some(priority));
            diff.known.insert(key.to_owned(), seen);
        }
        Some(diff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_768_487_528_000;

    fn known(alarms: &[(&str, Option<Priority>)]) -> AlarmDiff {
        let seen =
            |(key, priority): &(&str, _)| ((*key).to_owned(), ("plant-a".to_owned(), *priority));
        AlarmDiff {
            known: alarms.iter().map(seen).collect(),
            settled: [String::from("plant-a")].into(),
            is_gateway_lost: false,
        }
    }

    #[test]
    fn open_alarms_outlast_a_reload_except_those_that_are_still_new() {
        let diff = known(&[
            ("plant-a//groups/plant-a/x", Some(Priority::Critical)),
            ("run {7 7}", Some(Priority::Warning)),
            ("flashes", Some(Priority::Critical)),
            ("well", None),
            ("two\nC plant-a lines", Some(Priority::Warning)),
        ]);
        let text = diff.stored(NOW, |key| key == "flashes");
        let read = AlarmDiff::restored(&text, NOW + 1_000).unwrap();
        let expected = known(&[
            ("plant-a//groups/plant-a/x", Some(Priority::Critical)),
            ("run {7 7}", Some(Priority::Warning)),
        ]);
        assert_eq!(read.known, expected.known);
        assert_eq!(read.settled, expected.settled);
    }

    #[test]
    fn what_was_kept_long_ago_or_by_another_clock_or_is_no_such_text_is_not_used() {
        let text = known(&[]).stored(NOW, |_| false);
        for (now, is_used) in [
            (NOW, true),
            (NOW + RECENT - 1, true),
            (NOW + RECENT, false),
            (NOW - 1, false),
        ] {
            assert_eq!(AlarmDiff::restored(&text, now).is_some(), is_used, "{now}");
        }
        let at = |rest: &str| format!("{NOW}\n{rest}");
        for text in [
            String::new(),
            "soon".to_owned(),
            i64::MIN.to_string(),
            at("C"),
            at("C plant-a"),
        ] {
            assert!(AlarmDiff::restored(&text, NOW).is_none(), "{text}");
        }
    }

    #[test]
    fn of_too_many_alarms_none_is_kept() {
        let keys: Vec<String> = (0..MOST).map(|key| key.to_string()).collect();
        let of = |keys: &[String]| {
            let alarms = keys
                .iter()
                .map(|key| (key.as_str(), Some(Priority::Warning)));
            known(&alarms.collect::<Vec<_>>()).stored(NOW, |_| false)
        };
        assert_eq!(of(&keys), "");
        let read = AlarmDiff::restored(&of(&keys[1..]), NOW).unwrap();
        assert_eq!(read.known.len(), MOST - 1);
    }
}
