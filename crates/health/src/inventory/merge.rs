//! Merges Veeam sessions that several connections list, for example two connections to one backup server.

use super::contents::Judged;
use super::resource::Kind;
use std::collections::HashMap;

/// The resources of all connections, each once, in their order. A session GUID is unique, so connections that list the
/// same GUID show the same run: the first one keeps the resource, and the others are named in `also_on`. Pass
/// believable connections first, so that the representing connection changes only with an outage. A connection that
/// has never read a session does not represent it before those that have.
#[must_use]
pub fn merge<'a>(connections: impl IntoIterator<Item = &'a [Judged]>) -> Vec<Judged> {
    let mut merged: Vec<Judged> = Vec::new();
    let mut sessions: HashMap<&str, usize> = HashMap::new();
    let mut all: Vec<&Judged> = connections.into_iter().flatten().collect();
    all.sort_by_key(|judged| judged.observed_at.is_none());
    for judged in all {
        let key = &judged.resource.key;
        if key.kind == Kind::FailoverSession && !key.id.is_empty() {
            if let Some(index) = sessions.get(key.id.as_str()) {
                let resource = &mut merged[*index].resource;
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
