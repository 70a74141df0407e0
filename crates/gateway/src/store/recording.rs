//! What is recorded: changes with their outcomes, which wait until that is durable, and what has happened already, which
//! holds nobody up.

use super::writer::Job;
use super::{Entry, MAX_WAITING_JOBS, NewRow, RowKind, StateChange, Store};
use crate::lock::lock;
use crate::problem::{Kind, Problem};
use health::events::Event;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long the writer is waited for. It gives up a database elsewhere after 4 seconds and a file that is locked after 5,
/// and may have one such attempt behind it when it begins with this one. A disk that hangs gives no error at all.
pub(crate) const WRITER_TIMEOUT: Duration = Duration::from_secs(10);

/// A writer that has been at the same work for so long hangs. Less than [`WRITER_TIMEOUT`]: who has waited in vain for what it
/// works at finds that it hangs.
pub(super) const HANGS_AFTER: Duration = Duration::from_secs(9);

impl Store {
    /// Records that a change is about to be sent; the number of its row. Once this answers, the row is durable.
    ///
    /// # Errors
    /// It could not be recorded: then the change must not be sent.
    pub(crate) async fn intent(&self, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Intent, None, entry, None).await
    }

    /// Records what became of a change.
    ///
    /// # Errors
    /// It could not be recorded. The intent stays open, and is closed as unknown at the next start.
    pub(crate) async fn outcome(&self, intent: i64, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Outcome, Some(intent), entry, None)
            .await
    }

    /// Records what needs no intent.
    ///
    /// # Errors
    /// It could not be recorded.
    pub(crate) async fn event(&self, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Event, None, entry, None).await
    }

    /// Records what somebody does, and saves with it what that changes: both or neither.
    ///
    /// # Errors
    /// It could not be recorded.
    pub(crate) async fn handle(&self, entry: Entry, change: StateChange) -> Result<i64, Problem> {
        // What is older must not be written after it.
        if !self.flush_unqueued() {
            return Err(not_recorded());
        }
        self.write(RowKind::Event, None, entry, Some(change)).await
    }

    fn row(
        &self,
        kind: RowKind,
        of: Option<i64>,
        entry: Entry,
        change: Option<StateChange>,
    ) -> NewRow {
        let entry = Entry {
            gateway: self.gateway.clone(),
            ..entry
        };
        NewRow {
            kind,
            of,
            entry,
            change,
            happened_at: None,
        }
    }

    async fn write(
        &self,
        kind: RowKind,
        of: Option<i64>,
        entry: Entry,
        change: Option<StateChange>,
    ) -> Result<i64, Problem> {
        let (answer, answered) = oneshot::channel();
        let row = self.row(kind, of, entry, change);
        let job = Job::Write(Box::new(row), answer);
        // A queue that is full means that the disk does not keep up: nobody waits behind a thousand others.
        self.jobs.try_send(job).map_err(|_| not_recorded())?;
        let number = self.answer(answered).await.and_then(Result::ok);
        number.ok_or_else(not_recorded)
    }

    /// The writer's answer, if it comes in time. What comes later finds nobody, and the writer sees that: so it never takes
    /// for sent what somebody was told is not.
    pub(super) async fn answer<T>(&self, mut answered: oneshot::Receiver<T>) -> Option<T> {
        // Whoever comes while it hangs need not wait to find that out again.
        let patience = if self.hangs() {
            Duration::ZERO
        } else {
            WRITER_TIMEOUT
        };
        if let Ok(answer) = tokio::time::timeout(patience, &mut answered).await {
            return answer.ok();
        }
        if !patience.is_zero() {
            tracing::error!(
                "the store does not answer for {} seconds",
                WRITER_TIMEOUT.as_secs()
            );
        }
        answered.close();
        // It may have come just before.
        answered.try_recv().ok()
    }

    /// Whether the writer does not get on with its work, as when a disk hangs.
    pub(super) fn hangs(&self) -> bool {
        lock(&self.working_since).is_some_and(|since| since.elapsed() >= HANGS_AFTER)
    }

    /// Records what has happened already, without holding anybody up, once that can be written. What finds no place is
    /// counted, and said with the next that does.
    pub(crate) fn record_later(&self, entry: Entry) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 && !self.queue_event(Entry::left_out(left_out, "events")) {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        } else if !self.queue_event(entry) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether what anybody can cause may take a place. Half of the queue is for changes and their outcomes alone.
    pub(crate) fn has_room(&self) -> bool {
        self.jobs.capacity() >= MAX_WAITING_JOBS / 2
    }

    /// Whether this finds a place.
    fn queue_event(&self, entry: Entry) -> bool {
        if !self.has_room() {
            return false;
        }
        let row = NewRow {
            happened_at: Some((self.now)()),
            ..self.row(RowKind::Event, None, entry, None)
        };
        // Nobody waits for the answer.
        let job = Job::Write(Box::new(row), oneshot::channel().0);
        self.jobs.try_send(job).is_ok()
    }

    /// Records what was seen, without holding anybody up. What finds no place is counted and left out.
    pub(crate) fn record(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let number = events.len() as u64;
        if self.jobs.try_send(Job::Events(events)).is_err() {
            self.left_out.fetch_add(number, Ordering::Relaxed);
        }
    }
}

pub(super) fn not_recorded() -> Problem {
    Problem::new(
        Kind::NotRecorded,
        "the audit cannot be written, and no change is sent without its record; nothing was sent",
    )
}
