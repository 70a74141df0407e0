//! Properties: any input has a verdict, and every problem has advice.

use super::fixtures::{NOW, aged, group, judge_complete, pin};
use super::{GroupContext, Observation, Succession, members};
use crate::severity::Severity;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vendors::aveva::{
    ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, RoleOverride, TimeSpan,
};

fn time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    prop_oneof![
        Just(None),
        any::<i64>().prop_map(DateTime::from_timestamp_millis),
        (1_795_000_000_i64..1_796_000_000).prop_map(|at| DateTime::from_timestamp(at, 0)),
        Just(Some(DateTime::<Utc>::MIN_UTC)),
        Just(Some(DateTime::<Utc>::MAX_UTC)),
    ]
}

fn session() -> impl Strategy<Value = ClientSession> {
    let role = prop_oneof![
        Just(None),
        Just(Some(Role::Primary)),
        Just(Some(Role::PendingPrimary)),
        Just(Some(Role::Secondary)),
        Just(Some(Role::Other("Observer".into()))),
    ];
    let id = prop::option::of("[ab]?");
    (
        id,
        role,
        prop::option::of(any::<f64>()),
        time(),
        any::<bool>(),
        time(),
    )
        .prop_map(
            |(id, role, score, heartbeat_time, pinned, end)| ClientSession {
                id,
                role,
                heartbeat: Some(Heartbeat {
                    score,
                    heartbeat_time,
                    ..Heartbeat::default()
                }),
                role_override: pinned.then_some(RoleOverride::Primary),
                role_override_expiration_time: end,
                ..ClientSession::default()
            },
        )
}

proptest! {
    #[test]
    fn a_normal_group_stays_normal_until_the_next_reading(
        ages in prop::collection::vec((0_i64..100, 0..3_u8, prop::option::of(0_i64..100)), 0..6),
        seconds in 0_i64..1_000,
    ) {
        let observed_at = NOW;
        let sessions: Vec<_> = ages.iter().zip(["a", "b", "c", "d", "e", "f"]).map(|((age, role, end), id)| {
            let role = [Role::Primary, Role::Secondary, Role::PendingPrimary][usize::from(*role)].clone();
            let session = aged(id, role, age - 20);
            match end {
                Some(end) => pin(session, Some(NOW + TimeDelta::seconds(*end))),
                None => session,
            }
        }).collect();
        let severity = |now| judge_complete(&group(), None, &sessions, Observation { now, observed_at }).severity;
        if severity(observed_at) == Severity::Normal {
            prop_assert_eq!(severity(observed_at + TimeDelta::seconds(seconds)), Severity::Normal);
        }
    }

    #[test]
    fn the_order_of_election_changes_only_with_a_reading_or_an_override(
        sessions in prop::collection::vec(session(), 0..24),
        ticks in prop::option::of(any::<i64>()),
        observed_at in time(),
        seconds in 0_i64..1_000_000,
    ) {
        let observed_at = observed_at.unwrap_or_default();
        let failover_timeout = ticks.map(|ticks| TimeSpan { ticks });
        let group = GroupConfiguration { failover_timeout, ..GroupConfiguration::default() };
        let first = Succession::of(&group, &sessions, observed_at);
        let now = observed_at.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(observed_at);
        if !first.can_expire() {
            prop_assert_eq!(Succession::of(&group, &sessions, Observation { now, observed_at }), first);
        }
    }

    #[test]
    fn any_group_at_any_time_has_a_verdict(
        sessions in prop::collection::vec(session(), 0..24),
        ticks in prop::option::of(any::<i64>()),
        now in time(),
        ahead in any::<i32>().prop_map(i64::from),
        named in prop::option::of("[ab]?"),
    ) {
        let now = now.unwrap_or_default();
        let failover_timeout = ticks.map(|ticks| TimeSpan { ticks });
        let group = GroupConfiguration { failover_timeout, ..GroupConfiguration::default() };
        let status = GroupStatus { primary: named.clone(), pending_primary: named, ..GroupStatus::default() };
        let verdict = judge_complete(&group, Some(&status), &sessions, now);
        prop_assert!(verdict.is_complete(), "{verdict:?}");
        let succession = Succession::of(&group, &sessions, now);
        prop_assert_eq!(succession.candidates(&group, &sessions, now).count(), sessions.len());
        let members = members(&group, &sessions, now);
        let counted = members.primary + members.pending + members.standby + members.stale + members.unknown;
        prop_assert_eq!(counted, sessions.len());
        let context = GroupContext { group: &group, status: &status, sessions: &sessions, observation: now.into() };
        for session in &sessions {
            for effect in [
                context.delete_session(session),
                context.override_role(session, None),
                context.clear_override(session),
                context.post_heartbeat(session, session.heartbeat.as_ref().and_then(|one| one.score), now.checked_add_signed(TimeDelta::seconds(ahead))),
                context.delete_group("Plant A"),
                context.add_session("new"),
            ] {
                prop_assert!(effect.sentence.ends_with('.'), "{effect:?}");
                prop_assert!(effect.notes.is_sorted_by_key(|(severity, _)| *severity), "{effect:?}");
            }
        }
    }
}
