//! The data of a group in the list, and texts that the list and the group's page share. Pure.

use crate::pages::resource_list::ListConfig;
use crate::pages::resource_order::SortKey;
use crate::pages::resource_row::{RowContext, RowState, RowTime};
use crate::prefs::Zone;
use crate::route::Route;
use crate::ui::heartbeat_bar::HeartbeatBarFacts;
use crate::ui::times;
use chrono::{DateTime, TimeDelta, Utc};
use health::groups::{HeartbeatState, Members, Override, override_of};
use health::inventory::{Facts, GroupFacts, HeartbeatFacts, Kind, Observed, Resource};
use health::words;
use serde_json::{Map, Value};
use vendors::UnreadableField;
use vendors::aveva::{ApiVersion, ClientSession, Role, TimeSpan};

/// The list of groups.
pub const GROUPS: ListConfig = ListConfig {
    kind: Kind::FailoverGroup,
    keys: &[
        "state",
        "group",
        "connection",
        "primary",
        "pending",
        "timeout",
        "data",
    ],
    key_of,
    texts,
};

fn facts(resource: &Resource) -> Option<&GroupFacts> {
    match &resource.facts {
        Facts::FailoverGroup(facts) => Some(facts),
        _ => None,
    }
}

fn key_of(resource: &Resource, key: &str) -> SortKey {
    let Some(facts) = facts(resource) else {
        return SortKey::Absent;
    };
    match key {
        "primary" => facts.primary.as_deref().into(),
        "pending" => facts.pending.as_deref().into(),
        "timeout" => facts.failover_timeout.map(|timeout| timeout.ticks).into(),
        _ => facts.last_data.map(|at| at.timestamp_millis()).into(),
    }
}

fn texts<'a>(resource: &'a Resource, visit: &mut dyn FnMut(&'a str)) {
    let Some(facts) = facts(resource) else { return };
    facts.description.iter().for_each(|text| visit(text));
    facts.sessions.iter().for_each(|id| visit(id));
}

/// One row of the table "Failover groups".
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The cell "State".
    pub state: RowState,
    /// The name, or the id if it has no name.
    pub name: String,
    /// The id, or a text in place of a missing name.
    pub sub: String,
    /// Whether `sub` is an id.
    pub sub_is_id: bool,
    /// The URL of the group's page.
    pub href: String,
    /// The connection's title.
    pub connection: String,
    /// The primary's session id.
    pub primary: Option<String>,
    /// The pending primary's session id.
    pub pending: Option<String>,
    /// The sessions by role; `None` if they were never read.
    pub members: Option<Members>,
    /// The FailoverTimeout as the service writes it.
    pub timeout: Option<TimeSpan>,
    /// When data was last processed.
    pub data: Option<DateTime<Utc>>,
    /// The primary's heartbeat.
    pub heartbeat: Option<HeartbeatFacts>,
    /// If the group's data is stale: when it was last read.
    pub last_read: Option<Observed>,
    /// The connection's id.
    pub connection_id: String,
}

/// The row of a group.
#[must_use]
pub fn row(resource: &Resource, context: RowContext) -> Row {
    let RowContext { connection, state } = context;
    let facts = facts(resource).cloned().unwrap_or_default();
    let id = resource.key.id.clone();
    let named = resource.name != id;
    let is_unreadable = UnreadableField::find(&resource.unreadable, "Name").is_some();
    let sub = match (named, facts.description) {
        (true, _) => id,
        (false, _) if is_unreadable => "name unreadable".to_owned(),
        (false, Some(description)) => description,
        (false, None) => "no name".to_owned(),
    };
    Row {
        last_read: state.last_known.is_some().then_some(resource.observed),
        state,
        name: resource.name.clone(),
        sub_is_id: named,
        sub,
        href: Route::of(&resource.key).href(),
        connection,
        primary: facts.primary,
        pending: facts.pending,
        members: facts.members,
        timeout: facts.failover_timeout,
        data: facts.last_data,
        heartbeat: facts.heartbeat,
        connection_id: resource.key.connection.clone(),
    }
}

/// Additional data as formatted JSON; `None` if there is none.
#[must_use]
pub fn json_text(data: Option<&Map<String, Value>>) -> Option<String> {
    let data = data.filter(|data| !data.is_empty())?;
    serde_json::to_string_pretty(data).ok()
}

/// The facts for a heartbeat bar. Between readings the age keeps growing; the heartbeat's state changes only with a
/// reading. `last_read` is set if the data is stale: the age then stays as it was at that time (by the vendor's clock),
/// because a newer heartbeat may exist.
#[must_use]
pub fn heartbeat_bar(
    heartbeat: HeartbeatFacts,
    timeout: Option<TimeSpan>,
    last_read: Option<DateTime<Utc>>,
    time: RowTime,
) -> HeartbeatBarFacts {
    let Some(at) = heartbeat.at else {
        return HeartbeatBarFacts::never();
    };
    let was = last_read.is_some();
    let since = last_read.unwrap_or(time.now).signed_duration_since(at);
    let facts = HeartbeatBarFacts {
        age: Some(since.max(TimeDelta::zero()).as_seconds_f64()),
        timeout: timeout.map(|timeout| timeout.delta().as_seconds_f64()),
        late: matches!(heartbeat.beat, HeartbeatState::Late | HeartbeatState::Stale),
        silent: heartbeat.beat == HeartbeatState::Stale,
        ..HeartbeatBarFacts::default()
    };
    match heartbeat.beat {
        _ if !time.is_current && !was => facts.with_time(&times::moment(at, time.now, time.zone)),
        HeartbeatState::Future if since < TimeDelta::zero() => {
            let ahead = words::span(-since);
            HeartbeatBarFacts {
                label: format!("last heartbeat stamped {ahead} ahead of the server's clock"),
                ..facts.with_age(&format!("{ahead} ahead"), was)
            }
        }
        _ => facts.with_age(&words::span(since), was),
    }
}

/// The text of the column and the fact "Override" if no override is known. `v1-preview` does not report whether there
/// is one.
#[must_use]
pub fn without_override(session: &ClientSession, version: ApiVersion) -> &'static str {
    match (&session.role_override, version) {
        (None, ApiVersion::V1Preview) => "not reported by v1-preview",
        _ => "Off",
    }
}

/// The text of the column and the fact "Override" for an override; `None` if none is known.
#[must_use]
pub fn override_words(session: &ClientSession, now: DateTime<Utc>, zone: Zone) -> Option<String> {
    Some(match override_of(session, now) {
        Override::None => return None,
        Override::Primary(end) => {
            let until =
                end.map_or_else(|| "cleared".to_owned(), |end| times::moment(end, now, zone));
            // Of several overrides in a group, only one is in effect.
            let idle = match session.role {
                Some(Role::Secondary) => ", not in effect",
                _ => "",
            };
            format!("Primary until {until}{idle}")
        }
        Override::Other(value) => value,
        Override::Unreadable => "unreadable".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{heartbeat_bar, override_words, row, without_override};
    use crate::pages::resource_row::{RowContext, RowState, RowTime};
    use crate::prefs::Zone;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::groups::HeartbeatState;
    use health::inventory::{Contents, HeartbeatFacts, Moment, WatchedGroup};
    use health::severity::Severity;
    use vendors::UnreadableField;
    use vendors::aveva::{
        ApiVersion, ClientSession, GroupConfiguration, Role, RoleOverride, TimeSpan,
    };

    #[test]
    fn the_age_of_a_heartbeat_stops_growing_while_its_source_is_stale() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let read = now - TimeDelta::seconds(33);
        let heartbeat = HeartbeatFacts {
            at: Some(read - TimeDelta::seconds(12)),
            beat: HeartbeatState::OnTime,
        };
        let shown = |last_read, is_current| {
            let time = RowTime {
                now,
                zone: Zone::Utc,
                is_current,
            };
            let timeout = Some(TimeSpan::from_seconds(60));
            let bar = heartbeat_bar(heartbeat, timeout, last_read, time);
            (bar.age, bar.words)
        };
        assert_eq!(shown(None, true), (Some(45.0), "45 s".to_owned()));
        assert_eq!(shown(None, false), (Some(45.0), "14:31:23".to_owned()));
        for is_current in [true, false] {
            let was = (Some(12.0), "was 12 s".to_owned());
            assert_eq!(shown(Some(read), is_current), was);
        }
    }

    #[test]
    fn a_missing_override_is_off_except_in_v1_preview() {
        let (off, unknown) = ("Off", "not reported by v1-preview");
        for (reported, version, words) in [
            (None, ApiVersion::V1Preview, unknown),
            (Some(RoleOverride::Off), ApiVersion::V1Preview, off),
            (None, ApiVersion::V1, off),
            (Some(RoleOverride::Off), ApiVersion::V1, off),
        ] {
            let session = ClientSession {
                role_override: reported,
                ..ClientSession::default()
            };
            assert_eq!(without_override(&session, version), words, "{version:?}");
        }
    }

    #[test]
    fn an_override_is_described_with_its_role_and_end() {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let ends = |minutes| Some(now + TimeDelta::minutes(minutes));
        let primary = || Some(RoleOverride::Primary);
        let other = Some(RoleOverride::Other("9".to_owned()));
        for (role_override, end, unreadable, words) in [
            (None, None, false, None),
            (None, None, true, Some("unreadable")),
            (Some(RoleOverride::Off), None, false, None),
            (primary(), None, false, Some("Primary until cleared")),
            (primary(), ends(5), false, Some("Primary until 14:37:08")),
            (primary(), ends(-5), false, None),
            (other, None, false, Some("9")),
        ] {
            let field = UnreadableField {
                name: "RoleOverride".to_owned(),
                raw: "?".to_owned(),
            };
            let session = ClientSession {
                role_override,
                role_override_expiration_time: end,
                unreadable: unreadable.then_some(field).into_iter().collect(),
                ..ClientSession::default()
            };
            let shown = override_words(&session, now, Zone::Utc);
            assert_eq!(shown.as_deref(), words, "{session:?}");
        }
        let idle = ClientSession {
            role: Some(Role::Secondary),
            role_override: primary(),
            ..ClientSession::default()
        };
        let shown = override_words(&idle, now, Zone::Utc);
        assert_eq!(
            shown.as_deref(),
            Some("Primary until cleared, not in effect")
        );
    }

    #[test]
    fn a_group_without_a_name_shows_its_id_and_why_there_is_no_name() {
        for (name, description, unreadable, expected) in [
            (None, None, None, ("flare-07", "no name", false)),
            (
                None,
                None,
                Some("Description"),
                ("flare-07", "no name", false),
            ),
            (
                None,
                Some("Flare gas"),
                None,
                ("flare-07", "Flare gas", false),
            ),
            (
                None,
                Some("Flare gas"),
                Some("Name"),
                ("flare-07", "name unreadable", false),
            ),
            (
                Some("Flare"),
                Some("Flare gas"),
                None,
                ("Flare", "flare-07", true),
            ),
        ] {
            let field = |name: &str| UnreadableField {
                name: name.to_owned(),
                raw: "[]".to_owned(),
            };
            let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
            let group = WatchedGroup {
                configuration: GroupConfiguration {
                    id: Some("flare-07".to_owned()),
                    name: name.map(str::to_owned),
                    description: description.map(str::to_owned),
                    unreadable: unreadable.map(field).into_iter().collect(),
                    ..GroupConfiguration::default()
                },
                detail: None,
                failure: None,
            };
            let moment = Moment {
                now,
                vendor_ahead: TimeDelta::zero(),
                observed_at: Some(now),
                recent: TimeDelta::days(1),
            };
            let judged = Contents::Aveva(vec![group]).resources("plant-a", &moment);
            let context = RowContext {
                connection: "Plant A".to_owned(),
                state: RowState {
                    severity: Severity::Normal,
                    word: "Normal".to_owned(),
                    last_known: None,
                    handling: None,
                    unreadable: 0,
                    is_read: true,
                },
            };
            let row = row(&judged[0].resource, context);
            assert_eq!(
                (row.name.as_str(), row.sub.as_str(), row.sub_is_id),
                expected
            );
            assert_eq!(row.href, "/groups/plant-a/flare-07");
        }
    }
}
