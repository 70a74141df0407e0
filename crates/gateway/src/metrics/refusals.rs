//! How many refusals are recorded: anybody can cause as many as they like, and none of them may push aside what else is
//! recorded.

use super::MINUTE;
use std::collections::HashMap;
use tokio::time::Instant;

/// So many are recorded within a minute, of one kind and one person, or of all who are not signed in.
const MOST: u32 = 60;

/// Of so many people they are counted at most.
const MOST_PEOPLE: usize = 10_000;

/// The refusals of the present minute, by their kind and by whose they are.
#[derive(Debug, Default)]
pub(super) struct Refusals(HashMap<(&'static str, String), Minute>);

#[derive(Debug)]
struct Minute {
    began: Instant,
    count: u32,
    left_out: u64,
}

impl Refusals {
    /// Whether another one is recorded, and how many before it were not.
    pub(super) fn take(&mut self, what: &'static str, who: &str, now: Instant) -> Option<u64> {
        let is_over = |minute: &Minute| now.duration_since(minute.began) >= MINUTE;
        if self.0.len() >= MOST_PEOPLE {
            self.0.retain(|_, minute| !is_over(minute));
        }
        let who = if self.0.len() < MOST_PEOPLE { who } else { "-" };
        let new = || Minute {
            began: now,
            count: 0,
            left_out: 0,
        };
        let minute = self.0.entry((what, who.to_owned())).or_insert_with(new);
        if is_over(minute) {
            (minute.began, minute.count) = (now, 0);
        }
        if minute.count < MOST {
            minute.count += 1;
            return Some(std::mem::take(&mut minute.left_out));
        }
        minute.left_out += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_and_each_kind_has_a_number_of_its_own_each_minute() {
        let (mut refusals, begin) = (Refusals::default(), Instant::now());
        for (what, who) in [("a", "-"), ("b", "-"), ("a", "vic")] {
            let taken = (0..100).filter_map(|_| refusals.take(what, who, begin));
            assert_eq!(taken.sum::<u64>(), 0, "{what} {who}");
            assert_eq!(refusals.take(what, who, begin), None, "{what} {who}");
        }
        let later = begin + MINUTE;
        assert_eq!(refusals.take("a", "vic", later), Some(41));
        assert_eq!(refusals.take("a", "vic", later), Some(0));
        let of_many = (0..20_000).filter_map(|one| refusals.take("a", &one.to_string(), later));
        assert!(of_many.count() < MOST_PEOPLE + 100, "the rest are one");
        assert!(refusals.0.len() <= MOST_PEOPLE + 1);
    }
}
