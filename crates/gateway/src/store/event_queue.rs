//! Audit events without a waiting caller, because they have already happened, such as sign-ins. While the database is
//! unavailable they wait here, and are written with their original times once it is back.

use super::appending;
use super::database::{Database, Fault, Sql};
use super::{Entry, NewRow, RowKind};
use chrono::{DateTime, Utc};
use std::collections::VecDeque;
use std::time::Instant;

/// The most events that wait; beyond that the oldest are dropped.
const MAX_EVENTS: usize = 10_000;

/// The most events that are written together.
const MAX_BATCH: usize = 64;

/// The waiting events, oldest first.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    rows: VecDeque<NewRow>,
    /// The number of dropped events, and the last of them.
    left_out: Option<(u64, NewRow)>,
}

impl EventQueue {
    /// Adds a row that was probably not written.
    pub(super) fn add(&mut self, row: NewRow) {
        if self.rows.len() >= MAX_EVENTS {
            self.leave_out();
        }
        self.rows.push_back(row);
    }

    fn leave_out(&mut self) {
        let Some(row) = self.rows.pop_front() else {
            return;
        };
        let before = self.left_out.take().map_or(0, |(number, _)| number);
        self.left_out = Some((before + 1, row));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.left_out.is_none()
    }

    /// The number of dropped events, as a row.
    fn gap(&self) -> Option<NewRow> {
        let (number, last) = self.left_out.as_ref()?;
        Some(NewRow {
            entry: Entry {
                gateway: last.entry.gateway.clone(),
                ..Entry::left_out(*number, "events")
            },
            ..last.clone()
        })
    }

    /// Writes events until this moment.
    pub(super) fn write(
        &mut self,
        database: &mut dyn Database,
        now: DateTime<Utc>,
        until: Instant,
    ) -> Result<(), Fault> {
        while !self.is_empty() && Instant::now() < until {
            self.write_first(MAX_BATCH, database, now)?;
        }
        Ok(())
    }

    /// Writes events one by one until this moment, and drops those that fail while the database accepts others, so that
    /// no change waits for them forever.
    pub(super) fn write_each(
        &mut self,
        database: &mut dyn Database,
        now: DateTime<Utc>,
        until: Instant,
    ) -> Result<(), Fault> {
        let mut worst = Ok(());
        while Instant::now() < until
            && let Some(row) = self.rows.front().cloned()
        {
            let Err(fault) = self.write_first(1, database, now) else {
                continue;
            };
            let before = self.left_out.clone();
            self.leave_out();
            if self.write_first(0, database, now).is_err() {
                // The database fails, not the row.
                self.left_out = before;
                self.rows.push_front(row);
                return Err(fault);
            }
            tracing::error!("an audit row is dropped, because the store {fault}");
            worst = Err(fault);
        }
        worst
    }

    /// Writes the number of dropped events, and this many rows.
    fn write_first(
        &mut self,
        number: usize,
        database: &mut dyn Database,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let number = self.rows.len().min(number);
        let first = self.rows.range(..number).cloned();
        let rows: Vec<NewRow> = self.gap().into_iter().chain(first).collect();
        database.append(&mut |sql| append_once(sql, &rows, now))?;
        self.left_out = None;
        self.rows.drain(..number);
        Ok(())
    }
}

/// Adds rows that are not recorded yet: an earlier transaction may have been committed although it seemed to fail.
fn append_once(sql: &mut dyn Sql, rows: &[NewRow], now: DateTime<Utc>) -> Result<(), Fault> {
    let mut missing = Vec::new();
    for row in rows {
        if !is_recorded(sql, row, now)? {
            missing.push(row.clone());
        }
    }
    appending::append(sql, &missing, now).map(drop)
}

/// Whether an event is recorded. The activity has an index by time, so the search starts there.
fn is_recorded(sql: &mut dyn Sql, row: &NewRow, now: DateTime<Utc>) -> Result<bool, Fault> {
    let found = sql.rows(
        "SELECT audit.number FROM activity JOIN audit ON audit.number = activity.audit
         WHERE activity.at = ? AND audit.kind = ? AND audit.entry = ?",
        &[
            row.at(now).timestamp_millis().into(),
            RowKind::Event.as_str().into(),
            row.text()?.into(),
        ],
    )?;
    Ok(!found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: i64) -> NewRow {
        NewRow {
            kind: RowKind::Event,
            of: None,
            entry: Entry {
                request: number.to_string(),
                ..Entry::default()
            },
            change: None,
            happened_at: DateTime::from_timestamp_millis(number),
        }
    }

    #[test]
    fn excess_events_drop_the_oldest_and_are_counted() {
        let mut queue = EventQueue::default();
        for number in 0..10_002 {
            queue.add(row(number));
        }
        assert_eq!(queue.rows.len(), MAX_EVENTS);
        let gap = queue.gap().unwrap();
        assert_eq!(gap.entry.what, "2 events left out");
        assert_eq!(
            (gap.entry.request.as_str(), gap.happened_at),
            ("", row(1).happened_at)
        );
        assert_eq!(queue.rows[0].entry.request, "2");
    }
}
