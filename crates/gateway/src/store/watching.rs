//! When the gateway watched, and for how long what it saw is kept.

use super::database::{Fault, Sql};
use crate::config::Retention;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use health::Severity;
use health::events::{Event, EventKind};
use health::words::span;
use protocol::ActivityKind;

/// A clock that goes on by more than this from one note to the next is not believed at once: it may be wrong, and what is
/// deleted is gone for good.
const MAX_CLOCK_STEP: TimeDelta = TimeDelta::days(1);

/// How long it has to go on steadily until it is.
const CLOCK_TRUSTED_AFTER: TimeDelta = TimeDelta::days(1);

/// How many old ones are deleted at a time, so that other writes wait for a moment only.
const MAX_DELETED_AT_ONCE: i64 = 1_000;

/// Of all that is kept, sign-ins and refusals may be one part in so many more. Anybody can cause them, and none of them
/// takes the place of something else.
const ACCESS_SHARE: i64 = 10;

/// What tells who led, and when nobody could see it.
const LEADERSHIP_KINDS: [EventKind; 4] = [
    EventKind::Failover,
    EventKind::Alarm,
    EventKind::Resource,
    EventKind::Watching,
];

/// Those of the list that are more than so many, the oldest first. Those about access have numbers below 0.
const EXCESS_ENTRIES: &str = "SELECT number FROM activity
    WHERE number > 0 AND number <= (SELECT max(number) FROM activity) - ?
    ORDER BY number LIMIT ?";

/// What the clock showed when it had leapt ahead, while it is not believed for that. `last` is when somebody last
/// watched, and `leapt_at` what this answered then. Where nobody watched for days the clock seems to have leapt as well:
/// then what is old goes a day later.
fn leap(
    last: Option<DateTime<Utc>>,
    leapt_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let leaps = last.is_some_and(|last| now.signed_duration_since(last) > MAX_CLOCK_STEP);
    let leapt_at = if leaps { Some(now) } else { leapt_at };
    // Once it is set back, it is believed again.
    leapt_at.filter(|at| {
        (TimeDelta::zero()..CLOCK_TRUSTED_AFTER).contains(&now.signed_duration_since(*at))
    })
}

/// Takes out some of a kind that are older than so, the oldest first.
pub(super) const DELETE_OLD: &str = "DELETE FROM activity WHERE number IN
    (SELECT number FROM activity WHERE kind = ? AND at < ? ORDER BY at LIMIT ?)";

/// Notes that the connections are watched at this moment, and takes out some of what has grown old.
pub(super) fn watched(
    sql: &mut dyn Sql,
    retention: &Retention,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let millis = now.timestamp_millis();
    let leapt_at = "SELECT leapt_at FROM watched WHERE leapt_at IS NOT NULL";
    let leapt_at = leap(last(sql)?, moment(sql, leapt_at)?, now);
    let is_believed = leapt_at.is_none();
    let leapt_at = leapt_at.map(|at| at.timestamp_millis());
    sql.execute("DELETE FROM watched", &[])?;
    sql.execute(
        "INSERT INTO watched (at, leapt_at) VALUES (?, ?)",
        &[millis.into(), leapt_at.into()],
    )?;
    if is_believed {
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
    // Their numbers fall: see `activity::insert`.
    sql.execute(
        "DELETE FROM activity WHERE number IN
             (SELECT number FROM activity
              WHERE number < 0 AND number >= (SELECT min(number) FROM activity) + ?
              ORDER BY number DESC LIMIT ?)",
        &[(most / ACCESS_SHARE).into(), MAX_DELETED_AT_ONCE.into()],
    )?;
    let seen = LEADERSHIP_KINDS.map(ActivityKind::Seen);
    let shortest = seen.map(|kind| days_of(retention, kind)).into_iter().min();
    let shortest = shortest.unwrap_or(retention.days);
    let known = complete_since(sql)?.map(|since| since.timestamp_millis());
    let since = known
        .max(newest.flatten().map(|at| at.saturating_add(1)))
        .max(is_believed.then(|| days_before(millis, shortest)))
        // A clock that was ahead and has been set back says nothing of what is to come.
        .map(|since| since.min(millis));
    sql.execute("DELETE FROM complete_since", &[])?;
    if since.is_some() {
        sql.execute("INSERT INTO complete_since VALUES (?)", &[since.into()])?;
    }
    Ok(())
}

/// Takes out some of what is older than it is kept for, by this clock.
fn delete_old(sql: &mut dyn Sql, retention: &Retention, millis: i64) -> Result<(), Fault> {
    // Kind by kind, as the index has them: by age alone, those that are kept for longer would be walked over each time.
    for kind in ActivityKind::all() {
        let oldest = days_before(millis, days_of(retention, kind));
        let values = [kind.key().into(), oldest.into(), MAX_DELETED_AT_ONCE.into()];
        sql.execute(DELETE_OLD, &values)?;
    }
    let longest = retention.of.iter().map(|(_, days)| *days).max();
    let longest = longest.unwrap_or_default().max(retention.days);
    sql.execute(
        "DELETE FROM resource_name WHERE at < ?",
        &[days_before(millis, longest).into()],
    )
    .map(drop)
}

/// For how many days a kind is kept.
fn days_of(retention: &Retention, kind: ActivityKind) -> u64 {
    let own = retention.of.iter().find(|(own, _)| *own == kind);
    own.map_or(retention.days, |(_, days)| *days)
}

fn days_before(millis: i64, days: u64) -> i64 {
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    millis.saturating_sub(days.saturating_mul(24 * 3_600_000))
}

/// When somebody last watched, as far as that was noted.
pub(super) fn last(sql: &mut dyn Sql) -> Result<Option<DateTime<Utc>>, Fault> {
    moment(sql, "SELECT at FROM watched")
}

/// Since when nothing has been deleted of what tells who led, as far as that was noted.
pub(super) fn complete_since(sql: &mut dyn Sql) -> Result<Option<DateTime<Utc>>, Fault> {
    moment(sql, "SELECT at FROM complete_since")
}

fn moment(sql: &mut dyn Sql, statement: &str) -> Result<Option<DateTime<Utc>>, Fault> {
    let found = sql.rows(statement, &[])?;
    let moment = found.first().map(|row| row.number(0)).transpose()?;
    Ok(moment.and_then(DateTime::from_timestamp_millis))
}

/// The gateway begins to watch; what has to be said of the time since one last did.
pub(super) fn begun(sql: &mut dyn Sql, now: DateTime<Utc>) -> Result<Event, Fault> {
    Ok(unwatched(last(sql)?, now))
}

/// What has to be said of a time in which nothing was watched: until now, since then or ever.
pub(crate) fn unwatched(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Event {
    let what = match since {
        None => "The gateway started watching. Earlier events are not known.".to_owned(),
        Some(since) => {
            let lasted = now.signed_duration_since(since).max(TimeDelta::zero());
            format!(
                "The gateway did not watch for {}. What happened meanwhile was not seen.",
                span(lasted)
            )
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
        after: None,
    }
}
