//! Limits how fast messages follow one another to one target.

use super::target::Target;
use health::schedule::Millis;
use std::collections::HashMap;

/// How fast a target can be sent messages.
#[derive(Debug, Clone, Copy)]
struct Limit {
    /// In the long run it gets one message in this time, in milliseconds.
    interval: Millis,
    /// So many follow one another at once after a while without any.
    burst: f64,
}

/// As many as Slack takes: one a second. Teams and Discord take more, Discord five in two seconds, with those that follow
/// at once.
const CHAT: Limit = Limit {
    interval: 1_000.0,
    burst: 3.0,
};

/// Of mail servers and programs, which refuse less. As many at once as in the second from one look at the alarms to the
/// next.
const OTHER: Limit = Limit {
    interval: 100.0,
    burst: 10.0,
};

impl Limit {
    fn of(target: &Target) -> Self {
        match target.kind {
            "slack" | "teams" => CHAT,
            _ => OTHER,
        }
    }
}

/// By the target's id: until when its time is used up, and its limit. Not saved: a gateway that goes on after another one
/// begins anew.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(HashMap<String, (Millis, Limit)>);

impl RateLimiter {
    /// A target is sent a message now.
    pub(super) fn count(&mut self, target: &Target, now: Millis) {
        self.0.retain(|_, (used_until, _)| *used_until > now);
        let limit = Limit::of(target);
        let used = self.0.entry(target.id.clone()).or_insert((now, limit));
        *used = (used.0 + limit.interval, limit);
    }

    /// The targets that can be sent nothing now.
    pub(super) fn limited(&self, now: Millis) -> impl Iterator<Item = &String> {
        let limited = self.0.iter().filter(move |(_, (used_until, limit))| {
            used_until - now > limit.interval * (limit.burst - 1.0)
        });
        limited.map(|(target, _)| target)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::target;
    use super::*;

    /// How many messages a target gets, one after the other, at each of these moments.
    fn assert_rate(kind: &'static str, expected: &[(Millis, usize)]) {
        let (mut limiter, target) = (RateLimiter::default(), target("pager", kind));
        for &(now, expected) in expected {
            let mut number = 0;
            while limiter.limited(now).next().is_none() {
                limiter.count(&target, now);
                number += 1;
            }
            assert_eq!(number, expected, "{kind} at {now}");
            assert_eq!(limiter.limited(now).collect::<Vec<_>>(), ["pager"]);
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
            assert_rate(kind, &expected);
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
            assert_rate(kind, &expected);
        }
    }
}
