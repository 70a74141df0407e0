//! The operations on groups.

use super::errors::{Refusal, conflict, invalid, no_group};
use super::model::{Group, Site};
use super::values::TimeSpan;
use super::wire::{Body, Style};
use super::world::World;
use crate::answer;
use crate::path::ApiRequest;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The shortest timeout that adapters and the service accept.
const MIN_TIMEOUT: TimeSpan = TimeSpan::seconds(15);
/// The adapters' default timeout.
const DEFAULT_TIMEOUT: TimeSpan = TimeSpan::seconds(60);
/// The number of groups in a list when `count` is not given.
const DEFAULT_COUNT: usize = 100;

fn number(request: &ApiRequest, name: &str, absent: usize) -> Result<usize, Refusal> {
    let Some(text) = request.parameter(name) else {
        return Ok(absent);
    };
    text.parse().map_err(|_| {
        invalid(format!(
            "{name} has to be a whole number from 0, not '{text}'."
        ))
    })
}

pub(crate) fn list(world: &World, style: Style, request: &ApiRequest) -> Result<Response, Refusal> {
    let (skip, count) = (
        number(request, "skip", 0)?,
        number(request, "count", DEFAULT_COUNT)?,
    );
    let groups = world.sites.iter().filter(|site| !site.hidden);
    let groups: Vec<_> = groups
        .filter_map(|site| Some((&site.id, site.group.as_ref()?)))
        .collect();
    let page: Value = groups
        .iter()
        .skip(skip)
        .take(count)
        .map(|(id, group)| style.group(id, group))
        .collect();
    let mut response = answer::json(StatusCode::OK, &page);
    response
        .headers_mut()
        .insert("total-count", HeaderValue::from(groups.len()));
    Ok(response)
}

pub(crate) fn get(world: &World, style: Style, id: &str) -> Result<Response, Refusal> {
    let group = world.group(id)?;
    Ok(answer::json(StatusCode::OK, &style.group(id, group)))
}

pub(crate) fn status(world: &World, style: Style, id: &str) -> Result<Response, Refusal> {
    Ok(answer::json(
        StatusCode::OK,
        &style.status(world.group(id)?),
    ))
}

pub(crate) fn create(
    world: &mut World,
    style: Style,
    request: &ApiRequest,
    now: DateTime<Utc>,
) -> Result<Response, Refusal> {
    let body = Body::read(&request.body)?;
    let id = body
        .text("Id")?
        .filter(|id| !id.is_empty())
        .ok_or_else(|| invalid("Id is required."))?;
    let mut group = Group::bare(body.span("FailoverTimeout")?.unwrap_or(DEFAULT_TIMEOUT));
    group.name = body.text("Name")?;
    group.description = body.text("Description")?;
    group.additional = body.object("AdditionalData")?;
    if group.timeout < MIN_TIMEOUT {
        return Err(invalid(format!(
            "FailoverTimeout is {}, the shortest is {MIN_TIMEOUT}.",
            group.timeout
        )));
    }
    if let Some(existing) = world.site(&id).and_then(|site| site.group.as_ref()) {
        let same = (
            &existing.name,
            &existing.description,
            existing.timeout,
            &existing.additional,
        ) == (
            &group.name,
            &group.description,
            group.timeout,
            &group.additional,
        );
        if same {
            return Ok(answer::json(StatusCode::OK, &style.group(&id, existing)));
        }
        return Err(conflict(
            "The failover group already exists.",
            format!(
                "A failover group with the identifier '{id}' exists with a different configuration."
            ),
            "Use another identifier, or delete the existing failover group first.",
        ));
    }
    let answer = answer::json(StatusCode::CREATED, &style.group(&id, &group));
    match world.site_mut(&id) {
        Some(site) => site.group = Some(group),
        None => world.sites.push(Site {
            id,
            timeout: group.timeout,
            group: Some(group),
            adapters: Vec::new(),
            hidden: false,
            steady: true,
            cursor: now,
        }),
    }
    Ok(answer)
}

pub(crate) fn delete(world: &mut World, id: &str, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let group = world.group(id)?;
    let live = group
        .sessions
        .iter()
        .filter(|session| session.live(group.timeout, now))
        .count();
    if live > 0 {
        return Err(conflict(
            "The failover group has active sessions.",
            format!(
                "The failover group '{id}' has {live} active client sessions and cannot be deleted."
            ),
            "Delete the client sessions, or stop the adapters and wait for the failover timeout.",
        ));
    }
    let site = world.site_mut(id).ok_or_else(|| no_group(id))?;
    site.group = None;
    let has_no_adapters = site.adapters.is_empty();
    if has_no_adapters {
        world.sites.retain(|site| site.id != id);
    }
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
