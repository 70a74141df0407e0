//! `GET /api/report`: failovers, times without a leader and runs of failover plans in a period.

mod reading;
mod sums;

use super::compression::json;
use super::middleware::Authorized;
use super::query::{connections, parameters, time, unknown};
use crate::app::Gateway;
use crate::inventory_view::InventoryView;
use crate::problem::{Kind, Problem};
use crate::store::ActivityQuery;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use health::events::{self, EventKind, Leader, RecordedEvent, UnknownInterval};
use health::inventory::{Kind as ResourceKind, ResourceKey};
use protocol::ActivityEntry;
use reading::{entries, entries_and_next, failovers_before, last_before};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use sums::{CurrentGroup, ReportData, report};
use tokio::sync::Semaphore;

/// The default length of the period.
const DEFAULT_PERIOD: TimeDelta = TimeDelta::days(30);

/// The maximum number of entries per query of a report. With more, the report fails instead of being incomplete. Tests
/// use a small number that they can exceed.
const MAX_ENTRIES: usize = if cfg!(test) { 100 } else { 50_000 };

/// Permits one report at a time in this process, because it may need much memory and computing time.
static PERMITS: Semaphore = Semaphore::const_new(1);

/// The maximum time that a report waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The parameters of a report.
struct ReportQuery {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// The ids of the connections to report.
    connections: Vec<String>,
}

/// `GET /api/report`.
///
/// # Errors
/// A parameter is unknown or invalid, there are too many entries, the store cannot be read, or too many reports are
/// requested.
pub(super) async fn read(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let now = gateway.shared.watchers.inventory().clock().now();
    let query = query(&gateway, &uri, now)?;
    let permit = tokio::time::timeout(PATIENCE, PERMITS.acquire()).await;
    let Ok(Ok(permit)) = permit else {
        return Err(Problem {
            retry_after: Some(10),
            ..Problem::new(
                Kind::Overloaded,
                "too many reports are requested at this moment; try again in a moment",
            )
        });
    };
    let data = report_data(&gateway, query).await?;
    // Runs on a thread for blocking work, so that it delays no other request. Holds the permit to its end, even if the
    // client disconnects.
    let task = tokio::task::spawn_blocking(move || {
        let report = report(data, now);
        drop(permit);
        report
    });
    let report = task
        .await
        .map_err(|_| Problem::new(Kind::Internal, "the report could not be created"))?;
    let encoded = json(&report, headers.get(header::ACCEPT_ENCODING)).await?;
    Ok(encoded.answer(&gateway, &authorized))
}

/// Reads the parameters. An empty one counts as missing.
fn query(gateway: &Gateway, uri: &Uri, now: DateTime<Utc>) -> Result<ReportQuery, Problem> {
    let (mut from, mut to) = (None, None);
    let upstreams = gateway.upstreams.iter();
    let mut ids: Vec<String> = upstreams.map(|one| one.public.id.clone()).collect();
    for (name, value) in parameters(uri)? {
        if value.is_empty() {
            continue;
        }
        match name.as_str() {
            "from" => from = Some(time(&name, &value)?),
            "to" => to = Some(time(&name, &value)?),
            "connection" => ids.retain(|id| *id == value),
            "system" => {
                let known = connections(gateway, &value)?;
                ids.retain(|id| known.contains(id));
            }
            _ => return Err(unknown(&name, &["system", "connection", "from", "to"])),
        }
    }
    let to = to.unwrap_or(now).min(now);
    let from = from.unwrap_or_else(|| to.checked_sub_signed(DEFAULT_PERIOD).unwrap_or(to));
    if from >= to {
        let detail = "`from` has to be before `to` and before now";
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    Ok(ReportQuery {
        from,
        to,
        connections: ids,
    })
}

async fn report_data(gateway: &Gateway, query: ReportQuery) -> Result<ReportData, Problem> {
    let of_kind = |kind: EventKind| ActivityQuery {
        connections: Some(query.connections.clone()),
        kinds: vec![kind.key().to_owned()],
        from: Some(query.from),
        to: Some(query.to),
        limit: MAX_ENTRIES,
        ..ActivityQuery::default()
    };
    let starts = ActivityQuery {
        connections: None,
        ..of_kind(EventKind::Watching)
    };
    let starts = entries_and_next(gateway, starts).await?;
    let unwatched = events::unwatched(starts.iter().map(recorded));
    let mut failovers = entries_and_next(gateway, of_kind(EventKind::Failover)).await?;
    let before = failovers_before(gateway, &of_kind(EventKind::Failover), &failovers).await?;
    failovers.extend(before);
    let listed = entries_and_next(gateway, of_kind(EventKind::Resource)).await?;
    let runs = entries(gateway, of_kind(EventKind::Run)).await?;
    let mut unknown = HashMap::new();
    for id in &query.connections {
        let of_connection = ActivityQuery {
            connections: Some(vec![id.clone()]),
            resource: Some(id.clone()),
            ..of_kind(EventKind::Alarm)
        };
        // The start of a silence within the period may have been detected only after the period.
        let mut alarms = entries_and_next(gateway, of_connection.clone()).await?;
        // The last alarm before the period shows whether the connection was silent at its start. Groups may have the
        // same id or name as the connection.
        let is_of_connection =
            |entry: &ActivityEntry| events::is_connection(entry.resource.as_ref());
        alarms.extend(last_before(gateway, of_connection, is_of_connection).await?);
        let mut unseen = events::silences(alarms.iter().map(recorded));
        // Later alarms are not read, so a silence at the end of the period is cut there.
        for silence in &mut unseen {
            silence.to = silence.to.min(query.to);
        }
        unseen.extend_from_slice(&unwatched);
        unknown.insert(id.clone(), unseen);
    }
    let complete_since = gateway.shared.store.complete_since().await?;
    for unseen in unknown.values_mut() {
        unseen.extend(complete_since.map(UnknownInterval::before));
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
            CurrentGroup {
                leader: Leader::of(key.kind, resource.leader().map(str::to_owned)),
                key,
                name: resource.name.clone(),
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

/// The part of an entry from which unobserved intervals are derived.
fn recorded(entry: &ActivityEntry) -> RecordedEvent<'_> {
    RecordedEvent {
        resource: entry.resource.as_ref(),
        at: entry.at,
        number: entry.number,
        severity: entry.severity,
        unseen_since: entry.before.as_deref().and_then(|time| time.parse().ok()),
        is_compared: entry.after.as_deref() == Some(events::LEADERS_COMPARED),
    }
}
