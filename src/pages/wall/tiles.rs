//! What the gateway watches, as tiles. The judgement and the alarms are the gateway's; here they are only
//! put together.

use super::model::{Tile, without_repetition, worst_first};
use super::params::Params;
use crate::live::Watched;
use crate::route::Route;
use chrono::TimeDelta;
use health::alarms::{Alarm, by_own_clock};
use health::freshness::Freshness;
use health::inventory::{Kind, Observed, Resource, ResourceKey, outlasts_silence};
use health::severity::Severity;
use protocol::ConnectionState;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The connections that the address asks for, tracked.
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

/// Every tile, worst first, tracked. Where resources of several connections have one name, they tell their connection.
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
        let ahead = snapshot
            .connection(&resource.key.connection)
            .map_or(0, |state| state.vendor_ahead_ms);
        let ahead = TimeDelta::try_milliseconds(ahead).unwrap_or_default();
        tiles.push(Tile {
            source: source.to_owned(),
            ..of_resource(watched, resource, alarm, ahead)
        });
    }
    let without = snapshot.alarms.iter().filter(|alarm| {
        let key = &alarm.resource;
        let is_one = key.kind != Kind::Connection && is_shown(&key.connection);
        is_one && snapshot.find(key).is_none()
    });
    tiles.extend(without.map(|alarm| of_alarm(alarm)));
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
                .map(|alarm| of_connection(watched, state, alarm)),
        );
    }
    tiles.sort_by(worst_first);
    tiles
}

/// The connection of this wall that a resource is read with. The one that represents a run which several connections list
/// need not be on the wall.
fn shown_with(resource: &Resource, is_shown: impl Fn(&str) -> bool) -> Option<&str> {
    let own = std::iter::once(&resource.key.connection);
    let mut listed_by = own.chain(&resource.also_on).map(String::as_str);
    listed_by.find(|id| is_shown(id))
}

/// The names that resources of several connections have.
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

/// What a resource's tile is known by. Another connection may come to represent the same run of a plan: that is no news.
fn key_of(key: &ResourceKey) -> String {
    match key.kind {
        Kind::FailoverSession => format!("run {}", key.id),
        _ => format!("{}/{}", key.connection, Route::of(key).href()),
    }
}

/// A connection that is silent.
fn of_connection(watched: Watched, state: &ConnectionState, alarm: &Alarm) -> Tile {
    Tile {
        key: state.connection.id.clone(),
        source: state.connection.id.clone(),
        name: state.connection.title.clone(),
        connection: String::new(),
        severity: alarm.severity,
        was: Severity::Critical,
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
        is_told: true,
        handling: alarm.handling_label().unwrap_or_default(),
    }
}

/// An alarm from before the gateway was started anew, of something that was not read since.
fn of_alarm(alarm: &Alarm) -> Tile {
    let was = alarm.severity;
    Tile {
        key: key_of(&alarm.resource),
        source: alarm.resource.connection.clone(),
        name: alarm.name.clone(),
        connection: String::new(),
        severity: if outlasts_silence(was) {
            was
        } else {
            Severity::Unknown
        },
        was,
        rank: alarm.rank,
        word: alarm.word.to_string(),
        sentence: without_repetition(&alarm.sentence, &alarm.name, &alarm.word).to_owned(),
        since: Some(alarm.since.at()),
        observed: Observed::Never,
        fresh: Freshness::NoData,
        is_source: false,
        is_told: true,
        handling: alarm.handling_label().unwrap_or_default(),
    }
}

/// `ahead` is how far the vendor's clock is ahead of the gateway's.
fn of_resource(
    watched: Watched,
    resource: &Resource,
    alarm: Option<&Alarm>,
    ahead: TimeDelta,
) -> Tile {
    if let Some(alarm) = alarm.filter(|alarm| alarm.is_unconfirmed(Some(resource))) {
        return of_alarm(alarm);
    }
    let Resource { key, verdict, .. } = resource;
    // What was never read is as fresh as its connection: it says itself that it was not read.
    let fresh = match resource.observed {
        Observed::Never => watched.freshness(&key.connection),
        _ => watched.freshness_of(resource),
    };
    let current = resource.effective_state(fresh).last_known.is_none();
    let was = alarm.map_or(verdict.severity, |alarm| alarm.severity);
    let word = alarm.map_or(&verdict.word, |alarm| &alarm.word);
    let sentence = alarm.map_or(&verdict.sentence, |alarm| &alarm.sentence);
    Tile {
        key: key_of(key),
        source: key.connection.clone(),
        name: resource.name.clone(),
        connection: String::new(),
        severity: if current || outlasts_silence(was) {
            was
        } else {
            Severity::Unknown
        },
        was,
        rank: alarm.map_or(verdict.rank, |alarm| alarm.rank),
        word: word.to_string(),
        sentence: without_repetition(sentence, &resource.name, word).to_owned(),
        since: alarm
            .map(|alarm| alarm.since.at())
            .or_else(|| by_own_clock(verdict.since?, ahead)),
        observed: resource.observed,
        fresh,
        is_source: false,
        is_told: !resource.is_unread(),
        handling: alarm.and_then(Alarm::handling_label).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::{key_of, of_alarm, shown_with};
    use crate::pages::wall::model::{Ages, critical, totals};
    use chrono::DateTime;
    use health::Verdict;
    use health::alarms::{Alarm, Since};
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
            id: "a".to_owned(),
            resource: key(Kind::FailoverGroup, "plant-a"),
            name: "Kiln 2".to_owned(),
            severity,
            rank: 1,
            word: word.into(),
            sentence: "Kiln 2 has no primary.".to_owned(),
            advice: String::new(),
            since: Since::Observed(DateTime::UNIX_EPOCH),
            flapping: None,
            acknowledged: None,
            notes: Vec::new(),
            maintenance: None,
        }
    }

    #[test]
    fn an_alarm_from_before_a_restart_has_a_tile_as_it_was_last_known() {
        let tile = of_alarm(&alarm(Severity::Critical, "No primary"));
        let label = tile.label(Ages::default());
        assert_eq!(label, "Kiln 2: No primary, last known, NO DATA");
        assert!(tile.is_kept() && tile.is_large());
        let tiles = [tile];
        assert_eq!((critical(&tiles), totals(&tiles).critical), (1, 1));
        let tile = of_alarm(&alarm(Severity::Unknown, "Unreadable"));
        let label = tile.label(Ages::default());
        assert_eq!(label, "Kiln 2: NO DATA, last known Unreadable");
        assert_eq!(totals(&[tile]).stale, 1);
    }

    #[test]
    fn a_run_stands_on_the_wall_of_each_connection_that_lists_it() {
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
    fn a_run_is_the_same_whichever_connection_has_it_and_a_group_is_not() {
        for (kind, is_same) in [(Kind::FailoverSession, true), (Kind::FailoverGroup, false)] {
            let [one, other] = ["em", "em-old"].map(|connection| key_of(&key(kind, connection)));
            assert_eq!(one == other, is_same, "{kind:?}");
        }
    }
}
