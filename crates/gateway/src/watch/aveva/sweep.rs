//! A sweep, which reads all groups once: the groups that are still to be read, and the failures so far.

use super::super::failure;
use super::MAX_CONCURRENT_READS;
use chrono::{DateTime, Utc};
use health::schedule::Millis;
use protocol::ReadFailure;
use std::collections::{HashSet, VecDeque};

/// The number of failures without any answer after which the connection counts as failed.
const MAX_FAILURES_WITHOUT_ANSWER: usize = 3;

/// A request that takes longer than this, in milliseconds, does not delay the end of a sweep.
const SLOW_REQUEST_MS: Millis = 2_000.0;

/// A sweep over all groups.
#[derive(Debug)]
pub(super) struct Sweep {
    /// When it began, by the gateway's clock.
    pub(super) began: DateTime<Utc>,
    /// Whether the list was read or has failed.
    pub(super) listed: bool,
    queue: VecDeque<String>,
    outstanding: HashSet<String>,
    /// When the last read of a group began.
    last_begun: Millis,
    received: usize,
    failed: usize,
    first_failure: Option<ReadFailure>,
    /// Why the remaining groups are not read.
    stopped: Option<ReadFailure>,
}

impl Sweep {
    pub(super) fn new(began: DateTime<Utc>) -> Self {
        Self {
            began,
            listed: false,
            queue: VecDeque::new(),
            outstanding: HashSet::new(),
            last_begun: 0.0,
            received: 0,
            failed: 0,
            first_failure: None,
            stopped: None,
        }
    }

    /// Queues the groups of the list, in this order.
    pub(super) fn list(&mut self, ids: Vec<String>, now: Millis) {
        self.listed = true;
        self.queue = ids.into();
        self.last_begun = now;
    }

    /// Ends the sweep because the list could not be read.
    pub(super) fn list_failed(&mut self, why: ReadFailure) {
        self.listed = true;
        self.stopped = Some(why);
    }

    /// The group to read next.
    pub(super) fn next(&mut self, now: Millis) -> Option<String> {
        let id = self.queue.pop_front()?;
        self.outstanding.insert(id.clone());
        self.last_begun = now;
        Some(id)
    }

    /// Whether groups are still queued.
    pub(super) fn has_more(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Skips a group that an earlier read is still reading; its result is used when it arrives.
    pub(super) fn skip(&mut self, id: &str) {
        self.outstanding.remove(id);
    }

    /// Handles the result of a read. Reads that do not belong to this sweep are ignored.
    pub(super) fn ended(&mut self, id: &str, failed: Option<&ReadFailure>) {
        if !self.outstanding.remove(id) {
            return;
        }
        let Some(why) = failed.filter(|why| failure::is_of_connection(why)) else {
            self.received += 1;
            return;
        };
        self.failed += 1;
        self.first_failure.get_or_insert_with(|| why.clone());
        // Not after a single failure: the groups that are read first may be the only ones that fail.
        let nothing = self.received == 0 && self.failed >= MAX_CONCURRENT_READS;
        if nothing || failure::asks_for_a_pause(why) {
            self.stopped.get_or_insert_with(|| why.clone());
            self.queue.clear();
        }
    }

    /// Whether any group was read.
    pub(super) fn is_answered(&self) -> bool {
        self.received > 0
    }

    /// The latest end of the sweep; `None` while the list or groups are still to be read.
    pub(super) fn over_at(&self, now: Millis) -> Option<Millis> {
        if self.stopped.is_some() {
            return Some(now);
        }
        if !self.listed || !self.queue.is_empty() {
            return None;
        }
        let slow = self.last_begun + SLOW_REQUEST_MS;
        Some(if self.outstanding.is_empty() {
            now
        } else {
            slow
        })
    }

    /// The failure of the connection, if it has failed.
    pub(super) fn failure(self) -> Option<ReadFailure> {
        let nothing = self.received == 0 && self.failed >= MAX_FAILURES_WITHOUT_ANSWER;
        self.stopped.or(self.first_failure.filter(|_| nothing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vendors::call::VendorError;

    fn vendor(status: u16, retry_after: Option<u64>) -> ReadFailure {
        ReadFailure::Vendor(Box::new(VendorError {
            status,
            retry_after,
            ..VendorError::default()
        }))
    }

    /// A sweep over this many groups, the first of which have these results.
    fn sweep(of: usize, outcomes: &[Option<ReadFailure>]) -> Sweep {
        let mut sweep = Sweep::new(DateTime::UNIX_EPOCH);
        sweep.list((0..of).map(|id| id.to_string()).collect(), 0.0);
        for outcome in outcomes {
            if let Some(id) = sweep.next(0.0) {
                sweep.ended(&id, outcome.as_ref());
            }
        }
        sweep
    }

    #[test]
    fn a_few_failing_groups_are_not_a_failure_of_the_connection() {
        let down = || Some(vendor(500, None));
        for (outcomes, failed) in [
            (vec![None], false),
            (vec![down()], false),
            (vec![down(), down()], false),
            (vec![down(), down(), down()], true),
            (vec![down(), down(), down(), None], false),
            (vec![Some(vendor(404, None)), down(), down(), down()], false),
            (vec![None, Some(vendor(503, Some(9)))], true),
            (vec![None, Some(vendor(429, None))], true),
        ] {
            let sweep = sweep(outcomes.len(), &outcomes);
            assert_eq!(sweep.over_at(1.0), Some(1.0));
            assert_eq!(sweep.failure().is_some(), failed, "{outcomes:?}");
        }
    }

    #[test]
    fn a_service_that_only_fails_is_not_swept_completely() {
        let down = vec![Some(vendor(500, None)); MAX_CONCURRENT_READS - 1];
        assert_eq!(sweep(100, &down).over_at(0.0), None);
        let down = vec![Some(vendor(500, None)); MAX_CONCURRENT_READS];
        let mut stopped = sweep(100, &down);
        assert_eq!(stopped.next(0.0), None);
        assert_eq!(stopped.over_at(0.0), Some(0.0));
    }

    #[test]
    fn a_slow_group_does_not_delay_the_end() {
        let mut sweep = sweep(2, &[None]);
        assert_eq!(sweep.over_at(1.0), None, "one has not begun");
        assert!(sweep.next(5.0).is_some());
        assert_eq!(sweep.over_at(5.0), Some(5.0 + SLOW_REQUEST_MS));
        assert!(sweep.failure().is_none());
    }
}
