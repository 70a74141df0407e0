//! Determines the roles in a group. Status and sessions are read one after the other, so they may differ
//! for one poll. The sessions' own roles come in one response and take precedence; the status counts only
//! when no session is Primary or PendingPrimary.

use super::heartbeat::{heartbeat_time, heartbeat_timing};
use super::observation::Observation;
use super::{role_held, session_name};
use crate::doubt::{first, left_out};
use std::cmp::Reverse;
use vendors::LeftOut;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, TimeSpan};

pub(super) struct Roles<'a> {
    /// More than one only if the sessions' own roles say so.
    pub(super) primaries: Vec<&'a ClientSession>,
    pub(super) pending: Option<&'a ClientSession>,
    /// The primary in the status, if no such session is listed.
    pub(super) missing: Option<&'a str>,
    /// The first session with a role that is not in the contract, or without one.
    pub(super) unknown: Option<&'a ClientSession>,
}

/// Who leads a group: its primary, of several the one of [`leading`], and who was chosen to become it and has not
/// confirmed yet.
#[must_use]
pub fn leaders<'a>(
    group: &GroupConfiguration,
    status: &'a GroupStatus,
    sessions: &'a [ClientSession],
    observation: impl Into<Observation>,
) -> (Option<&'a ClientSession>, Option<&'a ClientSession>) {
    let roles = roles(Some(status), sessions);
    let timeout = group.failover_timeout.as_ref();
    let primary = leading(roles.primaries, timeout, observation.into());
    (primary, roles.pending)
}

/// Of a group without a known primary, why it may have one, in a sentence; `None` where no session is primary. `out` is
/// what else the list of sessions held.
#[must_use]
pub fn why_not_known(
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
    Some(format!("Who is primary is not known: {why}."))
}

/// The one of several primaries that leads, whatever their order in the answer: a live one; of those that are silent, the
/// one that was heard of last, since when no data flows; then by id. Of several live ones not the one that was heard of
/// last: that is another one with each heartbeat.
pub(super) fn leading<'a>(
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
    use super::{leaders, why_not_known};
    use crate::groups::fixtures::{NOW, aged, group};
    use crate::groups::last_data;
    use chrono::TimeDelta;
    use vendors::aveva::{ClientSession, GroupStatus, Heartbeat, Role};
    use vendors::{LeftOut, UnreadableField};

    #[test]
    fn of_several_primaries_the_same_one_leads_whatever_their_order() {
        let primary = |id: &str, age| aged(id, Role::Primary, age);
        for (primaries, expected) in [
            // Two that are silent: the one that was heard of last.
            ([primary("a", 3_700), primary("c", 3_600)], "c"),
            ([primary("a", 90), primary("c", 90)], "a"),
            // One that is live leads.
            ([primary("a", 90), primary("c", 5)], "c"),
            // Both are live: not another one with each heartbeat.
            ([primary("a", 20), primary("c", 5)], "a"),
            ([primary("a", 5), primary("c", 20)], "a"),
        ] {
            let turned = [primaries[1].clone(), primaries[0].clone()];
            for sessions in [primaries, turned] {
                let status = GroupStatus::default();
                let (leads, _) = leaders(&group(), &status, &sessions, NOW);
                let id = leads.and_then(|one| one.id.as_deref());
                assert_eq!(id, Some(expected), "{sessions:?}");
            }
        }
    }

    #[test]
    fn that_no_session_is_primary_is_said_only_where_all_roles_are_known() {
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
                Some("Who is primary is not known: b has the role “Observer”."),
            ),
            (
                nobody(),
                vec![idle(), garbled],
                out(0),
                Some("Who is primary is not known: b has an unreadable role."),
            ),
            (
                nobody(),
                vec![session("b", None)],
                out(0),
                Some("Who is primary is not known: b has no role."),
            ),
            (
                nobody(),
                vec![idle()],
                out(2),
                Some("Who is primary is not known: 2 of its sessions could not be read."),
            ),
            (
                doubtful,
                vec![idle()],
                out(0),
                Some(
                    "Who is primary is not known: the field Primary of its status is unreadable (“[]”).",
                ),
            ),
        ] {
            let told = why_not_known(&status, &sessions, out);
            assert_eq!(told.as_deref(), words, "{status:?} {sessions:?}");
        }
    }

    #[test]
    fn data_was_last_processed_when_the_primary_says_so_and_else_the_status() {
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
    fn sessions_say_who_leads_and_the_status_only_where_they_do_not() {
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
