//! What the control port sees and moves: the complete truth of the account, and its slicers.

use super::Service;
use super::model::Group;
use serde_json::{Value, json};

impl Service {
    /// Every group as the API shows it, with what it hides: health, owners, why the slate is on.
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

    /// Moves a slicer: whether it is healthy, what it is doing.
    ///
    /// # Errors
    /// In words, when there is no such slicer or the change makes no sense.
    pub(crate) fn pull(&self, group: &str, slicer: &str, change: &Value) -> Result<Value, String> {
        let state = &mut *self.state();
        let world = &mut state.world;
        let now = world.now;
        let index = world
            .position(group)
            .ok_or_else(|| format!("there is no group '{group}'"))?;
        let held: &mut Group = &mut world.groups[index];
        let held = held
            .slicer_mut(slicer)
            .ok_or_else(|| format!("'{group}' has no slicer '{slicer}'"))?;
        let fields = change
            .as_object()
            .ok_or("the body has to be a JSON object")?;
        let (mut healthy, mut doing) = (None, None);
        for (name, value) in fields {
            match (name.as_str(), value.as_bool(), value.as_i64()) {
                ("healthy", Some(on), _) => healthy = Some(on),
                ("state", _, Some(number)) => doing = Some(number),
                _ => {
                    return Err(format!(
                        "'{name}': {value} is not a lever; there are \"healthy\": bool and \"state\": number"
                    ));
                }
            }
        }
        held.trouble_until = None;
        match healthy {
            Some(true) => held.healthy = true,
            Some(false) => held.sicken(now),
            None => {}
        }
        held.state = doing.unwrap_or(held.state);
        world.elect(index);
        Ok(world.group_json(&world.groups[index], &self.owner))
    }
}
