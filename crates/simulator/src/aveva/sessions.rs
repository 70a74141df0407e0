//! The operations on client sessions.

use super::adapters::post;
use super::errors::{Refusal, conflict, invalid, no_group, no_session, too_soon};
use super::model::{Group, Heartbeat, Pin, Session, Site};
use super::wire::{Body, Style};
use super::world::World;
use crate::answer;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// A session in a group, for one request.
pub(crate) struct SessionRef<'a> {
    pub(crate) style: Style,
    pub(crate) group: &'a str,
    pub(crate) session: &'a str,
    pub(crate) now: DateTime<Utc>,
}

impl SessionRef<'_> {
    fn find<'w>(&self, world: &'w mut World) -> Result<(&'w mut Site, usize), Refusal> {
        let site = world
            .site_mut(self.group)
            .ok_or_else(|| no_group(self.group))?;
        let at = site
            .group
            .as_ref()
            .ok_or_else(|| no_group(self.group))?
            .position(self.session);
        at.map(|at| (site, at))
            .ok_or_else(|| no_session(self.group, self.session))
    }

    pub(crate) fn get(&self, world: &World) -> Result<Response, Refusal> {
        let group = world.group(self.group)?;
        let at = group
            .position(self.session)
            .ok_or_else(|| no_session(self.group, self.session))?;
        Ok(answer::json(
            StatusCode::OK,
            &self.style.session(&group.sessions[at]),
        ))
    }

    pub(crate) fn delete(&self, world: &mut World) -> Result<Response, Refusal> {
        let (site, at) = self.find(world)?;
        let group = site.group.as_mut().ok_or_else(|| no_group(self.group))?;
        group.sessions.remove(at);
        site.settle();
        Ok(answer::empty(StatusCode::NO_CONTENT))
    }

    /// Creates or updates a session, in `v1-preview` only.
    pub(crate) fn put(&self, world: &mut World, bytes: &[u8]) -> Result<Response, Refusal> {
        let session = read(
            self.style,
            &Body::read(bytes)?,
            Some(self.session),
            self.now,
        )?;
        let group = world.group_mut(self.group)?;
        let (status, at) = match group.position(self.session) {
            Some(at) => {
                let existing = &mut group.sessions[at];
                existing.name = session.name;
                if let Some(heartbeat) = session.heartbeat {
                    // A client that only changes the name sends the heartbeat that it read, which is not a new one.
                    let is_newer = |existing: Heartbeat| heartbeat.time > existing.time;
                    if existing.heartbeat.is_none_or(is_newer) {
                        existing.received = self.now;
                    }
                    existing.heartbeat = Some(heartbeat);
                }
                (StatusCode::OK, at)
            }
            None => {
                group.sessions.push(session);
                (StatusCode::CREATED, group.sessions.len() - 1)
            }
        };
        Ok(answer::json(status, &self.after_election(world, at)?))
    }

    pub(crate) fn heartbeat(&self, world: &mut World, bytes: &[u8]) -> Result<Response, Refusal> {
        let heartbeat = read_heartbeat(self.style, &Body::read(bytes)?, self.now)?;
        let (site, at) = self.find(world)?;
        let group = site.group.as_mut().ok_or_else(|| no_group(self.group))?;
        let session = &group.sessions[at];
        if session.posted && (self.now - session.received).abs() < TimeDelta::seconds(1) {
            return Err(too_soon());
        }
        let role = post(group, at, heartbeat, self.now);
        let body = self.style.failover(role, group);
        site.settle();
        Ok(answer::json(StatusCode::OK, &body))
    }

    /// Sets or removes a role override, in `v1` only.
    pub(crate) fn role_override(
        &self,
        world: &mut World,
        bytes: &[u8],
    ) -> Result<Response, Refusal> {
        let body = Body::read(bytes)?;
        let on = match body.field("Value").and_then(Value::as_u64) {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(invalid("Value has to be 0 (Off) or 1 (Primary).")),
        };
        let period = body
            .span("ExpirationPeriod")?
            .map(super::values::TimeSpan::delta);
        if period.is_some_and(|period| period <= TimeDelta::zero()) {
            return Err(invalid("ExpirationPeriod has to be longer than 00:00:00."));
        }
        let (site, at) = self.find(world)?;
        let group = site.group.as_mut().ok_or_else(|| no_group(self.group))?;
        let expires = period.and_then(|period| self.now.checked_add_signed(period));
        group.sessions[at].pin = on.then_some(Pin {
            since: self.now,
            expires,
        });
        let answer = self.style.role_override(&group.sessions[at]);
        site.settle();
        Ok(answer::json(StatusCode::OK, &answer))
    }

    /// The session after the election that its change triggers.
    fn after_election(&self, world: &mut World, at: usize) -> Result<Value, Refusal> {
        let site = world
            .site_mut(self.group)
            .ok_or_else(|| no_group(self.group))?;
        site.settle();
        let group: &Group = site.group.as_ref().ok_or_else(|| no_group(self.group))?;
        Ok(self.style.session(&group.sessions[at]))
    }
}

pub(crate) fn list(world: &World, style: Style, group: &str) -> Result<Response, Refusal> {
    let sessions: Value = world
        .group(group)?
        .sessions
        .iter()
        .map(|one| style.session(one))
        .collect();
    Ok(answer::json(StatusCode::OK, &sessions))
}

/// Creates a session. If it exists, the answer is 200 for an identical one in `v1`, otherwise 409.
pub(crate) fn create(
    world: &mut World,
    style: Style,
    group: &str,
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<Response, Refusal> {
    let session = read(style, &Body::read(bytes)?, None, now)?;
    let target = world.group_mut(group)?;
    if let Some(at) = target.position(&session.id) {
        let existing = &target.sessions[at];
        if style.v1
            && (&existing.name, &existing.additional) == (&session.name, &session.additional)
        {
            return Ok(answer::json(StatusCode::OK, &style.session(existing)));
        }
        return Err(conflict(
            "The client session already exists.",
            format!(
                "The failover group '{group}' already has a client session '{}'.",
                session.id
            ),
            "Use another identifier, or delete the existing client session first.",
        ));
    }
    let id = session.id.clone();
    target.sessions.push(session);
    let at = target.sessions.len() - 1;
    let created = SessionRef {
        style,
        group,
        session: &id,
        now,
    };
    Ok(answer::json(
        StatusCode::CREATED,
        &created.after_election(world, at)?,
    ))
}

/// A session from a request body. Its role is ignored, because the service assigns the roles.
fn read(
    style: Style,
    body: &Body,
    path: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Session, Refusal> {
    let given = body.text("Id")?.filter(|id| !id.is_empty());
    let id = match (path, given) {
        (Some(path), Some(given)) if path != given => {
            return Err(invalid(format!(
                "Id is '{given}' in the body and '{path}' in the path."
            )));
        }
        (Some(path), _) => path.to_owned(),
        (None, Some(given)) => given,
        (None, None) => return Err(invalid("Id is required.")),
    };
    let mut session = Session::new(id, now);
    session.name = body.text("Name")?;
    if style.v1 {
        session.additional = body.object("AdditionalData")?;
    } else if let Some(heartbeat) = body.inner("Heartbeat")? {
        session.heartbeat = Some(read_heartbeat(style, &heartbeat, now)?);
    }
    Ok(session)
}

/// A heartbeat from a request body. In `v1` the service sets its time, in `v1-preview` the client may.
fn read_heartbeat(style: Style, body: &Body, now: DateTime<Utc>) -> Result<Heartbeat, Refusal> {
    let name = if style.v1 {
        "FailoverScore"
    } else {
        "FailoverStatus"
    };
    let score = body
        .score(name)?
        .ok_or_else(|| invalid(format!("{name} is required.")))?;
    let last_data = body.time("LastDataProcessedTime")?;
    let time = if style.v1 {
        None
    } else {
        body.time("HeartbeatTime")?
    };
    Ok(Heartbeat {
        score,
        last_data,
        time: time.unwrap_or(now),
    })
}
