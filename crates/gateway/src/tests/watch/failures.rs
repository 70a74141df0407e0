//! Vendors with unreadable responses, with errors, or without a response.

use super::*;

#[tokio::test]
async fn an_unreadable_group_is_marked_and_hides_no_other() {
    let plant = Plant::new(20).await;
    let fixture = Fixture::of(&plant).await;
    for how in [
        Behaviour::Garbage,
        Behaviour::Status(500),
        Behaviour::Status(404),
    ] {
        plant.behave("g3", how);
        let all = fixture.refresh().await;
        assert_eq!(all.failure(), None, "{how:?}");
        let marked = all.resource("g3");
        assert!(marked.failure.is_some(), "{how:?}");
        assert!(
            matches!(marked.observed, Observed::At(_)),
            "last known state"
        );
        assert_eq!(all.word("g3"), all.word("g4"));
        assert_eq!(all.resource("g4").failure, None);
        assert!(all.connections()[0].last_error.is_some());
    }
    plant.behave("g3", Behaviour::Normal);
    assert_eq!(fixture.refresh().await.resource("g3").failure, None);
}

#[tokio::test]
async fn groups_listed_twice_are_shown_once_and_reported() {
    let plant = Plant::new(150).await;
    let names: Vec<String> = (0..150).map(|number| format!("g{number}")).collect();
    let mut groups: Vec<&str> = names.iter().map(String::as_str).collect();
    // The second page repeats two groups of the first, and lists one of its own twice.
    groups.extend(["g3", "g7", "g120"]);
    plant.groups(&groups);
    let fixture = Fixture::of(&plant).await;
    let all = fixture
        .until("everything", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    assert_eq!(all.connections()[0].held, 150);
    let limit = all.connections()[0].limit.clone().unwrap_or_default();
    assert_eq!(limit, "3 items were listed again and are shown once.");
}

#[tokio::test]
async fn an_unreadable_list_is_a_failure_of_the_connection_and_keeps_all_resources() {
    let plant = Plant::new(120).await;
    let fixture = Fixture::of(&plant).await;
    for what in ["page 1", "*"] {
        plant.behave(what, Behaviour::Garbage);
        let all = fixture.refresh().await;
        assert!(
            matches!(all.failure(), Some(ReadFailure::Unreadable(_))),
            "{what}"
        );
        assert_eq!(all.resources.len(), 120);
        assert_eq!(all.connections()[0].observed_at, Some(DateTime::UNIX_EPOCH));
    }
    fixture.skip(1_000);
    let all = fixture
        .until("the alarm", |all| {
            !all.alarms.as_deref().unwrap().is_empty()
        })
        .await;
    let alarms = all.alarms.unwrap();
    assert!(
        alarms.iter().any(|alarm| alarm.resource.id == "plant-a"),
        "{alarms:?}"
    );
}

#[tokio::test]
async fn a_sweep_ends_early_if_every_group_fails() {
    let plant = Plant::new(99).await;
    plant.behave("*", Behaviour::Status(500));
    plant.behave("page 0", Behaviour::Normal);
    let fixture = Fixture::new(vec![watched("plant-a", &plant.base)]);
    let all = fixture
        .until("the failure", |all| all.failure().is_some())
        .await;
    assert!(matches!(all.failure(), Some(ReadFailure::Vendor(_))));
    assert!(plant.take_requests().len() < 40);
    assert_eq!(all.resources.len(), 99, "all listed groups exist");
}

#[tokio::test]
async fn a_silent_connection_delays_no_other_and_causes_an_alarm() {
    let (silent, plant) = (Plant::new(3).await, Plant::new(3).await);
    silent.behave("*", Behaviour::Never);
    let fixture = Fixture::new(vec![
        watched_briefly("plant-a", &silent.base),
        watched("plant-b", &plant.base),
    ]);
    fixture
        .until("the other", |all| {
            all.connections()[1].observed_at.is_some()
        })
        .await;
    let all = fixture
        .until("the failure", |all| all.failure().is_some())
        .await;
    let Some(ReadFailure::Problem(problem)) = all.failure() else {
        panic!("no problem: {:?}", all.failure());
    };
    assert_eq!(problem.kind, "/problems/timeout");
    assert_eq!(all.alarms.as_ref().unwrap()[0].resource.id, "plant-a");
    assert!(all.connections()[0].next_at.is_some(), "retry scheduled");
}

#[tokio::test]
async fn slow_reads_of_people_do_not_stop_the_watcher() {
    let plant = Plant::new(3).await;
    let fixture = Fixture::new(vec![watched_briefly("plant-a", &plant.base)]);
    fixture
        .until("a first reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    // As many as one person may read at a time, and enough to open the breaker.
    for _ in 0..2 {
        let slow = (0..4).map(async |number| {
            plant.behave(&format!("slow{number} status"), Behaviour::Never);
            get(&fixture.gateway, &format!("{GROUPS}/slow{number}/status")).await
        });
        let answers = futures_util::future::join_all(slow).await;
        assert!(answers.iter().all(|answer| answer.status() == 504));
    }
    assert_eq!(fixture.refresh().await.failure(), None);
}

/// Some proxies cache responses although they should not, and report it in `Age`.
#[tokio::test]
async fn a_cached_list_has_the_age_that_the_cache_reports() {
    let vendor = Vendor::new(|request, _| {
        if !request.line.contains("groups?") {
            return vendor_json(200, r#"[{"Id":"s","Role":1}]"#);
        }
        let mut answer = vendor_json(200, r#"[{"Id":"g0"}]"#);
        answer.headers_mut().insert("age", "3600".parse().unwrap());
        answer
    })
    .await;
    let fixture = Fixture::new(vec![watched("plant-a", &vendor.base)]);
    let all = fixture
        .until("a reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    let at = all.connections()[0].observed_at.unwrap();
    assert_eq!(at.timestamp(), -3_600);
    let alarms = all.alarms.unwrap();
    assert!(alarms.iter().any(|alarm| alarm.resource.id == "plant-a"));
}

/// After a panic, the last known state ages, and the failure is shown.
#[tokio::test]
async fn a_watcher_that_panics_causes_an_alarm_and_is_restarted() {
    let plant = Plant::new(2).await;
    let fixture = Fixture::of(&plant).await;
    let before = fixture.all().connections()[0].observed_at;
    plant.groups(&["g0", crate::watch::FAULT]);
    fixture.skip(1);
    fixture.gateway.shared.watchers.refresh(None).await;
    let all = fixture
        .until("the failure", |all| all.failure().is_some())
        .await;
    let Some(ReadFailure::Problem(problem)) = all.failure() else {
        panic!("no problem: {:?}", all.failure());
    };
    assert_eq!(problem.kind, "/problems/internal");
    let one = &all.connections()[0];
    assert_eq!(one.observed_at, before, "nothing was read");
    assert!(one.next_at.is_some() && one.last_error.is_some(), "{one:?}");
    // The reading is retried, and the failure remains until it succeeds.
    plant.take_requests();
    let advance = async || {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(6)).await;
        tokio::time::resume();
    };
    advance().await;
    fixture
        .until("another try", |_| plant.request_count() > 0)
        .await;
    fixture
        .until("its end", |all| {
            all.failure().is_some() && all.connections()[0].next_at.is_some()
        })
        .await;
    assert_eq!(fixture.all().connections()[0].observed_at, before);
    fixture.skip(2_000);
    fixture
        .until("the alarm", |all| {
            let mut alarms = all.alarms.iter().flatten();
            alarms.any(|alarm| alarm.resource.id == "plant-a")
        })
        .await;
    plant.groups(&["g0"]);
    advance().await;
    let all = fixture
        .until("an answer", |all| all.failure().is_none())
        .await;
    assert!(all.connections()[0].observed_at > before);
}

#[tokio::test]
async fn retry_after_is_honoured_unless_a_user_requests_a_reading() {
    let plant = Plant::new(20).await;
    let fixture = Fixture::of(&plant).await;
    plant.behave("g5", Behaviour::RetryAfter(429, 1_000));
    fixture.refresh().await;
    fixture
        .until("the failure", |all| all.failure().is_some())
        .await;
    plant.behave("g5", Behaviour::Normal);
    // Waits for the requests that were in progress.
    tokio::time::sleep(Duration::from_millis(100)).await;
    plant.take_requests();
    // A pause of at most 15 minutes is honoured.
    fixture.skip(800);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(plant.take_requests(), [""; 0]);
    assert_eq!(fixture.refresh().await.failure(), None);
    assert!(!plant.take_requests().is_empty());
}

#[tokio::test]
async fn a_list_that_is_not_found_is_reported_as_a_wrong_address() {
    let page = |request: &vendor::ReceivedRequest, _| {
        assert_eq!(
            request.header("authorization"),
            "Basic b3BzOmh1bnRlcjItYW5kLWEtaGFsZg=="
        );
        let mut page = vendor_json(404, "<html>Not here</html>");
        let html = "text/html".parse().unwrap();
        page.headers_mut().insert("content-type", html);
        page
    };
    let body = r#"{"Error":"No such tenant"}"#;
    let (proxy, service) = (
        Vendor::new(page).await,
        Vendor::new(move |_, _| vendor_json(404, body)).await,
    );
    let list = "/api/v1/clientfailover/groups";
    for (base, expected) in [
        (
            proxy.base.clone(),
            Some(format!(
                "returned 404 to GET {}{list}: look at base_url",
                proxy.base
            )),
        ),
        (
            format!("{}/api/v1", service.base),
            Some(format!(
                "returned 404 to GET {0}/api/v1{list}: base_url holds the API's own path, which the gateway adds \
                 itself; give {0}",
                service.base
            )),
        ),
        // The service itself reports what was not found.
        (service.base.clone(), None),
    ] {
        let fixture = Fixture::new(vec![watched("plant-a", &base)]);
        let all = fixture
            .until("the failure", |all| all.failure().is_some())
            .await;
        match (all.failure(), expected) {
            (Some(ReadFailure::Problem(problem)), Some(expected)) => {
                assert_eq!(problem.kind, "/problems/wrong-address");
                assert!(problem.detail.ends_with(&expected), "{}", problem.detail);
            }
            (Some(ReadFailure::Vendor(error)), None) => assert_eq!(error.message, "No such tenant"),
            other => panic!("{base}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_rejected_password_is_retried_only_for_an_admin_or_a_reload() {
    let vendor = Vendor::new(|request, _| {
        // The encoding of ops:right.
        let right = request.header("authorization") == "Basic b3BzOnJpZ2h0";
        vendor_json(if right { 200 } else { 401 }, "[]")
    })
    .await;
    let fixture = Fixture::new(vec![watched("plant-a", &vendor.base)]);
    let all = fixture
        .until("the failure", |all| all.failure().is_some())
        .await;
    let Some(ReadFailure::Problem(problem)) = all.failure() else {
        panic!("{:?}", all.failure());
    };
    assert_eq!(problem.kind, "/problems/credentials");
    assert_eq!(problem.retry_after, Some(60));
    assert!(
        problem.detail.contains("the gateway tries again at "),
        "{}",
        problem.detail
    );
    let next = all.connections()[0].next_at.unwrap();
    assert!(next.timestamp() >= 59, "{next}");
    // Neither relayed reads nor the watcher nor a requested reading retry it.
    let groups = (0..8).map(|_| get(&fixture.gateway, GROUPS));
    for answer in futures_util::future::join_all(groups).await {
        assert_eq!(problem_kind(answer).await, "credentials");
    }
    fixture.refresh().await;
    assert_eq!(vendor.lines().len(), 1);
    let now = [("cache-control", "no-cache")];
    let line = "GET /api/inventory?connection=plant-a";
    let foreign = [now[0], ("sec-fetch-site", "cross-site")];
    fixture.skip(1);
    ask(&fixture.gateway, line, &foreign, "").await;
    assert_eq!(vendor.lines().len(), 1, "request of another site");
    fixture.skip(1);
    ask(&fixture.gateway, "GET /api/inventory", &now, "").await;
    assert_eq!(vendor.lines().len(), 1, "no connection named");
    fixture.skip(1);
    ask(&fixture.gateway, line, &now, "").await;
    assert_eq!(vendor.lines().len(), 1, "rejected just before");
    advance_time(30).await;
    fixture.skip(1);
    ask(&fixture.gateway, line, &now, "").await;
    assert_eq!(vendor.lines().len(), 2, "an admin requested the retry");
    assert_eq!(fixture.all().failure().and_then(retry_after), Some(300));
    let right = config::Connection {
        credentials: config::Credentials::Basic {
            username: "ops".to_owned(),
            password: "right".into(),
        },
        ..watched("plant-a", &vendor.base)
    };
    with_shared(vec![right], fixture.gateway.shared.clone()).watch();
    fixture
        .until("an answer", |all| all.failure().is_none())
        .await;
}

async fn problem_kind(answer: Response<Body>) -> String {
    problem(answer).await.0
}

fn retry_after(failure: &ReadFailure) -> Option<u64> {
    match failure {
        ReadFailure::Problem(problem) => problem.retry_after,
        _ => None,
    }
}
