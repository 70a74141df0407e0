//! Summarizes the recorded events of a period. Pure.

use super::{ReportQuery, recorded};
use chrono::{DateTime, TimeDelta, Utc};
use health::Severity;
use health::events::{self, EventKind, Gaps, Leader, LeaderChange, UnknownInterval};
use health::inventory::ResourceKey;
use protocol::{ActivityEntry, ActivityKind, GroupReport, PlanReport, Report};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// The input of a report.
pub(super) struct ReportData {
    pub(super) query: ReportQuery,
    pub(super) failovers: Vec<ActivityEntry>,
    pub(super) runs: Vec<ActivityEntry>,
    /// Entries about groups that appeared, disappeared or became readable again.
    pub(super) listed: Vec<ActivityEntry>,
    /// By connection, the intervals in which it was not observed.
    pub(super) unknown: HashMap<String, Vec<UnknownInterval>>,
    /// The groups that currently exist.
    pub(super) groups: Vec<CurrentGroup>,
}

/// A group that currently exists.
pub(super) struct CurrentGroup {
    pub(super) key: ResourceKey,
    pub(super) name: String,
    pub(super) leader: Leader,
    /// When its state became unknown. `None` while the last reading is still valid.
    pub(super) unknown_since: Option<DateTime<Utc>>,
}

/// The recorded events of a group.
#[derive(Default)]
struct Group {
    name: String,
    /// In chronological order.
    changes: Vec<LeaderChange>,
    /// Entries about its appearance, disappearance and readability.
    listed: Vec<ActivityEntry>,
    /// Its current state. `None` if it no longer exists.
    now: Option<CurrentGroup>,
}

impl Group {
    /// The intervals in which its leader is unknown, including those of its connection.
    fn gaps<'g>(&self, connection: &'g Gaps) -> Cow<'g, Gaps> {
        let mut own = events::absences(self.listed.iter().map(recorded));
        let unknown_since = self.now.as_ref().and_then(|now| now.unknown_since);
        own.extend(unknown_since.map(UnknownInterval::since));
        // Most groups have no gaps of their own, so the connection's, which may be many, are not copied.
        match own.is_empty() {
            true => Cow::Borrowed(connection),
            false => Cow::Owned(connection.and(own)),
        }
    }

    /// The previous leader, if there is no leader at this moment.
    fn led_before(&self, at: DateTime<Utc>) -> Option<&str> {
        let mut before = self.changes.iter().rev();
        let last = before.find(|change| change.at < at)?;
        match (&last.before, &last.after) {
            (Leader::Named(leader), Leader::Nobody) => Some(leader),
            _ => None,
        }
    }

    /// The current leader. For a group that no longer exists, the leader after its last change.
    fn leader(&self) -> &Leader {
        let last = || self.changes.last().map(|last| &last.after);
        match &self.now {
            Some(now) => &now.leader,
            None => last().unwrap_or(&Leader::Unknown),
        }
    }
}

/// Creates the report.
pub(super) fn report(data: ReportData, now: DateTime<Utc>) -> Report {
    let query = data.query;
    let mut groups: BTreeMap<ResourceKey, Group> = BTreeMap::new();
    // Entries are sorted newest first.
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
        let statistics = events::statistics(&events::until(timeline, query.to), led_before);
        // Failovers back to the same leader, which a timeline does not show.
        let and_back = group.changes.iter().filter(|one| {
            let is_named = matches!(one.before, Leader::Named(_));
            let is_within = one.at >= query.from && one.at < query.to;
            is_within && is_named && one.before == one.after
        });
        GroupReport {
            resource: key,
            failovers: statistics.failovers + and_back.count(),
            name: group.name,
            without_ms: millis(statistics.leaderless),
            longest_ms: millis(statistics.longest),
            recoveries: statistics.recoveries,
            mean_recovery_ms: statistics.mean_recovery.map(millis),
            unknown_ms: millis(statistics.unknown),
        }
    });
    let mut groups: Vec<GroupReport> = groups.collect();
    groups.sort_by(|one, other| {
        let key = |group: &GroupReport| (group.resource.connection.clone(), group.name.clone());
        key(one).cmp(&key(other))
    });
    Report {
        from: query.from,
        to: query.to,
        groups,
        plans: plans(&data.runs, &query),
    }
}

/// The ended runs, by plan. Several connections may see a run, which has a unique GUID. It counts once, with the newest
/// entry of its first connection.
fn plans(runs: &[ActivityEntry], query: &ReportQuery) -> Vec<PlanReport> {
    let mut ends: BTreeMap<&str, (usize, &ActivityEntry)> = BTreeMap::new();
    let mut plans: BTreeMap<(String, String), PlanReport> = BTreeMap::new();
    let is_end = |entry: &&ActivityEntry| {
        entry.kind == ActivityKind::Event(EventKind::Run)
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
        let current = ends.entry(&resource.id).or_insert(found);
        if (found.0, Reverse(entry.at)) < (current.0, Reverse(current.1.at)) {
            *current = found;
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

    /// The data of a report from 0 to 100 s, with one group that currently has this leader.
    fn data_with(leader: Option<&str>) -> ReportData {
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
            groups: vec![CurrentGroup {
                key: group(),
                name: "G".to_owned(),
                leader: Leader::of(ResourceKind::FailoverGroup, leader.map(str::to_owned)),
                unknown_since: None,
            }],
        }
    }

    fn unknown_ms(data: ReportData) -> u64 {
        report(data, at(100)).groups[0].unknown_ms
    }

    #[test]
    fn an_unwatched_interval_counts_as_unknown_and_not_as_led() {
        let failover = ActivityEntry {
            before: Some("a".to_owned()),
            after: Some("b".to_owned()),
            ..entry(10, "failover", "warning")
        };
        let restart = ActivityEntry {
            before: Some(at(30).to_rfc3339()),
            ..entry(60, "watching", "unknown")
        };
        let unwatched = events::unwatched([recorded(&restart)]);
        let data = ReportData {
            failovers: vec![failover],
            unknown: HashMap::from([("c".to_owned(), unwatched)]),
            ..data_with(None)
        };
        let group = &report(data, at(100)).groups[0];
        assert_eq!((group.without_ms, group.unknown_ms), (40_000, 30_000));
    }

    #[test]
    fn a_failover_before_the_period_is_not_counted() {
        let and_back = |second| ActivityEntry {
            before: Some("a".to_owned()),
            after: Some("a".to_owned()),
            ..entry(second, "failover", "warning")
        };
        let data = ReportData {
            failovers: vec![and_back(10), and_back(-10)],
            ..data_with(Some("a"))
        };
        assert_eq!(report(data, at(100)).groups[0].failovers, 1);
    }

    #[test]
    fn time_when_a_group_was_missing_unwatched_or_unreadable_is_unknown() {
        assert_eq!(unknown_ms(data_with(Some("a"))), 0);
        let mut appeared = data_with(Some("a"));
        appeared.listed = vec![entry(40, "resource", "normal")];
        assert_eq!(unknown_ms(appeared), 40_000);
        let mut reappeared = data_with(Some("a"));
        reappeared.listed = vec![
            entry(40, "resource", "normal"),
            entry(30, "resource", "unknown"),
        ];
        reappeared.listed[0].number = 2;
        // The first reading after it reappeared is not compared with the last one before it disappeared.
        assert_eq!(unknown_ms(reappeared), 40_000);
        let mut disappeared = data_with(None);
        disappeared.listed = vec![entry(70, "resource", "unknown")];
        disappeared.failovers = vec![ActivityEntry {
            before: Some("a".to_owned()),
            after: Some("b".to_owned()),
            ..entry(10, "failover", "warning")
        }];
        disappeared.groups = Vec::new();
        assert_eq!(unknown_ms(disappeared), 30_000);
        let mut new = data_with(Some("a"));
        new.unknown = HashMap::from([("c".to_owned(), vec![UnknownInterval::before(at(20))])]);
        assert_eq!(unknown_ms(new), 20_000);
        let mut unreadable = data_with(Some("a"));
        unreadable.groups[0].unknown_since = Some(at(90));
        assert_eq!(unknown_ms(unreadable), 10_000);
    }

    #[test]
    fn a_run_seen_by_several_connections_counts_once_with_its_outcome() {
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
        let mut data = data_with(None);
        data.query.connections = vec!["b".to_owned(), "a".to_owned()];
        data.runs = vec![
            run(90, "a", "3", "moving"),
            run(61, "a", "1", "critical"),
            run(60, "b", "1", "critical"),
            run(50, "b", "1", "warning"),
            run(40, "a", "2", "normal"),
        ];
        let plans = report(data, at(100)).plans;
        let counts = plans.iter().map(|plan| {
            let PlanReport {
                connection,
                runs,
                failed,
                warnings,
                ..
            } = plan;
            (connection.as_str(), *runs, *failed, *warnings)
        });
        assert_eq!(counts.collect::<Vec<_>>(), [("a", 1, 0, 0), ("b", 1, 1, 0)]);
    }

    #[test]
    fn a_failover_back_to_the_same_leader_counts_without_a_gap() {
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
        // Newest first.
        let failovers = vec![
            failover(90, "b", "b"),
            failover(60, "a", "b"),
            failover(50, "slate", "a"),
            failover(40, "slate", "slate"),
            failover(30, "a", "slate"),
            failover(10, "a", "a"),
        ];
        let mut data = data_with(Some("b"));
        data.query.to = at(80);
        data.failovers = failovers;
        data.groups[0].key = key.clone();
        let group = &report(data, at(100)).groups[0];
        assert_eq!((group.failovers, group.without_ms), (2, 20_000));
        assert_eq!((group.recoveries, group.unknown_ms), (1, 0));
        // For a while the vendor did not report what is on air.
        let mut data = data_with(None);
        data.failovers = vec![
            ActivityEntry {
                before: None,
                ..failover(30, "", "a")
            },
            ActivityEntry {
                after: None,
                ..failover(10, "a", "")
            },
        ];
        data.groups[0].key = key.clone();
        data.groups[0].leader = Leader::Named("a".to_owned());
        let group = &report(data, at(100)).groups[0];
        assert_eq!((group.failovers, group.without_ms), (0, 0));
        assert_eq!((group.recoveries, group.unknown_ms), (0, 20_000));
    }
}
