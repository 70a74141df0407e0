//! Clients that disconnect before the response: a change takes effect exactly if it is recorded in the audit.

use super::access::{session_of, sign_in};
use super::stored_walls::at;
use super::walls::Screen;
use super::*;
use crate::store::tests::{Site, lines, sites};
use serde_json::json;

/// The audit rows after the first `since`, as "who | what | resource | outcome".
async fn audit_rows(gateway: &Arc<Gateway>, site: &Site, since: usize) -> Vec<String> {
    assert!(gateway.shared.store.catch_up().await);
    let rows = lines(&site.location).into_iter().skip(since);
    let field = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    rows.map(|row| {
        ["who", "what", "resource", "outcome"]
            .map(|name| field(&row, name))
            .join(" | ")
    })
    .collect()
}

#[tokio::test]
async fn pairing_signing_in_and_revoking_a_wall_each_have_an_audit_row() {
    for site in &sites() {
        let gateway = at(&site.location);
        let pairing = gateway.access.pairing().unwrap();
        let admin = sign_in(&gateway, "ann").await;
        let with = [("cookie", admin.as_str())];
        let mut screen = Screen::default();
        let code = screen.code(&gateway).await;
        let body = json!({"code": code, "name": "Hall"}).to_string();
        disconnect(&gateway, "POST /api/walls", &with, &body).await;
        let walls = pairing.walls.list().await.unwrap();
        assert_eq!((walls.len(), walls[0].name.as_str()), (1, "Hall"));
        let paired = "ann | pair wall | Hall | done";
        assert_eq!(audit_rows(&gateway, site, 1).await, [paired]);
        let cookies = screen.cookie();
        disconnect(&gateway, "GET /api/pairing", &[("cookie", &cookies)], "").await;
        assert_eq!(screen.state(&gateway).await, "over", "session issued");
        assert_eq!(
            audit_rows(&gateway, site, 2).await,
            ["Hall | sign in | - | done"]
        );
        let line = format!("DELETE /api/walls/{}", walls[0].id);
        disconnect(&gateway, &line, &with, "").await;
        let walls = pairing.walls.list().await.unwrap();
        assert!(walls.is_empty());
        let revoked = "ann | revoke wall | Hall | done";
        assert_eq!(audit_rows(&gateway, site, 3).await, [revoked]);
    }
}

#[tokio::test]
async fn signing_out_has_an_audit_row() {
    for site in &sites() {
        let gateway = at(&site.location);
        let vic = sign_in(&gateway, "vic").await;
        disconnect(&gateway, "DELETE /api/session", &[("cookie", &vic)], "").await;
        assert_eq!(session_of(&gateway, &vic).await.0, 401);
        let rows = audit_rows(&gateway, site, 1).await;
        assert_eq!(rows[0], "vic | sign out | - | done");
        let metrics = gateway.shared.metrics.counters_as_text();
        let none = "sessions{role=\"viewer\"} 0";
        assert!(metrics.contains(none), "{metrics}");
    }
}
