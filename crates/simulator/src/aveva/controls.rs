//! The control port's access to an AVEVA service: its complete state, and changes to its adapters.

use super::Service;
use super::wire::Style;
use serde_json::{Value, json};

/// Names as in `v1`, roles as names.
const STYLE: Style = Style {
    v1: true,
    names: true,
    zone: true,
};

impl Service {
    /// Every group with its sessions and adapters.
    pub(crate) fn snapshot(&self) -> Value {
        let state = self.state();
        let sites = state.world.sites.iter().filter(|site| !site.hidden);
        let groups = sites.filter_map(|site| {
            let group = site.group.as_ref()?;
            let sessions: Vec<Value> = group
                .sessions
                .iter()
                .map(|session| {
                    let mut body = STYLE.session(session);
                    let adapter = site.adapters.iter().find(|one| one.session == session.id);
                    body["Live"] = session.live(group.timeout, state.world.now).into();
                    body["Adapter"] = adapter.map_or(
                        Value::Null,
                        |one| json!({ "silent": one.silent, "cold": one.cold, "due": one.due }),
                    );
                    body
                })
                .collect();
            let mut body = STYLE.group(&site.id, group);
            body["Status"] = STYLE.status(group);
            body["Sessions"] = sessions.into();
            Some(body)
        });
        json!({ "groups": groups.collect::<Vec<_>>() })
    }

    /// Changes an adapter: silences it or not, and sets its reported score (`null` restores the default).
    ///
    /// # Errors
    /// A message when the adapter does not exist or the change is not valid.
    pub(crate) fn adjust(
        &self,
        group: &str,
        session: &str,
        change: &Value,
    ) -> Result<Value, String> {
        let state = &mut *self.state();
        let now = state.world.now;
        let site = state
            .world
            .site_mut(group)
            .ok_or_else(|| format!("there is no group '{group}'"))?;
        let missing =
            || format!("no simulated adapter posts for the session '{session}' of '{group}'");
        let adapter = site
            .adapters
            .iter_mut()
            .find(|one| one.session == session)
            .ok_or_else(missing)?;
        let fields = change
            .as_object()
            .ok_or("the body has to be a JSON object")?;
        let (mut silent, mut score) = (None, None);
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("silent", Value::Bool(on)) => silent = Some(*on),
                ("score", Value::Null) => score = Some(None),
                ("score", Value::Number(number)) => {
                    let number = number.as_f64().filter(|one| (0.0..=100.0).contains(one));
                    score = Some(Some(number.ok_or("score has to be from 0 to 100")?));
                }
                _ => {
                    return Err(format!(
                        "'{name}': {value} is not a valid change; the fields are \"silent\": bool and \"score\": 0 to 100 or null"
                    ));
                }
            }
        }
        if let Some(on) = silent {
            (adapter.silent, adapter.silent_until) = (on, None);
            adapter.due = if on { adapter.due } else { now };
        }
        if let Some(score) = score {
            (adapter.score, adapter.score_until) = (score, None);
            adapter.due = now;
        }
        // A heartbeat that is due now is posted now, even when the clock is frozen.
        site.advance(now);
        let changed = site
            .group
            .as_ref()
            .and_then(|group| group.sessions.iter().find(|one| one.id == session));
        Ok(changed.map_or(Value::Null, |session| STYLE.session(session)))
    }
}
