//! `GET /api/report`: failovers, times without a leader and runs of plans, over a time.

use super::activity::{connections, moment};
use super::compression::json;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::inventory_view::InventoryView;
use crate::problem::{Kind, Problem};
use crate::store::ActivityQuery;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use health::Severity;
use health::events::{self, EventKind, Gaps, LeaderChange, UnknownInterval};
use health::inventory::{Kind as ResourceKind, ResourceKey};
use protocol::{ActivityEntry, ActivityKind, GroupReport, PlanReport, Report};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The time that is reported where the request does not say.
const USUALLY: TimeDelta = TimeDelta::days(30);

/// So many entries are read for a report; of more it would not be known what it leaves out.
const MOST: usize = 50_000;

/// One report is made at a time, of all gateways of this process: it may hold many entries and take a processor a while.
static PLACE: Semaphore = Semaphore::const_new(1);

/// How long a report waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a report is asked for.
struct ReportQuery {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Of these connections.
    connections: Vec<String>,
}

/// `GET /api/report`.
///
/// # Errors
/// A parameter is not one of those that there are, there is too much for one report, the store cannot be read, or too
/// many reports are asked for.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let now = gateway.shared.watchers.inventory().clock().now();
    let query = query(&gateway, &uri, now)?;
    let place = tokio::time::timeout(PATIENCE, PLACE.acquire()).await;
    let Ok(Ok(place)) = place else {
        return Err(Problem {
            retry_after: Some(10),
            ..Problem::new(
                Kind::Overloaded,
                "too many reports are asked for at this moment",
            )
        });
    };
    let data = report_data(&gateway, query).await?;
    // On a thread for blocking work, so that it holds up no other request. The place is free only once it has ended, also
    // where the client has gone.
    let made = tokio::task::spawn_blocking(move || {
        let report = report(data, now);
        drop(place);
        report
    });
    let report = made
        .await
        .map_err(|_| Problem::new(Kind::Internal, "the report could not be made"))?;
    let encoded = json(&report, headers.get(header::ACCEPT_ENCODING)).await?;
    encoded.answer(&gateway, &authorized)
}

/// Reads the parameters. An empty one counts as absent.
fn query(gateway: &Gateway, uri: &Uri, now: DateTime<Utc>) -> Result<ReportQuery, Problem> {
    let Query(parameters): Query<Vec<(String, String)>> = Query::try_from_uri(uri)
        .map_err(|_| Problem::new(Kind::BadRequest, "the query cannot be read"))?;
    let wrong = |detail: String| Problem::new(Kind::BadRequest, detail);
    let (mut from, mut to) = (None, None);
    let upstreams = gateway.upstreams.iter();
    let mut of: Vec<String> = upstreams.map(|one| one.public.id.clone()).collect();
    for (name, value) in parameters
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
    {
        match name.as_str() {
            "from" => from = Some(moment(&name, &value)?),
            "to" => to = Some(moment(&name, &value)?),
            "connection" => of.retain(|id| *id == value),
            "system" => {
                let known = connections(gateway, &value).ok_or_else(|| {
                    wrong("the parameter `system` has to be aveva, uplynk or veeam".to_owned())
                })?;
                of.retain(|id| known.contains(id));
            }
            _ => return Err(wrong(format!("there is no parameter `{name}`"))),
        }
    }
    let to = to.unwrap_or(now).min(now);
    let from = from.unwrap_or_else(|| to.checked_sub_signed(USUALLY).unwrap_or(to));
    if from >= to {
        return Err(wrong(
            "`from` has to be before `to` and before now".to_owned(),
        ));
    }
    Ok(ReportQuery {
        from,
        to,
        connections: of,
    })
}

/// What a report is made of.
struct ReportData {
    query: ReportQuery,
    failovers: Vec<ActivityEntry>,
    runs: Vec<ActivityEntry>,
    /// The groups that came and went.
    listed: Vec<ActivityEntry>,
    /// When each connection could not be seen.
    unknown: HashMap<String, Vec<UnknownInterval>>,
    /// The groups that are there.
    groups: Vec<Listed>,
}

/// A group that is there.
struct Listed {
    key: ResourceKey,
    name: String,
    leader: Option<String>,
    /// Since when nobody knows how it is.
    unknown_since: Option<DateTime<Utc>>,
}

async fn report_data(gateway: &Gateway, query: ReportQuery) -> Result<ReportData, Problem> {
    let of_kind = |kind: EventKind| ActivityQuery {
        connections: Some(query.connections.clone()),
        kinds: vec![kind.key().to_owned()],
        from: Some(query.from),
        limit: MOST,
        ..ActivityQuery::default()
    };
    let starts = ActivityQuery {
        connections: None,
        ..of_kind(EventKind::Watching)
    };
    let starts = entries(gateway, starts).await?;
    let last = |entry: &ActivityEntry| entry.before.as_deref()?.parse().ok();
    let unwatched = events::unwatched(starts.iter().map(|entry| (entry.at, last(entry))));
    let failovers = entries(gateway, of_kind(EventKind::Failover)).await?;
    let listed = entries(gateway, of_kind(EventKind::Resource)).await?;
    let runs = entries(gateway, of_kind(EventKind::Run)).await?;
    let mut unknown = HashMap::new();
    for id in &query.connections {
        // Also those that began before.
        let of_connection = ActivityQuery {
            connections: Some(vec![id.clone()]),
            resource: Some(id.clone()),
            from: None,
            ..of_kind(EventKind::Alarm)
        };
        let alarms = entries(gateway, of_connection).await?;
        let is_end = |entry: &ActivityEntry| entry.severity == Severity::Normal;
        let alarms = alarms
            .iter()
            .map(|entry| (entry.at, entry.number, is_end(entry)));
        let mut unseen = events::silences(alarms);
        unseen.extend_from_slice(&unwatched);
        unknown.insert(id.clone(), unseen);
    }
    let inventory = gateway.shared.watchers.inventory();
    let (now, inventory) = (inventory.clock().now(), inventory.everything());
    let view = InventoryView::new(&inventory, now);
    for state in inventory.connections.iter().flatten() {
        let unseen = unknown.get_mut(&state.connection.id);
        if let (Some(unseen), Some(since)) = (unseen, state.watched_since) {
            unseen.push(UnknownInterval::before(since));
        }
    }
    let is_of_query = |key: &ResourceKey| {
        let is_group = !matches!(
            key.kind,
            ResourceKind::FailoverSession | ResourceKind::Connection
        );
        is_group && query.connections.contains(&key.connection)
    };
    let groups = inventory
        .resources
        .iter()
        .filter(|resource| is_of_query(&resource.key))
        .map(|resource| {
            let key = resource.key.clone();
            let leader = resource.leader();
            let leader = leader.filter(|leader| events::leads(key.kind, leader));
            Listed {
                key,
                name: resource.name.clone(),
                leader: leader.map(str::to_owned),
                unknown_since: view.unknown_since(resource),
            }
        })
        .collect();
    Ok(ReportData {
        query,
        failovers,
        listed,
        runs,
        unknown,
        groups,
    })
}

fn report(data: ReportData, now: DateTime<Utc>) -> Report {
    let query = data.query;
    let mut changes: BTreeMap<ResourceKey, (String, Vec<LeaderChange>)> = BTreeMap::new();
    // The newest come first.
    for entry in data.failovers.into_iter().rev() {
        if let Some(key) = entry.resource.clone() {
            let held = changes.entry(key.clone()).or_default();
            held.0.clone_from(&entry.name);
            held.1.push(LeaderChange::new(
                key.kind,
                entry.at,
                entry.before,
                entry.after,
            ));
        }
    }
    // When each was not there, or could not be read.
    let mut absent: HashMap<ResourceKey, Vec<UnknownInterval>> = HashMap::new();
    let mut listed: HashMap<ResourceKey, Vec<ActivityEntry>> = HashMap::new();
    for entry in data.listed {
        if let Some(key) = entry.resource.clone() {
            listed.entry(key).or_default().push(entry);
        }
    }
    for (key, entries) in listed {
        let came =
            |entry: &ActivityEntry| (entry.at, entry.number, entry.severity != Severity::Unknown);
        absent.insert(key, events::absences(entries.iter().map(came)));
    }
    let mut leaders: HashMap<ResourceKey, Option<String>> = HashMap::new();
    for Listed {
        key,
        name,
        leader,
        unknown_since,
    } in data.groups
    {
        changes.entry(key.clone()).or_default().0 = name;
        if let Some(since) = unknown_since {
            absent
                .entry(key.clone())
                .or_default()
                .push(UnknownInterval::since(since));
        }
        leaders.insert(key, leader);
    }
    let gaps = data.unknown.into_iter();
    let gaps: HashMap<String, Gaps> = gaps.map(|(id, unknown)| (id, Gaps::of(unknown))).collect();
    let none = Gaps::default();
    let groups = changes.into_iter().map(|(key, (name, changes))| {
        // Of what is gone nobody leads any more, and who led last is in the last leader change.
        let gone = || changes.last().and_then(|last| last.after.clone());
        let leader = leaders.get(&key).cloned().unwrap_or_else(gone);
        let gaps = gaps.get(&key.connection).unwrap_or(&none);
        let own = absent.remove(&key).map(|absent| gaps.and(absent));
        let gaps = own.as_ref().unwrap_or(gaps);
        let timeline = events::timeline(&changes, leader.as_deref(), gaps, query.from, now);
        let record = events::record(&events::until(timeline, query.to));
        // Who led before and leads again: a timeline shows no change.
        let and_back = changes
            .iter()
            .filter(|one| one.at < query.to && one.before.is_some() && one.before == one.after);
        GroupReport {
            resource: key,
            name,
            failovers: record.failovers + and_back.count(),
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
        plans: plans(&data.runs, query.to),
    }
}

/// All that a query leaves.
async fn entries(gateway: &Gateway, query: ActivityQuery) -> Result<Vec<ActivityEntry>, Problem> {
    let limit = query.limit;
    let query = ActivityQuery {
        limit: limit + 1,
        ..query
    };
    let entries = gateway.shared.store.activity(query).await?;
    if entries.len() > limit {
        let detail = format!(
            "more than {limit} entries are too many for one report: choose a shorter time, a system or a connection"
        );
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    Ok(entries)
}

/// The runs that ended, by plan.
fn plans(runs: &[ActivityEntry], to: DateTime<Utc>) -> Vec<PlanReport> {
    let mut plans: BTreeMap<(String, String), PlanReport> = BTreeMap::new();
    let is_end = |entry: &&ActivityEntry| {
        entry.kind == ActivityKind::Seen(EventKind::Run)
            && entry.severity != Severity::Moving
            && entry.at < to
    };
    for entry in runs.iter().filter(is_end) {
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
                leader: leader.map(str::to_owned),
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
        // Nobody has compared who leads now with who led before it went.
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
    }
}
