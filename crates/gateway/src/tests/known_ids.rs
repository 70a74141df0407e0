//! Viewers can request only ids that the inventory contains.

use super::access::{sign_in, with_users};
use super::vendor::{Vendor, json};
use super::*;

const SLICERS: &str = "/relay/live/api/v4/failover-groups";

/// A vendor with the groups `one` and `a/b`, each with a session `s`. It answers requests for other ids too.
async fn vendor() -> Vendor {
    Vendor::new(|request, _| {
        let path = request.line.split(['?', ' ']).nth(1).unwrap();
        let body = match path {
            "/api/v1/clientfailover/groups" => r#"[{"Id":"one"},{"Id":"a/b"}]"#,
            "/api/v4/failover-groups" => {
                r#"{"items":[{"id":"one","slicers":[],"channels":[]}],"total_items":1}"#
            }
            _ if path.ends_with("/clientsessions") => r#"[{"Id":"s","Role":1}]"#,
            _ if path.ends_with("/sessionMngr/") => {
                let mut response = json(201, "{}");
                let session = "s".parse().unwrap();
                response.headers_mut().insert("x-restsvcsessionid", session);
                return response;
            }
            _ => "{}",
        };
        json(200, body)
    })
    .await
}

fn to(vendor: &Vendor) -> Arc<Gateway> {
    let veeam = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    let connections = vec![
        connection("plant-a", aveva(), &vendor.base, basic()),
        uplynk(&vendor.base),
        connection("em", veeam, &vendor.base, basic()),
    ];
    Arc::new(with_users(connections, None, false))
}

/// The status of a read, and whether it reached the vendor.
async fn read(gateway: &Arc<Gateway>, vendor: &Vendor, cookie: &str, path: &str) -> (u16, bool) {
    let before = vendor.lines();
    let answer = ask(gateway, &format!("GET {path}"), &[("cookie", cookie)], "").await;
    let status = answer.status().as_u16();
    if status == 404 {
        assert_eq!(problem(answer).await.0, "not-found");
    }
    let upstream = path.splitn(4, '/').nth(3).unwrap();
    let line = format!("GET /{upstream}");
    let times = |lines: Vec<String>| lines.iter().filter(|sent| **sent == line).count();
    (status, times(vendor.lines()) > times(before))
}

#[tokio::test]
async fn viewers_read_only_known_ids_walls_none_and_admins_all() {
    let vendor = vendor().await;
    let gateway = to(&vendor);
    gateway.watch();
    gateway.shared.watchers.refresh(None).await;
    let all = gateway.shared.watchers.inventory().everything();
    let read_once = all.connections.unwrap();
    let mut read_once = read_once.iter().filter(|one| one.connection.id != "em");
    assert!(read_once.all(|one| one.observed_at.is_some()));
    for user in ["vic", "hall", "ann"] {
        let cookie = sign_in(&gateway, user).await;
        for (path, is_known) in [
            (format!("{GROUPS}/one/status"), true),
            (format!("{GROUPS}/a%2Fb"), true),
            (format!("{GROUPS}/one/clientsessions/s"), true),
            (format!("{GROUPS}/none"), false),
            (format!("{GROUPS}/none/status"), false),
            (format!("{GROUPS}/none/clientsessions"), false),
            (format!("{GROUPS}/one/clientsessions/none"), false),
            (format!("{GROUPS}/a"), false),
            (format!("{SLICERS}/none"), false),
            (format!("{SLICERS}/ONE"), false),
        ] {
            let expected = match user {
                "ann" => (200, true),
                "hall" => (403, false),
                _ if is_known => (200, true),
                _ => (404, false),
            };
            // A signed request that reaches the vendor waits for the next second.
            if !path.starts_with(SLICERS) || !expected.1 {
                let found = read(&gateway, &vendor, &cookie, &path).await;
                assert_eq!(found, expected, "{user} {path}");
            }
        }
        let old = "/relay/em/api/cloud/failoverSessions/older-than-the-inventory";
        let found = read(&gateway, &vendor, &cookie, old).await;
        let expected = if user == "hall" {
            (403, false)
        } else {
            (200, true)
        };
        assert_eq!(found, expected, "every user can read the history: {user}");
    }
}

#[tokio::test]
async fn before_the_first_reading_every_id_is_accepted() {
    let vendor = vendor().await;
    let gateway = to(&vendor);
    let cookie = sign_in(&gateway, "vic").await;
    let path = format!("{GROUPS}/none/status");
    let found = read(&gateway, &vendor, &cookie, &path).await;
    assert_eq!(found, (200, true));
}
