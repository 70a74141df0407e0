//! Failovers and times without a primary, over a time.

use super::handled::send;
use super::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_report_tells_failovers_times_without_a_primary_and_what_nobody_saw() {
    let plant = Plant::new(1).await;
    let both = |a, b| [("a", a), ("b", b)];
    plant.sessions("g0", &both("Primary", "Secondary"));
    let fixture = Fixture::of(&plant).await;
    let read = async |first, second| {
        plant.sessions("g0", &both(first, second));
        fixture.skip(59);
        let before = fixture.gateway.shared.store.activity_changes();
        fixture.refresh().await;
        // Written by a thread of its own.
        fixture
            .until("the record", |_| {
                fixture.gateway.shared.store.activity_changes() != before
            })
            .await;
    };
    // After a minute nobody, after two b, after three a.
    read("Secondary", "Secondary").await;
    read("Secondary", "Primary").await;
    read("Primary", "Secondary").await;
    fixture.skip(1);
    let (status, report) = send(
        &fixture,
        "GET /api/report?from=1970-01-01T00:00:00Z",
        &Value::Null,
    )
    .await;
    assert_eq!(status, 200, "{report}");
    let group = &report["groups"][0];
    assert_eq!(
        (&group["name"], &group["failovers"], &group["recoveries"]),
        (&json!("g0"), &json!(2), &json!(1)),
        "{group}"
    );
    assert_eq!(
        (
            &group["without_ms"],
            &group["longest_ms"],
            &group["mean_recovery_ms"]
        ),
        (&json!(60_000), &json!(60_000), &json!(60_000)),
        "{group}"
    );
    // Only a part of the time.
    let part = "GET /api/report?from=1970-01-01T00:01:30Z&to=1970-01-01T00:02:30Z";
    let (_, report) = send(&fixture, part, &Value::Null).await;
    let group = &report["groups"][0];
    assert_eq!(
        (
            &group["failovers"],
            &group["without_ms"],
            &group["recoveries"]
        ),
        (&json!(0), &json!(30_000), &json!(0)),
        "{group}"
    );
    // Before it watched, nobody knows.
    let (_, report) = send(
        &fixture,
        "GET /api/report?from=1969-12-31T23:59:00Z",
        &Value::Null,
    )
    .await;
    assert_eq!(report["groups"][0]["unknown_ms"], json!(60_000));
    for (query, says) in [
        ("from=yesterday", "`from` has to be a time"),
        ("from=1970-01-02T00:00:00Z", "`from` has to be before"),
        ("system=other", "aveva, uplynk or veeam"),
        ("who=ann", "no parameter `who`"),
    ] {
        let (status, told) =
            send(&fixture, &format!("GET /api/report?{query}"), &Value::Null).await;
        let detail = told["detail"].as_str().unwrap_or_default();
        assert!(
            status == 400 && detail.contains(says),
            "{query}: {status} {detail}"
        );
    }
    let (_, report) = send(&fixture, "GET /api/report?system=veeam", &Value::Null).await;
    assert_eq!(
        (&report["groups"], &report["plans"]),
        (&json!([]), &json!([]))
    );
}
