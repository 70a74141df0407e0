//! Determines the roles in a group. Status and sessions are read one after the other, so they may differ for one poll.
//! The sessions' own roles come in one response and take precedence; the status counts only if none is Primary or
//! PendingPrimary.

use super::heartbeat::{heartbeat_time, heartbeat_timing};
use super::observation::Observation;
use super::{role_held, session_name};
use crate::doubt::{first, left_out};
use std::cmp::Reverse;
use vendors::LeftOut;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, TimeSpan};

pub(super) struct Roles<'a> {
    /// More than one only by the sessions' own roles.
    pub(super) primaries: Vec<&'a ClientSession>,
    pub(super) pending: Option<&'a ClientSession>,
    /// The primary in the status, if no such session is listed.
    pub(super) missing: Option<&'a str>,
    /// The first session with a role that is not in the contract, or without a role.
    pub(super) unknown: Option<&'a ClientSession>,
}

/// The primary of a group (`leading_primary` selects one of several) and its pending primary.
#[must_use]
pub fn leaders<'a>(
    group: &GroupConfiguration,
    status: &'a GroupStatus,
    sessions: &'a [ClientSession],
    observation: impl Into<Observation>,
) -> (Option<&'a ClientSession>, Option<&'a ClientSession>) {
    let roles = roles(Some(status), sessions);
    let timeout = group.failover_timeout.as_ref();
    let primary = leading_primary(roles.primaries, timeout, observation.into());
    (primary, roles.pending)
}

/// For a group without a known primary, the reason why it may have one, in a sentence; `None` if no session is
/// primary. `out` counts the unreadable and repeated entries of its list of sessions.
#[must_use]
pub fn unknown_primary_reason(
    status: &GroupStatus,
    sessions: &[ClientSession],
    out: LeftOut,
) -> Option<String> {
    let roles = roles(Some(status), sessions);
    if let Some(missing) = roles.missing {
        return Some(format!(
            "{missing} is named primary, but its session is not listed."
        ));
    }
    let unknown = |session| format!("{} {}", session_name(session), role_held(session));
    let why = roles
        .unknown
        .map(unknown)
        .or_else(|| left_out(out, "sessions"))
        .or_else(|| first(&status.unreadable, &["Primary"], Some("its status")))?;
    Some(format!("The primary is not known: {why}."))
}

/// Selects one of several primaries, independent of their order: a live one first, then the silent one with the latest
/// heartbeat, then by id. Live ones are not compared by heartbeat, which would change the result each time.
pub(super) fn leading_primary<'a>(
    primaries: impl IntoIterator<Item = &'a ClientSession>,
    timeout: Option<&TimeSpan>,
    observation: Observation,
) -> Option<&'a ClientSession> {
    primaries.into_iter().min_by_key(|primary| {
        let is_live = heartbeat_timing(primary, timeout, observation).is_live();
        let last = heartbeat_time(primary).filter(|_| !is_live);
        (Reverse(is_live), Reverse(last), &primary.id)
    })
}

pub(super) fn roles<'a>(
    status: Option<&'a GroupStatus>,
    sessions: &'a [ClientSession],
) -> Roles<'a> {
    let by_role = |role: Role| {
        sessions
            .iter()
            .filter(move |session| session.role.as_ref() == Some(&role))
    };
    let primaries: Vec<_> = by_role(Role::Primary).collect();
    let pending = by_role(Role::PendingPrimary).next();
    let unknown = sessions
        .iter()
        .find(|session| matches!(session.role, None | Some(Role::Other(_))));
    let roles_of_sessions = Roles {
        primaries,
        pending,
        missing: None,
        unknown,
    };
    match status {
        Some(status)
            if roles_of_sessions.primaries.is_empty() && roles_of_sessions.pending.is_none() =>
        {
            by_status(status, sessions, roles_of_sessions)
        }
        _ => roles_of_sessions,
    }
}

fn by_status<'a>(
    status: &'a GroupStatus,
    sessions: &'a [ClientSession],
    roles_of_sessions: Roles<'a>,
) -> Roles<'a> {
    let id = |id: &'a Option<String>| id.as_deref().filter(|id| !id.is_empty());
    let find = |id: Option<&str>| {
        sessions
            .iter()
            .find(|session| id.is_some() && session.id.as_deref() == id)
    };
    let primary = find(id(&status.primary));
    let pending = find(id(&status.pending_primary));
    Roles {
        primaries: primary.into_iter().collect(),
        pending: pending.filter(|_| status.pending_primary != status.primary),
        missing: id(&status.primary).filter(|_| primary.is_none()),
        ..roles_of_sessions
    }
}

#[cfg(test)]
mod tests {
    use super::{leaders, unknown_primary_reason};
    use crate::groups::fixtures::{NOW, aged, group};
    use crate::groups::last_data;
    use chrono::TimeDelta;
    use vendors::aveva::{ClientSession, GroupStatus, Heartbeat, Role};
    use vendors::{LeftOut, UnreadableField};

    #[test]
    fn the_leading_primary_does_not_depend_on_the_order() {
        let primary = |id: &str, age| aged(id, Role::Primary, age);
        for (primaries, expected) in [
            // Two silent ones: the one with the latest heartbeat.
            ([primary("a", 3_700), primary("c", 3_600)], "c"),
            ([primary("a", 90), primary("c", 90)], "a"),
            // A live one leads.
            ([primary("a", 90), primary("c", 5)], "c"),
            // Both are live: the result does not change with each heartbeat.
            ([primary("a", 20), primary("c", 5)], "a"),
            ([primary("a", 5), primary("c", 20)], "a"),
        ] {
            let reversed = [primaries[1].clone(), primaries[0].clone()];
            for sessions in [primaries, reversed] {
                let status = GroupStatus::default();
                let (leads, _) = leaders(&group(), &status, &sessions, NOW);
                let id = leads.and_then(|one| one.id.as_deref());
                assert_eq!(id, Some(expected), "{sessions:?}");
            }
        }
    }

    #[test]
    fn a_group_has_no_primary_only_if_all_roles_are_known() {
        let session = |id: &str, role| ClientSession {
            id: Some(id.to_owned()),
            role,
            ..ClientSession::default()
        };
        let unreadable = |name: &str| UnreadableField {
            name: name.to_owned(),
            raw: "[]".to_owned(),
        };
        let idle = || session("a", Some(Role::Secondary));
        let observer = session("b", Some(Role::Other("Observer".to_owned())));
        let garbled = ClientSession {
            unreadable: vec![unreadable("Role")],
            ..session("b", None)
        };
        let named = |id: &str| GroupStatus {
            primary: Some(id.to_owned()),
            ..GroupStatus::default()
        };
        let nobody = GroupStatus::default;
        let doubtful = GroupStatus {
            unreadable: vec![unreadable("Primary")],
            ..nobody()
        };
        let out = |unreadable| LeftOut {
            unreadable,
            ..LeftOut::default()
        };
        for (status, sessions, out, words) in [
            (nobody(), vec![idle()], out(0), None),
            (nobody(), vec![], out(0), None),
            (
                named("z"),
                vec![idle()],
                out(0),
                Some("z is named primary, but its session is not listed."),
            ),
            (
                nobody(),
                vec![idle(), observer],
                out(0),
                Some("The primary is not known: b has the role “Observer”."),
            ),
            (
                nobody(),
                vec![idle(), garbled],
                out(0),
                Some("The primary is not known: b has an unreadable role."),
            ),
            (
                nobody(),
                vec![session("b", None)],
                out(0),
                Some("The primary is not known: b has no role."),
            ),
            (
                nobody(),
                vec![idle()],
                out(2),
                Some("The primary is not known: 2 of its sessions could not be read."),
            ),
            (
                doubtful,
                vec![idle()],
                out(0),
                Some(
                    "The primary is not known: the field Primary of its status is unreadable (“[]”).",
                ),
            ),
        ] {
            let reason = unknown_primary_reason(&status, &sessions, out);
            assert_eq!(reason.as_deref(), words, "{status:?} {sessions:?}");
        }
    }

    #[test]
    fn the_last_data_time_comes_from_the_primary_or_else_the_status() {
        let at = |seconds| Some(NOW - TimeDelta::seconds(seconds));
        let primary = |data| ClientSession {
            heartbeat: Some(Heartbeat {
                last_data_processed_time: data,
                ..Heartbeat::default()
            }),
            ..ClientSession::default()
        };
        let status = |data| GroupStatus {
            last_data_processed_time: data,
            ..GroupStatus::default()
        };
        for (primary, status, expected) in [
            (Some(primary(at(5))), status(at(9)), at(5)),
            (Some(primary(None)), status(at(9)), at(9)),
            (Some(ClientSession::default()), status(at(9)), at(9)),
            (None, status(at(9)), at(9)),
            (None, status(None), None),
        ] {
            assert_eq!(last_data(primary.as_ref(), &status), expected);
        }
    }

    #[test]
    fn roles_of_sessions_take_precedence_over_the_status() {
        let session = |id: &str, role| ClientSession {
            id: Some(id.to_owned()),
            role: Some(role),
            ..ClientSession::default()
        };
        let status = |primary: &str, pending: &str| GroupStatus {
            primary: Some(primary.to_owned()),
            pending_primary: Some(pending.to_owned()),
            ..GroupStatus::default()
        };
        let (primary, pending, idle) = (Role::Primary, Role::PendingPrimary, Role::Secondary);
        for (roles, status, expected) in [
            (
                [&primary, &pending],
                status("b", ""),
                (Some("a"), Some("b")),
            ),
            ([&idle, &pending], status("a", ""), (None, Some("b"))),
            ([&idle, &idle], status("a", "b"), (Some("a"), Some("b"))),
            ([&idle, &idle], status("b", "b"), (Some("b"), None)),
            ([&idle, &idle], status("", "x"), (None, None)),
        ] {
            let sessions = ["a", "b"].into_iter().zip(roles);
            let sessions: Vec<_> = sessions
                .map(|(id, role)| session(id, role.clone()))
                .collect();
            let (primary, pending) = leaders(&group(), &status, &sessions, NOW);
            let id = |one: Option<&ClientSession>| one.and_then(|one| one.id.clone());
            let expected = (expected.0.map(str::to_owned), expected.1.map(str::to_owned));
            assert_eq!((id(primary), id(pending)), expected, "{roles:?} {status:?}");
        }
    }
}
