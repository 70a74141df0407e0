//! Decides which of several gateways sends the alerts.

use super::Alerting;
use crate::alerts::outbox::{Outbox, OutboxMessage};
use crate::alerts::rules::{Watch, WatchKey, Watches};
use crate::clock::Moment;
use crate::lock::lock;
use crate::store::{LEAD_VALID_FOR, Table};
use std::time::Duration;
use tokio::time::timeout;

/// The timeout for asking the database for the leader.
const LEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout after the database did not answer: alerts must not be delayed repeatedly.
const SHORT_LEAD_TIMEOUT: Duration = Duration::from_secs(1);

/// A gateway that has not asked for this long was suspended, because it asks regularly. Another gateway may lead since.
const ASKING_SUSPENDED_AFTER: Duration = Duration::from_secs(15);

impl Alerting {
    /// Whether this gateway sends the alerts. A follower loads the leader's saved state, to show it and to continue
    /// from it. While the database does not answer, nothing changes: a message sent twice is better than none. The
    /// leader then asks only occasionally and with a short timeout; `Store::leads` reports another leader as soon as
    /// any part of this gateway hears of one.
    pub(super) async fn is_leader(&self) -> bool {
        let (is_follower, revision, unanswered) = {
            let state = lock(&self.state);
            (state.is_follower, state.revision, state.unanswered)
        };
        let was_leader = self.store.leads() && !is_follower;
        let confirmed = self.store.is_lead_confirmed();
        if confirmed {
            lock(&self.state).unanswered = None;
        }
        if was_leader && confirmed {
            return true;
        }
        let wait = if was_leader {
            lead_timeout(unanswered, Moment::now())
        } else {
            Some(LEAD_TIMEOUT)
        };
        let Some(wait) = wait else {
            return true;
        };
        let polled = timeout(wait, self.store.poll_changes(revision)).await;
        let Some(update) = polled.ok().flatten() else {
            lock(&self.state).unanswered = Some(Moment::now());
            // Another part of this gateway may have received an answer meanwhile.
            return was_leader && self.store.leads();
        };
        let mut state = lock(&self.state);
        state.unanswered = None;
        if update.leads && was_leader {
            // The saved state may be older than the one in memory.
            return true;
        }
        if let Some(mut saved) = update.saved {
            let watches = saved.take::<(WatchKey, Watch)>(Table::AlertWatches);
            let outgoing = saved.take::<OutboxMessage>(Table::AlertMessages);
            let deliveries = saved.take(Table::AlertDeliveries);
            state.watches = Watches::new(watches.into_values());
            state.outbox = Outbox::new(outgoing.into_values(), deliveries);
            state.revision = update.revision;
            self.note_failures(&state);
        }
        state.is_follower = !update.leads;
        update.leads
    }
}

/// The timeout for asking a database that did not answer at `unanswered`; `None` to continue without asking.
fn lead_timeout(unanswered: Option<Moment>, now: Moment) -> Option<Duration> {
    match unanswered.and_then(|then| then.until(now)) {
        // As long as an answer would be valid, which is well before another gateway replaces a silent leader.
        Some(passed) if passed < LEAD_VALID_FOR => None,
        Some(passed) if passed < ASKING_SUSPENDED_AFTER => Some(SHORT_LEAD_TIMEOUT),
        _ => Some(LEAD_TIMEOUT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_depends_on_the_time_since_the_database_last_failed_to_answer() {
        let now = Moment::now();
        let ago = |instant: u64, time: u64| {
            let [instant, time] = [instant, time].map(Duration::from_secs);
            Some(Moment(now.0.checked_sub(instant)?, now.1 - time))
        };
        let ahead = Some(Moment(now.0, now.1 + Duration::from_secs(5)));
        for (unanswered, expected) in [
            (None, Some(LEAD_TIMEOUT)),
            (ago(0, 0), None),
            (ago(7, 7), None),
            (ago(8, 8), Some(SHORT_LEAD_TIMEOUT)),
            (ago(14, 14), Some(SHORT_LEAD_TIMEOUT)),
            (ago(15, 15), Some(LEAD_TIMEOUT)),
            // The computer slept, or its clock was set.
            (ago(1, 3_600), Some(LEAD_TIMEOUT)),
            (ago(3_600, 1), Some(LEAD_TIMEOUT)),
            (ahead, Some(LEAD_TIMEOUT)),
        ] {
            assert_eq!(lead_timeout(unanswered, now), expected, "{unanswered:?}");
        }
    }
}
