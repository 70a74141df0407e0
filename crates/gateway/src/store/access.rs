//! The access tables: read immediately where the last poll is too old, and changed while no other gateway changes them.

use super::database::{Database, Fault};
use super::saved_state::{self, SavedState, Table};
use super::writer::Job;
use super::{StateChange, Store, not_queued, unavailable};
use crate::lock::lock;
use crate::problem::{Delivery, Problem};
use tokio::sync::oneshot;

/// The contents of tables, with the sequence number of the read. A read with a lower number is older, whenever its
/// result arrives.
#[derive(Debug, Default)]
pub(crate) struct TableSnapshot {
    pub(crate) sequence: u64,
    pub(crate) saved: SavedState,
}

/// A job on the access tables for the writer, with its sequence number.
pub(super) type AccessJob = Box<dyn FnOnce(&mut dyn Database, u64) + Send>;

impl Store {
    /// The tables as last read, at the start or because another gateway changed something; `None` if that was taken
    /// already.
    pub(crate) fn take_update(&self, tables: &[Table]) -> Option<TableSnapshot> {
        let mut known = lock(&self.saved);
        let saved = known.saved.split_off(tables)?;
        Some(TableSnapshot {
            sequence: known.sequence,
            saved,
        })
    }

    /// Reads tables.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub(crate) async fn read_tables(
        &self,
        tables: &'static [Table],
    ) -> Result<TableSnapshot, Problem> {
        let read = move |database: &mut dyn Database, sequence| {
            let saved = saved_state::read(database, |table| tables.contains(&table))?;
            Ok(TableSnapshot { sequence, saved })
        };
        self.run_access_job(read).await
    }

    /// Changes tables while no other gateway changes them. `act` gets their contents, and returns what to save and
    /// delete, or why nothing changes. Also returns the sequence number.
    ///
    /// # Errors
    /// Those of `act`, or the change could not be written.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        tables: &'static [Table],
        act: impl FnOnce(SavedState) -> Result<(T, Vec<StateChange>), Problem> + Send + 'static,
    ) -> Result<(T, u64), Problem> {
        let change = move |database: &mut dyn Database, sequence| {
            let (mut act, mut done) = (Some(act), None);
            database.append(&mut |sql| {
                let saved = saved_state::read(sql, |table| tables.contains(&table))?;
                done = act.take().map(|act| act(saved));
                if let Some(Ok((_, changes))) = &done {
                    saved_state::write(sql, changes)?;
                }
                Ok(())
            })?;
            Ok((done, sequence))
        };
        let (done, sequence) = self.run_access_job(change).await?;
        let (done, _) = done.ok_or_else(unavailable)??;
        Ok((done, sequence))
    }

    async fn run_access_job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Database, u64) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Access(Box::new(move |database, sequence| {
            // The caller was told that nothing changed.
            if answer.is_closed() {
                return;
            }
            let done = work(database, sequence).map_err(|fault| {
                tracing::error!("the access tables cannot be read or changed: the store {fault}");
                Problem {
                    delivery: (!database.is_in_doubt()).then_some(Delivery::NotSent),
                    ..unavailable()
                }
            });
            let _ = answer.send(done);
        }));
        self.jobs.try_send(job).map_err(not_queued)?;
        let answer = self.answer(answered).await;
        answer.unwrap_or_else(|| Err(unavailable()))
    }
}
