//! Sums up what was recorded over a time. Pure.

use super::{ReportQuery, recorded};
use chrono::{DateTime, TimeDelta, Utc};
use health::Severity;
use health::events::{self, EventKind, Gaps, Leader, LeaderChange, UnknownInterval};
use health::inventory::ResourceKey;
use protocol::{ActivityEntry, ActivityKind, GroupReport, PlanReport, Report};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// What a report is made of.
pub(super) struct ReportData {
    pub(super) query: ReportQuery,
    pub(super) failovers: Vec<ActivityEntry>,
    pub(super) runs: Vec<ActivityEntry>,
    /// The groups that came and went, and were read again.
    pub(super) listed: Vec<ActivityEntry>,
    /// When each connection could not be seen.
    pub(super) unknown: HashMap<String, Vec<UnknownInterval>>,
    /// The groups that are there.
    pub(super) groups: Vec<Listed>,
}

/// A group that is there.
pub(super) struct Listed {
    pub(super) key: ResourceKey,
    pub(super) name: String,
    pub(super) leader: Leader,
    /// When its state became unknown; `None` while the last reading is believed.
    pub(super) unknown_since: Option<DateTime<Utc>>,
}

/// What was recorded of a group.
#[derive(Default)]
struct Group {
    name: String,
    /// In the order of time.
    changes: Vec<LeaderChange>,
    /// That it came and went, and was read again.
    listed: Vec<ActivityEntry>,
    /// What is known of it now; `None` where it is gone.
    now: Option<Listed>,
}

impl Group {
    /// The times for which it is not known who led it; `connection` has those in which its connection was not read.
    fn gaps<'g>(&self, connection: &'g Gaps) -> Cow<'g, Gaps> {
        let mut own = events::absences(self.listed.iter().map(recorded));
        let unknown_since = self.now.as_ref().and_then(|now| now.unknown_since);
        own.extend(unknown_since.map(UnknownInterval::since));
        // Of many groups most have none of their own, and a connection may have many.
        match own.is_empty() {
            true => Cow::Borrowed(connection),
            false => Cow::Owned(connection.and(own)),
        }
    }

    /// Who led last, where nobody does at this moment.
    fn led_before(&self, at: DateTime<Utc>) -> Option<&str> {
        let mut before = self.changes.iter().rev();
        let last = before.find(|change| change.at < at)?;
        match (&last.before, &last.after) {
            (Leader::Named(leader), Leader::Nobody) => Some(leader),
            _ => None,
        }
    }

    /// Who leads it. A group that is gone has no leader, and who led last is in the last change.
    fn leader(&self) -> &Leader {
        let last = || self.changes.last().map(|last| &last.after);
        match &self.now {
            Some(now) => &now.leader,
            None => last().unwrap_or(&Leader::Unknown),
        }
    }
}

/// Sums up what was recorded.
pub(super) fn report(data: ReportData, now: DateTime<Utc>) -> Report {
    let query = data.query;
    let mut groups: BTreeMap<ResourceKey, Group> = BTreeMap::new();
    // The newest come first.
    for entry in data.failovers.into_iter().rev() {
        if let Some(key) = entry.resource {
            let change = LeaderChange::new(key.kind, entry.at, entry.before, entry.after);
            let group = groups.entry(key).or_default();
            group.name = entry.name;
            group.changes.push(change);
        }
    }
    for listed in data.groups {
        let group = groups.entry(listed.key.clone()).or_default();
        group.name.clone_from(&listed.name);
        group.now = Some(listed);
    }
    for entry in data.listed {
        let key = entry.resource.as_ref();
        if let Some(group) = key.and_then(|key| groups.get_mut(key)) {
            group.listed.push(entry);
        }
    }
    let gaps = data.unknown.into_iter();
    let gaps: HashMap<String, Gaps> = gaps.map(|(id, unknown)| (id, Gaps::of(unknown))).collect();
    let none = Gaps::default();
    let groups = groups.into_iter().map(|(key, group)| {
        let gaps = group.gaps(gaps.get(&key.connection).unwrap_or(&none));
        let timeline = events::timeline(&group.changes, group.leader(), &gaps, query.from, now);
        let led_before = group.led_before(query.from);
        let record = events::record(&events::until(timeline, query.to), led_before);
        // Who led before and leads again: a timeline shows no change.
        let and_back = group.changes.iter().filter(|one| {
            let is_named = matches!(one.before, Leader::Named(_));
            let is_within = one.at >= query.from && one.at < query.to;
            is_within && is_named && one.before == one.after
        });
        GroupReport {
            resource: key,
            failovers: record.failovers + and_back.count(),
            name: group.name,
            without_ms: millis(record.without),
            longest_ms: millis(record.longest),
            recoveries: record.recoveries,
            mean_recovery_ms: record.mean_recovery.map(millis),
            unknown_ms: millis(record.unknown),
        }
    });
    let mut groups: Vec<GroupReport> = groups.collect();
    groups.sort_by(|one, other| {
        let place = |of: &GroupReport| (of.resource.connection.clone(), of.name.clone());
        place(one).cmp(&place(other))
    });
    Report {
        from: query.from,
        to: query.to,
        groups,
        plans: plans(&data.runs, &query),
    }
}

/// The runs that ended, by plan. What was recorded of one and the same run counts once, as the newest entry of the first
/// of its connections has it: a run's GUID is unique, and several connections may see it.
fn plans(runs: &[ActivityEntry], query: &ReportQuery) -> Vec<PlanReport> {
    let mut ends: BTreeMap<&str, (usize, &ActivityEntry)> = BTreeMap::new();
    let mut plans: BTreeMap<(String, String), PlanReport> = BTreeMap::new();
    let is_end = |entry: &&ActivityEntry| {
        entry.kind == ActivityKind::Seen(EventKind::Run)
            && entry.severity != Severity::Moving
            && entry.at < query.to
    };
    for entry in runs.iter().filter(is_end) {
        let Some(resource) = &entry.resource else {
            continue;
        };
        let mut connections = query.connections.iter();
        let place = connections.position(|id| *id == entry.connection);
        let found = (place.unwrap_or(usize::MAX), entry);
        let held = ends.entry(&resource.id).or_insert(found);
        if (found.0, Reverse(entry.at)) < (held.0, Reverse(held.1.at)) {
            *held = found;
        }
    }
    for (_, entry) in ends.into_values() {
        let key = (entry.connection.clone(), entry.name.clone());
        let plan = plans.entry(key).or_insert_with(|| PlanReport {
            connection: entry.connection.clone(),
            plan: entry.name.clone(),
            runs: 0,
            failed: 0,
            warnings: 0,
        });
        plan.runs += 1;
        plan.failed += usize::from(entry.severity == Severity::Critical);
        plan.warnings += usize::from(entry.severity == Severity::Warning);
    }
    plans.into_values().collect()
}

fn millis(delta: TimeDelta) -> u64 {
    u64::try_from(delta.num_milliseconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use health::inventory::Kind as ResourceKind;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn group() -> ResourceKey {
        ResourceKey {
            kind: ResourceKind::FailoverGroup,
            connection: "c".to_owned(),
            id: "g".to_owned(),
        }
    }

    fn entry(second: i64, kind: &str, severity: &str) -> ActivityEntry {
        serde_json::from_value(serde_json::json!({
            "at": second * 1_000, "kind": kind, "severity": severity, "what": "", "resource": group(),
        }))
        .unwrap()
    }

    /// Of a time from 0 to 100 s, now: the group has this leader.
    fn seen(leader: Option<&str>) -> ReportData {
        ReportData {
            query: ReportQuery {
                from: at(0),
                to: at(100),
                connections: vec!["c".to_owned()],
            },
            failovers: Vec::new(),
            listed: Vec::new(),
            runs: Vec::new(),
            unknown: HashMap::new(),
            groups: vec![Listed {
                key: group(),
                name: "G".to_owned(),
                leader: Leader::of(ResourceKind::FailoverGroup, leader.map(str::to_owned)),
                unknown_since: None,
            }],
        }
    }

    fn unknown_ms(seen: ReportData) -> u64 {
        report(seen, at(100)).groups[0].unknown_ms
    }

    #[test]
    fn nobody_is_said_to_have_led_on_while_nobody_watched() {
        let failover = ActivityEntry {
            before: Some("a".to_owned()),
            after: Some("b".to_owned()),
            ..entry(10, "failover", "warning")
        };
        let unwatched = events::unwatched([(at(60), Some(at(30)))]);
        let seen = ReportData {
            failovers: vec![failover],
            unknown: HashMap::from([("c".to_owned(), unwatched)]),
            ..seen(None)
        };
        let group = &report(seen, at(100)).groups[0];
        assert_eq!((group.without_ms, group.unknown_ms), (40_000, 30_000));
    }

    #[test]
    fn what_happened_before_the_time_is_no_failover_of_it() {
        let and_back = |second| ActivityEntry {
            before: Some("a".to_owned()),
            after: Some("a".to_owned()),
            ..entry(second, "failover", "warning")
        };
        let seen = ReportData {
            failovers: vec![and_back(10), and_back(-10)],
            ..seen(Some("a"))
        };
        assert_eq!(report(seen, at(100)).groups[0].failovers, 1);
    }

    #[test]
    fn a_group_that_was_not_there_or_not_watched_or_cannot_be_read_is_not_said_to_have_been_led() {
        assert_eq!(unknown_ms(seen(Some("a"))), 0);
        let mut came = seen(Some("a"));
        came.listed = vec![entry(40, "resource", "normal")];
        assert_eq!(unknown_ms(came), 40_000);
        let mut was_away = seen(Some("a"));
        was_away.listed = vec![
            entry(40, "resource", "normal"),
            entry(30, "resource", "unknown"),
        ];
        was_away.listed[0].number = 2;
        // The reading after it came back was not compared with the last one before it went.
        assert_eq!(unknown_ms(was_away), 40_000);
        let mut went = seen(None);
        went.listed = vec![entry(70, "resource", "unknown")];
        went.failovers = vec![ActivityEntry {
            before: Some("a".to_owned()),
            after: Some("b".to_owned()),
            ..entry(10, "failover", "warning")
        }];
        went.groups = Vec::new();
        assert_eq!(unknown_ms(went), 30_000);
        let mut new = seen(Some("a"));
        new.unknown = HashMap::from([("c".to_owned(), vec![UnknownInterval::before(at(20))])]);
        assert_eq!(unknown_ms(new), 20_000);
        let mut unreadable = seen(Some("a"));
        unreadable.groups[0].unknown_since = Some(at(90));
        assert_eq!(unknown_ms(unreadable), 10_000);
    }

    #[test]
    fn a_run_counts_once_however_many_connections_saw_it_and_as_it_ended() {
        let run = |second: i64, connection: &str, id: &str, severity: &str| -> ActivityEntry {
            serde_json::from_value(serde_json::json!({
                "at": second * 1_000, "kind": "run", "severity": severity, "what": "", "name": "Web Shop",
                "connection": connection,
                "resource": ResourceKey {
                    kind: ResourceKind::FailoverSession,
                    connection: connection.to_owned(),
                    id: id.to_owned(),
                },
            }))
            .unwrap()
        };
        let mut seen = seen(None);
        seen.query.connections = vec!["b".to_owned(), "a".to_owned()];
        seen.runs = vec![
            run(90, "a", "3", "moving"),
            run(61, "a", "1", "critical"),
            run(60, "b", "1", "critical"),
            run(50, "b", "1", "warning"),
            run(40, "a", "2", "normal"),
        ];
        let plans = report(seen, at(100)).plans;
        let told = plans.iter().map(|plan| {
            let PlanReport {
                connection,
                runs,
                failed,
                warnings,
                ..
            } = plan;
            (connection.as_str(), *runs, *failed, *warnings)
        });
        assert_eq!(told.collect::<Vec<_>>(), [("a", 1, 0, 0), ("b", 1, 1, 0)]);
    }

    #[test]
    fn a_failover_and_back_counts_and_changes_nothing_of_who_led() {
        let key = ResourceKey {
            kind: ResourceKind::SlicerGroup,
            connection: "c".to_owned(),
            id: "g".to_owned(),
        };
        let failover = |second: i64, before: &str, after: &str| -> ActivityEntry {
            serde_json::from_value(serde_json::json!({
                "at": second * 1_000, "kind": "failover", "severity": "warning", "what": "",
                "resource": key, "before": before, "after": after,
            }))
            .unwrap()
        };
        // The newest come first.
        let failovers = vec![
            failover(90, "b", "b"),
            failover(60, "a", "b"),
            failover(50, "slate", "a"),
            failover(40, "slate", "slate"),
            failover(30, "a", "slate"),
            failover(10, "a", "a"),
        ];
        let mut seen = seen(Some("b"));
        seen.query.to = at(80);
        seen.failovers = failovers;
        seen.groups[0].key = key.clone();
        let group = &report(seen, at(100)).groups[0];
        assert_eq!((group.failovers, group.without_ms), (2, 20_000));
        assert_eq!((group.recoveries, group.unknown_ms), (1, 0));
        // What is on air was not reported for a while.
        let mut seen = self::seen(None);
        seen.failovers = vec![
            ActivityEntry {
                before: None,
                ..failover(30, "", "a")
            },
            ActivityEntry {
                after: None,
                ..failover(10, "a", "")
            },
        ];
        seen.groups[0].key = key.clone();
        seen.groups[0].leader = Leader::Named("a".to_owned());
        let group = &report(seen, at(100)).groups[0];
        assert_eq!((group.failovers, group.without_ms), (0, 0));
        assert_eq!((group.recoveries, group.unknown_ms), (0, 20_000));
    }
}
