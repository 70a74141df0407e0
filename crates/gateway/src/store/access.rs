//! Tables that say who is let in: read again at once where a moment ago is too old, and changed while no gateway changes
//! them.

use super::database::{Database, Fault};
use super::saved_state::{self, SavedState, Table};
use super::writer::Job;
use super::{StateChange, Store, not_saved};
use crate::lock::lock;
use crate::problem::Problem;
use tokio::sync::oneshot;

/// What tables held when it was the reader's turn among all that this gateway asks of the database: what was read in an
/// earlier turn is older, whenever it arrives.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    pub(crate) turn: u64,
    pub(crate) saved: SavedState,
}

/// Something for the thread that writes, with the number of its turn.
pub(super) type AccessJob = Box<dyn FnOnce(&mut dyn Database, u64) + Send>;

impl Store {
    /// What was last read of these tables because another gateway had changed something, or at the start; `None` where
    /// that was taken before.
    pub(crate) fn news(&self, tables: &[Table]) -> Option<Fresh> {
        let mut known = lock(&self.saved);
        let saved = known.saved.split_off(tables)?;
        Some(Fresh {
            turn: known.turn,
            saved,
        })
    }

    /// Reads tables now.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) async fn fresh(&self, tables: &'static [Table]) -> Result<Fresh, Problem> {
        let read = move |database: &mut dyn Database, turn| {
            let saved = saved_state::read(database, |table| tables.contains(&table))?;
            Ok(Fresh { turn, saved })
        };
        self.turn(read).await
    }

    /// Changes tables, which no gateway changes meanwhile. `act` gets what they hold, and says what to save and to
    /// delete, or why nothing is changed. Also answers in which turn that was.
    ///
    /// # Errors
    /// Those of `act`, or it could not be written.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        tables: &'static [Table],
        act: impl FnOnce(SavedState) -> Result<(T, Vec<StateChange>), Problem> + Send + 'static,
    ) -> Result<(T, u64), Problem> {
        let change = move |database: &mut dyn Database, turn| {
            let (mut act, mut done) = (Some(act), None);
            database.append(&mut |sql| {
                let saved = saved_state::read(sql, |table| tables.contains(&table))?;
                done = act.take().map(|act| act(saved));
                if let Some(Ok((_, changes))) = &done {
                    saved_state::write(sql, changes)?;
                }
                Ok(())
            })?;
            Ok((done, turn))
        };
        let (done, turn) = self.turn(change).await?;
        let (done, _) = done.ok_or_else(not_saved)??;
        Ok((done, turn))
    }

    async fn turn<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut dyn Database, u64) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Access(Box::new(move |database, turn| {
            // A caller that has gone was told that nothing is changed, and has no use for what is read.
            if answer.is_closed() {
                return;
            }
            let done = what(database, turn);
            if let Err(fault) = &done {
                tracing::error!("who is let in cannot be read or changed: the store {fault}");
            }
            let _ = answer.send(done.ok());
        }));
        self.jobs.try_send(job).map_err(|_| not_saved())?;
        self.answer(answered).await.flatten().ok_or_else(not_saved)
    }
}
