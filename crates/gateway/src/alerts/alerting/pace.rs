//! How fast messages follow one another to one target.

use health::schedule::Millis;
use std::collections::HashMap;

/// In the long run a target gets one message in this time, in milliseconds: as many as Slack takes. Teams and Discord take
/// more.
const INTERVAL: Millis = 1_000.0;

/// So many follow one another at once after a while without any. Discord takes five in two seconds, with those that follow.
const AT_ONCE: f64 = 3.0;

/// The pace of each target, by its id. It is not saved: a gateway that goes on after another one begins anew.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<String, Millis>);

impl Pace {
    /// Whether a target can be sent a message now.
    pub(super) fn allows(&self, target: &str, now: Millis) -> bool {
        let used_up_to = self.0.get(target).copied().unwrap_or(now);
        used_up_to - now <= INTERVAL * (AT_ONCE - 1.0)
    }

    /// A target is sent a message now.
    pub(super) fn count(&mut self, target: &str, now: Millis) {
        self.0.retain(|_, used_up_to| *used_up_to > now);
        *self.0.entry(target.to_owned()).or_insert(now) += INTERVAL;
    }

    /// The targets that can be sent nothing now.
    pub(super) fn resting(&self, now: Millis) -> impl Iterator<Item = &String> {
        let all = self.0.keys();
        all.filter(move |target| !self.allows(target, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_gets_three_at_once_and_then_one_a_second() {
        let mut pace = Pace::default();
        for (now, expected) in [
            (0.0, true),
            (0.0, true),
            (100.0, true),
            (200.0, false),
            (999.0, false),
            (1_000.0, true),
            (1_001.0, false),
            (2_000.0, true),
            (2_500.0, false),
            // What it did not use counts for three at most.
            (60_000.0, true),
            (60_000.0, true),
            (60_000.0, true),
            (60_000.0, false),
        ] {
            assert_eq!(pace.allows("pager", now), expected, "{now}");
            assert!(pace.allows("mail", now), "another target waits for nothing");
            if expected {
                pace.count("pager", now);
            }
        }
        assert_eq!(pace.resting(60_000.0).collect::<Vec<_>>(), ["pager"]);
    }
}
