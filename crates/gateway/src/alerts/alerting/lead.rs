//! Which of several gateways tells people.

use super::Alerting;
use crate::alerts::outbox::{Outbox, OutboxMessage};
use crate::alerts::rules::{Watch, WatchKey, Watches};
use crate::clock::Moment;
use crate::lock::lock;
use crate::store::{LEAD_VALID_FOR, Table};
use std::time::Duration;
use tokio::time::timeout;

/// How long the database may take to say who is in charge.
const LEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The same, once it has not answered: alerts must not wait for it again and again.
const SHORT_LEAD_TIMEOUT: Duration = Duration::from_secs(1);

/// A gateway that has not asked for so long, although it asks again and again, stood still meanwhile: the lead may be
/// another's since.
const ASKING_SUSPENDED_AFTER: Duration = Duration::from_secs(15);

impl Alerting {
    /// Whether this gateway is the one that tells people. One that is not takes over what the other has told, to show it
    /// and to go on with it. While the database cannot say which one it is, nothing changes: people are better told twice
    /// than not at all. Then it is asked only now and then, and not waited for: as soon as it answers anybody here that
    /// another gateway leads, `Store::leads` says so.
    pub(super) async fn is_in_charge(&self) -> bool {
        let (follows, revision, unanswered) = {
            let state = lock(&self.state);
            (state.follows, state.revision, state.unanswered)
        };
        let was_in_charge = self.store.leads() && !follows;
        let confirmed = self.store.is_lead_confirmed();
        if confirmed {
            lock(&self.state).unanswered = None;
        }
        if was_in_charge && confirmed {
            return true;
        }
        let wait = if was_in_charge {
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
            // Another part of this gateway may have been answered meanwhile.
            return was_in_charge && self.store.leads();
        };
        let mut state = lock(&self.state);
        state.unanswered = None;
        if update.leads && was_in_charge {
            // What is saved may be older than what is known here.
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
        state.follows = !update.leads;
        update.leads
    }
}

/// How long to wait for the answer of a database that did not answer then; `None` to go on without asking.
fn lead_timeout(unanswered: Option<Moment>, now: Moment) -> Option<Duration> {
    match unanswered.and_then(|then| then.until(now)) {
        // For as long as an answer would count: well before the place of a gateway that is silent is taken.
        Some(passed) if passed < LEAD_VALID_FOR => None,
        Some(passed) if passed < ASKING_SUSPENDED_AFTER => Some(SHORT_LEAD_TIMEOUT),
        _ => Some(LEAD_TIMEOUT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_does_not_answer_is_asked_now_and_then_and_by_who_stood_still_patiently() {
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
