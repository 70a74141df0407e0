//! A group as the list's row shows it. Pure.

use crate::live::Group;
use crate::ui::beat::BeatFacts;
use crate::ui::table::sorting::SortOrder;
use crate::ui::times;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use health::groups::{Beat, Look, Members, members, pulse};
use health::severity::Severity;
use health::verdict::Verdict;
use health::words;
use std::cmp::Ordering;
use vendors::aveva::{ClientSession, GroupConfiguration, Role, TimeSpan};

/// The columns that can be sorted by.
pub const KEYS: &[&str] = &[
    "state",
    "group",
    "connection",
    "primary",
    "pending",
    "timeout",
    "data",
];

/// Worst first.
pub const WORST_FIRST: SortOrder = SortOrder {
    key: "state",
    descending: false,
};

/// One row of the table "Failover groups".
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// How bad; unknown when the source is stale.
    pub severity: Severity,
    /// The state in words.
    pub word: String,
    /// What the state was when the source was last heard.
    pub was: Option<&'static str>,
    /// The name, or the id when it has none.
    pub name: String,
    /// The id, or why there is no name.
    pub sub: String,
    /// Whether `sub` is an id.
    pub sub_is_id: bool,
    /// Where the group's page is.
    pub href: String,
    /// The connection's title.
    pub connection: String,
    /// The primary's session id.
    pub primary: Option<String>,
    /// The pending primary's session id.
    pub pending: Option<String>,
    /// The sessions by role.
    pub members: Option<Members>,
    /// The FailoverTimeout as the service writes it.
    pub timeout: Option<TimeSpan>,
    /// When data was last processed.
    pub data: Option<DateTime<Utc>>,
    /// The same in words, and how long ago.
    pub data_words: (String, String),
    /// The primary's heartbeat.
    pub beat: Option<BeatFacts>,
    /// Whether the source is stale.
    pub stale: bool,
    /// What a search looks in.
    pub haystack: String,
}

/// Where a row's group is and how it is to be read.
pub struct RowContext<'a> {
    /// The connection's title.
    pub connection: &'a str,
    /// Where the group's page is.
    pub href: String,
    /// Whether what is known of the group is stale.
    pub stale: bool,
    /// The vendor's time, and when the group was read.
    pub look: Look,
    /// The zone on the screen.
    pub zone: FixedOffset,
}

/// A group as a row.
#[must_use]
pub fn row(group: &Group, verdict: &Verdict, context: RowContext<'_>) -> Row {
    let configuration = &group.configuration;
    let id = configuration.id.clone().unwrap_or_default();
    let name = group.name();
    let named = name != id;
    let sub = match (
        named,
        configuration
            .description
            .as_deref()
            .is_some_and(|text| !text.is_empty()),
    ) {
        (true, _) => id.clone(),
        (false, true) => configuration.description.clone().unwrap_or_default(),
        (false, false) => "created by an adapter, no name".to_owned(),
    };
    let detail = group.detail.as_deref();
    let sessions = detail
        .map(|detail| detail.sessions.as_slice())
        .unwrap_or_default();
    let data = detail.and_then(|detail| detail.status.last_data_processed_time);
    let primary = primary(sessions);
    let ids = sessions.iter().filter_map(|session| session.id.as_deref());
    let haystack = ids
        .chain([name.as_str(), id.as_str(), sub.as_str(), context.connection])
        .collect::<Vec<_>>()
        .join("\n");
    Row {
        severity: if context.stale {
            Severity::Unknown
        } else {
            verdict.severity
        },
        word: if context.stale {
            "Unknown".to_owned()
        } else {
            verdict.word.to_owned()
        },
        was: context.stale.then_some(verdict.word),
        name,
        sub_is_id: named,
        sub,
        href: context.href,
        connection: context.connection.to_owned(),
        primary: detail.and_then(|detail| detail.status.primary.clone()),
        pending: detail.and_then(|detail| detail.status.pending_primary.clone()),
        members: detail.map(|_| members(configuration, sessions, context.look)),
        timeout: configuration.failover_timeout,
        data,
        data_words: moment(data, context.look.now, context.zone),
        beat: primary.map(|session| beat(session, configuration, context.look, context.stale)),
        stale: context.stale,
        haystack: haystack.to_lowercase(),
    }
}

/// A moment and how long ago it was; a dash and "never" for none.
#[must_use]
pub fn moment(
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    zone: FixedOffset,
) -> (String, String) {
    match at {
        Some(at) => (times::moment(at, now, zone), times::ago(at, now)),
        None => ("–".to_owned(), "never".to_owned()),
    }
}

/// A session's heartbeat as the bar shows it.
#[must_use]
pub fn beat(
    session: &ClientSession,
    group: &GroupConfiguration,
    look: Look,
    stale: bool,
) -> BeatFacts {
    let pulse = pulse(session, group.failover_timeout.as_ref(), look);
    let words = match (pulse.age, pulse.skew) {
        (_, Some(skew)) => format!("{} ahead of the server's clock", words::span(skew)),
        (Some(age), None) => words::span(age),
        (None, None) => String::new(),
    };
    BeatFacts {
        age: pulse
            .age
            .or(pulse.skew.map(|_| TimeDelta::zero()))
            .map(seconds),
        timeout: pulse.timeout.map(seconds),
        late: matches!(pulse.beat, Beat::Late | Beat::Stale),
        silent: pulse.beat == Beat::Stale,
        words,
        was: stale,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of an age or a time-out, drawn as a bar"
)]
fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}

fn primary(sessions: &[ClientSession]) -> Option<&ClientSession> {
    let has = |role: &Role| {
        sessions
            .iter()
            .find(|session| session.role.as_ref() == Some(role))
    };
    has(&Role::Primary).or_else(|| has(&Role::PendingPrimary))
}

/// Puts rows in order; equal ones by name, so that they do not jump between two polls.
pub fn sort(rows: &mut [Row], order: SortOrder) {
    rows.sort_by(|a, b| {
        let by = match order.key {
            "group" => Ordering::Equal,
            "connection" => a.connection.cmp(&b.connection),
            "primary" => absent_last(&a.primary, &b.primary),
            "pending" => absent_last(&a.pending, &b.pending),
            "timeout" => a.timeout.cmp(&b.timeout),
            "data" => a.data.cmp(&b.data),
            _ => a.severity.cmp(&b.severity),
        };
        let by = by.then_with(|| a.name.to_lowercase().cmp(&b.name.to_lowercase()));
        if order.descending { by.reverse() } else { by }
    });
}

fn absent_last(a: &Option<String>, b: &Option<String>) -> Ordering {
    a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::{Row, RowContext, WORST_FIRST, row, sort};
    use crate::live::{Detail, Group};
    use crate::ui::table::sorting::SortOrder;
    use chrono::{DateTime, FixedOffset, Utc};
    use health::severity::Severity;
    use std::sync::Arc;
    use vendors::aveva::{GroupConfiguration, GroupStatus};

    fn shown(name: &str, stale: bool) -> Row {
        let now: DateTime<Utc> = "2026-11-21T14:32:08Z".parse().expect("a time");
        let configuration = GroupConfiguration {
            id: Some(name.into()),
            ..GroupConfiguration::default()
        };
        let detail = Some(Arc::new(Detail {
            status: GroupStatus::default(),
            sessions: Vec::new(),
            requested_at: 0.0,
        }));
        let zone = FixedOffset::east_opt(0).expect("in range");
        let group = Group {
            configuration,
            detail,
            failure: None,
        };
        row(
            &group,
            &group.last_verdict(now.into()),
            RowContext {
                connection: "Plant A",
                href: String::new(),
                stale,
                look: now.into(),
                zone,
            },
        )
    }

    #[test]
    fn a_stale_row_is_unknown_and_says_what_it_was() {
        let row = shown("boiler", true);
        assert_eq!(row.severity, Severity::Unknown);
        assert_eq!(row.word, "Unknown");
        assert!(row.was.is_some());
        assert!(shown("boiler", false).was.is_none());
    }

    #[test]
    fn a_group_without_a_name_shows_its_id_and_says_why() {
        let row = shown("Adapter-FlareGas-07", false);
        assert_eq!(
            (row.name.as_str(), row.sub.as_str()),
            ("Adapter-FlareGas-07", "created by an adapter, no name")
        );
    }

    #[test]
    fn rows_stand_worst_first_and_by_name_where_equal() {
        let mut rows = [shown("b", false), shown("A", false), shown("c", true)];
        rows[0].severity = Severity::Normal;
        rows[1].severity = Severity::Normal;
        sort(&mut rows, WORST_FIRST);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["c", "A", "b"]);
        sort(
            &mut rows,
            SortOrder {
                key: "group",
                descending: true,
            },
        );
        assert_eq!(rows[0].name, "c");
    }
}
