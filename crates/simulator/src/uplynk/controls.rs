//! The control port's access to the Uplynk account: its complete state, and changes to its slicers.

use super::Service;
use super::model::{Group, Mode, Slicer};
use serde_json::{Value, json};

impl Service {
    /// Every group as the API shows it, plus its hidden state: health, owners, the reason for the slate.
    pub(crate) fn snapshot(&self) -> Value {
        let state = self.state();
        let shown = state.world.groups.iter().filter(|group| !group.hidden);
        let groups: Vec<Value> = shown
            .map(|group| {
                let mut body = state.world.group_json(group, &self.owner);
                for (slicer, json) in group
                    .slicers
                    .iter()
                    .zip(body["slicers"].as_array_mut().into_iter().flatten())
                {
                    json["healthy"] = slicer.healthy.into();
                    json["available_from"] = json!(slicer.available);
                }
                body["allowed_owners"] = json!(group.owners);
                body["slate"] = format!("{:?}", group.slate).into();
                body
            })
            .collect();
        let spare: Vec<Value> = state
            .world
            .spare
            .iter()
            .map(|one| json!({ "id": one.id, "desc": one.desc }))
            .collect();
        json!({ "groups": groups, "spare_channels": spare })
    }

    /// Changes a slicer: sets its health, its state, or both.
    ///
    /// # Errors
    /// A message when the slicer does not exist or the change is not valid.
    pub(crate) fn adjust(
        &self,
        group: &str,
        slicer: &str,
        change: &Value,
    ) -> Result<Value, String> {
        let state = &mut *self.state();
        let world = &mut state.world;
        let now = world.now;
        let index = world
            .position(group)
            .ok_or_else(|| format!("there is no group '{group}'"))?;
        let target = world.groups[index]
            .slicer_mut(slicer)
            .ok_or_else(|| format!("'{group}' has no slicer '{slicer}'"))?;
        let fields = change
            .as_object()
            .ok_or("the body has to be a JSON object")?;
        let (mut healthy, mut new_state) = (None, None);
        for (name, value) in fields {
            match (name.as_str(), value.as_bool(), value.as_i64()) {
                ("healthy", Some(on), _) => healthy = Some(on),
                ("state", _, Some(number)) => new_state = Some(number),
                _ => {
                    return Err(format!(
                        "'{name}': {value} is not a valid change; the fields are \"healthy\": bool and \"state\": number"
                    ));
                }
            }
        }
        target.problem_until = None;
        match healthy {
            Some(true) => target.healthy = true,
            Some(false) => target.mark_unhealthy(now),
            None => {}
        }
        target.state = new_state.unwrap_or(target.state);
        world.elect(index);
        Ok(world.group_json(&world.groups[index], &self.owner))
    }

    /// Replaces the slicers of a group, as an administrator would in the vendor's own pages. Existing
    /// slicers keep their state, new ones are healthy, and the order is that of the list.
    pub(crate) fn members(&self, group: &str, ids: &[String]) -> Result<Value, String> {
        let state = &mut *self.state();
        let world = &mut state.world;
        let now = world.now;
        let index = world
            .position(group)
            .ok_or_else(|| format!("there is no group '{group}'"))?;
        let target: &mut Group = &mut world.groups[index];
        let mut slicers: Vec<Slicer> = Vec::with_capacity(ids.len());
        for (id, order) in ids.iter().zip(1..) {
            if id.is_empty() || slicers.iter().any(|other| other.id == *id) {
                return Err(format!("'{id}' is empty or a duplicate"));
            }
            let existing = target.slicers.iter().find(|one| one.id == *id).cloned();
            slicers.push(Slicer {
                order: if target.mode == Mode::Flat { 1 } else { order },
                ..existing.unwrap_or_else(|| Slicer::new(id, now))
            });
        }
        target.slicers = slicers;
        world.elect(index);
        Ok(world.group_json(&world.groups[index], &self.owner))
    }
}
