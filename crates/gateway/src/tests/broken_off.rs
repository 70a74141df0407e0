//! Clients that go away before they are answered: what is recorded has happened, and what has happened is recorded.

use super::access::{session_of, sign_in};
use super::walls::Screen;
use super::walls_kept::at;
use super::*;
use crate::store::tests::{Site, lines, sites};
use serde_json::json;

/// The rows of the audit since so many, as what was done to what with what outcome.
async fn said(gateway: &Arc<Gateway>, site: &Site, since: usize) -> Vec<String> {
    assert!(gateway.shared.store.catch_up().await);
    let rows = lines(&site.location).into_iter().skip(since);
    let word = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    rows.map(|row| {
        ["who", "what", "resource", "outcome"]
            .map(|name| word(&row, name))
            .join(" | ")
    })
    .collect()
}

#[tokio::test]
async fn a_wall_is_paired_signed_in_and_revoked_with_a_row_each() {
    for site in &sites() {
        let gateway = at(&site.location);
        let admin = sign_in(&gateway, "ann").await;
        let with = [("cookie", admin.as_str())];
        let mut screen = Screen::default();
        let code = screen.code(&gateway).await;
        let body = json!({"code": code, "name": "Hall"}).to_string();
        break_off(&gateway, "POST /api/walls", &with, &body).await;
        let walls = gateway
            .access
            .pairing()
            .unwrap()
            .walls
            .list()
            .await
            .unwrap();
        assert_eq!((walls.len(), walls[0].name.as_str()), (1, "Hall"));
        let paired = "ann | pair wall | Hall | done";
        assert_eq!(said(&gateway, site, 1).await, [paired]);
        let cookies = screen.cookie();
        break_off(&gateway, "GET /api/pairing", &[("cookie", &cookies)], "").await;
        assert_eq!(screen.state(&gateway).await, "over", "it had its session");
        assert_eq!(said(&gateway, site, 2).await, ["Hall | sign in | - | done"]);
        let line = format!("DELETE /api/walls/{}", walls[0].id);
        break_off(&gateway, &line, &with, "").await;
        let walls = gateway
            .access
            .pairing()
            .unwrap()
            .walls
            .list()
            .await
            .unwrap();
        assert!(walls.is_empty());
        let revoked = "ann | revoke wall | Hall | done";
        assert_eq!(said(&gateway, site, 3).await, [revoked]);
    }
}

#[tokio::test]
async fn a_session_ends_with_a_row() {
    for site in &sites() {
        let gateway = at(&site.location);
        let vic = sign_in(&gateway, "vic").await;
        break_off(&gateway, "DELETE /api/session", &[("cookie", &vic)], "").await;
        assert_eq!(session_of(&gateway, &vic).await.0, 401);
        let rows = said(&gateway, site, 1).await;
        assert_eq!(rows[0], "vic | sign out | - | done");
        let metrics = gateway.shared.metrics.counters_as_text();
        let none = "sessions{role=\"viewer\"} 0";
        assert!(metrics.contains(none), "{metrics}");
    }
}
