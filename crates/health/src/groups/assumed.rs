//! A group with the worst or the best values that its unreadable fields could have.

use super::heartbeat::is_untimed;
use super::session_name;
use crate::doubt::{any, first, left_out};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::LeftOut;
use vendors::aveva::{
    ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, RoleOverride, TimeSpan,
};

/// The fields of a session that decide its group's state.
const SESSION_FIELDS: [&str; 5] = [
    "Role",
    "Heartbeat",
    "Heartbeat.HeartbeatTime",
    "RoleOverride",
    "RoleOverrideExpirationTime",
];

/// A group with assumed values.
pub(super) struct Assumed {
    pub(super) group: GroupConfiguration,
    pub(super) status: Option<GroupStatus>,
    pub(super) sessions: Vec<ClientSession>,
}

/// Names the first unreadable or missing field that may decide the state.
pub(super) fn doubt(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    out: LeftOut,
) -> Option<String> {
    let of_session = |session: &ClientSession| {
        let name = session_name(session);
        let unreadable = first(&session.unreadable, &SESSION_FIELDS, Some(name));
        let untimed = || format!("the field Heartbeat.HeartbeatTime of {name} is not reported");
        unreadable.or_else(|| is_untimed(session).then(untimed))
    };
    let of_status = |status: &GroupStatus| {
        first(
            &status.unreadable,
            &["Primary", "PendingPrimary"],
            Some("its status"),
        )
    };
    let timeless = is_timeless(group) && !sessions.is_empty();
    first(&group.unreadable, &["FailoverTimeout"], None)
        .or_else(|| {
            timeless.then(|| match group.failover_timeout {
                Some(timeout) => format!("its failover timeout of {timeout} is not usable"),
                None => "it has no failover timeout".to_owned(),
            })
        })
        .or_else(|| sessions.iter().find_map(of_session))
        .or_else(|| left_out(out, "sessions"))
        .or_else(|| status.and_then(of_status))
}

/// Whether heartbeats cannot be judged, because no usable FailoverTimeout is reported. The service always has one.
fn is_timeless(group: &GroupConfiguration) -> bool {
    let timeout = group.failover_timeout.map(TimeSpan::delta);
    timeout.is_none_or(|timeout| timeout <= TimeDelta::zero())
}

/// The worst case: uncertain sessions are silent and pinned, and sessions that could not be read do not exist.
pub(super) fn worst(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
) -> Assumed {
    let mut group = group.clone();
    if is_timeless(&group) {
        group.failover_timeout = Some(TimeSpan { ticks: 1 });
    }
    let mut sessions = sessions.to_vec();
    for session in &mut sessions {
        let unreadable = |name| any(&session.unreadable, &[name]);
        let (role, pinned) = (unreadable("Role"), unreadable("RoleOverride"));
        if role {
            session.role = Some(Role::Primary);
        }
        if pinned {
            session.role_override = Some(RoleOverride::Primary);
        }
    }
    Assumed {
        group,
        status: status.cloned(),
        sessions,
    }
}

/// The best case: uncertain sessions have just posted a heartbeat and are not pinned, and unreadable ones are well.
pub(super) fn best(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    out: LeftOut,
    now: DateTime<Utc>,
) -> Assumed {
    let reported = || Heartbeat {
        heartbeat_time: Some(now),
        ..Heartbeat::default()
    };
    let mut sessions = sessions.to_vec();
    for session in &mut sessions {
        let unreadable = |names: &[&str]| any(&session.unreadable, names);
        let heartbeat = is_untimed(session);
        let (role, pinned) = (
            unreadable(&["Role"]),
            unreadable(&["RoleOverride", "RoleOverrideExpirationTime"]),
        );
        if heartbeat {
            session.heartbeat = Some(reported());
        }
        if role {
            session.role = Some(Role::Secondary);
        }
        if pinned {
            session.role_override = Some(RoleOverride::Off);
        }
    }
    let is_leader = |session: &ClientSession| {
        matches!(session.role, Some(Role::Primary | Role::PendingPrimary))
    };
    let has_leader = sessions.iter().any(is_leader);
    let further = (0..out.unreadable).map(|index| ClientSession {
        id: Some(format!("session {index}")),
        role: Some(if has_leader || index > 0 {
            Role::Secondary
        } else {
            Role::Primary
        }),
        heartbeat: Some(reported()),
        ..ClientSession::default()
    });
    sessions.extend(further);
    let mut status = status.cloned();
    if let Some(status) = &mut status {
        let (primary, pending) = (
            any(&status.unreadable, &["Primary"]),
            any(&status.unreadable, &["PendingPrimary"]),
        );
        let of = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
        if primary {
            status.primary = sessions.first().and_then(|session| of(&session.id));
        }
        if pending {
            status.pending_primary = sessions.last().and_then(|session| of(&session.id));
        }
    }
    Assumed {
        group: group.clone(),
        status,
        sessions,
    }
}

#[cfg(test)]
mod tests {
    use crate::groups::fixtures::{NOW, aged, group, judge_complete, pin};
    use crate::groups::{Succession, judge_group};
    use crate::severity::Severity::{self, Critical, Normal, Unknown, Warning};
    use crate::verdict::Verdict;
    use vendors::aveva::{
        ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, TimeSpan,
    };
    use vendors::{LeftOut, UnreadableField};

    fn field(name: &str) -> UnreadableField {
        UnreadableField {
            name: name.to_owned(),
            raw: "soon".to_owned(),
        }
    }

    fn broken(name: &str, session: ClientSession) -> ClientSession {
        let mut session = ClientSession {
            unreadable: vec![field(name)],
            ..session
        };
        match name {
            "Role" => session.role = None,
            "RoleOverride" => session.role_override = None,
            "RoleOverrideExpirationTime" => session.role_override_expiration_time = None,
            "Heartbeat" => session.heartbeat = None,
            "Heartbeat.HeartbeatTime" => {
                if let Some(heartbeat) = &mut session.heartbeat {
                    heartbeat.heartbeat_time = None;
                }
            }
            _ => {}
        }
        session
    }

    fn judged(sessions: &[ClientSession]) -> Verdict {
        judge_complete(&group(), None, sessions, NOW)
    }

    #[test]
    fn a_relevant_unreadable_field_makes_the_state_unknown_and_is_named() {
        let standby = || aged("b", Role::Secondary, 6);
        for name in ["Role", "Heartbeat", "Heartbeat.HeartbeatTime"] {
            let verdict = judged(&[broken(name, aged("a", Role::Primary, 6)), standby()]);
            assert_eq!(verdict.severity, Unknown, "{name}: {verdict:?}");
            let named = format!("the field {name} of a is unreadable (“soon”)");
            assert!(verdict.sentence.contains(&named), "{verdict:?}");
            let only = judged(&[aged("a", Role::Primary, 6), broken(name, standby())]);
            assert_eq!(only.severity, Unknown, "whether there is a standby: {name}");
        }
        let silent = || aged("a", Role::Primary, 90);
        for session in [
            broken("RoleOverride", silent()),
            broken("RoleOverrideExpirationTime", pin(silent(), None)),
        ] {
            let verdict = judged(&[session, standby()]);
            let expected = (Critical, "Primary silent");
            assert_eq!(
                (verdict.severity, verdict.word.as_ref()),
                expected,
                "silent all the same"
            );
            assert!(verdict.sentence.contains("RoleOverride"), "{verdict:?}");
        }
        let timeless = GroupConfiguration {
            failover_timeout: None,
            unreadable: vec![field("FailoverTimeout")],
            ..group()
        };
        let verdict = judge_complete(
            &timeless,
            None,
            &[aged("a", Role::Primary, 6), standby()],
            NOW,
        );
        assert_eq!(verdict.severity, Unknown);
        assert!(verdict.sentence.contains("FailoverTimeout"), "{verdict:?}");
    }

    #[test]
    fn without_a_failover_timeout_a_group_is_not_normal() {
        let standby = || aged("b", Role::Secondary, 6);
        for (failover_timeout, words) in [
            (None, "it has no failover timeout"),
            (
                Some(TimeSpan::from_seconds(0)),
                "its failover timeout of 00:00:00 is not usable",
            ),
            (
                Some(TimeSpan::from_seconds(-60)),
                "its failover timeout of -00:01:00 is not usable",
            ),
        ] {
            let group = GroupConfiguration {
                failover_timeout,
                ..group()
            };
            let of = |sessions: &[ClientSession]| judge_complete(&group, None, sessions, NOW);
            let three_days = 3 * 86_400;
            let verdict = of(&[aged("a", Role::Primary, three_days), standby()]);
            assert_eq!(verdict.severity, Unknown, "{failover_timeout:?}");
            assert!(verdict.sentence.contains(words), "{verdict:?}");
            // Without a primary the state does not depend on the timeout.
            assert_eq!(of(&[standby()]).severity, Critical);
            assert_eq!(
                of(&[]).severity,
                judge_complete(&self::group(), None, &[], NOW).severity
            );
        }
    }

    #[test]
    fn a_heartbeat_with_an_unreported_time_differs_from_no_heartbeat() {
        let session = |posted, heartbeat, role| ClientSession {
            heartbeat_posted: posted,
            heartbeat,
            ..aged("a", role, 6)
        };
        // As in `v1-preview`, which does not report whether one was posted.
        let scored = Heartbeat {
            score: Some(88.0),
            ..Heartbeat::default()
        };
        let standby = aged("b", Role::Secondary, 6);
        for (posted, heartbeat, severity) in [
            (Some(true), None, Unknown),
            (None, Some(scored.clone()), Unknown),
            (Some(false), Some(scored), Critical),
            (None, None, Critical),
        ] {
            let primary = session(posted, heartbeat, Role::Primary);
            let verdict = judged(&[primary, standby.clone()]);
            assert_eq!(verdict.severity, severity, "{verdict:?}");
            let named = "the field Heartbeat.HeartbeatTime of a is not reported";
            let is_named = verdict.sentence.contains(named);
            assert_eq!(is_named, severity == Unknown, "{verdict:?}");
        }
        let untimed = session(Some(true), None, Role::Secondary);
        let sessions = [aged("b", Role::Primary, 6), untimed];
        assert_eq!(judged(&sessions).severity, Unknown);
        let group = group();
        let order = Succession::of(&group, &sessions, NOW);
        let mut reasons = order.candidates(&group, &sessions, NOW);
        let reason = reasons.find(|one| one.session == "a").map(|one| one.reason);
        let expected = "Not known to be eligible: the time of its last heartbeat is not known.";
        assert_eq!(reason.as_deref(), Some(expected));
    }

    #[test]
    fn irrelevant_unreadable_fields_change_nothing() {
        let primary = || aged("a", Role::Primary, 6);
        let (b, c) = (aged("b", Role::Secondary, 6), aged("c", Role::Secondary, 6));
        let third = |name| judged(&[primary(), b.clone(), broken(name, c.clone())]).severity;
        assert_eq!(third("Name"), Normal);
        assert_eq!(
            judged(&[broken("RoleOverride", primary()), b.clone()]).word,
            "Normal"
        );
        let silent = judged(&[broken("Name", aged("a", Role::Primary, 90)), b]);
        assert_eq!(
            (silent.severity, silent.word.as_ref()),
            (Critical, "Primary silent")
        );
    }

    #[test]
    fn an_unreadable_session_may_be_the_missing_primary_or_standby() {
        let out = |unreadable| LeftOut {
            unreadable,
            repeated: 0,
        };
        let of = |sessions: &[ClientSession], unreadable| -> (Severity, String) {
            let verdict = judge_group(&group(), None, sessions, out(unreadable), NOW.into());
            (verdict.severity, verdict.sentence)
        };
        let (primary, standby) = (aged("a", Role::Primary, 6), aged("b", Role::Secondary, 6));
        assert_eq!(of(std::slice::from_ref(&standby), 0).0, Critical);
        let (severity, sentence) = of(std::slice::from_ref(&standby), 1);
        assert_eq!(severity, Unknown);
        assert!(
            sentence.contains("1 of its sessions could not be read"),
            "{sentence}"
        );
        assert_eq!(of(std::slice::from_ref(&primary), 0).0, Warning);
        assert_eq!(of(std::slice::from_ref(&primary), 2).0, Unknown);
        assert_eq!(of(&[], 1).0, Unknown);
    }

    #[test]
    fn an_unreadable_status_matters_only_without_a_primary_session() {
        let status = GroupStatus {
            unreadable: vec![field("Primary")],
            ..GroupStatus::default()
        };
        let with = |role| {
            let sessions = [aged("a", role, 6), aged("b", Role::Secondary, 6)];
            judge_complete(&group(), Some(&status), &sessions, NOW).severity
        };
        assert_eq!(
            (with(Role::Primary), with(Role::Secondary)),
            (Normal, Unknown)
        );
    }
}
