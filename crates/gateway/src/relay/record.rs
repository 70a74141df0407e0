//! Records a change in the store and the log: its intent before it is sent, and its outcome.

use super::outcome::ChangeOutcome;
use super::path;
use super::shown::shown;
use super::target::Target;
use crate::audit::{self, Actor};
use crate::changes::Changes;
use crate::problem::Problem;
use crate::store::{Entry, Lease, Store, WRITER_TIMEOUT};
use crate::vendor_client::{VendorRequest, under_way};
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// The store that records changes, and the set of running changes that shutdown waits for.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) store: Arc<Store>,
    pub(crate) changes: Changes,
}

/// The record of one change.
pub(super) struct Record {
    store: Arc<Store>,
    actor: Actor,
    entry: Entry,
    /// The vendor's own path, encoded.
    path: String,
    /// The vendor's values before the change, if they were read.
    pub(super) before: Option<String>,
    /// The number of the intent in the store, once it is durable.
    intent: Option<i64>,
}

impl Record {
    /// Creates the record of a change that has not begun. `outgoing` is the request to send, if it is valid.
    pub(super) fn new(
        target: &Target,
        outgoing: Option<&VendorRequest>,
        actor: &Actor,
        store: Arc<Store>,
    ) -> Self {
        let path = path::encode(&target.segments);
        let mut sent = format!("{} {path}", target.operation.method.as_str());
        if let Some(request) = outgoing.filter(|request| !request.query.is_empty()) {
            sent = format!("{sent}?{}", request.query);
        }
        let body = outgoing.and_then(|request| request.body.as_deref());
        let entry = Entry {
            request: actor.id.clone(),
            who: actor.name.clone(),
            role: actor.role.to_owned(),
            from: actor.from.to_string(),
            connection: target.connection().to_owned(),
            what: target.operation.name.to_owned(),
            sent,
            // Bodies are strict JSON, which is UTF-8.
            body: body.map(|body| String::from_utf8_lossy(body).into_owned()),
            shown: shown(target, body),
            ..Entry::default()
        };
        Self {
            store,
            actor: actor.clone(),
            entry,
            path,
            before: None,
            intent: None,
        }
    }

    /// Prevents other gateways with the same store from writing to a group. The wait, like each step of a write, takes
    /// at most `patience`.
    ///
    /// # Errors
    /// Another gateway takes too long, or the store cannot be written.
    pub(super) async fn lease_group(
        &self,
        group: &str,
        patience: Duration,
    ) -> Result<Lease, Problem> {
        let name = format!("slicer group {group}");
        let lease = self.store.lease(&name, patience, longest_write(patience));
        lease.await?.ok_or_else(under_way)
    }

    /// Records that the change is about to be sent, with the vendor's values before it, if they were read.
    ///
    /// # Errors
    /// The change cannot be recorded, and must not be sent.
    pub(super) async fn begin(&mut self) -> Result<(), Problem> {
        let entry = Entry {
            before: self.before.clone(),
            ..self.entry.clone()
        };
        self.intent = Some(self.store.intent(entry).await?);
        Ok(())
    }

    /// Whether the change was about to be sent.
    pub(super) fn has_begun(&self) -> bool {
        self.intent.is_some()
    }

    /// Records the outcome of the change. A change that has not begun has no intent, and is recorded as an event.
    pub(super) async fn end(
        self,
        outcome: ChangeOutcome,
        status: StatusCode,
        operation_id: Option<&str>,
    ) {
        let (outcome, status) = (outcome.as_str(), status.as_u16());
        let change = audit::Change {
            connection: &self.entry.connection,
            operation: &self.entry.what,
            path: &self.path,
            outcome,
            status,
            operation_id: operation_id.unwrap_or("-"),
            before: self.before.as_deref().unwrap_or("-"),
            after: self.entry.shown.after.as_deref().unwrap_or("-"),
        };
        audit::change(&self.actor, &change);
        let fields = match self.intent {
            // The other fields are in the intent.
            Some(_) => Entry {
                request: self.entry.request,
                who: self.entry.who,
                connection: self.entry.connection,
                what: self.entry.what,
                ..Entry::default()
            },
            None => self.entry,
        };
        let entry = Entry {
            outcome: outcome.to_owned(),
            status: Some(status),
            operation_id: operation_id.map(str::to_owned),
            ..fields
        };
        let recorded = match self.intent {
            Some(intent) => self.store.outcome(intent, entry).await,
            None => self.store.event(entry).await,
        };
        // The store logs a failure; the outcome of the intent is then recorded as unknown at the next start.
        drop(recorded);
    }
}

/// The steps of a request to a vendor, each of which takes at most the connection's timeout: waiting for a free place,
/// the credentials, and the response.
const STEPS_PER_REQUEST: u32 = 3;

/// The maximum duration of a read.
pub(crate) fn longest_read(patience: Duration) -> Duration {
    STEPS_PER_REQUEST * patience
}

/// The maximum duration of a write to a group once nobody else can write to it: the group is read, the intent is
/// recorded, and the write is sent.
fn longest_write(patience: Duration) -> Duration {
    longest_read(patience) + WRITER_TIMEOUT + STEPS_PER_REQUEST * patience
}

/// The maximum duration of a change, which first waits for its turn in the gateway and among gateways.
pub(super) fn longest_change(patience: Duration) -> Duration {
    2 * patience + longest_write(patience)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_change_takes_eight_timeouts_and_ten_seconds() {
        // As the documents say, for proxies and systemd.
        for seconds in [1, 10, 60] {
            let documented = Duration::from_secs(8 * seconds + 10);
            assert_eq!(longest_change(Duration::from_secs(seconds)), documented);
        }
    }
}
