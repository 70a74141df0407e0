//! The initial groups: a realistic plant, more groups on demand, one group whose ids contain every
//! awkward character, and the group behind the sentinel `fault-slow`.

mod plants;

use super::model::{Adapter, Group, Heartbeat, Role, Session, Site};
use super::values::TimeSpan;
use super::world::World;
use crate::options::{Options, Scenario};
use chrono::{DateTime, TimeDelta, Utc};
use plants::{Line, PLANT_A, PLANT_B};

/// A group id with characters that break paths, queries, selectors and careless decoders.
pub(crate) const AWKWARD_GROUP: &str = "Überwachung/Süd 50% #1 \"A\" ..x?&=+ 🏭";
/// A session id of the same kind; `%41` must not become `A`.
pub(crate) const AWKWARD_SESSION: &str = "HÖST 01/..\\Öl.OpcUa #2 'B' <b>%41?&=+ 🛢";

/// With `sessions` up to this number, the plant's groups keep their own number of sessions.
const MAX_OWN_SESSIONS: usize = 4;

/// A world at `now`, with its scenario started.
pub(crate) fn world(plant_b: bool, salt: u64, options: &Options, now: DateTime<Utc>) -> World {
    let lines = if plant_b { &PLANT_B } else { &PLANT_A };
    let mut sites = Vec::new();
    for index in 0..options.groups {
        sites.push(match lines.get(index) {
            Some(line) => plant_site(line, options.sessions, now),
            None => generated_site(index + 1, options.sessions, now),
        });
    }
    let mut awkward = site(AWKWARD_GROUP, 60, &[AWKWARD_SESSION, "PLAIN-02.OpcUa"], now);
    awkward.steady = true;
    sites.push(awkward);
    let mut slow = site("fault-slow", 60, &["SLOW-01.OpcUa", "SLOW-02.OpcUa"], now);
    (slow.hidden, slow.steady) = (true, true);
    sites.push(slow);
    let mut world = World {
        sites,
        seed: options.seed ^ salt,
        scenario: Scenario::Calm,
        now,
    };
    world.enter(options.scenario);
    world
}

fn plant_site(line: &Line, sessions: usize, now: DateTime<Utc>) -> Site {
    let (id, name, description, timeout, primary, ids) = *line;
    let stem = ids
        .first()
        .and_then(|id| id.split(['-', '.']).next())
        .unwrap_or(id);
    let kind = ids
        .first()
        .and_then(|id| id.rsplit('.').next())
        .unwrap_or("OpcUa");
    let count = if sessions <= MAX_OWN_SESSIONS {
        ids.len().min(sessions)
    } else {
        sessions
    };
    let ids: Vec<String> = (0..count)
        .map(|at| {
            ids.get(at).map_or_else(
                || format!("{stem}-{:02}.{kind}", at + 1),
                |id| (*id).to_owned(),
            )
        })
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut site = site_with_primary(id, timeout, &ids, primary, now);
    if let Some(group) = site.group.as_mut().filter(|_| !name.is_empty()) {
        group.name = Some(name.to_owned());
        group.description = Some(description.to_owned());
    }
    site
}

fn generated_site(number: usize, sessions: usize, now: DateTime<Utc>) -> Site {
    const KINDS: [&str; 5] = ["OpcUa", "Modbus", "Dnp3", "Mqtt", "Bacnet"];
    let kind = KINDS[number % KINDS.len()];
    let ids: Vec<String> = (1..=sessions)
        .map(|at| format!("UNIT{number:03}-{at:02}.{kind}"))
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let timeout = [30, 60, 120][number % 3];
    let mut site = site(
        &format!("unit{number:03}-{}", kind.to_lowercase()),
        timeout,
        &ids,
        now,
    );
    if let Some(group) = &mut site.group {
        group.name = Some(format!("Unit {number} {kind}"));
    }
    site
}

/// A stable site: all sessions alive, the first is primary, the last of three or more is cold.
pub(crate) fn site(id: &str, timeout: i64, sessions: &[&str], now: DateTime<Utc>) -> Site {
    site_with_primary(id, timeout, sessions, 0, now)
}

fn site_with_primary(
    id: &str,
    timeout: i64,
    sessions: &[&str],
    primary: usize,
    now: DateTime<Utc>,
) -> Site {
    let span = TimeSpan::seconds(timeout);
    let mut group = Group::bare(span);
    let mut adapters = Vec::new();
    let primary = primary.min(sessions.len().saturating_sub(1));
    // Heartbeats are spread over the period, and differ between groups.
    let shift = id.bytes().map(u64::from).sum::<u64>() % 7;
    for (at, session) in sessions.iter().enumerate() {
        let period = span.half();
        let part = i32::try_from((at as u64 * 5 + shift) % 11).unwrap_or_default();
        let last = now - period / 12 * part;
        let serving = at == primary;
        let mut one = Session::new((*session).to_owned(), last);
        one.role = if serving {
            Role::Primary
        } else {
            Role::Secondary
        };
        one.posted = true;
        let adapter = Adapter {
            session: (*session).to_owned(),
            cold: at > 1 && at + 1 == sessions.len(),
            silent: false,
            silent_until: None,
            score: None,
            score_until: None,
            due: last + period,
            skew: TimeDelta::zero(),
        };
        let last_data = serving.then(|| last - TimeDelta::seconds(1));
        group.last_data = group.last_data.max(last_data);
        one.heartbeat = Some(Heartbeat {
            score: adapter.report(serving, at),
            last_data,
            time: last,
        });
        group.sessions.push(one);
        adapters.push(adapter);
    }
    Site {
        id: id.to_owned(),
        group: Some(group),
        adapters,
        timeout: span,
        hidden: false,
        steady: false,
        cursor: now,
    }
}
