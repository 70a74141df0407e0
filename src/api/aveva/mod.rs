//! Changes to AVEVA client failover. Each is sent once and then verified by reading.

mod groups;
mod sessions;

use super::failure::Failure;
use super::transport::{Arrived, Purpose, send};
use vendors::Call;
use vendors::aveva::{self, Base, ClientSession, GroupConfiguration};

/// One AVEVA connection, for changes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The connection's id.
    pub connection: String,
    /// The connection's title, for sentences.
    pub title: String,
    /// Where its API is.
    pub base: Base,
}

/// Turns a 404 into `None`.
fn found<T>(read: Result<Arrived<T>, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(arrived) => Ok(Some(arrived.value)),
        Err(failure) if failure.is_missing() => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl Writer {
    pub(super) async fn send<T>(&self, call: &Call<T>) -> Result<Arrived<T>, Failure> {
        send(&self.connection, call, Purpose::Change).await
    }

    pub(super) async fn group(&self, id: &str) -> Result<Option<GroupConfiguration>, Failure> {
        found(self.send(&aveva::groups(&self.base).get(id)).await)
    }

    pub(super) async fn session(
        &self,
        group: &str,
        id: &str,
    ) -> Result<Option<ClientSession>, Failure> {
        found(self.send(&aveva::sessions(&self.base, group).get(id)).await)
    }

    /// The current primary, in a sentence.
    pub(super) async fn leader(&self, group: &str) -> Result<String, Failure> {
        let status = self.send(&aveva::groups(&self.base).status(group)).await?;
        let status = status.value;
        let named = |id: Option<String>| id.filter(|id| !id.is_empty());
        Ok(
            match (named(status.primary), named(status.pending_primary)) {
                (Some(primary), None) => format!("Primary is {primary}."),
                (Some(primary), Some(pending)) => {
                    format!("Primary is {primary}, and {pending} is PendingPrimary.")
                }
                (None, Some(pending)) => {
                    format!("No session is Primary, {pending} is PendingPrimary.")
                }
                (None, None) => "No session is Primary.".to_owned(),
            },
        )
    }
}
