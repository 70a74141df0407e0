//! Writes: carried through to their end, with a line of the audit for each, also for one that is not sent.

use super::target::Target;
use super::{Outgoing, Upstream, order, path, reads, told};
use crate::audit::{self, Who};
use crate::problem::{Kind, Problem};
use crate::single_flight::Landed;
use std::sync::Arc;
use tokio::time::Instant;
use vendors::Operation;

/// Tells of a write that did not come as far as the vendor.
pub(super) fn not_sent(target: &Target, problem: &Problem, who: &Who) {
    let Target {
        upstream,
        operation,
        segments,
    } = target;
    let path = path::encode(segments);
    let change = audit::Change {
        connection: &upstream.public.id,
        operation: operation.name,
        path: &path,
        outcome: "not sent",
        status: problem.status.as_u16(),
        operation_id: "-",
        before: "-",
        after: "-",
    };
    audit::change(who, &change);
}

/// Carries a write through to its end even if the browser goes away: half a write helps nobody.
pub(super) async fn write(
    upstream: Arc<Upstream>,
    operation: &'static Operation,
    change: Option<order::Change>,
    outgoing: Outgoing,
    who: Who,
) -> Landed<reads::Outcome> {
    let task = tokio::spawn(async move {
        let mut course = order::Course::default();
        let outcome = match &change {
            Some(change) => change.carry(&upstream, &outgoing, &mut course).await,
            None => {
                course.sent = true;
                upstream.ask(&outgoing).await
            }
        };
        upstream.reads.forget();
        let operation_id = outcome
            .as_ref()
            .ok()
            .and_then(|answer| answer.headers.get("operation-id")?.to_str().ok())
            .unwrap_or("-");
        let (outcome_word, status) = match &outcome {
            Ok(answer) if !course.sent => ("not sent", answer.status),
            Ok(answer) if answer.status.is_success() => ("done", answer.status),
            // The vendor failed while it handled it: how far it came, it does not say.
            Ok(answer) if answer.status.is_server_error() => ("unknown", answer.status),
            Ok(answer) => ("refused by the vendor", answer.status),
            Err(problem) if problem.is_of_what_was_sent() => ("unknown", problem.status),
            Err(problem) => ("not sent", problem.status),
        };
        let change = audit::Change {
            connection: &upstream.public.id,
            operation: operation.name,
            path: &outgoing.path,
            outcome: outcome_word,
            status: status.as_u16(),
            operation_id,
            before: course.before.as_deref().unwrap_or("-"),
            after: &told::sent(outgoing.body.as_deref()),
        };
        audit::change(&who, &change);
        outcome
    });
    let value = task
        .await
        .unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the write ended unexpectedly")));
    Landed {
        value,
        number: 0,
        at: Instant::now(),
    }
}
