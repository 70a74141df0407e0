//! `[[alert]]`: rules for which alarms are sent to which targets, and when.

use super::section::Section;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use health::Severity;
use vendors::SystemKind;
use wildmatch::WildMatch;

/// The default of `after_seconds`. Most short disturbances are over by then.
const DEFAULT_DELAY: i64 = 30;

/// A rule for which alarms are sent to which targets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AlertRule {
    /// Letters, digits and dashes. The record of sent messages uses it as key.
    pub(crate) id: String,
    pub(crate) targets: Vec<String>,
    /// The lowest severity that the rule matches.
    pub(crate) severity: Severity,
    /// The systems that the rule matches. Empty: all.
    pub(crate) systems: Vec<SystemKind>,
    /// The ids of the connections that the rule matches. Empty: all.
    pub(crate) connections: Vec<String>,
    /// Patterns for the name or id of a resource. Empty: all resources.
    pub(crate) resources: Vec<WildMatch>,
    /// How long an alarm has to last before it is sent.
    pub(crate) after: TimeDelta,
    /// The interval at which a lasting alarm is sent again.
    pub(crate) repeat: Option<TimeDelta>,
    pub(crate) quiet: Option<QuietHours>,
    /// Whether the end of an alarm is sent too.
    pub(crate) recovery: bool,
}

/// The hours of each day, in a time zone, in which a rule sends nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuietHours {
    /// The first moment.
    pub(crate) from: NaiveTime,
    /// The first moment after the quiet hours. Earlier than `from` if they span midnight.
    pub(crate) to: NaiveTime,
    pub(crate) zone: Tz,
}

impl QuietHours {
    /// Whether `at` is within the quiet hours.
    pub(crate) fn contain(&self, at: DateTime<Utc>) -> bool {
        let time = at.with_timezone(&self.zone).time();
        if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

/// What rules may refer to. `None` if one of the sections is faulty: then a missing id is no fault of the rule.
#[derive(Clone, Copy)]
pub(super) struct DefinedIds<'k> {
    pub(super) targets: Option<&'k [&'k str]>,
    pub(super) connections: Option<&'k [&'k vendors::Connection]>,
}

pub(super) fn all(top: &Section<'_>, known: DefinedIds<'_>) -> Vec<AlertRule> {
    let mut ids = Vec::new();
    top.tables("alert", "id")
        .into_iter()
        .filter_map(|section| rule(section, &mut ids, known))
        .collect()
}

/// Reads `id`, which may be part of names and addresses and must be unique.
pub(super) fn id(section: &Section<'_>, ids: &mut Vec<String>) -> Option<String> {
    let id = section.required("id")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.value.len() > 60 || !id.value.chars().all(fits) {
        section.wrong(id.at, "id", "must be at most 60 letters, digits and dashes");
    }
    if ids.iter().any(|other| other == id.value) {
        section.wrong(id.at, "id", "another one has this id");
        return None;
    }
    ids.push(id.value.to_owned());
    Some(id.value.to_owned())
}

fn rule(section: Section<'_>, ids: &mut Vec<String>, known: DefinedIds<'_>) -> Option<AlertRule> {
    let id = id(&section, ids);
    section.need("targets");
    let to = section.texts("targets");
    if section.is_empty_list("targets") {
        section.fault(
            section.start(),
            "`targets` is empty: nobody would be notified",
        );
    }
    for target in &to {
        if known
            .targets
            .is_some_and(|ids| !ids.contains(&target.value))
        {
            let why = format!(
                "there is no [[alert_target]] with the id {:?}",
                target.value
            );
            section.wrong(target.at, "targets", &why);
        }
    }
    let severities = [Severity::Critical, Severity::Warning, Severity::Unknown];
    let severity = section.one_of("severity", &severities.map(|one| (one.key(), one)));
    let filter = |key| section.filled_texts(key, "leave it out, which means all");
    let systems = filter("systems").into_iter().filter_map(|text| {
        let mut kinds = SystemKind::ALL.into_iter();
        let found = kinds.find(|kind| kind.key() == text.value);
        if found.is_none() {
            section.wrong(text.at, "systems", "must hold aveva, uplynk or veeam");
        }
        found
    });
    let systems: Vec<SystemKind> = systems.collect();
    let connections = filter("connections");
    if let Some(known) = known.connections {
        for one in &connections {
            if known.iter().all(|connection| connection.id != one.value) {
                let why = format!("there is no [[connection]] with the id {:?}", one.value);
                section.wrong(one.at, "connections", &why);
            }
        }
        let selected = |connection: &&vendors::Connection| {
            let mut ids = connections.iter().map(|one| one.value);
            (systems.is_empty() || systems.contains(&connection.system.kind()))
                && (connections.is_empty() || ids.any(|id| id == connection.id))
        };
        if let Some(at) = section.key("systems")
            && !known.iter().any(selected)
        {
            section.warn(
                at,
                "systems",
                "the rule selects no [[connection]], so it never sends anything",
            );
        }
    }
    let connections = connections
        .into_iter()
        .map(|one| one.value.to_owned())
        .collect();
    let resources = filter("resources");
    let seconds = section.number("after_seconds", 0..86_401);
    let minutes = section.number("repeat_minutes", 1..100_001);
    let recovery = section.flag("recovery");
    let quiet = quiet(&section);
    section.finish();
    let delta = |seconds: u64| i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
    Some(AlertRule {
        id: id?,
        targets: to
            .into_iter()
            .map(|target| target.value.to_owned())
            .collect(),
        severity: severity.unwrap_or(Severity::Warning),
        systems,
        connections,
        resources: resources
            .iter()
            .map(|pattern| WildMatch::new_case_insensitive(pattern.value))
            .collect(),
        after: seconds
            .and_then(delta)
            .unwrap_or(TimeDelta::seconds(DEFAULT_DELAY)),
        repeat: minutes.and_then(|minutes| delta(minutes * 60)),
        quiet,
        recovery: recovery.unwrap_or(true),
    })
}

/// `quiet_hours = { from = "22:00", to = "06:00", time_zone = "Europe/Berlin" }`.
fn quiet(section: &Section<'_>) -> Option<QuietHours> {
    let table = section.table("quiet_hours")?;
    let time = |key: &str| {
        let text = table.required(key)?;
        let read = NaiveTime::parse_from_str(text.value, "%H:%M");
        if read.is_err() {
            table.wrong(text.at, key, "must be a time such as \"22:00\"");
        }
        read.ok()
    };
    let (from, to) = (time("from"), time("to"));
    let zone = table.text("time_zone").map(|text| {
        let read = text.value.parse::<Tz>();
        if read.is_err() {
            table.wrong(
                text.at,
                "time_zone",
                "must be the name of a time zone, such as \"Europe/Berlin\" or \"UTC\"",
            );
        }
        read.unwrap_or(Tz::UTC)
    });
    let start = table.start();
    if from.is_some() && from == to {
        table.fault(start, "`from` and `to` must differ");
    }
    table.finish();
    Some(QuietHours {
        from: from?,
        to: to?,
        zone: zone.unwrap_or(Tz::UTC),
    })
}

#[cfg(test)]
mod tests {
    use super::{QuietHours, Tz};
    use chrono::{DateTime, NaiveTime, Utc};

    #[test]
    fn quiet_hours_follow_their_time_zone_and_may_span_midnight() {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time");
        let berlin = Tz::Europe__Berlin;
        for (from, to, zone, at, expected) in [
            ("22:00", "06:00", Tz::UTC, "2026-01-15T22:00:00Z", true),
            ("22:00", "06:00", Tz::UTC, "2026-01-15T05:59:59Z", true),
            ("22:00", "06:00", Tz::UTC, "2026-01-15T06:00:00Z", false),
            ("22:00", "06:00", Tz::UTC, "2026-01-15T21:59:59Z", false),
            ("12:00", "13:00", Tz::UTC, "2026-01-15T12:30:00Z", true),
            ("12:00", "13:00", Tz::UTC, "2026-01-15T13:00:00Z", false),
            // An hour ahead in winter, two in summer.
            ("22:00", "06:00", berlin, "2026-01-15T21:00:00Z", true),
            ("22:00", "06:00", berlin, "2026-01-15T05:00:00Z", false),
            ("22:00", "06:00", berlin, "2026-07-15T20:00:00Z", true),
        ] {
            let (from, to) = (time(from), time(to));
            let hours = QuietHours { from, to, zone };
            let at: DateTime<Utc> = at.parse().expect("a moment");
            assert_eq!(hours.contain(at), expected, "{hours:?} {at}");
        }
    }
}
