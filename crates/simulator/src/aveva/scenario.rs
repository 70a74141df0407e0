//! The scenarios of an AVEVA service. They act through the adapters and through role overrides, as
//! real plants and operators do.

use super::model::{Pin, Role, Site};
use super::world::World;
use crate::options::Scenario;
use crate::steps;
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;

/// Undoes the effects of scenarios and controls, then applies the start of the scenario.
pub(crate) fn enter(world: &mut World) {
    let now = world.now;
    for site in &mut world.sites {
        for adapter in &mut site.adapters {
            if adapter.silent {
                adapter.due = now;
            }
            (adapter.silent, adapter.silent_until) = (false, None);
            (adapter.score, adapter.score_until) = (None, None);
            adapter.skew = TimeDelta::zero();
        }
        if !site.steady
            && let Some(group) = &mut site.group
        {
            for session in &mut group.sessions {
                session.pin = None;
            }
        }
    }
    if world.scenario == Scenario::Incident {
        let broken: [fn(&mut Site, DateTime<Utc>); 6] = [
            pinned_and_silent,
            stale_standby,
            stuck_handshake,
            |_, _| (),
            clock_ahead,
            all_silent,
        ];
        for (site, break_it) in world
            .sites
            .iter_mut()
            .filter(|site| !site.steady)
            .zip(broken)
        {
            break_it(site, now);
        }
    }
    for site in &mut world.sites {
        site.settle();
    }
}

/// One step of the scenario.
pub(crate) fn step(world: &mut World, step: i64, now: DateTime<Utc>) {
    let odds = match world.scenario {
        Scenario::Calm => return,
        Scenario::Busy => 0.2,
        Scenario::Incident => 0.4,
    };
    let mut rng = steps::step_rng(world.seed, step);
    if !rng.random_bool(odds) {
        return;
    }
    let open = |site: &&mut Site| {
        !site.steady && site.adapters.len() > 1 && site.adapters.iter().all(untouched)
    };
    let mut sites: Vec<_> = world.sites.iter_mut().filter(open).collect();
    if sites.is_empty() {
        return;
    }
    let at = rng.random_range(0..sites.len());
    let Some(site) = sites.get_mut(at) else {
        return;
    };
    let Some(group) = &site.group else { return };
    let timeout = group.timeout.delta().min(TimeDelta::minutes(10));
    let primary = group
        .holder(Role::Primary)
        .map(|at| group.sessions[at].id.clone());
    let serves = |session: &str| primary.as_deref() == Some(session);
    let standby = rng.random_range(0..site.adapters.len());
    let kind = rng.random_range(0..4);
    for (at, adapter) in site.adapters.iter_mut().enumerate() {
        match (kind, serves(&adapter.session)) {
            (0, true) => (adapter.silent, adapter.silent_until) = (true, Some(now + timeout * 3)),
            (1, true) => {
                (adapter.score, adapter.score_until) =
                    (Some(45.0), Some(now + TimeDelta::seconds(150)));
            }
            (2 | 3, false) if at == standby => {
                (adapter.silent, adapter.silent_until) = (true, Some(now + timeout * 2));
            }
            _ => {}
        }
    }
}

fn untouched(adapter: &super::model::Adapter) -> bool {
    !adapter.silent && adapter.score.is_none()
}

/// Silences an adapter as of `since`.
fn silence(site: &mut Site, at: usize, since: DateTime<Utc>) {
    let Some(adapter) = site.adapters.get_mut(at) else {
        return;
    };
    adapter.silent = true;
    let Some(group) = &mut site.group else { return };
    let Some(place) = group.position(&adapter.session) else {
        return;
    };
    let session = &mut group.sessions[place];
    session.received = since;
    if let Some(heartbeat) = &mut session.heartbeat {
        heartbeat.time = since;
        heartbeat.last_data = heartbeat.last_data.map(|_| since - TimeDelta::seconds(1));
    }
    if session.role == Role::Primary {
        group.last_data = Some(since - TimeDelta::seconds(1));
    }
}

/// The most severe alarm: a silent session is forced to be primary, so no data flows.
fn pinned_and_silent(site: &mut Site, now: DateTime<Utc>) {
    let since = now - TimeDelta::seconds(372);
    silence(site, 0, since);
    if let Some(session) = site
        .group
        .as_mut()
        .and_then(|group| group.sessions.first_mut())
    {
        session.pin = Some(Pin {
            since,
            expires: None,
        });
    }
}

fn stale_standby(site: &mut Site, now: DateTime<Utc>) {
    let last = site.adapters.len().saturating_sub(1);
    if last > 0 {
        silence(site, last, now - TimeDelta::hours(76));
    }
}

/// A session is elected and never confirms, and all others are silent too.
fn stuck_handshake(site: &mut Site, now: DateTime<Utc>) {
    for at in 0..site.adapters.len() {
        silence(
            site,
            at,
            now - site.timeout.delta() * if at == 0 { 5 } else { 3 },
        );
    }
    let Some(group) = &mut site.group else { return };
    for (at, session) in group.sessions.iter_mut().enumerate() {
        session.role = if at == 1 {
            Role::PendingPrimary
        } else {
            Role::Secondary
        };
    }
}

/// A standby whose clock is ahead, so that its heartbeats are in the future.
fn clock_ahead(site: &mut Site, now: DateTime<Utc>) {
    if let Some(adapter) = site.adapters.last_mut() {
        adapter.skew = TimeDelta::seconds(95);
        adapter.due = now;
    }
}

/// The primary and all standbys are silent.
fn all_silent(site: &mut Site, now: DateTime<Utc>) {
    for at in 0..site.adapters.len() {
        silence(
            site,
            at,
            now - TimeDelta::seconds(150 + 20 * i64::try_from(at).unwrap_or_default()),
        );
    }
}
