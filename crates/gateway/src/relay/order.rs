//! Two people and one order of slicers. The vendor has no entity tags, so the gateway makes them:
//! over what a change of the order is decided on, and over nothing that a poll changes. A write that
//! names one (`If-Match`) is sent only while the vendor still holds it, and no other write of this
//! gateway comes in between. Must never answer the check from memory.

use super::reads::Outcome;
use super::{Outgoing, Upstream, told};
use crate::problem::{Kind, Problem};
use crate::wire::Answer;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use vendors::uplynk::operations::{GET_GROUP, ORDER};
use vendors::uplynk::{FailoverGroup, Mode, groups};
use vendors::{Operation, System};

/// A write to a group.
#[derive(Debug)]
pub(super) struct Change {
    group: String,
    /// The entity tag, with its quotes, that the group has to have.
    expected: Option<String>,
}

/// How the sending of a write went.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Whether it came to be sent.
    pub(super) sent: bool,
    /// What the vendor held before, as the audit tells it.
    pub(super) before: Option<String>,
}

/// The write to a group that a request is, if it is one: its path is `api/v4/failover-groups/{id}/…`.
///
/// # Errors
/// The order is written without `If-Match`, or `If-Match` is not one strong entity tag.
pub(super) fn change(
    system: &System,
    operation: &Operation,
    segments: &[String],
    headers: &HeaderMap,
) -> Result<Option<Change>, Problem> {
    if !matches!(system, System::Uplynk) || !operation.writes() {
        return Ok(None);
    }
    let Some(group) = segments.get(3) else {
        return Ok(None);
    };
    let expected = expected(headers)?;
    if expected.is_none() && *operation == ORDER {
        let detail = "the order of slicers is written only where it is still as it was seen: read \
                      the group through this gateway and send its ETag in If-Match; nothing was sent";
        return Err(Problem::new(Kind::PreconditionRequired, detail));
    }
    Ok(Some(Change {
        group: group.clone(),
        expected,
    }))
}

/// What `If-Match` holds.
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
        "it holds a weak one, which does not promise that nothing changed"
    } else {
        let inner = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match inner {
            Some(inner) if inner.contains('"') => "it holds several",
            // RFC 9110, 8.8.3; what lies beyond ASCII is no tag of ours.
            Some(inner) if inner.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Ok(Some(text.to_owned()));
            }
            _ => "it holds none",
        }
    };
    let detail = format!("If-Match has to be one strong entity tag in quotes, but {wrong}");
    Err(Problem::new(Kind::BadRequest, detail))
}

impl Change {
    /// Sends the write when it is this one's turn and the group is as expected. Otherwise the answer
    /// is what the vendor holds, with 412, or why that could not be found out: then nothing was sent.
    /// What happened on the way is left in `course`, for the audit.
    pub(super) async fn carry(
        &self,
        upstream: &Upstream,
        outgoing: &Outgoing,
        course: &mut Course,
    ) -> Outcome {
        let place = upstream.locks.queue(&self.group.to_ascii_lowercase());
        let _turn = place.turn(upstream.timeout).await?;
        if let Some(expected) = &self.expected {
            let (held, tag) = match self.reread(upstream).await? {
                Reread::Group(answer, tag) => (answer, tag),
                Reread::Refused(answer) => return Ok(answer),
            };
            course.before = group(&held).as_ref().map(told::order);
            if tag != *expected {
                return Ok(Answer {
                    status: StatusCode::PRECONDITION_FAILED,
                    ..held
                });
            }
        }
        course.sent = true;
        upstream.ask(outgoing).await.map(untagged)
    }

    async fn reread(&self, upstream: &Upstream) -> Result<Reread, Problem> {
        let request = groups().get(&self.group).request;
        let answer = upstream
            .ask(&Outgoing {
                method: Method::GET,
                path: request.path,
                query: request.query,
                accept: request.accept,
                body: None,
            })
            .await?;
        if answer.status.is_client_error() || answer.status.is_server_error() {
            return Ok(Reread::Refused(untagged(answer)));
        }
        match tag(&answer) {
            Some(tag) => Ok(Reread::Group(tagged(answer), tag)),
            None => {
                let detail = format!(
                    "{} answered {} to the question what the group holds now, and the order of its \
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

/// The answer to a read with the entity tag that a group has here.
pub(super) fn with_tag(system: &System, operation: &Operation, answer: Answer) -> Answer {
    if matches!(system, System::Uplynk) && *operation == GET_GROUP {
        tagged(answer)
    } else {
        answer
    }
}

/// Without the vendor's own: if it should ever send one, it is about something else.
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

/// The entity tag of a group as it was answered, if it can be read.
fn tag(answer: &Answer) -> Option<String> {
    of(&group(answer)?)
}

/// The group that was answered, if it can be read.
fn group(answer: &Answer) -> Option<FailoverGroup> {
    if answer.status != StatusCode::OK {
        return None;
    }
    let answer = vendors::Answer {
        status: 200,
        headers: Vec::new(),
        body: answer.body.to_vec(),
    };
    groups().get("").read(&answer).ok()
}

/// The entity tag of a group; none without its slicers.
fn of(group: &FailoverGroup) -> Option<String> {
    let mode = group.mode.as_ref().map(|mode| match mode {
        Mode::Prioritized => "prioritized",
        Mode::Flat => "flat",
        Mode::Other(word) => word,
    });
    // The order in which the vendor lists them says nothing.
    let mut slicers: Vec<_> = group
        .slicers
        .as_ref()?
        .iter()
        .map(|slicer| (&slicer.id, slicer.order, slicer.enabled))
        .collect();
    slicers.sort_unstable();
    // JSON, because no two groups have the same.
    let text = json!([mode, slicers]).to_string();
    let hex: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(format!("\"{hex}\""))
}

#[cfg(test)]
mod tests;
