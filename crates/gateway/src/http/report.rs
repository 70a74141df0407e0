//! `GET /api/report`: failovers, times without a leader and runs of plans, over a time.

mod reading;
mod sums;

use super::compression::json;
use super::middleware::Authorized;
use super::query::{connections, invalid, parameters, time, unknown};
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
use sums::{Listed, ReportData, report};
use tokio::sync::Semaphore;

/// The time that is reported where the request does not say.
const DEFAULT_TIME: TimeDelta = TimeDelta::days(30);

/// The most entries that are read for a report; of more it would not be known what it leaves out. Few in tests, which
/// have more.
const MOST_ENTRIES: usize = if cfg!(test) { 100 } else { 50_000 };

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
    Ok(encoded.answer(&gateway, &authorized))
}

/// Reads the parameters. An empty one counts as absent.
fn query(gateway: &Gateway, uri: &Uri, now: DateTime<Utc>) -> Result<ReportQuery, Problem> {
    let (mut from, mut to) = (None, None);
    let upstreams = gateway.upstreams.iter();
    let mut of: Vec<String> = upstreams.map(|one| one.public.id.clone()).collect();
    for (name, value) in parameters(uri)? {
        if value.is_empty() {
            continue;
        }
        match name.as_str() {
            "from" => from = Some(time(&name, &value)?),
            "to" => to = Some(time(&name, &value)?),
            "connection" => of.retain(|id| *id == value),
            "system" => {
                let known = connections(gateway, &value)
                    .ok_or_else(|| invalid(&name, "aveva, uplynk or veeam"))?;
                of.retain(|id| known.contains(id));
            }
            _ => return Err(unknown(&name)),
        }
    }
    let to = to.unwrap_or(now).min(now);
    let from = from.unwrap_or_else(|| to.checked_sub_signed(DEFAULT_TIME).unwrap_or(to));
    if from >= to {
        let detail = "`from` has to be before `to` and before now";
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    Ok(ReportQuery {
        from,
        to,
        connections: of,
    })
}

async fn report_data(gateway: &Gateway, query: ReportQuery) -> Result<ReportData, Problem> {
    let of_kind = |kind: EventKind| ActivityQuery {
        connections: Some(query.connections.clone()),
        kinds: vec![kind.key().to_owned()],
        from: Some(query.from),
        to: Some(query.to),
        limit: MOST_ENTRIES,
        ..ActivityQuery::default()
    };
    let starts = ActivityQuery {
        connections: None,
        ..of_kind(EventKind::Watching)
    };
    let starts = entries_and_next(gateway, starts).await?;
    let starts = starts.iter().map(recorded);
    let unwatched = events::unwatched(starts.map(|start| (start.at, start.unseen_since)));
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
        // That a silence began within the time may have been noticed only after it.
        let mut alarms = entries_and_next(gateway, of_connection.clone()).await?;
        // It says whether the connection answered when the time began. Groups may have its id or its name.
        let is_of_connection =
            |entry: &ActivityEntry| events::tells_silence(entry.resource.as_ref());
        alarms.extend(last_before(gateway, of_connection, is_of_connection).await?);
        let mut unseen = events::silences(alarms.iter().map(recorded));
        // Later alarms are not read: how long a silence at its end went on is not known, and changes nothing.
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
            Listed {
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

/// What an entry tells of when something could not be seen.
fn recorded(entry: &ActivityEntry) -> RecordedEvent<'_> {
    RecordedEvent {
        resource: entry.resource.as_ref(),
        at: entry.at,
        number: entry.number,
        severity: entry.severity,
        unseen_since: entry.before.as_deref().and_then(|time| time.parse().ok()),
    }
}
