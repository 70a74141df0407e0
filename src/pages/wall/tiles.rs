//! What the gateway watches, as tiles. The judgement and the alarms are the gateway's; here they are only
//! put together.

use super::model::{Tile, worst_first};
use super::params::{Kind, Params};
use crate::live::Watched;
use crate::route::Route;
use health::alarms::Alarm;
use health::inventory::{self, Observed, Resource, ResourceKey, outlasts_silence};
use health::severity::Severity;
use protocol::ConnectionState;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The connections that the address asks for, tracked.
#[must_use]
pub fn shown(watched: Watched, params: &Params) -> Vec<Arc<ConnectionState>> {
    let world = watched.world();
    let connections = world.connections.iter();
    let shows = |state: &&Arc<ConnectionState>| {
        let kind = kind(inventory::Kind::held_by(&state.connection.system));
        params.shows_connection(&state.connection.id) && params.shows_kind(kind)
    };
    connections.filter(shows).cloned().collect()
}

fn kind(held: inventory::Kind) -> Kind {
    match held {
        inventory::Kind::SlicerGroup => Kind::Slicers,
        inventory::Kind::FailoverSession => Kind::Sessions,
        inventory::Kind::FailoverGroup | inventory::Kind::Connection => Kind::Groups,
    }
}

/// Every tile, worst first, tracked. Where resources of several connections have one name, the sentence
/// begins with the connection's.
#[must_use]
pub fn tiles(watched: Watched, params: &Params) -> Vec<Tile> {
    let world = watched.world();
    let alarms: HashMap<&ResourceKey, &Alarm> = world
        .alarms
        .iter()
        .map(|alarm| (&alarm.resource, alarm.as_ref()))
        .collect();
    let shown = shown(watched, params);
    let mut tiles = Vec::new();
    for state in &shown {
        let key = ResourceKey::of_connection(&state.connection.id);
        tiles.extend(
            alarms
                .get(&key)
                .map(|alarm| of_connection(watched, state, alarm)),
        );
    }
    let is_shown = |resource: &&Arc<Resource>| {
        let connection = &resource.key.connection;
        shown.iter().any(|state| state.connection.id == *connection)
    };
    let resources: Vec<_> = world.resources().iter().filter(is_shown).collect();
    let ambiguous = ambiguous_names(&resources);
    for resource in &resources {
        let alarm = alarms.get(&resource.key).copied();
        let mut tile = of_resource(watched, resource, alarm);
        if ambiguous.contains(resource.name.as_str()) {
            let title = world.title(&resource.key.connection);
            tile.sentence = format!("{title}: {}", tile.sentence);
        }
        tiles.push(tile);
    }
    tiles.sort_by(worst_first);
    tiles
}

/// The names that resources of several connections have.
fn ambiguous_names<'r>(resources: &[&'r Arc<Resource>]) -> HashSet<&'r str> {
    let mut connections: HashMap<&str, &str> = HashMap::new();
    let mut ambiguous = HashSet::new();
    for resource in resources {
        let connection = resource.key.connection.as_str();
        if *connections.entry(&resource.name).or_insert(connection) != connection {
            ambiguous.insert(resource.name.as_str());
        }
    }
    ambiguous
}

/// A connection that is silent.
fn of_connection(watched: Watched, state: &ConnectionState, alarm: &Alarm) -> Tile {
    Tile {
        key: state.connection.id.clone(),
        source: state.connection.id.clone(),
        name: state.connection.title.clone(),
        severity: alarm.severity,
        was: Severity::Critical,
        rank: alarm.rank,
        word: String::new(),
        sentence: format!("{} {}", alarm.sentence, alarm.advice),
        since: state.observed_at,
        observed: Observed::WithConnection,
        fresh: watched.freshness(&state.connection.id),
        is_source: true,
        is_told: true,
        care: alarm.care().unwrap_or_default(),
    }
}

fn of_resource(watched: Watched, resource: &Resource, alarm: Option<&Alarm>) -> Tile {
    let Resource { key, verdict, .. } = resource;
    // What was never read is as fresh as its connection: it says itself that it was not read.
    let fresh = match resource.observed {
        Observed::Never => watched.freshness(&key.connection),
        _ => watched.freshness_of(resource),
    };
    let current = resource.effective_state(fresh).last_known.is_none();
    let was = alarm.map_or(verdict.severity, |alarm| alarm.severity);
    Tile {
        key: format!("{}/{}", key.connection, Route::of(key).href()),
        source: key.connection.clone(),
        name: resource.name.clone(),
        severity: if current || outlasts_silence(was) {
            was
        } else {
            Severity::Unknown
        },
        was,
        rank: alarm.map_or(verdict.rank, |alarm| alarm.rank),
        word: alarm.map_or(&verdict.word, |alarm| &alarm.word).to_string(),
        sentence: alarm
            .map_or(&verdict.sentence, |alarm| &alarm.sentence)
            .clone(),
        since: alarm.map(|alarm| alarm.since.at()).or(verdict.since),
        observed: resource.observed,
        fresh,
        is_source: false,
        is_told: !resource.is_unread(),
        care: alarm.and_then(Alarm::care).unwrap_or_default(),
    }
}
