//! Veeam's cloud failover sessions: with queries, without them, and from incomplete responses.

use super::alarm_actions::reopened;
use super::*;
use std::sync::atomic::{AtomicU8, Ordering};

/// The connection `em` to an Enterprise Manager; sessions that ended within these hours are watched.
pub(super) fn veeam(base: &str, hours: u16) -> config::Connection {
    let em = watched("em", base);
    config::Connection {
        public: vendors::Connection {
            system: System::Veeam {
                accept: vendors::veeam::MediaType::Json,
                recent_hours: hours,
            },
            ..em.public
        },
        ..em
    }
}

pub(super) fn logged_on() -> Response<Body> {
    let mut answer = vendor_json(201, r#"{"SessionId":"1"}"#);
    let headers = answer.headers_mut();
    headers.insert("x-restsvcsessionid", "s".parse().unwrap());
    answer
}

#[tokio::test]
async fn all_pages_of_running_and_recent_sessions_are_read_up_to_a_reported_limit() {
    // The gateway's clock shows 1970; the period is one day or three.
    for (hours, since, pages, resources, limit) in [
        (24, "1969-12-30T23:00:00Z", 3, 3, None),
        (72, "1969-12-28T23:00:00Z", 3, 3, None),
        (
            24,
            "1969-12-30T23:00:00Z",
            21,
            20,
            Some("the newest 20 are watched"),
        ),
    ] {
        let vendor = Vendor::new(move |request, _| {
            if request.line.contains("sessionMngr") {
                return logged_on();
            }
            let page = request.line.split("page=").nth(1).unwrap_or("1");
            let page: u32 = page.split(['&', ' ']).next().unwrap().parse().unwrap();
            // A session that starts meanwhile moves the last session of each page to the next page.
            let session = |number: u32| {
                format!(
                    r#"{{"UID":"{number:08x}-0000-0000-0000-000000000000","Name":"plan {number}","State":"Working","CreationTimeUTC":"1969-12-31T23:00:00Z"}}"#
                )
            };
            let numbers = (page - 1).max(1)..=page;
            let sessions = numbers.map(session).collect::<Vec<_>>().join(",");
            vendor_json(
                200,
                &format!(
                    r#"{{"Entities":{{"CloudFailoverSessions":{{"CloudFailoverSessions":[{sessions}]}}}},"PagingInfo":{{"PageNum":{page},"PageSize":100,"PagesCount":{pages}}}}}"#
                ),
            )
        })
        .await;
        let fixture = Fixture::new(vec![veeam(&vendor.base, hours)]);
        let all = fixture
            .until("a reading", |all| {
                let one = &all.connections()[0];
                one.observed_at.is_some() || one.failure.is_some()
            })
            .await;
        assert_eq!(all.failure(), None, "{:?}", vendor.lines());
        assert_eq!(all.resources.len(), resources);
        let reported = all.connections()[0].limit.clone();
        assert_eq!(reported.is_some(), limit.is_some(), "{reported:?}");
        assert!(
            reported
                .unwrap_or_default()
                .contains(limit.unwrap_or_default())
        );
        let query = vendor
            .lines()
            .into_iter()
            .find(|line| line.contains("/query"));
        let query = query.unwrap();
        let query = percent_encoding::percent_decode_str(&query)
            .decode_utf8()
            .unwrap();
        for condition in [
            "State!=Stopped".to_owned(),
            format!("EndTime>=\"{since}\""),
            format!("CreationTime>=\"{since}\""),
        ] {
            assert!(query.contains(&condition), "{condition} in {query}");
        }
    }
}

/// The vendor's clock is five hours behind, so the period of the query has to be adjusted.
#[tokio::test]
async fn queries_use_the_vendors_clock_from_the_first_reading_on() {
    let old = || session(1, "Stopped", "Failed", "1969-12-30T20:00:00Z");
    let (vendor, _) = changing(move |line, _| {
        let line = percent_encoding::percent_decode_str(line);
        let is_asked_for = line
            .decode_utf8_lossy()
            .contains("CreationTime>=\"1969-12-30T18:00:00Z\"");
        let sessions = if is_asked_for { old() } else { String::new() };
        let mut answer = vendor_json(200, &entities(&sessions, ""));
        let date = "Wed, 31 Dec 1969 19:00:30 GMT".parse().unwrap();
        answer.headers_mut().insert("date", date);
        answer
    })
    .await;
    let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
    let is_read = |all: &Inventory| all.connections()[0].observed_at.is_some();
    let all = fixture.until("a reading", is_read).await;
    assert_eq!(all.connections()[0].held, 1, "{:?}", vendor.lines());
    let query_count = || {
        let lines = vendor.lines();
        lines.iter().filter(|line| line.contains("/query")).count()
    };
    assert_eq!(query_count(), 2);
    fixture.refresh().await;
    assert_eq!(query_count(), 3, "the vendor's clock is already known");
}

#[tokio::test]
async fn a_role_that_may_not_query_veeam_sees_the_recent_sessions() {
    let vendor = Vendor::new(|request, _| {
        if request.line.contains("sessionMngr") {
            return logged_on();
        }
        if request.line.contains("/query") {
            return vendor_json(403, r#"{"Message":"not allowed"}"#);
        }
        vendor_json(200, r#"{"Entities":[]}"#)
    })
    .await;
    let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
    let all = fixture.until("a reading", |all| {
        let one = &all.connections()[0];
        one.observed_at.is_some() || one.failure.is_some()
    });
    let all = all.await;
    let query_count = |word: &str| {
        vendor
            .lines()
            .iter()
            .filter(|line| line.contains(word))
            .count()
    };
    assert_eq!(query_count("/query"), 1);
    assert_eq!(all.failure(), None, "{:?}", vendor.lines());
    fixture.refresh().await;
    assert_eq!(query_count("/query"), 1, "queries are not tried again soon");
}

/// A session as JSON.
pub(super) fn session(number: u32, state: &str, result: &str, began: &str) -> String {
    format!(
        r#"{{"UID":"{number:08x}-0000-0000-0000-000000000000","Name":"plan {number}","State":"{state}","Result":"{result}","CreationTimeUTC":"{began}"}}"#
    )
}

/// The result of a query, with the text after its sessions.
pub(super) fn entities(sessions: &str, paging: &str) -> String {
    format!(
        r#"{{"Entities":{{"CloudFailoverSessions":{{"CloudFailoverSessions":[{sessions}]}}}}{paging}}}"#
    )
}

/// An Enterprise Manager whose responses depend on a number, which the test changes.
async fn changing(
    answer: impl Fn(&str, u8) -> Response<Body> + Clone + Send + Sync + 'static,
) -> (Vendor, Arc<AtomicU8>) {
    let phase = Arc::new(AtomicU8::new(0));
    let now = phase.clone();
    let vendor = Vendor::new(move |request, _| {
        if request.line.contains("sessionMngr") {
            return logged_on();
        }
        answer(&request.line, now.load(Ordering::Relaxed))
    });
    (vendor.await, phase)
}

/// Unreadable responses and references without states end no alarm.
#[tokio::test]
async fn a_response_without_session_states_keeps_the_last_known_ones() {
    let failed = || session(1, "Working", "Failed", "1969-12-31T23:00:00Z");
    for (other, expected) in [
        (
            r#"{"Entities":{"CloudFailoverSessions":{"Items":[{"UID":"1"}]}}}"#,
            "found Items",
        ),
        (
            r#"{"Entities":{"CloudFailoverSessions":{"CloudFailoverSessions":"soon"}}}"#,
            "found `soon`",
        ),
        (
            r#"{"Content":{"CloudFailoverSessions":[]},"PagingInfo":{"PagesCount":1}}"#,
            "found none of them",
        ),
        (
            r#"{"Refs":{"Refs":[{"UID":"1","Name":"plan 1"}]}}"#,
            "found 1 references",
        ),
    ] {
        let (vendor, phase) = changing(move |_, phase| match phase {
            0 => vendor_json(200, &entities(&failed(), "")),
            _ => vendor_json(200, other),
        })
        .await;
        let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
        let critical = |all: &Inventory| {
            let alarms = all.alarms.iter().flatten();
            alarms
                .filter(|alarm| alarm.severity == health::Severity::Critical)
                .count()
        };
        fixture.until("the alarm", |all| critical(all) == 1).await;
        phase.store(1, Ordering::Relaxed);
        let all = fixture.refresh().await;
        match all.failure() {
            Some(ReadFailure::Unreadable(why)) => {
                assert!(why.problem.contains(expected), "{why:?}");
            }
            other => panic!("{expected}: {other:?}"),
        }
        assert_eq!(
            (critical(&all), all.connections()[0].held),
            (1, 1),
            "{expected}"
        );
    }
}

#[tokio::test]
async fn running_sessions_of_any_age_are_watched_after_queries_are_rejected() {
    let old = || session(1, "Working", "None", "1969-11-01T00:00:00Z");
    let (vendor, phase) = changing(move |line, phase| {
        let is_one = line.contains("failoverSessions/");
        match phase {
            0 => vendor_json(200, &entities(&old(), "")),
            _ if line.contains("/query") => vendor_json(403, r#"{"Message":"not allowed"}"#),
            1 if is_one => vendor_json(200, &old()),
            2 if is_one => vendor_json(500, "{}"),
            3 if is_one => vendor_json(200, "soon"),
            4 if is_one => vendor_json(401, "{}"),
            _ if is_one => vendor_json(404, "{}"),
            _ => vendor_json(
                200,
                &entities(&session(2, "Working", "None", "1969-12-31T23:00:00Z"), ""),
            ),
        }
    })
    .await;
    let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
    let long = |all: &Inventory| {
        let mut alarms = all.alarms.iter().flatten();
        alarms.any(|alarm| alarm.resource.id.starts_with("00000001"))
    };
    let all = fixture.until("the alarm", long).await;
    assert_eq!(all.connections()[0].limit, None);
    // A session that cannot be read keeps its last known state, and does not affect others.
    for (answer, expected, failed, has_alarm) in [
        (1, 2, false, true),
        (2, 2, false, true),
        (2, 2, false, true),
        (3, 2, false, true),
        (1, 2, false, true),
        (4, 2, true, true),
        (1, 2, false, true),
        (5, 1, false, false),
    ] {
        phase.store(answer, Ordering::Relaxed);
        let all = fixture.refresh().await;
        let one = &all.connections()[0];
        assert_eq!(
            (one.held, one.failure.is_some()),
            (expected, failed),
            "{answer}: {one:?}"
        );
        assert_eq!(long(&all), has_alarm, "{answer}");
        let limit = one.limit.as_deref().unwrap_or_default();
        assert!(
            limit.contains("only sessions that began in the last 30 days are watched"),
            "{limit}"
        );
        if !failed {
            let is_reported = limit.contains("Of these, 1 could not be read again: ");
            assert_eq!(is_reported, matches!(answer, 2 | 3), "{answer}: {limit}");
        }
    }
}

#[tokio::test]
async fn long_running_sessions_are_watched_after_a_restart_without_queries() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let old = || session(1, "Working", "None", "1969-11-01T00:00:00Z");
    let (vendor, phase) = changing(move |line, phase| match phase {
        0 => vendor_json(200, &entities(&old(), "")),
        _ if line.contains("/query") => vendor_json(403, r#"{"Message":"not allowed"}"#),
        1 if line.contains("failoverSessions/00000001") => vendor_json(200, &old()),
        _ if line.contains("failoverSessions/00000001") => vendor_json(500, "{}"),
        _ => vendor_json(
            200,
            &entities(&session(2, "Working", "None", "1969-12-31T23:00:00Z"), ""),
        ),
    })
    .await;
    let watch = || vec![veeam(&vendor.base, 24)];
    let alarm = |all: &Inventory| {
        let mut alarms = all.alarms.iter().flatten();
        let of_it = alarms.find(|alarm| alarm.resource.id.starts_with("00000001"));
        of_it.map(|alarm| alarm.id.clone())
    };
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    let all = fixture.until("the alarm", |all| alarm(all).is_some()).await;
    let before = alarm(&all);
    phase.store(1, Ordering::Relaxed);
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    let all = fixture
        .until("a reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    assert_eq!((&alarm(&all), all.connections()[0].held), (&before, 2));
    // After a restart, only the ids of watched sessions are known. Unreadable ones keep their alarms and are requested
    // again.
    phase.store(2, Ordering::Relaxed);
    fixture.gateway.shared.watchers.stop();
    drop(fixture);
    let fixture = Fixture::with_store(watch(), reopened(&file).await);
    let all = fixture
        .until("a reading", |all| {
            let one = &all.connections()[0];
            one.observed_at.is_some() || one.failure.is_some()
        })
        .await;
    let one = &all.connections()[0];
    let limit = one.limit.as_deref().unwrap_or_default();
    assert!(limit.contains("1 could not be read again"), "{limit}");
    assert_eq!((all.failure(), one.held), (None, 2));
    assert_eq!(alarm(&all), before);
    phase.store(1, Ordering::Relaxed);
    let all = fixture.refresh().await;
    assert_eq!((alarm(&all), all.connections()[0].held), (before, 2));
}

/// The last page may disappear when a session ends between two requests.
#[tokio::test]
async fn a_missing_further_page_ends_the_list_and_hides_no_session() {
    for (status, is_end) in [(404, true), (400, true), (500, false)] {
        let (vendor, _) = changing(move |line, _| {
            if line.contains("page=2") {
                return vendor_json(status, r#"{"Message":"no such page"}"#);
            }
            let failed = session(1, "Working", "Failed", "1969-12-31T23:00:00Z");
            vendor_json(200, &entities(&failed, r#","PagingInfo":{"PagesCount":3}"#))
        })
        .await;
        let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
        let is_read = |all: &Inventory| {
            let one = &all.connections()[0];
            one.observed_at.is_some() || one.failure.is_some()
        };
        let all = fixture.until("a reading", is_read).await;
        let one = &all.connections()[0];
        let expected = (is_end, usize::from(is_end));
        assert_eq!((one.failure.is_none(), one.held), expected, "{status}");
        let more = "The server reports more pages of cloud failover sessions than it returns: the newest 1 are watched.";
        assert_eq!(one.limit.as_deref(), is_end.then_some(more), "{status}");
    }
}

/// A truncated list may omit running sessions, so those from the last reading are read individually.
#[tokio::test]
async fn running_sessions_missing_from_a_truncated_list_are_read_individually() {
    let paged = r#","PagingInfo":{"PagesCount":2}"#;
    let old = |state: &str| session(2, state, "Failed", "1969-12-31T22:00:00Z");
    let (vendor, phase) = changing(move |line, phase| {
        let is_one = line.contains("failoverSessions/00000002");
        match phase {
            0 if line.contains("page=2") => vendor_json(200, &entities(&old("Working"), paged)),
            1 if is_one => vendor_json(200, &old("Working")),
            2 if is_one => vendor_json(500, "{}"),
            _ if is_one => vendor_json(404, "{}"),
            _ if line.contains("page=2") => vendor_json(400, r#"{"Message":"no such page"}"#),
            _ => {
                let new = session(1, "Working", "None", "1969-12-31T23:00:00Z");
                vendor_json(200, &entities(&new, paged))
            }
        }
    })
    .await;
    let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
    let alarm = |all: &Inventory| {
        let mut alarms = all.alarms.iter().flatten();
        let of_it = alarms.find(|alarm| alarm.resource.id.starts_with("00000002"));
        of_it.map(|alarm| alarm.id.clone())
    };
    let all = fixture.until("the alarm", |all| alarm(all).is_some()).await;
    let before = alarm(&all);
    for (answer, held, expected) in [(1, 2, &before), (2, 2, &before), (3, 1, &None)] {
        phase.store(answer, Ordering::Relaxed);
        fixture.skip(5);
        let all = fixture.refresh().await;
        let one = &all.connections()[0];
        assert_eq!((one.held, one.failure.is_some()), (held, false), "{answer}");
        assert_eq!(alarm(&all), *expected, "{answer}");
        let limit = one.limit.as_deref().unwrap_or_default();
        assert!(limit.contains("more pages"), "{limit}");
        let is_reported = limit.contains("1 could not be read again");
        assert_eq!(is_reported, answer == 2, "{answer}: {limit}");
        let mut runs = all.resources.iter();
        let old = runs.find(|one| one.key.id.starts_with("00000002"));
        let is_old = old.is_some_and(|old| {
            old.failure.is_some() && old.observed_at(one.observed_at) < one.observed_at
        });
        assert_eq!(
            is_old,
            answer == 2,
            "its age is that of its own reading: {old:?}"
        );
    }
}

/// Without the number of pages, links lead to the next page. If those are missing too, it is reported.
#[tokio::test]
async fn without_a_number_of_pages_the_links_are_followed() {
    let next = r#","PagingInfo":{"Links":[{"Rel":"Next","Href":"https://em/api/query?page=2"}]}"#;
    for (paging, expected, is_reported) in [
        (next, 150, false),
        (r#","PagingInfo":{"PageNum":1}"#, 100, true),
        ("", 100, true),
    ] {
        let (vendor, _) = changing(move |line, _| {
            let (numbers, paging) = if line.contains("page=2") {
                (101..=150, "")
            } else {
                (1..=100, paging)
            };
            let began = "1969-12-31T23:00:00Z";
            let sessions = numbers.map(|number| session(number, "Working", "None", began));
            let sessions = sessions.collect::<Vec<_>>().join(",");
            vendor_json(200, &entities(&sessions, paging))
        })
        .await;
        let fixture = Fixture::new(vec![veeam(&vendor.base, 24)]);
        let is_read = |all: &Inventory| all.connections()[0].observed_at.is_some();
        let all = fixture.until("a reading", is_read).await;
        let one = &all.connections()[0];
        assert_eq!((all.failure(), one.held), (None, expected), "{paging}");
        let limit = one.limit.as_deref().unwrap_or_default();
        let says = limit.contains("does not say whether more");
        assert_eq!(says, is_reported, "{limit}");
    }
}
