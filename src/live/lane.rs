//! What the lane of a resource is drawn from, as it refreshes.

use super::Live;
use super::activity::when_something_happens;
use crate::api::Failure;
use crate::api::activity::{ActivityEntry, ActivityKind, read};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use health::events::{EventKind, Handover};
use health::inventory::{Kind, ResourceKey};
use health::severity::Severity;
use health::slicers::SLATE;
use std::cmp::Reverse;
use vendors::operation::segment;
use web_sys::AbortController;

/// So many entries of each kind are asked for; of more the oldest are not known.
const MOST: usize = 500;

/// A time in which nobody could see who leads.
type Unknown = (DateTime<Utc>, DateTime<Utc>);

/// What was seen of who leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// In the order of time.
    pub handovers: Vec<Handover>,
    /// When nobody could see it.
    pub unknown: Vec<Unknown>,
}

/// Follows what was seen of a resource in a time that ends now.
#[must_use]
pub fn seen(resource: ResourceKey, span: TimeDelta) -> Live<Seen> {
    when_something_happens(move |abort| {
        let resource = resource.clone();
        async move { fetch(&resource, span, &abort).await }
    })
}

async fn fetch(
    resource: &ResourceKey,
    span: TimeDelta,
    abort: &AbortController,
) -> Result<Seen, Failure> {
    let (connection, id) = (segment(&resource.connection), segment(&resource.id));
    let watching = read(&format!("kind=watching&limit={MOST}"), Some(abort)).await?;
    let from = watching.now.checked_sub_signed(span).unwrap_or_default();
    let from = from.to_rfc3339_opts(SecondsFormat::Millis, true);
    let of =
        format!("connection={connection}&resource={id}&kind=failover&from={from}&limit={MOST}");
    let failovers = read(&of, Some(abort)).await?;
    // Of the connection itself: when it fell silent and came back, also before the time that is shown.
    let of = format!("connection={connection}&resource={connection}&kind=alarm&limit={MOST}");
    let silences = read(&of, Some(abort)).await?;
    let mut unknown = unwatched(&watching.entries);
    unknown.extend(silent(&silences.entries));
    // What lies before the oldest of more than were asked for.
    if let Some(oldest) = failovers
        .entries
        .last()
        .filter(|_| failovers.older.is_some())
    {
        unknown.push((DateTime::UNIX_EPOCH, oldest.at));
    }
    let handover = |entry| handover(entry, resource.kind == Kind::SlicerGroup);
    let mut handovers: Vec<Handover> = failovers.entries.into_iter().map(handover).collect();
    handovers.reverse();
    Ok(Seen { handovers, unknown })
}

/// Of slicers the slate is nobody.
fn handover(entry: ActivityEntry, is_slicers: bool) -> Handover {
    let named = |leader: Option<String>| leader.filter(|leader| !is_slicers || leader != SLATE);
    Handover {
        at: entry.at,
        before: named(entry.before),
        after: named(entry.after),
    }
}

/// When no gateway watched: before the first one began, and before each start back to when one last did.
fn unwatched(starts: &[ActivityEntry]) -> Vec<Unknown> {
    let begin = |entry: &ActivityEntry| {
        let last = entry.before.as_deref()?;
        last.parse::<DateTime<Utc>>().ok()
    };
    starts
        .iter()
        .filter(|entry| entry.kind == ActivityKind::Seen(EventKind::Watching))
        .map(|entry| (begin(entry).unwrap_or(DateTime::UNIX_EPOCH), entry.at))
        .collect()
}

/// When a connection did not answer, by the beginnings and ends of its alarm. One that goes on has no end.
fn silent(alarms: &[ActivityEntry]) -> Vec<Unknown> {
    let mut alarms: Vec<&ActivityEntry> = alarms.iter().collect();
    alarms.sort_by_key(|entry| Reverse((entry.at, entry.number)));
    let (mut silent, mut end) = (Vec::new(), DateTime::<Utc>::MAX_UTC);
    for entry in alarms {
        if entry.severity == Severity::Normal {
            end = entry.at;
        } else {
            silent.push((entry.at, end));
        }
    }
    silent
}

#[cfg(test)]
mod tests {
    use super::{silent, unwatched};
    use crate::api::activity::ActivityEntry;
    use chrono::{DateTime, Utc};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn entry(second: i64, more: &str) -> ActivityEntry {
        let json = format!(r#"{{"at":{},"what":"",{more}}}"#, second * 1_000);
        serde_json::from_str(&json).expect("an entry")
    }

    #[test]
    fn a_connection_is_silent_from_its_alarm_to_the_end_of_that() {
        let began = |second| entry(second, r#""kind":"alarm","severity":"critical""#);
        let ended = |second| entry(second, r#""kind":"alarm","severity":"normal""#);
        let told = silent(&[began(50), ended(30), began(10)]);
        assert_eq!(told, [(at(50), DateTime::<Utc>::MAX_UTC), (at(10), at(30))]);
    }

    #[test]
    fn before_a_start_nobody_watched() {
        let start = |second, before: &str| {
            entry(
                second,
                &format!(r#""kind":"watching","severity":"unknown"{before}"#),
            )
        };
        let told = unwatched(&[
            start(500, r#","before":"1970-01-01T00:05:00Z""#),
            start(100, ""),
        ]);
        assert_eq!(told, [(at(300), at(500)), (at(0), at(100))]);
    }
}
