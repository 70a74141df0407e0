//! Resources made from readings, and the rules for stale resources.

use super::*;
use crate::freshness::Freshness::{Aging, Live, NoData, Stale};
use crate::severity::Severity::{self, Critical, Moving, Normal, Off, Unknown, Warning};
use crate::totals::Totals;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, TimeSpan};
use vendors::uplynk::{Blacklist, Channel, FailoverGroup, Mode, OnAir, Slicer, SlicerState};
use vendors::veeam::{Outcome, Server, Session, State};

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);
const SEVERITIES: [Severity; 6] = [Critical, Warning, Moving, Unknown, Normal, Off];

fn at(seconds: i64) -> DateTime<Utc> {
    NOW + TimeDelta::seconds(seconds)
}

fn moment(observed_at: i64) -> Moment {
    Moment {
        now: NOW,
        vendor_ahead: TimeDelta::zero(),
        observed_at: Some(at(observed_at)),
        recent: TimeDelta::days(1),
    }
}

fn session(id: &str, role: Role) -> ClientSession {
    ClientSession {
        id: Some(id.to_owned()),
        role: Some(role),
        heartbeat: Some(Heartbeat {
            heartbeat_time: Some(at(-3)),
            ..Heartbeat::default()
        }),
        ..ClientSession::default()
    }
}

fn group(detail: Option<i64>, failure: Option<&str>) -> WatchedGroup {
    WatchedGroup {
        configuration: GroupConfiguration {
            id: Some("kiln2".to_owned()),
            failover_timeout: Some(TimeSpan::from_seconds(60)),
            ..GroupConfiguration::default()
        },
        detail: detail.map(|seconds| GroupDetail {
            left_out: vendors::LeftOut::default(),
            status: GroupStatus {
                primary: Some("a".to_owned()),
                ..GroupStatus::default()
            },
            sessions: vec![session("a", Role::Primary), session("b", Role::Secondary)],
            observed_at: at(seconds),
        }),
        failure: failure.map(str::to_owned),
    }
}

fn one(contents: &Contents, moment: &Moment) -> Resource {
    let mut judged = contents.resources("plant-a", moment);
    assert_eq!(judged.len(), 1);
    judged.remove(0).resource
}

#[test]
fn a_group_records_the_time_of_its_reading() {
    for (detail, failure, observed, word, unread) in [
        (Some(-2), None, Observed::WithConnection, "Normal", false),
        (Some(0), None, Observed::WithConnection, "Normal", false),
        // The clock was set back since, or the reading takes long; the exact time shows which.
        (Some(59), None, Observed::At(at(59)), "Normal", false),
        (
            Some(-30),
            Some("500"),
            Observed::At(at(-30)),
            "Normal",
            false,
        ),
        (None, None, Observed::Never, "Not read yet", true),
        (None, Some("500"), Observed::Never, "Never read", false),
    ] {
        let contents = Contents::Aveva(vec![group(detail, failure)]);
        let resource = one(&contents, &moment(-2));
        assert_eq!(
            (resource.observed, resource.verdict.word.as_ref()),
            (observed, word)
        );
        assert_eq!(resource.is_unread(), unread);
    }
}

#[test]
fn a_group_has_the_facts_of_its_reading() {
    let resource = one(&Contents::Aveva(vec![group(Some(0), None)]), &moment(0));
    assert_eq!(
        (resource.name.as_str(), resource.leader()),
        ("kiln2", Some("a"))
    );
    let Facts::FailoverGroup(facts) = &resource.facts else {
        panic!("no group: {resource:?}");
    };
    assert_eq!(facts.sessions, ["a", "b"]);
    let members = facts.members.expect("read");
    assert_eq!((members.primary, members.standby), (1, 1));
    assert_eq!(facts.heartbeat.and_then(|beat| beat.at), Some(at(-3)));
    assert_eq!(facts.failover_timeout, Some(TimeSpan::from_seconds(60)));
}

#[test]
fn a_heartbeat_with_an_unknown_time_is_not_stale() {
    let facts = |posted| {
        let mut watched = group(Some(0), None);
        if let Some(detail) = &mut watched.detail {
            detail.sessions[0].heartbeat = None;
            detail.sessions[0].heartbeat_posted = Some(posted);
        }
        match one(&Contents::Aveva(vec![watched]), &moment(0)).facts {
            Facts::FailoverGroup(facts) => (facts.heartbeat.is_some(), facts.stale),
            _ => unreachable!("a group"),
        }
    };
    assert_eq!(facts(true), (false, vec![]));
    assert_eq!(facts(false), (true, vec!["a".to_owned()]));
}

#[test]
fn leaders_come_from_the_sessions_roles() {
    let beating = |id: &str, role, seconds: i64| ClientSession {
        heartbeat: Some(Heartbeat {
            heartbeat_time: Some(at(seconds)),
            last_data_processed_time: Some(at(seconds - 1)),
            ..Heartbeat::default()
        }),
        ..session(id, role)
    };
    let of = |status: GroupStatus, sessions: Vec<ClientSession>| {
        let mut group = group(Some(0), None);
        if let Some(detail) = &mut group.detail {
            (detail.status, detail.sessions) = (status, sessions);
        }
        match one(&Contents::Aveva(vec![group]), &moment(0)).facts {
            Facts::FailoverGroup(facts) => facts,
            other => panic!("no group: {other:?}"),
        }
    };
    // Only the session has the pending role, and its heartbeat is not that of a primary.
    let pending = || beating("b", Role::PendingPrimary, -3);
    let facts = of(GroupStatus::default(), vec![pending()]);
    let leaders = (facts.primary.as_deref(), facts.pending.as_deref());
    assert_eq!((leaders, facts.heartbeat), ((None, Some("b")), None));
    // Of several silent primaries the one with the latest heartbeat leads, whatever their order.
    let (a, c) = (
        beating("a", Role::Primary, -3_700),
        beating("c", Role::Primary, -3_600),
    );
    for sessions in [vec![a.clone(), c.clone()], vec![c, a]] {
        let facts = of(GroupStatus::default(), sessions);
        assert_eq!(facts.primary.as_deref(), Some("c"));
        assert_eq!(facts.heartbeat.and_then(|beat| beat.at), Some(at(-3_600)));
        assert_eq!(facts.last_data, Some(at(-3_601)));
    }
    // A primary that is named but not listed.
    let missing = GroupStatus {
        primary: Some("x".to_owned()),
        ..GroupStatus::default()
    };
    let facts = of(missing, vec![session("b", Role::Secondary)]);
    assert_eq!(
        (facts.primary.as_deref(), facts.heartbeat),
        (Some("x"), None)
    );
}

#[test]
fn an_unchanged_resource_was_last_seen_with_the_last_complete_reading() {
    let moment = moment(100);
    for (read, expected) in [
        (None, 100),
        (Some(90), 100),
        (Some(100), 100),
        (Some(3_700), 100),
    ] {
        assert_eq!(
            moment.last_seen(read.map(at)),
            Some(at(expected)),
            "{read:?}"
        );
    }
}

#[test]
fn sessions_are_listed_as_late_stale_or_ahead_by_their_heartbeats() {
    let beating = |id: &str, seconds: Option<i64>| ClientSession {
        heartbeat: seconds.map(|seconds| Heartbeat {
            heartbeat_time: Some(at(seconds)),
            ..Heartbeat::default()
        }),
        ..session(id, Role::Secondary)
    };
    let mut group = group(Some(0), None);
    group.configuration.failover_timeout = Some(TimeSpan::from_seconds(60));
    let detail = group.detail.as_mut().expect("a reading");
    detail.sessions = vec![
        beating("on time", Some(-3)),
        beating("late", Some(-40)),
        beating("stale", Some(-70)),
        beating("never", None),
        beating("ahead", Some(30)),
    ];
    let Facts::FailoverGroup(facts) = one(&Contents::Aveva(vec![group]), &moment(0)).facts else {
        panic!("not a failover group");
    };
    assert_eq!(facts.late, ["late"]);
    assert_eq!(facts.stale, ["stale", "never"]);
    assert_eq!(facts.ahead, ["ahead"]);
}

fn listed(group: FailoverGroup) -> Contents {
    Contents::Uplynk(vec![WatchedSlicerGroup {
        group,
        read_at: Some(at(0)),
        failure: None,
        is_listed: true,
    }])
}

#[test]
fn the_age_of_a_slicer_group_is_that_of_its_oldest_part() {
    let group = |active: &str| FailoverGroup {
        id: "9852".to_owned(),
        active: Some(match active {
            "slate" => OnAir::Slate,
            id => OnAir::Slicer(id.to_owned()),
        }),
        ..FailoverGroup::default()
    };
    let always = Observed::WithConnection;
    for (active, read_at, failure, is_listed, observed, observed_at) in [
        ("a", Some(0), None, true, always, Some(0)),
        ("a", Some(7), None, true, always, Some(7)),
        // Its slicers are older than the list.
        ("a", Some(-9), None, true, Observed::At(at(-9)), Some(0)),
        (
            "a",
            Some(-9),
            Some("500"),
            true,
            Observed::At(at(-9)),
            Some(0),
        ),
        // The list does not contain it.
        ("a", Some(-9), None, false, Observed::At(at(-9)), Some(-9)),
        // Its slicers have never been read.
        ("a", None, None, true, Observed::Never, None),
        ("slate", None, None, true, always, Some(0)),
        ("a", None, Some("500"), true, always, Some(0)),
        ("a", None, Some("500"), false, Observed::Never, None),
    ] {
        let watched = WatchedSlicerGroup {
            group: group(active),
            read_at: read_at.map(at),
            failure: failure.map(str::to_owned),
            is_listed,
        };
        let case = format!("{watched:?}");
        let judged = Contents::Uplynk(vec![watched])
            .resources("live", &moment(0))
            .remove(0);
        assert_eq!(judged.resource.observed, observed, "{case}");
        assert_eq!(judged.observed_at, observed_at.map(at), "{case}");
        assert_eq!(judged.resource.failure.as_deref(), failure, "{case}");
        let is_well = judged.resource.verdict.severity == Normal;
        assert!(!is_well, "{case}: its slicers are not known");
    }
}

#[test]
fn a_slicer_group_has_the_facts_of_its_reading() {
    let slicer = |id: &str, order, enabled, blacklist| Slicer {
        id: id.to_owned(),
        order: Some(order),
        enabled: Some(enabled),
        blacklist: Some(blacklist),
        state: Some(SlicerState::Slicing),
        ..Slicer::default()
    };
    let group = FailoverGroup {
        id: "9852".to_owned(),
        name: Some(" ".to_owned()),
        mode: Some(Mode::Prioritized),
        active: Some(OnAir::Slicer("news01".to_owned())),
        slicers: Some(vec![
            slicer("news03", 3, false, Blacklist::Healthy),
            slicer("news02", 2, true, Blacklist::Until(at(60))),
            slicer("news01", 1, true, Blacklist::Healthy),
            slicer("news04", 4, true, Blacklist::Healthy),
            Slicer {
                state: Some(SlicerState::Inactive),
                ..slicer("news05", 5, true, Blacklist::Healthy)
            },
        ]),
        channels: Some(vec![Channel::default()]),
        ..FailoverGroup::default()
    };
    let resource = one(&listed(group), &moment(0));
    assert_eq!(resource.name, "9852", "a blank name counts as none");
    let Facts::SlicerGroup(facts) = &resource.facts else {
        panic!("no slicer group: {resource:?}");
    };
    let parts: Vec<_> = facts
        .slicers
        .iter()
        .map(|slicer| (slicer.id.as_str(), slicer.part))
        .collect();
    assert_eq!(
        parts,
        [
            ("news01", SlicerPart::OnAir),
            ("news02", SlicerPart::Unhealthy),
            ("news03", SlicerPart::OutOfFailover),
            ("news04", SlicerPart::Ready),
            ("news05", SlicerPart::Unhealthy),
        ]
    );
    assert_eq!((facts.backups_ready, facts.backups), (Some(1), Some(3)));
    assert!(!facts.on_air_not_eligible);
    assert_eq!(facts.channels.as_ref().map(Vec::len), Some(1));
    let thin = FailoverGroup {
        id: "9852".to_owned(),
        ..FailoverGroup::default()
    };
    let resource = one(&listed(thin), &moment(0));
    let Facts::SlicerGroup(facts) = &resource.facts else {
        panic!("no slicer group: {resource:?}");
    };
    assert_eq!((facts.backups_ready, facts.backups), (None, None));
    assert_eq!(facts.channels, None);
}

fn run(uid: &str, ended: i64) -> Session {
    Session {
        uid: Some(uid.to_owned()),
        name: Some("Ledger".to_owned()),
        state: Some(State::Stopped),
        result: Some(Outcome::Failed),
        creation_time: Some(at(ended - 60)),
        end_time: Some(at(ended)),
        server: Some(Server {
            name: Some("backup01".to_owned()),
            ..Server::default()
        }),
        ..Session::default()
    }
}

fn sessions<const N: usize>(sessions: [Session; N]) -> Contents {
    Contents::Veeam(sessions.map(WatchedSession::from).into())
}

#[test]
fn a_session_that_cannot_be_read_with_the_others_has_the_age_of_its_own_reading() {
    let failed = |at, session: Session| WatchedSession {
        earlier: Some((at, "500: no".to_owned())),
        session,
    };
    let unread = Session {
        uid: Some("c".to_owned()),
        ..Session::default()
    };
    let contents = Contents::Veeam(vec![
        failed(Some(at(-9)), run("a", -60)),
        run("b", -60).into(),
        failed(None, unread),
    ]);
    let judged = contents.resources("em", &moment(0));
    let of = |judged: &Judged| {
        let failure = judged.resource.failure.clone();
        (judged.resource.observed, judged.observed_at, failure)
    };
    let failure = Some("500: no".to_owned());
    assert_eq!(
        of(&judged[0]),
        (Observed::At(at(-9)), Some(at(-9)), failure.clone())
    );
    assert_eq!(of(&judged[2]), (Observed::Never, None, failure));
    assert_eq!(judged[2].resource.verdict.word, "Never read");
    // Another connection has read it.
    let other = sessions([run("c", -60)]).resources("em-old", &moment(0));
    let merged = merge([judged.as_slice(), other.as_slice()]);
    assert_eq!(merged.len(), 3);
    let read = merged.iter().find(|one| one.resource.key.id == "c");
    let read = read.expect("it is listed");
    assert_eq!(read.resource.key.connection, "em-old");
    assert_eq!(read.resource.also_on, ["em"]);
    assert_eq!(
        of(&judged[1]),
        (Observed::WithConnection, Some(at(0)), None)
    );
}

#[test]
fn only_sessions_within_the_recent_period_are_resources() {
    let contents = sessions([run("a", -60), run("b", -86_400), run("c", -86_401)]);
    let judged = contents.resources("em", &moment(0));
    let ids: Vec<_> = judged.iter().map(|j| j.resource.key.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let Facts::FailoverSession(facts) = &judged[0].resource.facts else {
        panic!("no session");
    };
    assert_eq!(facts.result.as_deref(), Some("Failed"));
    assert_eq!(facts.server.as_deref(), Some("backup01"));
}

#[test]
fn a_session_on_two_connections_is_one_resource_of_the_first() {
    let of = |connection: &str, observed_at| {
        let contents = sessions([run("a", -60), run(connection, -60)]);
        contents.resources(connection, &moment(observed_at))
    };
    for (em, old) in [(0, -5), (-5, 0), (0, 0)] {
        for (first, second) in [("em", "em-old"), ("em-old", "em")] {
            let merged = merge([of(first, em).as_slice(), of(second, old).as_slice()]);
            let ids: Vec<_> = merged
                .iter()
                .map(|judged| judged.resource.key.id.as_str())
                .collect();
            assert_eq!(ids, ["a", first, second]);
            let shared = &merged[0].resource;
            assert_eq!(shared.key.connection, first);
            assert_eq!(shared.also_on, [second]);
        }
    }
}

#[test]
fn a_session_listed_twice_by_one_connection_is_on_no_other() {
    let contents = sessions([run("a", -60), run("a", -60)]);
    let judged = contents.resources("em", &moment(0));
    let merged = merge([judged.as_slice()]);
    assert_eq!(merged.len(), 1);
    assert_eq!(merged[0].resource.also_on, [""; 0]);
}

fn resource(severity: Severity) -> Resource {
    Resource {
        verdict: Verdict::new(severity, severity.key(), String::new()),
        ..one(&Contents::Aveva(vec![group(Some(0), None)]), &moment(0))
    }
}

#[test]
fn a_stale_resource_is_never_healthy_and_keeps_its_alarm() {
    for severity in SEVERITIES {
        for freshness in [Live, Aging] {
            let state = resource(severity).effective_state(freshness);
            assert_eq!((state.severity, state.last_known), (severity, None));
        }
        for freshness in [Stale, NoData] {
            let state = resource(severity).effective_state(freshness);
            let expected = match severity {
                Critical | Warning => severity,
                _ => Unknown,
            };
            assert_eq!(state.severity, expected, "{severity:?}");
            assert_eq!(state.last_known.as_deref(), Some(severity.key()));
            let word = match expected {
                Unknown => "Unknown",
                kept => kept.key(),
            };
            assert_eq!(state.word, word, "{severity:?}");
            // Data that a page reads itself follows the same rule.
            let read = EffectiveState::of(&resource(severity).verdict, freshness);
            assert_eq!(read, state, "{severity:?}");
        }
    }
}

#[test]
fn a_resource_that_was_never_read_has_no_last_known_state() {
    let unread = one(&Contents::Aveva(vec![group(None, None)]), &moment(0));
    let state = unread.effective_state(NoData);
    assert_eq!(
        (state.word.as_ref(), state.last_known),
        ("Not read yet", None)
    );
}

#[test]
fn the_freshness_of_a_resource_is_that_of_its_own_reading() {
    let reading = Reading {
        observed_at: Some(at(-2)),
        interval: TimeDelta::seconds(5),
    };
    for (detail, failure, expected) in [
        (Some(-1), None, Live),
        (Some(-30), Some("500"), Stale),
        (Some(-61), Some("500"), NoData),
        (None, None, NoData),
    ] {
        let contents = Contents::Aveva(vec![group(detail, failure)]);
        let resource = one(&contents, &moment(-2));
        assert_eq!(reading.freshness_of(&resource, NOW), expected);
    }
    assert_eq!(reading.freshness(NOW), Live);
}

proptest! {
    #[test]
    fn totals_add_up_and_nothing_stale_is_healthy(
        all in prop::collection::vec((prop::sample::select(&SEVERITIES), any::<bool>()), 0..40)
    ) {
        let states: Vec<EffectiveState> = all
            .iter()
            .map(|(severity, stale)| {
                let freshness = if *stale { Stale } else { Live };
                resource(*severity).effective_state(freshness)
            })
            .collect();
        let totals: Totals = states.iter().collect();
        prop_assert_eq!(totals.all(), all.len());
        let of = |severity| all.iter().filter(|(s, _)| *s == severity).count();
        prop_assert_eq!((totals.critical, totals.warning), (of(Critical), of(Warning)));
        let fresh = all.iter().filter(|(s, stale)| !stale && *s == Normal).count();
        prop_assert_eq!(totals.normal, fresh);
    }

    #[test]
    fn a_resource_survives_a_json_round_trip(detail in prop::option::of(-100_i64..0), fails in any::<bool>()) {
        let contents = Contents::Aveva(vec![group(detail, fails.then_some("500"))]);
        let resource = one(&contents, &moment(-2));
        let text = serde_json::to_string(&resource).expect("serializes");
        let mut read: Resource = serde_json::from_str(&text).expect("deserializes");
        read.verdict.lingering.clone_from(&resource.verdict.lingering);
        prop_assert_eq!(read, resource);
    }
}

#[test]
fn sessions_without_an_id_are_skipped_and_unreadable_fields_are_named() {
    let field = |name: &str| vendors::UnreadableField {
        name: name.to_owned(),
        raw: "x".to_owned(),
    };
    let nameless = Session {
        uid: None,
        ..run("a", -60)
    };
    let contents = sessions([run("a", -60), nameless.clone(), nameless]);
    assert_eq!(contents.resources("em", &moment(0)).len(), 1);
    let mut group = group(Some(0), None);
    group.configuration.unreadable = vec![field("Description")];
    let detail = group.detail.as_mut().expect("read");
    detail.sessions[0].unreadable = vec![field("Name")];
    let id = detail.sessions[0].id.clone().expect("an id");
    let unreadable = one(&Contents::Aveva(vec![group]), &moment(0)).unreadable;
    let names: Vec<&str> = unreadable.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["Description", &format!("{id}: Name")]);
}
