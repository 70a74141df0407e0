//! The same Veeam session seen through two connections of one backup server is one resource.

use super::contents::Judged;
use super::resource::Kind;
use std::collections::HashMap;

/// The resources of all connections, each once. A session GUID is unique, so two connections that list
/// the same one see the same run: the first connection that lists it represents it, and the others are
/// named in `also_on`. Give the connections that can be believed first: who represents a session then
/// changes with an outage, and not with every reading. The order is kept.
#[must_use]
pub fn merge<'a>(connections: impl IntoIterator<Item = &'a [Judged]>) -> Vec<Judged> {
    let mut merged: Vec<Judged> = Vec::new();
    let mut sessions: HashMap<&str, usize> = HashMap::new();
    for judged in connections.into_iter().flatten() {
        let key = &judged.resource.key;
        if key.kind == Kind::FailoverSession && !key.id.is_empty() {
            if let Some(place) = sessions.get(key.id.as_str()) {
                let resource = &mut merged[*place].resource;
                let known = |id: &String| *id == key.connection;
                if !known(&resource.key.connection) && !resource.also_on.iter().any(known) {
                    resource.also_on.push(key.connection.clone());
                    resource.also_on.sort();
                }
                continue;
            }
            sessions.insert(&key.id, merged.len());
        }
        merged.push(judged.clone());
    }
    merged
}
