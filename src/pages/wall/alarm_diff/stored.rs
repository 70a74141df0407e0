//! The open alarms as a text that survives a reload of the page, so that alarms raised during a reload are found. Pure.
//! The text contains only ids and priorities.
//!
//! The first line is the time. Each further line is `=` and a connection that has been read completely, or `C` or `W`,
//! the connection of an alarm and the key of its tile. Ids of connections contain no spaces.

use super::{AlarmDiff, Priority};
use std::fmt::Write;

/// Maximum age of known alarms in milliseconds: older ones do not show which alarms are new.
pub const MAX_AGE: i64 = 600_000;

/// Maximum number of lines. With more, nothing is stored, because alarms that are left out would be new after a reload.
const MAX_LINES: usize = 1_000;

impl AlarmDiff {
    /// The known alarms at a time in milliseconds since 1970. Alarms that are still shown as new are left out, so that
    /// they are new again after a reload: nobody may have noticed them yet.
    #[must_use]
    pub fn stored(&self, now: i64, is_new: impl Fn(&str) -> bool) -> String {
        let open = self.known.iter().filter_map(|(key, (source, priority))| {
            let mark = match (*priority)? {
                Priority::Critical => 'C',
                Priority::Warning => 'W',
            };
            // A vendor's id may contain a line break.
            let is_stored = !is_new(key) && !key.contains(char::is_control);
            is_stored.then_some((mark, source, key))
        });
        let open: Vec<_> = open.take(MAX_LINES + 1).collect();
        let mut text = String::new();
        if open.len() + self.settled.len() > MAX_LINES {
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

    /// The alarms known before a reload; `None` if they are too old or the text is unreadable.
    #[must_use]
    pub fn restored(text: &str, now: i64) -> Option<Self> {
        let mut lines = text.lines();
        let written: i64 = lines.next()?.parse().ok()?;
        if !(0..MAX_AGE).contains(&now.checked_sub(written)?) {
            return None;
        }
        let mut diff = Self::default();
        for line in lines.take(MAX_LINES) {
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
    fn open_alarms_survive_a_reload_except_those_that_are_still_new() {
        let diff = known(&[
            ("plant-a//groups/plant-a/x", Some(Priority::Critical)),
            ("run {7 7}", Some(Priority::Warning)),
            ("flashing", Some(Priority::Critical)),
            ("normal", None),
            ("two\nC plant-a lines", Some(Priority::Warning)),
        ]);
        let text = diff.stored(NOW, |key| key == "flashing");
        let read = AlarmDiff::restored(&text, NOW + 1_000).unwrap();
        let expected = known(&[
            ("plant-a//groups/plant-a/x", Some(Priority::Critical)),
            ("run {7 7}", Some(Priority::Warning)),
        ]);
        assert_eq!(read.known, expected.known);
        assert_eq!(read.settled, expected.settled);
    }

    #[test]
    fn a_text_that_is_too_old_from_the_future_or_unreadable_is_not_restored() {
        let text = known(&[]).stored(NOW, |_| false);
        for (now, is_used) in [
            (NOW, true),
            (NOW + MAX_AGE - 1, true),
            (NOW + MAX_AGE, false),
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
    fn too_many_alarms_are_not_stored_at_all() {
        let keys: Vec<String> = (0..MAX_LINES).map(|key| key.to_string()).collect();
        let of = |keys: &[String]| {
            let alarms = keys
                .iter()
                .map(|key| (key.as_str(), Some(Priority::Warning)));
            known(&alarms.collect::<Vec<_>>()).stored(NOW, |_| false)
        };
        assert_eq!(of(&keys), "");
        let read = AlarmDiff::restored(&of(&keys[1..]), NOW).unwrap();
        assert_eq!(read.known.len(), MAX_LINES - 1);
    }
}
