//! Several gateways at one database see the same. One of them records it and tells people of it; when it is gone,
//! another one does.

use super::backlog::Backlog;
use super::database::{Database, Fault};
use super::kept::{self, Kept};
use super::watching;
use super::writer::{State, close_gone};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::Ordering;

/// How often the moment is noted at which somebody watched, and a little more.
const NOTED: TimeDelta = TimeDelta::seconds(15);

/// After how many looks at the database it is seen whether gateways have ended: a minute.
const SWEEP: u64 = 30;

/// What a look at the database has brought.
#[derive(Debug)]
pub(crate) struct News {
    /// Whether this gateway is the one that records.
    pub(crate) leads: bool,
    /// The number of what is kept.
    pub(crate) revision: i64,
    /// What is kept, if its number is another than before.
    pub(crate) kept: Option<Kept>,
}

/// Where a gateway stands among the others.
#[derive(Debug)]
pub(super) struct Leading {
    /// Since when it watches.
    since: DateTime<Utc>,
    looks: u64,
    recorded: i64,
}

impl Leading {
    /// A gateway begins to watch.
    pub(super) fn begin(
        database: &mut dyn Database,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let leads = database.lead()?;
        if leads {
            let begun = watching::begun(database, now)?;
            database.write(&mut |sql| super::activity::add_event(sql, &begun))?;
        } else {
            tracing::info!(
                "another gateway at this store records what is seen; this one does when that one ends"
            );
        }
        state.leads.store(leads, Ordering::Relaxed);
        Ok(Self {
            since: now,
            looks: 0,
            recorded: 0,
        })
    }

    /// Looks for what other gateways have changed, and whether they are still there. `None` where there are no others.
    pub(super) fn look(
        &mut self,
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        after: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<News>, Fault> {
        let Some((revision, recorded)) = database.revisions()? else {
            return Ok(None);
        };
        if recorded != self.recorded {
            self.recorded = recorded;
            state.changes.fetch_add(1, Ordering::Relaxed);
        }
        let leads = database.lead()?;
        match (state.leads.swap(leads, Ordering::Relaxed), leads) {
            (false, true) => self.take_over(database, state, backlog, now)?,
            (true, false) => tracing::warn!(
                "another gateway at this store has begun to record what is seen, while this one could not"
            ),
            _ => {}
        }
        if !leads {
            backlog.follow(now);
        }
        self.looks += 1;
        if self.looks.is_multiple_of(SWEEP) {
            close_gone(database, now)?;
        }
        let kept = (revision != after).then(|| kept::read(database));
        Ok(Some(News {
            leads,
            revision,
            kept: kept.transpose()?,
        }))
    }

    fn take_over(
        &self,
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        tracing::warn!("this gateway records what is seen from now on: the one that did is gone");
        backlog.take_over();
        // Only a time in which nobody watched is a gap, and this one has watched since its start.
        let last = watching::last(database)?;
        if last.is_none_or(|last| last + NOTED < self.since) {
            let begun = watching::begun(database, self.since)?;
            backlog.add(vec![begun], Vec::new());
        }
        backlog.write(database, Some(&state.retention()), now)
    }
}
