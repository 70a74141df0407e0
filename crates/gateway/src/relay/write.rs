//! Writes. Each is completed once begun, and each has its line in the audit, even if it was not sent.

use super::target::Target;
use super::{audit_fields, order, path};
use crate::audit::{self, Who};
use crate::problem::{Kind, Problem};
use crate::vendor_client::{Outcome, Outgoing, Upstream};
use std::sync::Arc;
use vendors::{Operation, is_refusal};

/// Audits a write that was not sent to the vendor.
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

/// Completes a write even if the browser disconnects, because half a write is worse than none.
pub(super) async fn write(
    upstream: Arc<Upstream>,
    operation: &'static Operation,
    change: Option<order::Change>,
    outgoing: Outgoing,
    who: Who,
) -> Outcome {
    let task = tokio::spawn(async move {
        let mut course = order::Course::default();
        let outcome = match &change {
            Some(change) => change.execute(&upstream, &outgoing, &mut course).await,
            None => {
                course.sent = true;
                upstream.send(&outgoing).await
            }
        };
        upstream.written(operation, &outgoing.path);
        let operation_id = outcome
            .as_ref()
            .ok()
            .and_then(|answer| answer.headers.get("operation-id")?.to_str().ok())
            .unwrap_or("-");
        let (outcome_word, status) = match &outcome {
            Ok(answer) if !course.sent => ("not sent", answer.status),
            Ok(answer) if answer.status.is_success() && !is_refusal(&answer.body) => {
                ("done", answer.status)
            }
            // The vendor failed while it handled the request, so its effect is not known.
            Ok(answer) if answer.status.is_server_error() => ("unknown", answer.status),
            Ok(answer) => ("refused by the vendor", answer.status),
            Err(problem) if problem.may_have_been_carried_out() => ("unknown", problem.status),
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
            after: &audit_fields::sent(outgoing.body.as_deref()),
        };
        audit::change(&who, &change);
        outcome
    });
    task.await
        .unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the write ended unexpectedly")))
}
