//! Combines the gateway's resources and alarms into tiles. The verdicts are the gateway's.

use super::model::{Tile, without_repetition, worst_first};
use super::params::Params;
use crate::live::Watched;
use crate::route::Route;
use chrono::TimeDelta;
use health::alarms::Alarm;
use health::freshness::Freshness;
use health::inventory::{Kind, Observed, Resource, ResourceKey, outlasts_silence};
use health::severity::Severity;
use health::vendor_clock::by_own_clock;
use protocol::ConnectionState;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The connections that the address selects. Tracked.
#[must_use]
pub fn shown(watched: Watched, params: &Params) -> Vec<Arc<ConnectionState>> {
    let snapshot = watched.snapshot();
    let connections = snapshot.connections.iter();
    let shows = |state: &&Arc<ConnectionState>| {
        let kind = Kind::held_by(&state.connection.system);
        params.shows_connection(&state.connection.id) && params.shows_kind(kind)
    };
    connections.filter(shows).cloned().collect()
}

/// Every tile, worst first. Resources of several connections with the same name show their connection. Tracked.
#[must_use]
pub fn tiles(watched: Watched, params: &Params) -> Vec<Tile> {
    let snapshot = watched.snapshot();
    let alarms: HashMap<&ResourceKey, &Alarm> = snapshot
        .alarms
        .iter()
        .map(|alarm| (&alarm.resource, alarm.as_ref()))
        .collect();
    let shown = shown(watched, params);
    let is_shown = |id: &str| shown.iter().any(|state| state.connection.id == id);
    let mut tiles = Vec::new();
    for resource in snapshot.resources() {
        let Some(source) = shown_with(resource, is_shown) else {
            continue;
        };
        let alarm = alarms.get(&resource.key).copied();
        let ahead = snapshot.vendor_ahead(&resource.key.connection);
        tiles.push(Tile {
            source: source.to_owned(),
            ..resource_tile(watched, resource, alarm, ahead)
        });
    }
    let unread = snapshot.alarms.iter().filter(|alarm| {
        let key = &alarm.resource;
        let is_shown = key.kind != Kind::Connection && is_shown(&key.connection);
        is_shown && snapshot.find(key).is_none()
    });
    tiles.extend(unread.map(|alarm| alarm_tile(alarm)));
    let ambiguous = ambiguous_names(&tiles);
    for tile in &mut tiles {
        if ambiguous.contains(&tile.name) {
            tile.connection = snapshot.title(&tile.source);
        }
    }
    for state in &shown {
        let key = ResourceKey::of_connection(&state.connection.id);
        tiles.extend(
            alarms
                .get(&key)
                .map(|alarm| connection_tile(watched, state, alarm)),
        );
    }
    tiles.sort_by(worst_first);
    tiles
}

/// The connection with which a resource is shown on this wall. A run that several connections list is shown even if its
/// own connection is not on the wall.
fn shown_with(resource: &Resource, is_shown: impl Fn(&str) -> bool) -> Option<&str> {
    let own = std::iter::once(&resource.key.connection);
    let mut listed_by = own.chain(&resource.also_on).map(String::as_str);
    listed_by.find(|id| is_shown(id))
}

/// The names that occur in several connections.
fn ambiguous_names(tiles: &[Tile]) -> HashSet<String> {
    let mut connections: HashMap<&str, &str> = HashMap::new();
    let mut ambiguous = HashSet::new();
    for tile in tiles {
        if *connections.entry(&tile.name).or_insert(&tile.source) != tile.source {
            ambiguous.insert(tile.name.clone());
        }
    }
    ambiguous
}

/// The key of a resource's tile. A run keeps its key if another connection later represents it, so that it is not new.
fn key_of(key: &ResourceKey) -> String {
    match key.kind {
        Kind::FailoverSession => format!("run {}", key.id),
        _ => format!("{}/{}", key.connection, Route::of(key).href()),
    }
}

/// The tile of a silent connection.
fn connection_tile(watched: Watched, state: &ConnectionState, alarm: &Alarm) -> Tile {
    Tile {
        key: state.connection.id.clone(),
        source: state.connection.id.clone(),
        name: state.connection.title.clone(),
        connection: String::new(),
        severity: alarm.severity,
        last_severity: Severity::Critical,
        rank: alarm.rank,
        word: String::new(),
        sentence: {
            let sentence = without_repetition(&alarm.sentence, &state.connection.title, "");
            format!("{sentence} {}", alarm.advice)
        },
        since: state.observed_at,
        observed: Observed::WithConnection,
        fresh: watched.freshness(&state.connection.id),
        is_source: true,
        is_read: true,
        handling: alarm.handling_label().unwrap_or_default(),
    }
}

/// The tile of an alarm from before a restart of the gateway, whose resource has not been read since.
fn alarm_tile(alarm: &Alarm) -> Tile {
    let last_severity = alarm.severity;
    Tile {
        key: key_of(&alarm.resource),
        source: alarm.resource.connection.clone(),
        name: alarm.name.clone(),
        connection: String::new(),
        severity: if outlasts_silence(last_severity) {
            last_severity
        } else {
            Severity::Unknown
        },
        last_severity,
        rank: alarm.rank,
        word: alarm.word.to_string(),
        sentence: without_repetition(&alarm.sentence, &alarm.name, &alarm.word).to_owned(),
        since: Some(alarm.since.at()),
        observed: Observed::Never,
        fresh: Freshness::NoData,
        is_source: false,
        is_read: true,
        handling: alarm.handling_label().unwrap_or_default(),
    }
}

/// The tile of a resource. `ahead` is how far the vendor's clock is ahead of the gateway's.
fn resource_tile(
    watched: Watched,
    resource: &Resource,
    alarm: Option<&Alarm>,
    ahead: TimeDelta,
) -> Tile {
    if let Some(alarm) = alarm.filter(|alarm| alarm.is_unconfirmed(Some(resource))) {
        return alarm_tile(alarm);
    }
    let Resource { key, verdict, .. } = resource;
    // A resource that was never read has its connection's freshness, because its verdict already states that.
    let fresh = match resource.observed {
        Observed::Never => watched.freshness(&key.connection),
        _ => watched.freshness_of(resource),
    };
    let current = resource.effective_state(fresh).last_known.is_none();
    let last_severity = alarm.map_or(verdict.severity, |alarm| alarm.severity);
    let word = alarm.map_or(&verdict.word, |alarm| &alarm.word);
    let sentence = alarm.map_or(&verdict.sentence, |alarm| &alarm.sentence);
    Tile {
        key: key_of(key),
        source: key.connection.clone(),
        name: resource.name.clone(),
        connection: String::new(),
        severity: if current || outlasts_silence(last_severity) {
            last_severity
        } else {
            Severity::Unknown
        },
        last_severity,
        rank: alarm.map_or(verdict.rank, |alarm| alarm.rank),
        word: word.to_string(),
        sentence: without_repetition(sentence, &resource.name, word).to_owned(),
        since: alarm
            .map(|alarm| alarm.since.at())
            .or_else(|| Some(by_own_clock(verdict.since?, ahead))),
        observed: resource.observed,
        fresh,
        is_source: false,
        is_read: !resource.is_unread(),
        handling: alarm.and_then(Alarm::handling_label).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::{alarm_tile, key_of, shown_with};
    use crate::pages::wall::model::{Ages, critical, totals};
    use health::Verdict;
    use health::alarms::Alarm;
    use health::inventory::{Facts, Kind, Observed, Resource, ResourceKey};
    use health::severity::Severity;

    fn key(kind: Kind, connection: &str) -> ResourceKey {
        ResourceKey {
            kind,
            connection: connection.to_owned(),
            id: "7".to_owned(),
        }
    }

    fn alarm(severity: Severity, word: &'static str) -> Alarm {
        Alarm {
            name: "Kiln 2".to_owned(),
            severity,
            word: word.into(),
            ..crate::live::alarm(Kind::FailoverGroup, "plant-a", "7")
        }
    }

    #[test]
    fn an_alarm_from_before_a_restart_has_a_last_known_tile() {
        let tile = alarm_tile(&alarm(Severity::Critical, "No primary"));
        let label = tile.label(Ages::default());
        assert_eq!(label, "Kiln 2: No primary, last known, NO DATA");
        assert!(tile.is_last_known() && tile.is_large());
        let tiles = [tile];
        assert_eq!((critical(&tiles), totals(&tiles).critical), (1, 1));
        let tile = alarm_tile(&alarm(Severity::Unknown, "Unreadable"));
        let label = tile.label(Ages::default());
        assert_eq!(label, "Kiln 2: NO DATA, last known Unreadable");
        assert_eq!(totals(&[tile]).stale, 1);
    }

    #[test]
    fn a_run_is_on_the_wall_of_each_connection_that_lists_it() {
        let run = Resource {
            key: key(Kind::FailoverSession, "em"),
            name: "Web Shop DR".to_owned(),
            verdict: Verdict::new(Severity::Critical, "Failed", String::new()),
            observed: Observed::WithConnection,
            failure: None,
            unreadable: Vec::new(),
            also_on: vec!["em-old".to_owned()],
            facts: Facts::None,
        };
        for (walls, expected) in [
            (&["em", "em-old"][..], Some("em")),
            (&["em-old"], Some("em-old")),
            (&["plant-a"], None),
        ] {
            assert_eq!(shown_with(&run, |id| walls.contains(&id)), expected);
        }
    }

    #[test]
    fn a_run_has_the_same_key_in_every_connection_and_a_group_does_not() {
        for (kind, is_same) in [(Kind::FailoverSession, true), (Kind::FailoverGroup, false)] {
            let [one, other] = ["em", "em-old"].map(|connection| key_of(&key(kind, connection)));
            assert_eq!(one == other, is_same, "{kind:?}");
        }
    }
}
