//! Changes to Uplynk failover groups. Each is sent once and then verified by reading.

mod order;
mod positions;
mod settings;

pub use order::{SaveOutcome, SaveStep, state};

use super::failure::Failure;
use super::outcome::Outcome;
use super::transport::{Purpose, send};
use health::slicers::ordered;
use vendors::uplynk::{self, FailoverGroup};

/// One Uplynk connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
}

/// The slicers' ids in order.
#[must_use]
pub fn ids(group: &FailoverGroup) -> Vec<String> {
    let slicers = ordered(group).into_iter();
    slicers.map(|slicer| slicer.id.clone()).collect()
}

impl Writer {
    /// The current group.
    async fn read(&self, id: &str) -> Result<FailoverGroup, Failure> {
        let call = uplynk::groups().get(id);
        Ok(send(&self.connection, &call, Purpose::Change).await?.value)
    }

    /// The current group, if the part that `of` selects is still what the user saw.
    async fn unchanged<T: PartialEq>(
        &self,
        seen: &FailoverGroup,
        of: impl Fn(&FailoverGroup) -> T,
        message: impl Fn(&FailoverGroup) -> String,
    ) -> Result<FailoverGroup, Outcome> {
        let now = self.read(&seen.id).await.map_err(Outcome::refused)?;
        if of(&now) == of(seen) {
            Ok(now)
        } else {
            Err(Outcome::Changed {
                message: message(&now),
            })
        }
    }
}
