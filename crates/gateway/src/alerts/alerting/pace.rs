//! How fast messages follow one another to one target.

use super::target::Target;
use health::schedule::Millis;
use std::collections::HashMap;

/// How fast a target can be sent messages.
#[derive(Debug, Clone, Copy)]
struct Limit {
    /// In the long run it gets one message in this time, in milliseconds.
    interval: Millis,
    /// So many follow one another at once after a while without any.
    at_once: f64,
}

/// As many as Slack takes: one a second. Teams and Discord take more, Discord five in two seconds, with those that follow
/// at once.
const CHAT: Limit = Limit {
    interval: 1_000.0,
    at_once: 3.0,
};

/// Of mail servers and programs, which refuse less. As many at once as in the second from one look at the alarms to the
/// next.
const OTHER: Limit = Limit {
    interval: 100.0,
    at_once: 10.0,
};

impl Limit {
    fn of(target: &Target) -> Self {
        match target.kind {
            "slack" | "teams" => CHAT,
            _ => OTHER,
        }
    }
}

/// What a target has used of its time.
#[derive(Debug)]
struct Used {
    up_to: Millis,
    limit: Limit,
}

impl Used {
    /// Whether it can be sent a message now.
    fn allows(&self, now: Millis) -> bool {
        self.up_to - now <= self.limit.interval * (self.limit.at_once - 1.0)
    }
}

/// The pace of each target, by its id. It is not saved: a gateway that goes on after another one begins anew.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<String, Used>);

impl Pace {
    /// A target is sent a message now.
    pub(super) fn count(&mut self, target: &Target, now: Millis) {
        self.0.retain(|_, used| used.up_to > now);
        let limit = Limit::of(target);
        let used = self.0.entry(target.id.clone());
        let used = used.or_insert(Used { up_to: now, limit });
        used.limit = limit;
        used.up_to += limit.interval;
    }

    /// The targets that can be sent nothing now.
    pub(super) fn resting(&self, now: Millis) -> impl Iterator<Item = &String> {
        let resting = self.0.iter().filter(move |(_, used)| !used.allows(now));
        resting.map(|(target, _)| target)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::target;
    use super::*;

    fn assert_pace(kind: &'static str, expected: &[(Millis, usize)]) {
        let (mut pace, target) = (Pace::default(), target("pager", kind));
        for &(now, expected) in expected {
            let mut number = 0;
            while pace.resting(now).next().is_none() {
                pace.count(&target, now);
                number += 1;
            }
            assert_eq!(number, expected, "{kind} at {now}");
            assert_eq!(pace.resting(now).collect::<Vec<_>>(), ["pager"]);
        }
    }

    #[test]
    fn a_channel_gets_three_at_once_and_then_one_a_second() {
        for kind in ["slack", "teams"] {
            let expected = [
                (0.0, 3),
                (100.0, 0),
                (999.0, 0),
                (1_000.0, 1),
                (1_001.0, 0),
                (2_500.0, 1),
                (3_000.0, 1),
                // What it did not use counts for three at most.
                (60_000.0, 3),
            ];
            assert_pace(kind, &expected);
        }
    }

    #[test]
    fn programs_and_mail_servers_get_ten_a_second() {
        for kind in ["webhook", "mail"] {
            let expected = [
                (0.0, 10),
                (99.0, 0),
                (100.0, 1),
                (1_100.0, 10),
                (60_000.0, 10),
            ];
            assert_pace(kind, &expected);
        }
    }
}
