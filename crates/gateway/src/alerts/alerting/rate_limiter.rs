//! Limits the rate of messages to each target.

use super::target::Target;
use crate::config::{Shape, TargetKind};
use health::schedule::Millis;
use std::collections::HashMap;

/// The rate limit of a target.
#[derive(Debug, Clone, Copy)]
struct Limit {
    /// The average time between messages, in milliseconds.
    interval: Millis,
    /// The number of messages that may be sent at once after a pause.
    burst: f64,
}

/// Slack accepts one message a second. Teams and Discord accept more; Discord accepts five in two seconds, including
/// bursts.
const CHAT: Limit = Limit {
    interval: 1_000.0,
    burst: 3.0,
};

/// The limit of mail servers and programs, which accept more. The burst equals the messages of one second, the interval
/// between evaluations.
const OTHER: Limit = Limit {
    interval: 100.0,
    burst: 10.0,
};

impl Limit {
    fn of(target: &Target) -> Self {
        match target.kind {
            TargetKind::Webhook(Shape::Slack | Shape::Teams) => CHAT,
            TargetKind::Webhook(Shape::Own) | TargetKind::Mail => OTHER,
        }
    }
}

/// By target id, the time until which its rate is used up, and its limit. Not saved: a gateway that takes over starts
/// with unused rates.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(HashMap<String, (Millis, Limit)>);

impl RateLimiter {
    /// Counts a message that is sent to a target now.
    pub(super) fn count(&mut self, target: &Target, now: Millis) {
        self.0.retain(|_, (used_until, _)| *used_until > now);
        let limit = Limit::of(target);
        let used = self.0.entry(target.id.clone()).or_insert((now, limit));
        *used = (used.0 + limit.interval, limit);
    }

    /// The targets to which nothing can be sent now.
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

    /// Asserts how many messages in a row a target accepts at each of these times.
    fn assert_rate(kind: TargetKind, expected: &[(Millis, usize)]) {
        let (mut limiter, target) = (RateLimiter::default(), target("pager", kind));
        for &(now, expected) in expected {
            let mut number = 0;
            while limiter.limited(now).next().is_none() {
                limiter.count(&target, now);
                number += 1;
            }
            assert_eq!(number, expected, "{kind:?} at {now}");
            assert_eq!(limiter.limited(now).collect::<Vec<_>>(), ["pager"]);
        }
    }

    #[test]
    fn a_channel_gets_three_at_once_and_then_one_a_second() {
        for kind in [Shape::Slack, Shape::Teams].map(TargetKind::Webhook) {
            let expected = [
                (0.0, 3),
                (100.0, 0),
                (999.0, 0),
                (1_000.0, 1),
                (1_001.0, 0),
                (2_500.0, 1),
                (3_000.0, 1),
                // Unused rate adds up to at most three messages.
                (60_000.0, 3),
            ];
            assert_rate(kind, &expected);
        }
    }

    #[test]
    fn programs_and_mail_servers_get_ten_a_second() {
        for kind in [TargetKind::Webhook(Shape::Own), TargetKind::Mail] {
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
