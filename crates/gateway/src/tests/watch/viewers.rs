//! `GET /api/inventory`: the number of requests to the vendor, the inventory of a wall, and the size of responses.

use super::*;
use crate::tests::access::{sign_in, with_users};
use crate::tests::walls::paired;
use crate::watch::Audience;
use http_body_util::BodyExt as _;

async fn requests_with(viewers: usize) -> usize {
    let plant = Plant::new(30).await;
    let fixture = Fixture::of(&plant).await;
    for _ in 0..4 {
        for _ in 0..viewers {
            let answer = get(&fixture.gateway, "/api/inventory").await;
            assert_eq!(answer.status(), 200);
        }
        let before = fixture.all().connections()[0].observed_at;
        fixture.skip(300);
        fixture
            .until("the next reading", |all| {
                all.connections()[0].observed_at > before
            })
            .await;
    }
    plant.request_count()
}

#[tokio::test]
async fn requests_to_the_vendor_do_not_depend_on_the_number_of_viewers() {
    let without_viewers = requests_with(0).await;
    assert_eq!(without_viewers, 5 * 31);
    assert_eq!(requests_with(1).await, without_viewers);
    assert_eq!(requests_with(50).await, without_viewers);
}

#[tokio::test]
async fn a_relayed_read_and_the_watchers_read_share_a_request() {
    let plant = Plant::new(3).await;
    let fixture = Fixture::new(vec![config::Connection {
        share: Duration::from_secs(60),
        ..watched("plant-a", &plant.base)
    }]);
    fixture
        .until("a reading", |all| {
            all.connections()[0].observed_at.is_some()
        })
        .await;
    let before = plant.request_count();
    for path in ["?skip=0&count=100", "/g1/clientsessions"] {
        assert_eq!(
            get(&fixture.gateway, &format!("{GROUPS}{path}"))
                .await
                .status(),
            200
        );
    }
    assert_eq!(plant.request_count(), before);
}

#[tokio::test]
async fn only_users_can_request_a_reading_and_at_most_once_a_second() {
    let plant = Plant::new(3).await;
    let gateway = Arc::new(with_users(
        vec![watched("plant-a", &plant.base)],
        None,
        false,
    ));
    gateway.watch();
    let everything = || gateway.shared.watchers.inventory().everything();
    while everything().connections()[0].observed_at.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let wall = paired(&gateway, "Hall").await;
    let (admin, viewer) = (
        sign_in(&gateway, "ann").await,
        sign_in(&gateway, "vic").await,
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    plant.take_requests();
    let now = async |cookie: &str, path: &str| {
        let headers = [("cookie", cookie), ("cache-control", "no-cache")];
        let answer = ask(&gateway, &format!("GET {path}"), &headers, "").await;
        assert_eq!(answer.status(), 200);
        text(answer).await
    };
    now(&wall, "/api/inventory").await;
    assert_eq!(plant.request_count(), 0, "no reading for a wall");
    now(&viewer, "/api/inventory?connection=another").await;
    assert_eq!(plant.request_count(), 0);
    let began = tokio::time::Instant::now();
    for cookie in [&admin, &viewer] {
        now(cookie, "/api/inventory?connection=plant-a&unknown=1").await;
    }
    assert_eq!(plant.request_count(), 8, "two readings");
    assert!(
        began.elapsed() >= Duration::from_millis(900),
        "a second apart"
    );
    let answers = [&admin, &viewer].map(|cookie| now(cookie, "/api/inventory"));
    let [one, other] = answers;
    tokio::join!(one, other);
    assert_eq!(plant.request_count(), 12, "one reading for two users");
}

#[tokio::test]
async fn a_wall_gets_only_what_walls_show() {
    let plant = Plant::new(2).await;
    let fixture = Fixture::of(&plant).await;
    let inventory = fixture.gateway.shared.watchers.inventory();
    let position = inventory.position(None);
    let people = serde_json::to_string(&inventory.answer(&position, Audience::People)).unwrap();
    let wall = serde_json::to_string(&inventory.answer(&position, Audience::Wall)).unwrap();
    assert!(people.contains("\"sessions\"") && people.contains("g0-b"));
    assert!(
        !wall.contains("\"sessions\"") && !wall.contains("g0-b"),
        "{wall}"
    );
    assert!(
        wall.contains(r#""primary":"g0-a""#),
        "a failover is announced"
    );
    plant.behave("*", Behaviour::Garbage);
    fixture.refresh().await;
    let position = inventory.position(None);
    let [people, wall] = [Audience::People, Audience::Wall]
        .map(|audience| serde_json::to_string(&inventory.answer(&position, audience)).unwrap());
    assert!(people.contains("It works!") && !wall.contains("It works!"));
}

#[tokio::test]
async fn changes_are_small_and_large_responses_are_compressed() {
    let plant = Plant::new(200).await;
    let fixture = Fixture::of(&plant).await;
    let fetch = async |path: &str, accepted: &str| {
        let line = format!("GET /api/inventory{path}");
        ask(
            &fixture.gateway,
            &line,
            &[("accept-encoding", accepted)],
            "",
        )
        .await
    };
    let plain = text(fetch("", "identity").await).await;
    let whole: Inventory = serde_json::from_str(&plain).unwrap();
    assert!(whole.whole && whole.resources.len() == 200);
    for encoding in ["br", "gzip", "zstd"] {
        let answer = fetch("", encoding).await;
        assert_eq!(header(&answer, "content-encoding"), encoding);
        assert_eq!(header(&answer, "vary"), "accept-encoding");
        let size = answer.into_body().collect().await.unwrap().to_bytes().len();
        assert!(
            size * 8 < plain.len(),
            "{encoding}: {size} of {}",
            plain.len()
        );
    }
    let after = format!("?after={}", whole.revision);
    let nothing = fetch(&after, "gzip").await;
    assert_eq!(header(&nothing, "content-encoding"), "");
    let nothing: Inventory = serde_json::from_str(&text(nothing).await).unwrap();
    assert_eq!(
        (nothing.whole, nothing.connections, nothing.alarms),
        (false, None, None)
    );
    assert_eq!(
        (nothing.resources, nothing.revision.as_str()),
        (vec![], whole.revision.as_str())
    );
    for unknown in ["", "x", "-1", "0123456789abcdef-3"] {
        let answer = text(fetch(&format!("?after={unknown}"), "").await).await;
        let answer: Inventory = serde_json::from_str(&answer).unwrap();
        assert!(answer.whole, "{unknown:?}");
    }
    let newer = format!("?after={}9", whole.revision);
    assert!(
        text(fetch(&newer, "").await)
            .await
            .contains(r#""whole":true"#)
    );
}

#[tokio::test]
async fn different_weights_of_encodings_share_one_cached_response() {
    let plant = Plant::new(20).await;
    let fixture = Fixture::of(&plant).await;
    for weight in 100..150 {
        let accepted = format!("br;q=0.{weight}");
        let headers = [("accept-encoding", accepted.as_str())];
        let answer = ask(&fixture.gateway, "GET /api/inventory", &headers, "").await;
        assert_eq!(header(&answer, "content-encoding"), "br");
    }
    assert_eq!(fixture.gateway.shared.inventory_answers.len(), 1);
}

#[tokio::test]
async fn large_metrics_count_towards_the_limit_for_slow_clients() {
    let plant = Plant::new(300).await;
    let fixture = Fixture::of(&plant).await;
    let metrics = async || get(&fixture.gateway, "/metrics").await;
    let large = text(metrics().await).await;
    assert!(large.len() > 64 << 10, "{}", large.len());
    // All but a few bytes of the limit.
    let waiting = fill_in_flight(&fixture.gateway);
    assert_eq!(metrics().await.status(), 200);
    assert_eq!(count_aborted(waiting).await, 1);
}

#[tokio::test]
async fn large_relayed_responses_are_compressed() {
    let plant = Plant::new(50).await;
    let fixture = Fixture::of(&plant).await;
    let accept = [("accept-encoding", "gzip, br")];
    let large = ask(&fixture.gateway, &format!("GET {GROUPS}"), &accept, "").await;
    assert_eq!(header(&large, "content-encoding"), "br");
    let path = format!("GET {GROUPS}/g1/clientsessions");
    let small = ask(&fixture.gateway, &path, &accept, "").await;
    assert_eq!(header(&small, "content-encoding"), "");
    let page = ask(&fixture.gateway, "GET /", &accept, "").await;
    assert_eq!(header(&page, "content-encoding"), "", "only at build time");
}
