//! Prevents two people from overwriting each other's order of slicers. The vendor has no entity tags, so the
//! gateway computes them from the fields that a change of the order depends on, and from none that change on
//! their own. A write with `If-Match` is sent only if the group still has that tag. No other write by this gateway,
//! or by another one with the same store, can run in between. The check must never use a shared response.

use super::audit_fields;
use super::record::Record;
use crate::crypto::{hex, sha256};
use crate::problem::{Kind, Problem};
use crate::vendor_client::{Outcome, Upstream, VendorRequest};
use crate::vendor_http::Answer;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use vendors::uplynk::operations::{GET_GROUP, ORDER};
use vendors::uplynk::{FailoverGroup, Mode, groups};
use vendors::{Operation, System};

/// A write to a group.
#[derive(Debug)]
pub(super) struct GroupWrite {
    group: String,
    /// The entity tag that the group must have, including the quotes.
    expected: Option<String>,
    /// Whether it writes the order, and not other settings of the group.
    is_order: bool,
}

/// The write to a group that a request makes, if any. Its path is `api/v4/failover-groups/{id}/…`.
///
/// # Errors
/// An order is written without `If-Match`, or `If-Match` is not one strong entity tag.
pub(super) fn group_write(
    system: &System,
    operation: &Operation,
    segments: &[String],
    headers: &HeaderMap,
) -> Result<Option<GroupWrite>, Problem> {
    if !matches!(system, System::Uplynk) || !operation.writes() {
        return Ok(None);
    }
    let Some(group) = segments.get(3) else {
        return Ok(None);
    };
    let expected = expected(headers)?;
    if expected.is_none() && *operation == ORDER {
        let detail = "an order of slicers is written only if the group has not changed meanwhile: read \
                      the group through this gateway and send its ETag in If-Match; nothing was sent";
        return Err(Problem::new(Kind::PreconditionRequired, detail));
    }
    Ok(Some(GroupWrite {
        group: group.clone(),
        expected,
        is_order: *operation == ORDER,
    }))
}

/// The entity tag in `If-Match`.
fn expected(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().map(str::trim).unwrap_or_default();
    let wrong = if values.next().is_some() {
        "it is sent twice"
    } else if text == "*" {
        "* would match every order"
    } else if text.starts_with("W/") {
        "it holds a weak one, which does not guarantee that nothing changed"
    } else {
        let inner = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match inner {
            Some(inner) if inner.contains('"') => "it holds several",
            // RFC 9110, 8.8.3. The gateway's own tags are ASCII.
            Some(inner) if inner.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Ok(Some(text.to_owned()));
            }
            _ => "it holds none",
        }
    };
    let detail = format!("If-Match has to be one strong entity tag in quotes, but {wrong}");
    Err(Problem::new(Kind::BadRequest, detail))
}

impl GroupWrite {
    /// Waits for its turn, and sends the write if the group has the expected tag. Otherwise sends nothing, and returns
    /// the current group with status 412, or the reason why it could not be read. Before sending, records the current
    /// values of the group and the intent.
    pub(super) async fn execute(
        &self,
        upstream: &Upstream,
        outgoing: &VendorRequest,
        record: &mut Record,
    ) -> Outcome {
        let id = self.group.to_ascii_lowercase();
        let place = upstream.locks.queue(&id);
        let _turn = place.turn(upstream.timeout).await?;
        let _lease = record.lease_group(&id, upstream.timeout).await?;
        if let Some(expected) = &self.expected {
            let (current, tag) = match self.reread(upstream).await? {
                Reread::Group(answer, tag) => (answer, tag),
                Reread::Refused(answer) => return Ok(answer),
            };
            record.before = group(&current).and_then(|group| match self.is_order {
                true => audit_fields::slicer_order(&group),
                false => settings(&group, outgoing.body.as_deref()?),
            });
            if tag != *expected {
                return Ok(Answer {
                    status: StatusCode::PRECONDITION_FAILED,
                    ..current
                });
            }
        }
        record.begin().await?;
        upstream.send(outgoing).await.map(untagged)
    }

    async fn reread(&self, upstream: &Upstream) -> Result<Reread, Problem> {
        let request = groups().get(&self.group).request;
        let answer = upstream.send(&VendorRequest::read(&request)).await?;
        // As the response to the change, it would leave open whether the change was carried out.
        if answer.status.is_server_error() {
            let detail = format!(
                "{} returned an error when the group was read before the change ({}); nothing was sent",
                upstream.public.title,
                error_line(&answer)
            );
            return Err(Problem::new(Kind::Unreadable, detail));
        }
        if answer.status.is_client_error() {
            return Ok(Reread::Refused(untagged(answer)));
        }
        match tag(&answer) {
            Some(tag) => Ok(Reread::Group(tagged(answer), tag)),
            None => {
                let detail = format!(
                    "{} returned {} when the group was read before the change, and the order of its \
                     slicers cannot be read from it; nothing was sent",
                    upstream.public.title,
                    answer.status.as_u16()
                );
                Err(Problem::new(Kind::Unreadable, detail))
            }
        }
    }
}

enum Reread {
    Group(Answer, String),
    Refused(Answer),
}

/// Adds the entity tag to the response to a read of a group.
pub(super) fn with_tag(system: &System, operation: &Operation, answer: Answer) -> Answer {
    if matches!(system, System::Uplynk) && *operation == GET_GROUP {
        tagged(answer)
    } else {
        answer
    }
}

/// Removes the vendor's entity tag, which would have another meaning.
fn untagged(mut answer: Answer) -> Answer {
    answer.headers.remove(header::ETAG);
    answer
}

fn tagged(answer: Answer) -> Answer {
    let tag = tag(&answer).and_then(|tag| HeaderValue::try_from(tag).ok());
    let mut answer = untagged(answer);
    if let Some(tag) = tag {
        answer.headers.insert(header::ETAG, tag);
    }
    answer
}

/// The entity tag of the group in a response, if it can be read.
fn tag(answer: &Answer) -> Option<String> {
    tag_of(&group(answer)?)
}

/// The group in a response, if it can be read.
fn group(answer: &Answer) -> Option<FailoverGroup> {
    if answer.status != StatusCode::OK {
        return None;
    }
    decode(answer).ok()
}

fn decode(answer: &Answer) -> Result<FailoverGroup, vendors::Failure> {
    groups().get("").read(&answer.plain())
}

/// The status of an error, with the vendor's message.
fn error_line(answer: &Answer) -> String {
    match decode(answer) {
        Err(vendors::Failure::Vendor(error)) => error.line(),
        _ => answer.status.as_u16().to_string(),
    }
}

/// Whether every part of an order can be read. A slicer that cannot be read would be lost.
fn is_readable(group: &FailoverGroup) -> bool {
    let mut group_fields = group.unreadable.iter().map(|field| field.name.as_str());
    let slicers = group.slicers.iter().flatten();
    let mut slicer_fields = slicers.flat_map(|slicer| &slicer.unreadable);
    !group_fields.any(|name| name == "mode" || name.starts_with("slicers"))
        && !slicer_fields.any(|field| matches!(field.name.as_str(), "order" | "enabled"))
}

/// The current values of the settings that a body changes, in the format of a request.
fn settings(group: &FailoverGroup, body: &[u8]) -> Option<String> {
    let sent: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let current = [
        ("mode", json!(mode(group))),
        ("auto_failback", json!(group.auto_failback)),
    ];
    let changed = current
        .into_iter()
        .filter(|(name, _)| sent.contains_key(*name));
    let changed: Map<String, Value> = changed
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let text = (!changed.is_empty()).then(|| Value::Object(changed).to_string())?;
    // The record also shows if the group has none of them.
    audit_fields::known_fields(text.as_bytes()).or_else(|| Some("-".to_owned()))
}

fn mode(group: &FailoverGroup) -> Option<&str> {
    Some(match group.mode.as_ref()? {
        Mode::Prioritized => "prioritized",
        Mode::Flat => "flat",
        Mode::Other(word) => word,
    })
}

/// The entity tag of a group. `None` if its slicers are missing or unreadable.
fn tag_of(group: &FailoverGroup) -> Option<String> {
    if !is_readable(group) {
        return None;
    }
    let mode = mode(group);
    // The vendor lists them in no particular order.
    let mut slicers: Vec<_> = group
        .slicers
        .as_ref()?
        .iter()
        .map(|slicer| (&slicer.id, slicer.order, slicer.enabled))
        .collect();
    slicers.sort_unstable();
    // JSON separates the values unambiguously.
    let text = json!([mode, group.auto_failback, slicers]).to_string();
    Some(format!("\"{}\"", hex(&sha256(text))))
}

#[cfg(test)]
mod tests;
