//! Recording: changes and their outcomes wait until their row is durable; events that have already happened are
//! recorded in the background.

use super::writer::Job;
use super::{Entry, MAX_WAITING_JOBS, NewRow, RETRY_AFTER, RowKind, StateChange, Store};
use crate::lock::lock;
use crate::problem::{Delivery, Kind, Problem};
use health::events::Event;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long callers wait for the writer. It gives up on a remote database after 4 seconds and on a locked file after 5,
/// and may have one such attempt behind it when it starts on a job. A hanging disk gives no error at all.
pub(crate) const WRITER_TIMEOUT: Duration = Duration::from_secs(10);

/// A writer that works on one batch for this long hangs. Shorter than [`WRITER_TIMEOUT`], so that a caller that has
/// waited in vain finds it hanging.
pub(super) const HANGS_AFTER: Duration = Duration::from_secs(9);

impl Store {
    /// Records that a change is about to be sent, and returns the number of its row, which is then durable.
    ///
    /// # Errors
    /// The intent could not be recorded; the change must not be sent.
    pub(crate) async fn intent(&self, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Intent, None, entry, None).await
    }

    /// Records the outcome of a change.
    ///
    /// # Errors
    /// The outcome could not be recorded. The intent stays open, and is closed as unknown at the next start.
    pub(crate) async fn outcome(&self, intent: i64, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Outcome, Some(intent), entry, None)
            .await
    }

    /// Records an event without an intent.
    ///
    /// # Errors
    /// The event could not be recorded.
    pub(crate) async fn event(&self, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Event, None, entry, None).await
    }

    /// Records a person's action together with the change that it makes: both or neither. Waits as long as the writer
    /// takes, because a recorded change must take effect.
    ///
    /// # Errors
    /// They could not be recorded.
    pub(crate) async fn record_action(
        &self,
        entry: Entry,
        change: StateChange,
    ) -> Result<i64, Problem> {
        // Write older changes first, so that they cannot overwrite this one.
        if self.hangs() || !self.flush_unqueued() {
            return Err(without_effect());
        }
        let recorded = self.write(RowKind::Event, None, entry, Some(change)).await;
        recorded.map_err(|problem| {
            if problem.is_not_carried_out() {
                without_effect()
            } else {
                unconfirmed()
            }
        })
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
        let has_effect = change.is_some();
        let row = self.row(kind, of, entry, change);
        let job = Job::Write(Box::new(row), answer);
        // A full queue means that the disk does not keep up. Fail instead of waiting behind a thousand jobs.
        let not_queued = |_| not_recorded().with_delivery(Delivery::NotSent);
        self.jobs.try_send(job).map_err(not_queued)?;
        let answer = if has_effect {
            answered.await.ok()
        } else {
            self.answer(answered).await
        };
        answer.unwrap_or(Err(None)).map_err(|delivery| Problem {
            delivery,
            ..not_recorded()
        })
    }

    /// The writer's reply, if it comes in time. The channel is closed on a time-out, so that the writer notices and
    /// does not treat the job as accepted.
    pub(super) async fn answer<T>(&self, mut answered: oneshot::Receiver<T>) -> Option<T> {
        // While the writer hangs, new callers fail at once.
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
        // The reply may have arrived just before.
        answered.try_recv().ok()
    }

    /// Whether the writer makes no progress, as with a hanging disk.
    pub(super) fn hangs(&self) -> bool {
        lock(&self.working_since).is_some_and(|since| since.elapsed() >= HANGS_AFTER)
    }

    /// Records an event in the background, once it can be written. Events that find the queue full are counted, and the
    /// number is recorded with the next one.
    pub(crate) fn record_later(&self, entry: Entry) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 && !self.queue_event(Entry::left_out(left_out, "events")) {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        } else if !self.queue_event(entry) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether events that anybody can cause may be queued. Half of the queue is reserved for changes.
    pub(crate) fn has_room(&self) -> bool {
        self.jobs.capacity() >= MAX_WAITING_JOBS / 2
    }

    /// Queues an event, and returns whether there was room.
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

    /// Records observed events in the background. If the queue is full, they are counted and dropped.
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
    Problem {
        retry_after: Some(RETRY_AFTER),
        ..Problem::new(
            Kind::NotRecorded,
            "the gateway's store cannot be written, and no change is sent without its record; nothing was sent",
        )
    }
}

/// The problem of an action that was not recorded.
pub(crate) fn without_effect() -> Problem {
    let detail = "nothing takes effect without its record, and the gateway's store cannot be written at the moment; \
                  the gateway's log says why";
    Problem {
        detail: detail.to_owned(),
        ..not_recorded().with_delivery(Delivery::NotSent)
    }
}

/// The problem of an action that may have been recorded, or may be yet.
pub(crate) fn unconfirmed() -> Problem {
    let detail = "the gateway's store has not confirmed the record, so this may still take effect: look whether it \
                  did before you repeat it";
    Problem {
        detail: detail.to_owned(),
        ..not_recorded()
    }
}
