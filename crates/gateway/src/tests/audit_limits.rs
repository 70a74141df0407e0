//! Limits on audit rows that anybody can cause.

use super::access::{body, sign_in};
use super::audit_records::{recording_in_file, rows};
use super::*;
use crate::store;
use serde_json::Value;
use std::path::Path;

#[tokio::test]
async fn rejected_requests_beyond_the_limit_per_minute_are_only_counted() {
    let (_folder, file, gateway) = recording_in_file(Vec::new());
    let refused = async || {
        let answer = get(&gateway, "/api/walls").await;
        assert_eq!(answer.status(), 401);
    };
    for _ in 0..100 {
        refused().await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    refused().await;
    // Once this event is written, all earlier ones are.
    gateway
        .shared
        .store
        .event(store::Entry::default())
        .await
        .unwrap();
    let rows = rows(&file);
    let refusals = rows.iter().filter(|row| row["outcome"] == "refused");
    assert_eq!(refusals.count(), 61);
    assert!(rows.iter().any(|row| row["what"] == "40 refusals left out"));
}

#[tokio::test]
async fn the_last_recorded_rejection_of_a_day_notes_that_further_ones_are_left_out() {
    let (_folder, file, gateway) = recording_in_file(Vec::new());
    let metrics = &gateway.shared.metrics;
    tokio::time::pause();
    for count in 1..2_000 {
        assert!(metrics.take_refusal("refusals", "-").is_some());
        if count % 60 == 0 {
            tokio::time::advance(Duration::from_secs(61)).await;
        }
    }
    tokio::time::resume();
    for _ in 0..3 {
        assert_eq!(get(&gateway, "/api/walls").await.status(), 401);
    }
    assert_eq!(with_outcome(&gateway, &file, "refused").await, 1);
    let rows = rows(&file);
    let note = "further refusals of this day left out";
    assert_eq!(rows.iter().filter(|row| row["what"] == note).count(), 1);
}

/// The number of rows with this outcome, once all recorded events are written.
async fn with_outcome(gateway: &Arc<Gateway>, file: &Path, outcome: &str) -> usize {
    assert!(gateway.shared.store.catch_up().await);
    let rows = rows(file).into_iter();
    rows.filter(|row| row["outcome"] == outcome).count()
}

#[tokio::test]
async fn only_failed_sign_ins_have_a_limit_of_records_per_minute() {
    let (_folder, file, gateway) = recording_in_file(Vec::new());
    let wrong = body("nobody", "x");
    for number in 0..200 {
        let answer = ask(&gateway, "POST /api/unlock?code=wrong", &[], "").await;
        assert!(answer.status().is_client_error());
        if number % 50 == 0 {
            ask(&gateway, "POST /api/session", &[], &wrong).await;
        }
        if number == 100 {
            // Another event in between does not reset the limit.
            let event = gateway.shared.store.event(store::Entry::default());
            event.await.unwrap();
        }
    }
    // Wrong passwords and rejected requests have limits of their own.
    assert_eq!(with_outcome(&gateway, &file, "refused").await, 60 + 4);
    let checked = |row: &Value| row["why"] == "wrong-password";
    assert_eq!(rows(&file).into_iter().filter(checked).count(), 4);
    assert_eq!(get(&gateway, "/api/walls").await.status(), 401);
    assert_eq!(with_outcome(&gateway, &file, "refused").await, 65);
    sign_in(&gateway, "ann").await;
    assert_eq!(with_outcome(&gateway, &file, "done").await, 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    ask(&gateway, "POST /api/unlock?code=wrong", &[], "").await;
    assert_eq!(with_outcome(&gateway, &file, "refused").await, 66);
    let left_out = "140 refused unlock codes left out";
    assert!(rows(&file).iter().any(|row| row["what"] == left_out));
}

#[tokio::test]
async fn rejected_requests_have_a_limit_of_records_per_user_and_minute() {
    let (_folder, file, gateway) = recording_in_file(Vec::new());
    let vic = sign_in(&gateway, "vic").await;
    let hall = sign_in(&gateway, "hall").await;
    for (cookie, recorded) in [(&vic, 60), (&hall, 120)] {
        for _ in 0..80 {
            let answer = ask(&gateway, "GET /api/walls", &[("cookie", cookie)], "").await;
            assert_eq!(answer.status(), 403);
        }
        assert_eq!(with_outcome(&gateway, &file, "refused").await, recorded);
    }
}
