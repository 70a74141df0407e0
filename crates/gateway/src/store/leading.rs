//! Leadership: of several gateways at one database, one leads. The leader records what all of them observe and sends
//! alerts; when it ends, another gateway takes over.

use super::backlog::Backlog;
use super::batch::until;
use super::database::{Database, Fault};
use super::saved_state::{self, SavedState, Table};
use super::writer::{Job, State, close_ended_gateways};
use super::{Store, TableSnapshot, activity, watching};
use crate::clock::Moment;
use crate::lock::lock;
use chrono::{DateTime, TimeDelta, Utc};
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// The interval of the notes that the connections are watched, plus a margin.
const MAX_NOTE_INTERVAL: TimeDelta = TimeDelta::seconds(15);

/// How long the database's reply about the leader is valid: several polls, and well below the 30 seconds after which
/// the place of a silent leader is taken.
pub(crate) const LEAD_VALID_FOR: Duration = Duration::from_secs(8);

/// The number of polls between checks for ended gateways: about a minute.
const POLLS_PER_SWEEP: u64 = 30;

/// The result of a poll.
#[derive(Debug)]
pub(crate) struct StoreUpdate {
    /// Whether this gateway is the leader.
    pub(crate) leads: bool,
    /// The revision of the saved state.
    pub(crate) revision: i64,
    /// The saved state, if its revision has changed.
    pub(crate) saved: Option<SavedState>,
    /// The access tables and their revision, if it has changed.
    access: Option<(i64, TableSnapshot)>,
}

#[cfg(test)]
impl StoreUpdate {
    /// The first update, with this saved state.
    pub(crate) fn first(leads: bool, saved: SavedState) -> Self {
        Self {
            leads,
            revision: 1,
            saved: Some(saved),
            access: None,
        }
    }
}

/// The revisions that a gateway has taken over already.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownRevisions {
    saved: i64,
    access: i64,
}

impl Store {
    /// Polls for changes by other gateways since this revision of the saved state. `None` without other gateways, or if
    /// the database does not answer.
    pub(crate) async fn poll_changes(&self, after: i64) -> Option<StoreUpdate> {
        if !self.is_shared() {
            return None;
        }
        let known = KnownRevisions {
            saved: after,
            access: self.access.load(Ordering::Relaxed),
        };
        let (answer, answered) = oneshot::channel();
        let polled_at = Moment::now();
        self.jobs.try_send(Job::Poll(known, answer)).ok()?;
        let mut update = answered.await.ok()?;
        *lock(&self.lead_confirmed) = Some(polled_at);
        if let Some((revision, snapshot)) = update.access.take() {
            let mut known = lock(&self.saved);
            if snapshot.sequence > known.sequence {
                known.saved.replace(snapshot.saved);
                known.sequence = snapshot.sequence;
            }
            self.access.store(revision, Ordering::Relaxed);
        }
        Some(update)
    }

    /// Whether the database confirmed [`Store::leads`] a moment ago. A gateway that was suspended may have lost the
    /// lead in the meantime.
    pub(crate) fn is_lead_confirmed(&self) -> bool {
        let confirmed = *lock(&self.lead_confirmed);
        let passed = confirmed.and_then(|then| then.until(Moment::now()));
        !self.is_shared() || passed.is_some_and(|passed| passed < LEAD_VALID_FOR)
    }

    /// Acts as if the gateway had been suspended.
    #[cfg(test)]
    pub(crate) fn forget_confirmation(&self) {
        *lock(&self.lead_confirmed) = None;
    }

    /// Waits until the database notifies of a change; forever without other gateways.
    pub(crate) async fn changed(&self) {
        match &self.notifications {
            Some((notifications, _)) => notifications.changed.notified().await,
            None => pending().await,
        }
    }
}

/// The part of a gateway in the leadership.
#[derive(Debug)]
pub(super) struct Leading {
    /// When this gateway started to watch.
    since: DateTime<Utc>,
    polls: u64,
    recorded: i64,
}

impl Leading {
    /// Joins the gateways at the database, and leads if there is no leader.
    pub(super) fn begin(
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        now: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let leads = database.lead()?;
        if leads {
            backlog.begin_after(activity::newest(database)?);
            let begun = watching::start_event(database, now)?;
            let written = database.write(&mut |sql| activity::add_event(sql, &begun));
            if let Err(fault) = written {
                // A full disk must not stop the gateway from watching.
                tracing::error!("the store {fault}");
                state.is_writable.store(false, Ordering::Relaxed);
                backlog.add(vec![begun], Vec::new());
            }
        } else {
            tracing::info!(
                "another gateway at this store is the leader and records events; this one takes over when it ends"
            );
        }
        state.leads.store(leads, Ordering::Relaxed);
        Ok(Self {
            since: now,
            polls: 0,
            recorded: 0,
        })
    }

    /// Polls for changes by other gateways and for ended gateways. `None` without other gateways.
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
        let takes_over = leads && !backlog.leads();
        if takes_over {
            self.take_over(database, backlog)?;
        }
        // Set only now, so that a failed takeover is repeated by the next poll.
        match (state.leads.swap(leads, Ordering::Relaxed), leads) {
            (false, true) => tracing::warn!(
                "this gateway is now the leader and records events: the previous leader has ended or does not respond"
            ),
            (true, false) => tracing::warn!(
                "another gateway at this store became the leader, because this one hung or could not reach the database"
            ),
            _ => {}
        }
        if takes_over {
            // If it cannot be written now, it stays in the backlog.
            backlog.write(database, Some(&state.retention()), now, until())?;
        } else if !leads {
            backlog.follow(now);
        }
        self.polls += 1;
        // A takeover means that a gateway has ended.
        if takes_over || self.polls.is_multiple_of(POLLS_PER_SWEEP) {
            close_ended_gateways(database, now)?;
        }
        let mut saved = None;
        if revisions.saved != known.saved {
            saved = Some(saved_state::read(database, Table::is_about_alarms)?);
        }
        let mut access = None;
        if revisions.access != known.access {
            let saved = saved_state::read(database, Table::is_about_access)?;
            let sequence = state.next_sequence();
            access = Some((revisions.access, TableSnapshot { sequence, saved }));
        }
        Ok(Some(StoreUpdate {
            leads,
            revision: revisions.saved,
            saved,
            access,
        }))
    }

    fn take_over(&self, database: &mut dyn Database, backlog: &mut Backlog) -> Result<(), Fault> {
        // There is a gap only if nobody watched, and this gateway has watched since its start.
        let last = watching::last(database)?;
        if last.is_none_or(|last| last + MAX_NOTE_INTERVAL < self.since) {
            let begun = watching::start_event(database, self.since)?;
            backlog.add(vec![begun], Vec::new());
        }
        backlog.take_over();
        Ok(())
    }
}
