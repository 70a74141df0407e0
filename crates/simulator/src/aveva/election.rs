//! The election of the Primary. It receives the time as an argument and changes only roles.

use super::model::{Group, Role};
use chrono::{DateTime, Utc};

/// Updates the roles from heartbeats and overrides.
///
/// The latest override to Primary wins, whether or not its session is alive. A sole member is Primary.
/// Otherwise the live session with the highest score wins; it is PendingPrimary until [`confirm`]. A tie
/// goes to the current primary, then to the pending session, then to the older one. When no session is
/// alive, the roles do not change.
pub(crate) fn elect(group: &mut Group, now: DateTime<Utc>) {
    for session in &mut group.sessions {
        session.pin = session
            .pin
            .filter(|pin| pin.expires.is_none_or(|expires| expires > now));
    }
    let pins = group
        .sessions
        .iter()
        .enumerate()
        .filter_map(|(at, session)| Some((session.pin?.since, at)));
    if let Some((_, pinned)) = pins.max() {
        return make_primary(group, pinned);
    }
    if group.sessions.len() == 1 {
        return make_primary(group, 0);
    }
    let incumbent = group.holder(Role::Primary);
    let pending = group.holder(Role::PendingPrimary);
    let timeout = group.timeout;
    let mut best: Option<usize> = None;
    for (at, session) in group
        .sessions
        .iter()
        .enumerate()
        .filter(|(_, one)| one.live(timeout, now))
    {
        let better = best.is_none_or(|held| {
            let (mine, theirs) = (session.score(), group.sessions[held].score());
            let claim = |at| (Some(at) == incumbent, Some(at) == pending);
            mine > theirs || (mine >= theirs && claim(at) > claim(held))
        });
        if better {
            best = Some(at);
        }
    }
    let Some(best) = best else { return };
    if let Some(pending) = pending.filter(|pending| *pending != best) {
        group.sessions[pending].role = Role::Secondary;
    }
    if Some(best) == incumbent {
        return;
    }
    if let Some(incumbent) = incumbent.filter(|at| !group.sessions[*at].live(timeout, now)) {
        group.sessions[incumbent].role = Role::Secondary;
    }
    group.sessions[best].role = Role::PendingPrimary;
}

/// The first heartbeat after the election completes the handshake: PendingPrimary becomes Primary.
pub(crate) fn confirm(group: &mut Group, at: usize) {
    if group.sessions[at].role == Role::PendingPrimary {
        make_primary(group, at);
    }
}

fn make_primary(group: &mut Group, primary: usize) {
    for (at, session) in group.sessions.iter_mut().enumerate() {
        session.role = if at == primary {
            Role::Primary
        } else {
            Role::Secondary
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Heartbeat, Pin, Session};
    use super::super::values::TimeSpan;
    use super::*;
    use Role::{PendingPrimary as Pending, Primary, Secondary};
    use chrono::TimeDelta;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// Sessions by role, score and seconds of silence; the timeout is 60 s.
    fn group(sessions: &[(Role, f64, i64)]) -> Group {
        let mut group = Group::bare(TimeSpan::seconds(60));
        for (index, (role, score, silence)) in sessions.iter().enumerate() {
            let mut session = Session::new(format!("S{index}"), NOW - TimeDelta::seconds(*silence));
            session.role = *role;
            session.heartbeat = Some(Heartbeat {
                score: *score,
                last_data: None,
                time: session.received,
            });
            group.sessions.push(session);
        }
        group
    }

    fn roles(group: &Group) -> Vec<Role> {
        group.sessions.iter().map(|session| session.role).collect()
    }

    #[test]
    fn elections_follow_the_rules() {
        for (story, before, after) in [
            (
                "a sole member is primary at once",
                vec![(Secondary, 0.0, 0)],
                vec![Primary],
            ),
            (
                "a silent sole member stays primary",
                vec![(Primary, 9.0, 900)],
                vec![Primary],
            ),
            (
                "the highest score is chosen",
                vec![(Secondary, 40.0, 0), (Secondary, 97.0, 0)],
                vec![Secondary, Pending],
            ),
            (
                "the incumbent keeps a tie",
                vec![(Secondary, 97.0, 0), (Primary, 97.0, 0)],
                vec![Secondary, Primary],
            ),
            (
                "the pending session keeps a tie",
                vec![(Secondary, 97.0, 0), (Pending, 97.0, 0)],
                vec![Secondary, Pending],
            ),
            (
                "a higher score takes over with a handshake, the incumbent stays until then",
                vec![(Primary, 60.0, 0), (Secondary, 97.0, 0)],
                vec![Primary, Pending],
            ),
            (
                "a session silent for exactly the timeout is still alive",
                vec![(Primary, 97.0, 60), (Secondary, 96.0, 0)],
                vec![Primary, Secondary],
            ),
            (
                "a silent primary is replaced, whatever its score",
                vec![(Primary, 100.0, 61), (Secondary, 1.0, 0)],
                vec![Secondary, Pending],
            ),
            (
                "a pending session yields when the incumbent recovers",
                vec![(Primary, 100.0, 0), (Pending, 97.0, 0)],
                vec![Primary, Secondary],
            ),
            (
                "no session alive: nothing changes",
                vec![(Primary, 100.0, 61), (Pending, 97.0, 61)],
                vec![Primary, Pending],
            ),
        ] {
            let mut group = group(&before);
            elect(&mut group, NOW);
            assert_eq!(roles(&group), after, "{story}");
        }
    }

    #[test]
    fn an_override_wins_even_when_stale_until_it_expires() {
        let mut group = group(&[
            (Primary, 100.0, 0),
            (Secondary, 1.0, 900),
            (Secondary, 50.0, 0),
        ]);
        let minute = TimeDelta::minutes(1);
        group.sessions[1].pin = Some(Pin {
            since: NOW - minute,
            expires: Some(NOW + minute),
        });
        elect(&mut group, NOW);
        assert_eq!(roles(&group), [Secondary, Primary, Secondary]);
        group.sessions[2].pin = Some(Pin {
            since: NOW,
            expires: None,
        });
        elect(&mut group, NOW);
        assert_eq!(
            roles(&group),
            [Secondary, Secondary, Primary],
            "the latest override wins"
        );
        group.sessions[2].pin = None;
        elect(&mut group, NOW + minute);
        assert_eq!(group.sessions[1].pin, None);
        assert_eq!(roles(&group), [Pending, Secondary, Primary]);
    }

    #[test]
    fn only_a_pending_session_is_confirmed() {
        let mut group = group(&[(Primary, 60.0, 0), (Pending, 97.0, 0), (Secondary, 1.0, 0)]);
        confirm(&mut group, 2);
        assert_eq!(roles(&group), [Primary, Pending, Secondary]);
        confirm(&mut group, 1);
        assert_eq!(roles(&group), [Secondary, Primary, Secondary]);
    }
}
