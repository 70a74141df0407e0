//! Sends writes. Each is recorded before it is sent, completed once begun, and recorded with its outcome, even if the
//! client disconnects.

use super::order::GroupWrite;
use super::outcome::ChangeOutcome;
use super::record::{Record, Recording, longest_change};
use super::target::Target;
use crate::audit::Actor;
use crate::problem::Delivery;
use crate::vendor_client::{Outcome, VendorRequest};

/// Completes a write even if the browser disconnects, because an incomplete write is worse than none.
pub(super) async fn write(
    target: &Target,
    group_write: Option<GroupWrite>,
    outgoing: VendorRequest,
    actor: &Actor,
    recording: Recording,
) -> Outcome {
    let (upstream, operation) = (target.upstream.clone(), target.operation);
    let mut record = Record::new(target, Some(&outgoing), actor, recording.store);
    let longest = longest_change(upstream.timeout);
    let written = recording.changes.complete_within(longest, async move {
        let outcome = match &group_write {
            Some(write) => write.execute(&upstream, &outgoing, &mut record).await,
            None => match record.begin().await {
                Ok(()) => upstream.send(&outgoing).await,
                Err(problem) => Err(problem),
            },
        };
        upstream.written(operation, &outgoing.path);
        let ended = if record.has_begun() {
            ChangeOutcome::of(&outcome, upstream.public.system.returns_data(operation))
        } else {
            ChangeOutcome::NotSent
        };
        let (status, operation_id) = match &outcome {
            Ok(answer) => (answer.status, answer.headers.get("operation-id")),
            Err(problem) => (problem.status, None),
        };
        let operation_id = operation_id.and_then(|id| id.to_str().ok());
        record.end(ended, status, operation_id).await;
        outcome.map_err(|problem| match ended {
            ChangeOutcome::NotSent => problem.with_delivery(Delivery::NotSent),
            _ => problem,
        })
    });
    written.await?
}
