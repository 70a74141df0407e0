//! `GET /api/report`: failovers, times without a leader and runs of plans, over a time.

use super::activity::{connections, moment};
use super::compression::json;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::store::ActivityQuery;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use health::Severity;
use health::events::{self, EventKind, Handover, Unknown};
use health::inventory::{Kind as ResourceKind, ResourceKey};
use protocol::{ActivityEntry, ActivityKind, GroupReport, PlanReport, Report};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The time that is reported where the request does not say.
const USUALLY: TimeDelta = TimeDelta::days(30);

/// So many entries are read for a report; of more it would not be known what it leaves out.
const MOST: usize = 50_000;

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
/// A parameter is not one of those that there are, there is too much for one report, or the store cannot be read.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let now = gateway.shared.watchers.inventory().clock().now();
    let query = query(&gateway, &uri, now)?;
    let report = report(&gateway, &query, now).await?;
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

async fn report(
    gateway: &Gateway,
    query: &ReportQuery,
    now: DateTime<Utc>,
) -> Result<Report, Problem> {
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
    let runs = entries(gateway, of_kind(EventKind::Run)).await?;
    let mut silences: HashMap<&str, Vec<Unknown>> = HashMap::new();
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
        silences.insert(id, events::silences(alarms));
    }
    let mut handovers: BTreeMap<ResourceKey, (String, Vec<Handover>)> = BTreeMap::new();
    // The newest come first.
    for entry in failovers.into_iter().rev() {
        if let Some(key) = entry.resource.clone() {
            let held = handovers.entry(key.clone()).or_default();
            held.0.clone_from(&entry.name);
            held.1
                .push(Handover::new(key.kind, entry.at, entry.before, entry.after));
        }
    }
    let mut leaders: HashMap<ResourceKey, Option<String>> = HashMap::new();
    for resource in gateway.shared.watchers.inventory().everything().resources {
        let key = resource.key.clone();
        let is_group = !matches!(
            key.kind,
            ResourceKind::FailoverSession | ResourceKind::Connection
        );
        if !is_group || !query.connections.contains(&key.connection) {
            continue;
        }
        handovers
            .entry(key.clone())
            .or_default()
            .0
            .clone_from(&resource.name);
        let leader = resource
            .leader()
            .filter(|leader| events::leads(key.kind, leader));
        leaders.insert(key, leader.map(str::to_owned));
    }
    let groups = handovers.into_iter().map(|(key, (name, handovers))| {
        // Of what is gone nobody leads any more, and who led last is in the last handover.
        let gone = || handovers.last().and_then(|last| last.after.clone());
        let leader = leaders.get(&key).cloned().unwrap_or_else(gone);
        let mut unknown = unwatched.clone();
        unknown.extend(silences.get(key.connection.as_str()).into_iter().flatten());
        let lane = events::lane(&handovers, leader.as_deref(), &unknown, query.from, now);
        let record = events::record(&events::until(lane, query.to));
        GroupReport {
            resource: key,
            name,
            failovers: record.failovers,
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
    Ok(Report {
        from: query.from,
        to: query.to,
        groups,
        plans: plans(&runs, query.to),
    })
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
