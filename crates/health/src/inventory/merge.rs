//! The same Veeam session seen through two connections of one backup server is one resource.

use super::contents::Judged;
use super::resource::Kind;
use std::collections::HashMap;

/// The resources of all connections, each once. A session GUID is unique, so two connections that list
/// the same one see the same run: the connection that read it last represents it, and the others are
/// named in `also_on`. The order of the connections and of their resources is kept.
#[must_use]
pub fn merge<'a>(connections: impl IntoIterator<Item = &'a [Judged]>) -> Vec<Judged> {
    let mut merged: Vec<Judged> = Vec::new();
    let mut sessions: HashMap<&str, usize> = HashMap::new();
    for judged in connections.into_iter().flatten() {
        let key = &judged.resource.key;
        if key.kind != Kind::FailoverSession || key.id.is_empty() {
            merged.push(judged.clone());
            continue;
        }
        let Some(place) = sessions.get(key.id.as_str()) else {
            sessions.insert(&key.id, merged.len());
            merged.push(judged.clone());
            continue;
        };
        let held = &mut merged[*place];
        let mut others = std::mem::take(&mut held.resource.also_on);
        if judged.observed_at > held.observed_at {
            others.push(held.resource.key.connection.clone());
            *held = judged.clone();
        } else {
            others.push(key.connection.clone());
        }
        others.sort();
        held.resource.also_on = others;
    }
    merged
}
