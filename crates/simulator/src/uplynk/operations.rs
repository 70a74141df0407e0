//! The effect of each operation on the groups.

use super::model::{Mode, Slate, WARM_UP};
use super::wire::error;
use super::world::World;
use crate::answer;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// A status with the service's message.
type Refusal = (StatusCode, String);
type OperationResult = Result<Response, Refusal>;

pub(crate) fn bad(title: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, title.into())
}

fn done() -> OperationResult {
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(crate) fn refused((status, title): Refusal) -> Response {
    error(status, &title)
}

fn body(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(bad("The body has to be a JSON object")),
        Err(_) => Err(bad("The body is not JSON")),
    }
}

fn texts(fields: &Map<String, Value>, name: &str) -> Result<Vec<String>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| bad(format!("{name} has to hold strings")))
            })
            .collect(),
        Some(_) => Err(bad(format!("{name} has to be a list"))),
    }
}

fn flag(fields: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    value
        .as_bool()
        .map(Some)
        .ok_or_else(|| bad(format!("{name} has to be true or false")))
}

impl World {
    /// The list of groups. `total_items` is a string here and a number elsewhere, as in the real service.
    pub(crate) fn list(&self, owner: &str) -> Response {
        let items: Vec<Value> = self
            .groups
            .iter()
            .filter(|group| !group.hidden)
            .map(|group| self.group_json(group, owner))
            .collect();
        let total = items.len().to_string();
        answer::json(
            StatusCode::OK,
            &json!({ "@id": "/api/v4/failover-groups", "@type": "Collection", "items": items, "total_items": total }),
        )
    }

    pub(crate) fn configure(&mut self, index: usize, bytes: &[u8]) -> OperationResult {
        let fields = body(bytes)?;
        let mode = match fields.get("mode").map(Value::as_str) {
            None => None,
            Some(Some("prioritized")) => Some(Mode::Prioritized),
            Some(Some("flat")) => Some(Mode::Flat),
            Some(_) => return Err(bad("mode has to be prioritized or flat")),
        };
        let auto_failback = flag(&fields, "auto_failback")?;
        if mode.is_none() && auto_failback.is_none() {
            return Err(bad("mode or auto_failback is required"));
        }
        let group = &mut self.groups[index];
        if let Some(mode) = mode {
            group.set_mode(mode);
        }
        group.auto_failback = auto_failback.unwrap_or(group.auto_failback);
        self.elect(index);
        done()
    }

    /// Sets the order. Slicers that are not in the group are ignored without an error.
    pub(crate) fn order(&mut self, index: usize, bytes: &[u8]) -> OperationResult {
        let fields = body(bytes)?;
        let items = fields
            .get("slicers")
            .and_then(Value::as_array)
            .ok_or_else(|| bad("slicers has to be a list"))?;
        let mut changes = Vec::new();
        for item in items {
            let id = item
                .get("slicer_id")
                .and_then(Value::as_str)
                .ok_or_else(|| bad("slicer_id is required"))?;
            let enabled = item
                .get("enabled")
                .and_then(Value::as_bool)
                .ok_or_else(|| bad("enabled has to be true or false"))?;
            let order = item
                .get("order")
                .and_then(Value::as_i64)
                .filter(|order| *order >= 1);
            changes.push((
                id,
                enabled,
                order.ok_or_else(|| bad("order has to be a whole number from 1"))?,
            ));
        }
        let now = self.now;
        let group = &mut self.groups[index];
        let flat = group.mode == Mode::Flat;
        for (id, enabled, order) in changes {
            if let Some(slicer) = group.slicer_mut(id) {
                if enabled && !slicer.enabled {
                    slicer.available = now + WARM_UP;
                }
                slicer.enabled = enabled;
                slicer.order = if flat { 1 } else { order };
            }
        }
        self.elect(index);
        done()
    }

    pub(crate) fn activate(&mut self, index: usize, bytes: &[u8]) -> OperationResult {
        let fields = body(bytes)?;
        let id = fields
            .get("slicer_id")
            .and_then(Value::as_str)
            .ok_or_else(|| bad("slicer_id is required"))?;
        let now = self.now;
        let group = &mut self.groups[index];
        if group.auto_failback {
            return Err(bad(
                "A Live Slicer cannot be activated while auto_failback is on",
            ));
        }
        let slicer = group
            .slicer_mut(id)
            .ok_or_else(|| (StatusCode::NOT_FOUND, "Live Slicer not found".to_owned()))?;
        if slicer.blacklist.is_some() || !slicer.healthy {
            return Err(bad("The Live Slicer is not healthy"));
        }
        group.switch(id.to_owned(), now);
        done()
    }

    pub(crate) fn slate(&mut self, index: usize, bytes: &[u8]) -> OperationResult {
        let fields = body(bytes)?;
        let on = flag(&fields, "no_slicer")?.ok_or_else(|| bad("no_slicer is required"))?;
        let now = self.now;
        let group = &mut self.groups[index];
        match (on, group.slate) {
            (true, Slate::Off) => {
                group.slate = Slate::ByHand;
                group.failover_time = now.timestamp_millis();
            }
            (true, _) => group.slate = Slate::ByHand,
            (false, Slate::Off) => {}
            (false, _) => {
                // With automatic failback off, the slicer that was on air comes back if it can.
                let before = group.active.clone();
                let can = group
                    .slicers
                    .iter()
                    .any(|one| one.id == before && one.healthy && one.blacklist.is_none());
                group.slate = Slate::NothingHealthy;
                if can {
                    group.switch(before, now);
                }
                self.elect(index);
            }
        }
        done()
    }

    pub(crate) fn channels(&mut self, index: usize, bytes: &[u8]) -> OperationResult {
        let fields = body(bytes)?;
        let (add, remove) = (
            texts(&fields, "channels_ids_to_add")?,
            texts(&fields, "channels_ids_to_remove")?,
        );
        for id in &add {
            if self
                .groups
                .iter()
                .any(|group| group.channels.iter().any(|one| one.id == *id))
            {
                return Err((
                    StatusCode::CONFLICT,
                    format!("Channel {id} is already in a failover group"),
                ));
            }
            if !self.spare.iter().any(|one| one.id == *id) {
                return Err((StatusCode::NOT_FOUND, format!("Channel {id} not found")));
            }
        }
        let (moved, spare) = self.spare.drain(..).partition(|one| add.contains(&one.id));
        let group = &mut self.groups[index];
        let (freed, kept) = group
            .channels
            .drain(..)
            .partition(|one| remove.contains(&one.id));
        (group.channels, self.spare) = (kept, spare);
        group.channels.extend::<Vec<_>>(moved);
        self.spare.extend::<Vec<_>>(freed);
        done()
    }

    pub(crate) fn owners(&self, index: usize) -> Response {
        let group = &self.groups[index];
        let items: Vec<Value> = group
            .owners
            .iter()
            .map(|id| json!({ "@type": "Owner", "id": id }))
            .collect();
        let id = format!("/api/v4/failover-groups/{}/allowed-owners", group.id);
        let total = items.len();
        answer::json(
            StatusCode::OK,
            &json!({ "@id": id, "@type": "Collection", "items": items, "total_items": total }),
        )
    }

    pub(crate) fn set_owners(&mut self, index: usize, bytes: &[u8]) -> OperationResult {
        let fields = body(bytes)?;
        let (add, remove) = (
            texts(&fields, "owners_to_add")?,
            texts(&fields, "owners_to_remove")?,
        );
        let owners = &mut self.groups[index].owners;
        owners.retain(|owner| !remove.contains(owner));
        for owner in add {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        done()
    }
}
