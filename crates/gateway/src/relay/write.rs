//! Writes. Each is recorded before it is sent, completed once begun, and closed in the record with what became of
//! it, even if the client goes away meanwhile.

use super::target::Target;
use super::{audit_fields, order, path};
use crate::audit::{self, Actor};
use crate::changes::Changes;
use crate::problem::{Delivery, Problem};
use crate::store::{Entry, Lease, Shown, Store};
use crate::vendor_client::{Outcome, Upstream, VendorRequest, under_way};
use health::inventory::{Kind as ResourceKind, ResourceKey};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use vendors::{Operation, is_refusal};

/// Where changes are recorded, and what a stop waits for.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) store: Arc<Store>,
    pub(crate) changes: Changes,
}

/// The record of one change.
pub(super) struct Record {
    store: Arc<Store>,
    entry: Entry,
    /// The number of its intent, once that is durable.
    intent: Option<i64>,
}

impl Record {
    /// Records that the change is about to be sent, and what the vendor holds, if that was read.
    ///
    /// # Errors
    /// It cannot be recorded, and must not be sent.
    pub(super) async fn begin(&mut self, before: Option<&str>) -> Result<(), Problem> {
        let entry = Entry {
            before: before.map(str::to_owned),
            ..self.entry.clone()
        };
        self.intent = Some(self.store.intent(entry).await?);
        Ok(())
    }

    /// Keeps other gateways that share the store from writing to a group. Each step of a write takes `patience` at most,
    /// and so does the wait.
    ///
    /// # Errors
    /// Another gateway takes too long, or the store cannot be written.
    pub(super) async fn alone(&self, group: &str, patience: Duration) -> Result<Lease, Problem> {
        let name = format!("slicer group {group}");
        let lease = self.store.lease(&name, patience, longest(patience));
        let lease = lease.await?;
        lease.ok_or_else(under_way)
    }

    /// Records what became of it. A change that was never sent has no intent, and is recorded as an event.
    async fn end(self, outcome: &str, status: u16, operation_id: &str) {
        let of = match self.intent {
            // The rest stands in the intent.
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
            operation_id: (operation_id != "-").then(|| operation_id.to_owned()),
            ..of
        };
        let ended = match self.intent {
            Some(intent) => self.store.outcome(intent, entry).await,
            None => self.store.event(entry).await,
        };
        // The store says it in the log; the intent is closed as unknown at the next start.
        drop(ended);
    }
}

/// How long a write to a group takes at most. Reading the group, and the write itself: each waits for its place, its
/// signature and its answer. Between them the intent is recorded.
fn longest(patience: Duration) -> Duration {
    6 * patience + Duration::from_secs(10)
}

fn entry(
    actor: &Actor,
    connection: &str,
    operation: &Operation,
    sent: String,
    shown: Shown,
) -> Entry {
    Entry {
        shown,
        request: actor.id.clone(),
        who: actor.name.clone(),
        role: actor.role.to_owned(),
        from: actor.from.to_string(),
        connection: connection.to_owned(),
        what: operation.name.to_owned(),
        sent,
        ..Entry::default()
    }
}

/// How the activity shows a change, with the body that it sends.
pub(super) fn shown(target: &Target, body: Option<&[u8]>) -> Shown {
    let Target {
        upstream,
        operation,
        ..
    } = target;
    let after = Some(audit_fields::sent(body)).filter(|fields| fields != "-");
    let mut words = asked(operation, body).to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let ids = target.ids();
    let created = body.and_then(|body| created(operation, body));
    let group = ids.first().map(|id| (*id).to_owned()).or(created);
    Shown {
        is_handling: false,
        what: match ids.get(1) {
            Some(member) => format!("{words}: {member}"),
            None => words,
        },
        resource: group.map(|id| ResourceKey {
            kind: ResourceKind::held_by(&upstream.public.system),
            connection: upstream.public.id.clone(),
            id,
        }),
        after,
    }
}

/// What a change asks for. Some operations do one thing or its opposite, as their body says.
fn asked(operation: &'static Operation, body: Option<&[u8]>) -> &'static str {
    let value = |name| body.and_then(|body| field(body, name));
    match operation.name {
        "role override" if value("Value").is_some_and(|it| it == 0 || it == "Off") => {
            "clear role override"
        }
        "role override" => "override role",
        "set slate" => match value("no_slicer") {
            Some(Value::Bool(true)) => "switch to slate",
            Some(Value::Bool(false)) => "leave slate",
            _ => operation.name,
        },
        name => name,
    }
}

/// The id of the group that a body creates.
fn created(operation: &Operation, body: &[u8]) -> Option<String> {
    let creates = operation.name == "create group";
    let id = creates.then(|| field(body, "id"))??;
    id.as_str().map(str::to_owned)
}

/// A field of a body, in whatever case its name is written.
fn field(body: &[u8], name: &str) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut fields = body.as_object()?.iter();
    let (_, value) = fields.find(|(given, _)| given.eq_ignore_ascii_case(name))?;
    Some(value.clone())
}

/// Records a write that was not sent to the vendor.
pub(super) async fn not_sent(
    target: &Target,
    problem: &Problem,
    actor: &Actor,
    recording: &Recording,
) {
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
    audit::change(actor, &change);
    let sent = format!("{} {path}", operation.method.as_str());
    let record = Record {
        store: recording.store.clone(),
        entry: entry(
            actor,
            &upstream.public.id,
            operation,
            sent,
            shown(target, None),
        ),
        intent: None,
    };
    record.end("not sent", problem.status.as_u16(), "-").await;
}

/// Completes a write even if the browser disconnects, because half a write is worse than none.
pub(super) async fn write(
    target: &Target,
    change: Option<order::Change>,
    outgoing: VendorRequest,
    actor: Actor,
    recording: Recording,
) -> Outcome {
    let (upstream, operation) = (target.upstream.clone(), target.operation);
    let shown = shown(target, outgoing.body.as_deref());
    let written = recording.changes.complete(async move {
        let mut progress = order::WriteProgress::default();
        let mut record = record(
            &upstream,
            operation,
            &outgoing,
            &actor,
            shown,
            recording.store,
        );
        let outcome = match &change {
            Some(change) => {
                change
                    .execute(&upstream, &outgoing, &mut progress, &mut record)
                    .await
            }
            None => match record.begin(None).await {
                Ok(()) => {
                    progress.sent = true;
                    upstream.send(&outgoing).await
                }
                Err(problem) => Err(problem),
            },
        };
        upstream.written(operation, &outgoing.path);
        let operation_id = outcome
            .as_ref()
            .ok()
            .and_then(|answer| answer.headers.get("operation-id")?.to_str().ok())
            .unwrap_or("-");
        let (outcome_word, status) = match &outcome {
            Ok(answer) if !progress.sent => ("not sent", answer.status),
            Ok(answer) if answer.status.is_success() && is_refusal(&answer.body) => {
                ("refused by the vendor", answer.status)
            }
            // Something else may have answered, such as a proxy's sign-in page.
            Ok(answer) if answer.status.is_success() && !is_readable(&answer.body) => {
                ("unknown", answer.status)
            }
            Ok(answer) if answer.status.is_success() => ("done", answer.status),
            // The vendor failed while it handled the request, so its effect is not known.
            Ok(answer) if answer.status.is_server_error() => ("unknown", answer.status),
            Ok(answer) => ("refused by the vendor", answer.status),
            Err(problem) if progress.sent && problem.may_have_been_carried_out() => {
                ("unknown", problem.status)
            }
            // The vendor answered that it does not take the gateway's credentials.
            Err(problem) if progress.sent && problem.delivery == Some(Delivery::Refused) => {
                ("refused by the vendor", problem.status)
            }
            Err(problem) => ("not sent", problem.status),
        };
        let change = audit::Change {
            connection: &upstream.public.id,
            operation: operation.name,
            path: &outgoing.path,
            outcome: outcome_word,
            status: status.as_u16(),
            operation_id,
            before: progress.before.as_deref().unwrap_or("-"),
            after: &audit_fields::sent(outgoing.body.as_deref()),
        };
        audit::change(&actor, &change);
        record
            .end(outcome_word, status.as_u16(), operation_id)
            .await;
        outcome.map_err(|problem| match outcome_word {
            "not sent" => problem.of(Delivery::NotSent),
            _ => problem,
        })
    });
    written.await?
}

/// Whether the answer to a change is the vendor's: nothing, or JSON. Every vendor's changes are answered with one of
/// the two.
fn is_readable(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii().is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// The record of a change that has not begun.
fn record(
    upstream: &Upstream,
    operation: &Operation,
    outgoing: &VendorRequest,
    actor: &Actor,
    shown: Shown,
    store: Arc<Store>,
) -> Record {
    let query = if outgoing.query.is_empty() {
        String::new()
    } else {
        format!("?{}", outgoing.query)
    };
    let sent = format!("{} {}{query}", outgoing.method, outgoing.path);
    // Bodies are strict JSON, which is UTF-8.
    let body = outgoing.body.as_deref();
    let body = body.map(|body| String::from_utf8_lossy(body).into_owned());
    Record {
        store,
        entry: Entry {
            body,
            ..entry(actor, &upstream.public.id, operation, sent, shown)
        },
        intent: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vendors::aveva::operations::{DELETE_GROUP, ROLE_OVERRIDE};
    use vendors::uplynk::operations::SLATE;

    #[test]
    fn a_change_is_named_by_what_it_asks_for() {
        for (operation, body, words) in [
            (&ROLE_OVERRIDE, r#"{"Value":1}"#, "override role"),
            (&ROLE_OVERRIDE, r#"{"value":0}"#, "clear role override"),
            (&ROLE_OVERRIDE, r#"{"Value":"Off"}"#, "clear role override"),
            (&ROLE_OVERRIDE, "", "override role"),
            (&SLATE, r#"{"no_slicer":true}"#, "switch to slate"),
            (&SLATE, r#"{"no_slicer":false}"#, "leave slate"),
            (&SLATE, "{}", "set slate"),
            (&DELETE_GROUP, "", "delete group"),
        ] {
            assert_eq!(asked(operation, Some(body.as_bytes())), words, "{body}");
        }
    }

    #[test]
    fn a_group_is_leased_for_as_long_as_each_step_of_a_write_to_it_may_take() {
        for seconds in [1, 10, 60] {
            let patience = Duration::from_secs(seconds);
            let [place, signature, answer] = [patience; 3];
            let read = place + signature + answer;
            // As long as the store waits for its writer.
            let recorded = Duration::from_secs(10);
            let written = place + signature + answer;
            assert!(longest(patience) >= read + recorded + written);
        }
    }
}
