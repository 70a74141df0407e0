//! Several gateways at one database see the same. One of them records it and tells people of it; when it is gone,
//! another one does.

use super::backlog::Backlog;
use super::database::{Database, Fault};
use super::saved_state::{self, SavedState, Table};
use super::writer::{Job, State, close_ended_gateways};
use super::{Fresh, Store, activity, watching};
use crate::clock::Moment;
use crate::lock::lock;
use chrono::{DateTime, TimeDelta, Utc};
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often the moment is noted at which somebody watched, and a little more.
const MAX_NOTE_INTERVAL: TimeDelta = TimeDelta::seconds(15);

/// For how long an answer of the database to who leads counts: several looks at it, and well below the 30 seconds after
/// which the place of a leader that is silent is taken.
pub(crate) const LEAD_VALID_FOR: Duration = Duration::from_secs(8);

/// After how many looks at the database it is seen whether gateways have ended: a minute.
const POLLS_PER_SWEEP: u64 = 30;

/// What a look at the database has brought.
#[derive(Debug)]
pub(crate) struct StoreUpdate {
    /// Whether this gateway is the one that records.
    pub(crate) leads: bool,
    /// The number of the saved state.
    pub(crate) revision: i64,
    /// The saved state, if its number is another than before.
    pub(crate) saved: Option<SavedState>,
    /// The number of what concerns signing in, and that, if its number is another than before.
    access: Option<(i64, Fresh)>,
}

#[cfg(test)]
impl StoreUpdate {
    /// The first one, with this saved.
    pub(crate) fn first(leads: bool, saved: SavedState) -> Self {
        Self {
            leads,
            revision: 1,
            saved: Some(saved),
            access: None,
        }
    }
}

/// The numbers of what a gateway has taken over already.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownRevisions {
    saved: i64,
    access: i64,
}

impl Store {
    /// Looks for what other gateways have changed since the saved state had this number. `None` where there are no others,
    /// or nobody can say.
    pub(crate) async fn poll_changes(&self, after: i64) -> Option<StoreUpdate> {
        if !self.is_shared() {
            return None;
        }
        let known = KnownRevisions {
            saved: after,
            access: self.access.load(Ordering::Relaxed),
        };
        let (answer, answered) = oneshot::channel();
        let asked = Moment::now();
        self.jobs.try_send(Job::Poll(known, answer)).ok()?;
        let mut update = answered.await.ok()?;
        *lock(&self.lead_confirmed) = Some(asked);
        if let Some((revision, fresh)) = update.access.take() {
            let mut known = lock(&self.saved);
            if fresh.turn > known.turn {
                known.saved.replace(fresh.saved);
                known.turn = fresh.turn;
            }
            self.access.store(revision, Ordering::Relaxed);
        }
        Some(update)
    }

    /// Whether [`Store::leads`] is as the database said a moment ago. A gateway that stood still may have lost the lead
    /// meanwhile.
    pub(crate) fn is_lead_confirmed(&self) -> bool {
        let confirmed = *lock(&self.lead_confirmed);
        let passed = confirmed.and_then(|then| then.until(Moment::now()));
        !self.is_shared() || passed.is_some_and(|passed| passed < LEAD_VALID_FOR)
    }

    /// As after a time in which the gateway stood still.
    #[cfg(test)]
    pub(crate) fn forget_confirmation(&self) {
        *lock(&self.lead_confirmed) = None;
    }

    /// Waits until the database tells that something has changed; for ever, where there are no others who could.
    pub(crate) async fn changed(&self) {
        match &self.notifications {
            Some((notifications, _)) => notifications.changed.notified().await,
            None => pending().await,
        }
    }
}

/// Where a gateway stands among the others.
#[derive(Debug)]
pub(super) struct Leading {
    /// Since when it watches.
    since: DateTime<Utc>,
    polls: u64,
    recorded: i64,
}

impl Leading {
    /// A gateway begins to watch.
    pub(super) fn begin(
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        now: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let leads = database.lead()?;
        if leads {
            backlog.begin_after(activity::newest(database)?);
            let begun = watching::begun(database, now)?;
            let written = database.write(&mut |sql| activity::add_event(sql, &begun));
            if let Err(fault) = written {
                // A full disk is no reason not to watch.
                tracing::error!("the store {fault}");
                state.is_well.store(false, Ordering::Relaxed);
                backlog.add(vec![begun], Vec::new());
                backlog.take_over();
            }
        } else {
            tracing::info!(
                "another gateway at this store records what is seen; this one does when that one ends"
            );
        }
        state.leads.store(leads, Ordering::Relaxed);
        Ok(Self {
            since: now,
            polls: 0,
            recorded: 0,
        })
    }

    /// Looks for what other gateways have changed, and whether they are still there. `None` where there are no others.
    pub(super) fn poll(
        &mut self,
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        known: KnownRevisions,
        now: DateTime<Utc>,
    ) -> Result<Option<StoreUpdate>, Fault> {
        let Some(revisions) = database.revisions()? else {
            return Ok(None);
        };
        if revisions.recorded != self.recorded {
            self.recorded = revisions.recorded;
            state.changes.fetch_add(1, Ordering::Relaxed);
        }
        let leads = database.lead()?;
        let led = state.leads.load(Ordering::Relaxed);
        let takes_over = leads && !led;
        if takes_over {
            self.take_over(database, backlog)?;
        }
        // Not before: what could not be taken over is with the next poll.
        state.leads.store(leads, Ordering::Relaxed);
        match (led, leads) {
            (false, true) => {
                tracing::warn!(
                    "this gateway records what is seen from now on: the one that did is gone"
                );
                // What cannot be written now waits, as always.
                backlog.write(database, Some(&state.retention()), now)?;
            }
            (true, false) => tracing::warn!(
                "another gateway at this store has begun to record what is seen, while this one could not"
            ),
            _ => {}
        }
        if !leads {
            backlog.follow(now);
        }
        self.polls += 1;
        // Who takes over knows that one has ended.
        if takes_over || self.polls.is_multiple_of(POLLS_PER_SWEEP) {
            close_ended_gateways(database, now)?;
        }
        let mut saved = None;
        if revisions.saved != known.saved {
            saved = Some(saved_state::read(database, Table::is_of_alarms)?);
        }
        let mut access = None;
        if revisions.access != known.access {
            let saved = saved_state::read(database, Table::is_of_access)?;
            let turn = state.turn();
            access = Some((revisions.access, Fresh { turn, saved }));
        }
        Ok(Some(StoreUpdate {
            leads,
            revision: revisions.saved,
            saved,
            access,
        }))
    }

    fn take_over(&self, database: &mut dyn Database, backlog: &mut Backlog) -> Result<(), Fault> {
        backlog.take_over();
        // Only a time in which nobody watched is a gap, and this one has watched since its start.
        let last = watching::last(database)?;
        if last.is_none_or(|last| last + MAX_NOTE_INTERVAL < self.since) {
            let begun = watching::begun(database, self.since)?;
            backlog.add(vec![begun], Vec::new());
        }
        Ok(())
    }
}
