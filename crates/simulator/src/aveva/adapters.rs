//! Simulates the adapters. Every event happens at its own time and in order, so the result depends
//! only on the clock and not on when requests arrive.

use super::election::{confirm, elect};
use super::model::{Adapter, Group, Heartbeat, Role, Session, Site};
use chrono::{DateTime, TimeDelta, Utc};

/// A longer period without requests is skipped, including all its events.
const MAX_CATCH_UP: TimeDelta = TimeDelta::minutes(30);

impl Site {
    /// Advances to `to`. When the clock is set back, all times of the site move back with it.
    pub(crate) fn advance(&mut self, to: DateTime<Utc>) {
        if to < self.cursor {
            self.shift(to - self.cursor, false);
        }
        if to - self.cursor > MAX_CATCH_UP {
            self.shift(to - MAX_CATCH_UP - self.cursor, true);
        }
        loop {
            self.fast_forward(to);
            let Some(next) = self.next().filter(|next| *next <= to) else {
                break;
            };
            self.cursor = next.max(self.cursor);
            self.end_effects();
            for at in 0..self.adapters.len() {
                if !self.adapters[at].silent && self.adapters[at].due <= self.cursor {
                    self.post_heartbeat(at);
                }
            }
            self.settle();
        }
        self.cursor = to;
    }

    /// Runs the election; the adapter of the elected session responds one second later.
    pub(crate) fn settle(&mut self) {
        let now = self.cursor;
        let Some(group) = &mut self.group else { return };
        let before = group.holder(Role::PendingPrimary);
        elect(group, now);
        let elected = group
            .holder(Role::PendingPrimary)
            .filter(|elected| Some(*elected) != before);
        let Some(elected) = elected.map(|at| &group.sessions[at]) else {
            return;
        };
        let soon = now + TimeDelta::seconds(1);
        for adapter in &mut self.adapters {
            if adapter.session == elected.id {
                adapter.due = adapter.due.min(soon);
            }
        }
    }

    /// The time of the next event.
    fn next(&self) -> Option<DateTime<Utc>> {
        let heartbeats = self
            .adapters
            .iter()
            .filter(|one| !one.silent)
            .map(|one| one.due);
        let ends = self
            .adapters
            .iter()
            .flat_map(|one| [one.silent_until, one.score_until])
            .flatten();
        let sessions = self.group.iter().flat_map(|group| {
            let timeout = group.timeout.delta();
            group.sessions.iter().flat_map(move |session| {
                let holds = session.role != Role::Secondary;
                let late = holds.then(|| {
                    session
                        .received
                        .checked_add_signed(timeout + TimeDelta::milliseconds(1))
                });
                [late.flatten(), session.pin.and_then(|pin| pin.expires)]
            })
        });
        let later = sessions.flatten().filter(|time| *time > self.cursor);
        heartbeats.chain(ends).chain(later).min()
    }

    /// Ends temporary effects of a scenario.
    fn end_effects(&mut self) {
        let now = self.cursor;
        for adapter in &mut self.adapters {
            if adapter.silent_until.is_some_and(|until| until <= now) {
                adapter.silent_until = None;
                adapter.silent = false;
                adapter.due = now;
            }
            if adapter.score_until.is_some_and(|until| until <= now) {
                adapter.score_until = None;
                adapter.score = None;
            }
        }
    }

    /// One adapter posts a heartbeat; it first recreates its group and session if they no longer exist.
    fn post_heartbeat(&mut self, at: usize) {
        let now = self.cursor;
        let group = self.group.get_or_insert_with(|| Group::bare(self.timeout));
        let adapter = &mut self.adapters[at];
        let place = group.position(&adapter.session).unwrap_or_else(|| {
            group
                .sessions
                .push(Session::new(adapter.session.clone(), now));
            group.sessions.len() - 1
        });
        let serving = group.sessions[place].role != Role::Secondary;
        let before = group.sessions[place]
            .heartbeat
            .and_then(|heartbeat| heartbeat.last_data);
        let heartbeat = Heartbeat {
            score: adapter.report(serving, at),
            last_data: if serving {
                Some(now - TimeDelta::seconds(1))
            } else {
                before
            },
            time: now + adapter.skew,
        };
        let role = post(group, place, heartbeat, now);
        let wait = if role == Role::PendingPrimary {
            TimeDelta::seconds(1)
        } else {
            group.timeout.half()
        };
        adapter.due = now
            .checked_add_signed(wait)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
    }

    /// Moves every time by `by`; with `running_only`, not those of sessions without a running adapter.
    fn shift(&mut self, by: TimeDelta, running_only: bool) {
        let moved = |time: DateTime<Utc>| time.checked_add_signed(by).unwrap_or(time);
        self.cursor = moved(self.cursor);
        let now = self.cursor;
        let mut stay = Vec::new();
        for adapter in &mut self.adapters {
            if running_only
                && adapter.silent
                && adapter.silent_until.is_none_or(|until| until > now)
            {
                stay.push(adapter.session.clone());
            } else {
                adapter.due = moved(adapter.due);
            }
            if !running_only {
                adapter.silent_until = adapter.silent_until.map(moved);
                adapter.score_until = adapter.score_until.map(moved);
            }
        }
        let Some(group) = &mut self.group else { return };
        for session in &mut group.sessions {
            let runs = self.adapters.iter().any(|one| one.session == session.id)
                && !stay.contains(&session.id);
            if runs || !running_only {
                session.received = moved(session.received);
                if let Some(heartbeat) = &mut session.heartbeat {
                    heartbeat.time = moved(heartbeat.time);
                    heartbeat.last_data = heartbeat.last_data.map(moved);
                }
            }
            if !running_only && let Some(pin) = &mut session.pin {
                pin.expires = pin.expires.map(moved);
            }
        }
        let primary = group.holder(Role::Primary).map(|at| &group.sessions[at]);
        if !running_only || primary.is_some_and(|session| !stay.contains(&session.id)) {
            group.last_data = group.last_data.map(moved);
        }
    }
}

impl Adapter {
    /// The reported score: 100 as primary, otherwise the score of a hot or cold standby.
    pub(crate) fn report(&self, serving: bool, at: usize) -> f64 {
        let own = match (serving, self.cold) {
            (true, _) => 100.0,
            (false, true) => 1.0,
            (false, false) => 97.0 - f64::from(u8::try_from(at.min(40)).unwrap_or_default()),
        };
        self.score.unwrap_or(own)
    }
}

/// Records a heartbeat: completes a handshake, runs the election, and returns the session's new role.
pub(crate) fn post(group: &mut Group, at: usize, heartbeat: Heartbeat, now: DateTime<Utc>) -> Role {
    let session = &mut group.sessions[at];
    session.heartbeat = Some(heartbeat);
    session.received = now;
    session.posted = true;
    confirm(group, at);
    elect(group, now);
    if group.sessions[at].role == Role::Primary {
        group.last_data = heartbeat.last_data.max(group.last_data);
    }
    group.sessions[at].role
}

#[cfg(test)]
mod tests {
    use super::super::demo::site;
    use super::super::model::Pin;
    use super::*;
    use Role::{PendingPrimary, Primary, Secondary};

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn after(seconds: i64) -> DateTime<Utc> {
        START + TimeDelta::seconds(seconds)
    }

    /// A, B and C with a timeout of 60 s; A is primary.
    fn running() -> Site {
        site("g", 60, &["A", "B", "C"], START)
    }

    fn roles(site: &Site) -> Vec<Role> {
        site.group
            .as_ref()
            .unwrap()
            .sessions
            .iter()
            .map(|session| session.role)
            .collect()
    }

    #[test]
    fn adapters_keep_their_sessions_alive_and_the_primary_unchanged() {
        let mut site = running();
        for second in (0..600).step_by(7) {
            site.advance(after(second));
            assert_eq!(roles(&site), [Primary, Secondary, Secondary], "{second}");
            let group = site.group.as_ref().unwrap();
            for session in &group.sessions {
                assert!(
                    after(second) - session.received <= group.timeout.half(),
                    "{second}"
                );
            }
        }
    }

    #[test]
    fn a_silent_primary_is_replaced_through_the_handshake() {
        let mut site = running();
        site.adapters[0].silent = true;
        let last_heartbeat = site.group.as_ref().unwrap().sessions[0].received;
        site.advance(last_heartbeat + TimeDelta::seconds(60));
        assert_eq!(roles(&site), [Primary, Secondary, Secondary]);
        site.advance(last_heartbeat + TimeDelta::milliseconds(60_500));
        assert_eq!(roles(&site), [Secondary, PendingPrimary, Secondary]);
        site.advance(last_heartbeat + TimeDelta::seconds(62));
        assert_eq!(roles(&site), [Secondary, Primary, Secondary]);
    }

    #[test]
    fn the_next_heartbeat_recreates_a_deleted_session_or_group() {
        let mut site = running();
        site.group.as_mut().unwrap().sessions.remove(1);
        site.advance(after(61));
        assert_eq!(site.group.as_ref().unwrap().sessions.len(), 3);
        site.group = None;
        site.advance(after(130));
        let group = site.group.as_ref().unwrap();
        assert_eq!((group.sessions.len(), &group.name), (3, &None));
    }

    #[test]
    fn one_long_advance_and_many_short_ones_have_the_same_result() {
        let (mut once, mut often) = (running(), running());
        for site in [&mut once, &mut often] {
            site.adapters[0].silent = true;
            site.adapters[0].silent_until = Some(after(200));
        }
        once.advance(after(900));
        for second in 0..=900 {
            often.advance(after(second));
        }
        assert_eq!(format!("{once:?}"), format!("{often:?}"));
        assert!(!once.adapters[0].silent);
    }

    #[test]
    fn overrides_scores_and_silences_end_at_their_time_for_any_step() {
        for step in [1, 7, 30, 61, 450] {
            let (mut once, mut often) = (running(), running());
            for site in [&mut once, &mut often] {
                let group = site.group.as_mut().unwrap();
                group.sessions[1].pin = Some(Pin {
                    since: START,
                    expires: Some(after(100)),
                });
                site.settle();
                (site.adapters[2].score, site.adapters[2].score_until) =
                    (Some(100.0), Some(after(300)));
                (site.adapters[0].silent, site.adapters[0].silent_until) = (true, Some(after(600)));
            }
            once.advance(after(900));
            for second in (0..=900).step_by(step) {
                often.advance(after(second));
            }
            often.advance(after(900));
            assert_eq!(format!("{once:?}"), format!("{often:?}"), "{step}");
        }
    }

    #[test]
    fn a_clock_moved_by_days_either_way_leaves_a_running_site_unchanged() {
        for days in [3, -3] {
            let mut site = running();
            site.advance(after(45));
            let to = after(45) + TimeDelta::days(days);
            site.advance(to);
            assert_eq!(roles(&site), [Primary, Secondary, Secondary], "{days}");
            let group = site.group.as_ref().unwrap();
            for session in &group.sessions {
                assert!(
                    session.live(group.timeout, to) && session.received <= to,
                    "{days}"
                );
            }
        }
    }

    #[test]
    fn a_silent_adapter_stays_silent_when_the_clock_jumps_ahead() {
        let mut site = running();
        site.adapters[2].silent = true;
        let last_heartbeat = site.group.as_ref().unwrap().sessions[2].received;
        site.advance(after(0) + TimeDelta::days(3));
        assert_eq!(
            site.group.as_ref().unwrap().sessions[2].received,
            last_heartbeat
        );
    }
}
