//! When the gateway watched, and for how long entries of the activity are kept.

use super::database::{Fault, Sql};
use crate::config::Retention;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use health::Severity;
use health::events::{Event, EventKind, LEADERS_COMPARED};
use health::words::span;
use protocol::ActivityKind;

/// A clock that advances by more than this between two notes is not trusted at once: it may be wrong, and deletion
/// cannot be undone.
const MAX_CLOCK_STEP: TimeDelta = TimeDelta::days(1);

/// How long it must run steadily before it is trusted.
const CLOCK_TRUSTED_AFTER: TimeDelta = TimeDelta::days(1);

/// The most entries that are deleted at a time, so that other writes wait only a moment.
const MAX_DELETED_AT_ONCE: i64 = 1_000;

/// Sign-ins and refusals may take up one part in this many of the entries. Anybody can cause them, so they must not
/// displace other entries.
const ACCESS_SHARE: i64 = 10;

/// The leadership entries, which show who led and when nobody watched.
const LEADERSHIP_KINDS: [EventKind; 4] = [
    EventKind::Failover,
    EventKind::Alarm,
    EventKind::Resource,
    EventKind::Watching,
];

/// The entries beyond the limit, oldest first. Entries about access have numbers below 0.
const EXCESS_ENTRIES: &str = "SELECT number FROM activity
    WHERE number > 0 AND number <= (SELECT max(number) FROM activity) - ?
    ORDER BY number LIMIT ?";

/// The time to which the clock leapt, while it is not trusted because of that. `last` is the previous note, and
/// `leapt_at` the previous result. If nobody watched for days, the clock seems to have leapt as well: old entries are
/// then deleted a day later.
fn leap(
    last: Option<DateTime<Utc>>,
    leapt_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let leaps = last.is_some_and(|last| now.signed_duration_since(last) > MAX_CLOCK_STEP);
    let leapt_at = if leaps { Some(now) } else { leapt_at };
    // A clock that was set back is trusted again.
    leapt_at.filter(|at| {
        (TimeDelta::zero()..CLOCK_TRUSTED_AFTER).contains(&now.signed_duration_since(*at))
    })
}

/// Deletes some entries of a kind that are older than this, oldest first.
pub(super) const DELETE_OLD: &str = "DELETE FROM activity WHERE number IN
    (SELECT number FROM activity WHERE kind = ? AND at < ? ORDER BY at LIMIT ?)";

/// Notes that the connections are being watched, and deletes some old entries.
pub(super) fn note_watching(
    sql: &mut dyn Sql,
    retention: &Retention,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let millis = now.timestamp_millis();
    let leapt_at = "SELECT leapt_at FROM watched WHERE leapt_at IS NOT NULL";
    let leapt_at = leap(last(sql)?, moment(sql, leapt_at)?, now);
    let is_trusted = leapt_at.is_none();
    let leapt_at = leapt_at.map(|at| at.timestamp_millis());
    sql.execute("DELETE FROM watched", &[])?;
    sql.execute(
        "INSERT INTO watched (at, leapt_at) VALUES (?, ?)",
        &[millis.into(), leapt_at.into()],
    )?;
    if is_trusted {
        delete_old(sql, retention, millis)?;
    }
    let most = i64::try_from(retention.entries).unwrap_or(i64::MAX);
    let beyond = [most.into(), MAX_DELETED_AT_ONCE.into()];
    let newest = format!(
        "SELECT max(at) FROM activity WHERE number IN ({EXCESS_ENTRIES}) AND kind IN (?, ?, ?, ?)"
    );
    let kinds = LEADERSHIP_KINDS.map(|kind| kind.key().into());
    let newest = sql.rows(&newest, &[beyond.as_slice(), &kinds].concat())?;
    let newest = newest.first().map(|row| row.optional(0)).transpose()?;
    sql.execute(
        &format!("DELETE FROM activity WHERE number IN ({EXCESS_ENTRIES})"),
        &beyond,
    )?;
    // The numbers of entries about access decrease: see `activity::insert`.
    sql.execute(
        "DELETE FROM activity WHERE number IN
             (SELECT number FROM activity
              WHERE number < 0 AND number >= (SELECT min(number) FROM activity) + ?
              ORDER BY number DESC LIMIT ?)",
        &[(most / ACCESS_SHARE).into(), MAX_DELETED_AT_ONCE.into()],
    )?;
    let seen = LEADERSHIP_KINDS.map(ActivityKind::Event);
    let shortest = seen.map(|kind| days_of(retention, kind)).into_iter().min();
    let shortest = shortest.unwrap_or(retention.days);
    let known = complete_since(sql)?.map(|since| since.timestamp_millis());
    let since = known
        .max(newest.flatten().map(|at| at.saturating_add(1)))
        .max(is_trusted.then(|| days_before(millis, shortest)))
        // A clock that was ahead and has been set back must not leave a time in the future.
        .map(|since| since.min(millis));
    sql.execute("DELETE FROM complete_since", &[])?;
    if since.is_some() {
        sql.execute("INSERT INTO complete_since VALUES (?)", &[since.into()])?;
    }
    Ok(())
}

/// Deletes some of the entries that are older than their retention, by this clock.
fn delete_old(sql: &mut dyn Sql, retention: &Retention, millis: i64) -> Result<(), Fault> {
    // Kind by kind, as in the index: by age alone, each run would scan the entries that are kept for longer.
    for kind in ActivityKind::all() {
        let oldest = days_before(millis, days_of(retention, kind));
        let values = [kind.key().into(), oldest.into(), MAX_DELETED_AT_ONCE.into()];
        sql.execute(DELETE_OLD, &values)?;
    }
    let longest = retention.by_kind.iter().map(|(_, days)| *days).max();
    let longest = longest.unwrap_or_default().max(retention.days);
    sql.execute(
        "DELETE FROM resource_name WHERE at < ?",
        &[days_before(millis, longest).into()],
    )
    .map(drop)
}

/// How many days entries of a kind are kept.
fn days_of(retention: &Retention, kind: ActivityKind) -> u64 {
    let own = retention.by_kind.iter().find(|(own, _)| *own == kind);
    own.map_or(retention.days, |(_, days)| *days)
}

fn days_before(millis: i64, days: u64) -> i64 {
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    millis.saturating_sub(days.saturating_mul(24 * 3_600_000))
}

/// When the connections were last noted as watched.
pub(super) fn last(sql: &mut dyn Sql) -> Result<Option<DateTime<Utc>>, Fault> {
    moment(sql, "SELECT at FROM watched")
}

/// The time since which no leadership entry was deleted, as far as it was noted.
pub(super) fn complete_since(sql: &mut dyn Sql) -> Result<Option<DateTime<Utc>>, Fault> {
    moment(sql, "SELECT at FROM complete_since")
}

fn moment(sql: &mut dyn Sql, statement: &str) -> Result<Option<DateTime<Utc>>, Fault> {
    let found = sql.rows(statement, &[])?;
    let moment = found.first().map(|row| row.number(0)).transpose()?;
    Ok(moment.and_then(DateTime::from_timestamp_millis))
}

/// The event for a time without watching before `now`.
pub(super) fn start_event(sql: &mut dyn Sql, now: DateTime<Utc>) -> Result<Event, Fault> {
    // A database that an older version wrote has no last leaders.
    let leaders = sql.rows("SELECT id FROM last_leader LIMIT 1", &[])?;
    Ok(unwatched_event(last(sql)?, !leaders.is_empty(), now))
}

/// The event for a time without watching, which ends now. `since` is `None` if the gateway never watched before;
/// `compares` tells whether the next readings are compared with the leaders before that time.
pub(crate) fn unwatched_event(
    since: Option<DateTime<Utc>>,
    compares: bool,
    now: DateTime<Utc>,
) -> Event {
    let what = match since {
        None => "The gateway started watching. Earlier events are not known.".to_owned(),
        Some(since) => {
            let lasted = span(now.signed_duration_since(since).max(TimeDelta::zero()));
            let known = if compares {
                "Of the changes in that time, only those of primaries and slicers on air are known."
            } else {
                "Changes in that time were not observed."
            };
            format!("The gateway did not watch for {lasted}. {known}")
        }
    };
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    Event {
        at: now,
        kind: EventKind::Watching,
        severity: Severity::Unknown,
        resource: None,
        name: String::new(),
        what,
        before: since.map(time),
        after: compares.then(|| LEADERS_COMPARED.to_owned()),
    }
}
