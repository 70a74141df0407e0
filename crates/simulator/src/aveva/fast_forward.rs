//! Fast-forwards a site: while only heartbeats occur, only the last one of each adapter matters.
//! The result is the same as simulating every heartbeat.

use super::model::{Adapter, Group, Role, Session, Site};
use chrono::{DateTime, TimeDelta, Utc};

impl Site {
    /// Applies the heartbeats up to `to`, or up to just before a scenario's effect or an override ends,
    /// if nothing else can happen in between.
    pub(crate) fn fast_forward(&mut self, to: DateTime<Utc>) {
        let Some(group) = &mut self.group else { return };
        if !only_heartbeats(group, &self.adapters, self.cursor) {
            return;
        }
        let ends = self
            .adapters
            .iter()
            .flat_map(|one| [one.silent_until, one.score_until])
            .flatten();
        let pins = group
            .sessions
            .iter()
            .filter_map(|session| session.pin?.expires);
        let end = ends.chain(pins).min().unwrap_or(DateTime::<Utc>::MAX_UTC);
        // The end of an effect and the heartbeats at that time have an order, so they are simulated one by one.
        let until = to.min(end - TimeDelta::microseconds(1));
        let period = group.timeout.half();
        for (at, adapter) in self
            .adapters
            .iter_mut()
            .enumerate()
            .filter(|(_, one)| !one.silent)
        {
            let (Some(index), true) = (session_index(group, adapter, at), adapter.due <= until)
            else {
                continue;
            };
            let (gap, step) = (
                until - adapter.due,
                period.num_microseconds().unwrap_or(i64::MAX),
            );
            let periods = gap.num_microseconds().unwrap_or_default() / step;
            let last = adapter.due + TimeDelta::microseconds(periods * step);
            let session = &mut group.sessions[index];
            session.received = last;
            session.posted = true;
            if let Some(heartbeat) = &mut session.heartbeat {
                heartbeat.time = last + adapter.skew;
                if session.role == Role::Primary {
                    heartbeat.last_data = Some(last - TimeDelta::seconds(1));
                    group.last_data = group.last_data.max(heartbeat.last_data);
                }
            }
            adapter.due = last
                .checked_add_signed(period)
                .unwrap_or(DateTime::<Utc>::MAX_UTC);
            self.cursor = self.cursor.max(last);
        }
    }
}

/// The index of the adapter's session in the group; usually the adapter's own index.
fn session_index(group: &Group, adapter: &Adapter, at: usize) -> Option<usize> {
    let here = group
        .sessions
        .get(at)
        .is_some_and(|session| session.id == adapter.session);
    if here {
        Some(at)
    } else {
        group.position(&adapter.session)
    }
}

/// Whether heartbeats change no role: no handshake is open, the primary continues, and every running
/// adapter reports the same score as before.
fn only_heartbeats(group: &Group, adapters: &[Adapter], now: DateTime<Utc>) -> bool {
    let runs = |session: &Session| {
        adapters
            .iter()
            .any(|one| !one.silent && one.session == session.id)
    };
    let continues = |session: &Session| {
        session.pin.is_some() || runs(session) && session.live(group.timeout, now)
    };
    let settled = group.sessions.iter().all(|session| match session.role {
        Role::PendingPrimary => false,
        Role::Primary => continues(session),
        Role::Secondary => true,
    });
    let same = |(at, adapter): (usize, &Adapter)| {
        let Some(index) = session_index(group, adapter, at) else {
            return false;
        };
        let session = &group.sessions[index];
        let score = adapter.report(session.role == Role::Primary, at);
        session
            .heartbeat
            .is_some_and(|heartbeat| heartbeat.score.total_cmp(&score).is_eq())
    };
    let best = |primary: &Session| {
        primary.pin.is_some()
            || group.sessions.iter().all(|one| {
                let dead = || !one.live(group.timeout, now) && !runs(one);
                one.pin.is_none() && (one.score() <= primary.score() || dead())
            })
    };
    settled
        && group
            .holder(Role::Primary)
            .is_some_and(|at| best(&group.sessions[at]))
        && adapters
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.silent)
            .all(same)
}
