//! The audit: changes are recorded before they are sent, without secrets, and are not sent if that fails.

use super::access::{PASSWORD, body, cookie, sign_in, with_users};
use super::credentials::client;
use super::vendor::{Vendor, json};
use super::*;
use crate::app::Shared;
use crate::config::StoreLocation;
use crate::store::{self, Store};
use crate::watch::Clock;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The gateway with another store.
pub(super) fn recording(gateway: Gateway, store: Store) -> Arc<Gateway> {
    let shared = Arc::new(Shared::new(Clock::system(), store));
    Arc::new(Gateway { shared, ..gateway })
}

/// A gateway that records in a file, with the folder that has to be kept.
pub(super) fn recording_in_file(
    connections: Vec<config::Connection>,
) -> (tempfile::TempDir, PathBuf, Arc<Gateway>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let store = Store::open(&StoreLocation::File(file.clone())).unwrap();
    let gateway = recording(with_users(connections, None, false), store);
    (folder, file, gateway)
}

pub(super) fn rows(file: &Path) -> Vec<Value> {
    let mut out = Vec::new();
    store::export(&StoreLocation::File(file.to_owned()), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const NEW_GROUP: &str = r#"{"Id":"x", "Name":"X"}"#;

#[tokio::test]
async fn a_change_is_recorded_before_it_is_sent_and_exactly_as_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let seen_by_vendor = file.clone();
    // The vendor reads the store while it handles the request.
    let vendor = Vendor::new(move |_, _| {
        let rows = rows(&seen_by_vendor);
        let intents = rows.iter().filter(|row| row["kind"] == "intent");
        json(200, &format!(r#"{{"Id":"{}"}}"#, intents.count()))
    })
    .await;
    let plant = connection("plant-a", aveva(), &vendor.base, basic());
    let store = Store::open(&StoreLocation::File(file.clone())).unwrap();
    let gateway = recording(with_users(vec![plant], None, false), store);
    let ann = sign_in(&gateway, "ann").await;
    let answer = ask(
        &gateway,
        &format!("POST {GROUPS}"),
        &[("cookie", &ann)],
        NEW_GROUP,
    )
    .await;
    let id = header(&answer, "x-request-id").to_owned();
    assert_eq!(
        text(answer).await,
        r#"{"Id":"1"}"#,
        "recorded before it arrived"
    );
    let wrong = body("ann", "not the password");
    assert_eq!(
        ask(&gateway, "POST /api/session", &[], &wrong)
            .await
            .status(),
        401
    );
    let answer = ask(&gateway, &format!("DELETE {GROUPS}/x"), &[], "").await;
    assert_eq!(answer.status(), 401);
    // Rows are written in order, so that the earlier rows are written once this one is.
    ask(
        &gateway,
        &format!("DELETE {GROUPS}/y"),
        &[("cookie", &ann)],
        "",
    )
    .await;
    let rows = rows(&file);
    let summary = |row: &Value, names: &[&str]| -> Vec<String> {
        let texts = names.iter().map(|name| row[*name].as_str().unwrap_or("-"));
        texts.map(str::to_owned).collect()
    };
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| summary(row, &["kind", "who", "what", "outcome", "why"]).join(" | "))
        .collect();
    assert_eq!(
        kinds,
        [
            "event | ann | sign in | done | -",
            "intent | ann | create group | - | -",
            "outcome | ann | create group | done | -",
            "event | ann | sign in | refused | wrong-password",
            "event | - | request | refused | sign-in",
            "intent | ann | delete group | - | -",
            "outcome | ann | delete group | done | -",
        ]
    );
    assert_eq!(
        summary(
            &rows[1],
            &["request", "role", "from", "connection", "sent", "body"]
        ),
        [
            id.as_str(),
            "admin",
            "127.0.0.1",
            "plant-a",
            "POST /api/v1/clientfailover/groups",
            NEW_GROUP
        ]
    );
    assert_eq!(rows[2]["status"], 200);
    let everything = format!("{rows:?}");
    let sealed = ann.split_once('=').unwrap().1;
    for secret in [PASSWORD, "not the password", sealed, SECRET] {
        assert!(!everything.contains(secret), "the audit contains a secret");
    }
    assert!(
        store::verify(&StoreLocation::File(file.clone()))
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn the_recorded_outcome_of_a_change_follows_from_the_vendors_response() {
    let answers = [
        (200, r#"{"Id":"x"}"#, "done"),
        (200, "\u{feff}{\"Id\":\"x\"}", "done"),
        (200, "<html>sign in</html>", "unknown"),
        (200, r#"{"Id":"#, "unknown"),
        (200, r#""ok""#, "unknown"),
        (200, "[]", "unknown"),
        (204, "", "unknown"),
        (302, "", "unknown"),
        (304, "", "unknown"),
        (307, "", "unknown"),
        (500, "{}", "unknown"),
        (409, "{}", "refused by the vendor"),
        (401, "{}", "refused by the vendor"),
    ];
    for (status, answer, outcome) in answers {
        let vendor = Vendor::new(move |_, _| {
            let mut answer = json(status, answer);
            let elsewhere = "https://elsewhere.example/".parse().unwrap();
            answer.headers_mut().insert("location", elsewhere);
            answer
        })
        .await;
        let plant = connection("plant-a", aveva(), &vendor.base, basic());
        assert_eq!(recorded_outcome(plant).await, outcome, "{status} {answer}");
        assert_eq!(vendor.lines().len(), 1);
    }
}

#[tokio::test]
async fn a_change_without_a_token_is_recorded_as_not_sent() {
    let vendor = Vendor::new(|_, _| json(400, "{}")).await;
    let plant = connection("plant-a", aveva(), &vendor.base, client(&vendor.base));
    assert_eq!(recorded_outcome(plant).await, "not sent");
    assert!(vendor.lines().iter().all(|line| line == "POST /token"));
}

#[tokio::test]
async fn a_change_to_an_unreachable_vendor_is_recorded_as_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let plant = connection("plant-a", aveva(), &base, basic());
    assert_eq!(recorded_outcome(plant).await, "not sent");
}

#[tokio::test]
async fn a_change_that_is_rejected_before_the_connection_ends_is_recorded_as_refused() {
    let tokens = Vendor::new(|_, before| json(200, &format!(r#"{{"access_token":"t{before}"}}"#)));
    let tokens = tokens.await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    // The vendor answers once and stops.
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let answer = b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    });
    let plant = connection("plant-a", aveva(), &base, client(&tokens.base));
    assert_eq!(recorded_outcome(plant).await, "refused by the vendor");
    assert_eq!(tokens.lines(), ["POST /token", "POST /token"]);
}

#[tokio::test]
async fn an_admins_retry_of_a_rejected_log_on_is_recorded() {
    let vendor = Vendor::new(|_, _| json(401, "")).await;
    let veeam: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    let em = connection("em", veeam, &vendor.base, basic());
    let (_folder, file, gateway) = recording_in_file(vec![em]);
    let (ann, vic) = (
        sign_in(&gateway, "ann").await,
        sign_in(&gateway, "vic").await,
    );
    let refresh = async |cookie: &str| {
        let headers = [("cookie", cookie), ("cache-control", "no-cache")];
        let line = "GET /api/inventory?connection=em";
        let answer = ask(&gateway, line, &headers, "").await;
        assert_eq!(answer.status(), 200);
        assert!(gateway.shared.store.catch_up().await);
        let forced = rows(&file).into_iter();
        let forced = forced.filter(|row| row["what"] == "log on now");
        let names = ["who", "role", "connection", "outcome"];
        let forced = forced.map(|row| names.map(|key| row[key].as_str().unwrap().to_owned()));
        forced.collect::<Vec<_>>()
    };
    let query = "GET /relay/em/api/query?type=CloudFailoverSession";
    let refused = ask(&gateway, query, &[("cookie", ann.as_str())], "").await;
    assert_eq!(problem(refused).await.0, "credentials");
    assert!(refresh(&ann).await.is_empty(), "rejected just before");
    advance_time(30).await;
    assert!(refresh(&vic).await.is_empty(), "admins only");
    for _ in 0..2 {
        let expected = ["ann", "admin", "em", "done"].map(str::to_owned);
        assert_eq!(refresh(&ann).await, [expected], "once");
    }
}

/// The recorded outcome of creating a group on a connection. If the response comes from the gateway, its `carried_out`
/// is false exactly if the outcome is known.
async fn recorded_outcome(plant: config::Connection) -> String {
    let (_folder, file, gateway) = recording_in_file(vec![plant]);
    let ann = sign_in(&gateway, "ann").await;
    let line = format!("POST {GROUPS}");
    let answer = ask(&gateway, &line, &[("cookie", &ann)], NEW_GROUP).await;
    let is_own = header(&answer, "content-type") == "application/problem+json";
    let body = text(answer).await;
    let outcomes = rows(&file)
        .into_iter()
        .filter(|row| row["kind"] == "outcome");
    let outcomes: Vec<_> = outcomes.map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    let outcome = outcomes[0].as_str().unwrap();
    assert_eq!(
        body.contains(r#""carried_out":false"#),
        is_own && outcome != "unknown",
        "{outcome}: {body}"
    );
    outcome.to_owned()
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_sent_and_reads_continue() {
    let vendor = Vendor::new(|_, _| json(200, "[]")).await;
    let plant = connection("plant-a", aveva(), &vendor.base, basic());
    let gateway = recording(with_users(vec![plant], None, false), Store::failing());
    let ann = sign_in(&gateway, "ann").await;
    let with = [("cookie", ann.as_str())];
    let answer = ask(&gateway, &format!("POST {GROUPS}"), &with, NEW_GROUP).await;
    let (kind, status, detail) = problem(answer).await;
    assert_eq!((kind.as_str(), status), ("not-recorded", 503));
    assert!(detail.ends_with("nothing was sent"), "{detail}");
    assert_eq!(vendor.lines(), [""; 0]);
    assert_eq!(
        ask(&gateway, &format!("GET {GROUPS}"), &with, "")
            .await
            .status(),
        200
    );
    for path in ["/api/activity", "/api/report"] {
        let answer = ask(&gateway, &format!("GET {path}"), &with, "").await;
        assert_eq!(header(&answer, "retry-after"), "5");
        let (kind, status, _) = problem(answer).await;
        assert_eq!(
            (kind.as_str(), status),
            ("store-unavailable", 503),
            "{path}"
        );
    }
    let (kind, status, _) = problem(get(&gateway, "/readyz").await).await;
    assert_eq!((kind.as_str(), status), ("not-ready", 503));
    assert_eq!(get(&gateway, "/healthz").await.status(), 200);
}

#[tokio::test]
async fn signing_out_is_recorded() {
    let (_folder, file, gateway) = recording_in_file(Vec::new());
    let answer = ask(&gateway, "POST /api/session", &[], &body("vic", PASSWORD)).await;
    let vic = cookie(&answer);
    ask(&gateway, "DELETE /api/session", &[("cookie", &vic)], "").await;
    gateway
        .shared
        .store
        .event(store::Entry::default())
        .await
        .unwrap();
    let rows = rows(&file);
    assert_eq!(
        (&rows[1]["what"], &rows[1]["who"]),
        (&"sign out".into(), &"vic".into())
    );
}

const WATCHING_STARTED: &str =
    "watching | The gateway started watching. Earlier events are not known. | - | - | -";

#[tokio::test]
async fn the_activity_lists_changes_to_all_users_and_sign_ins_only_to_admins() {
    let vendor = Vendor::new(|_, _| json(200, r#"{"Id":"x"}"#)).await;
    let plant = connection("plant-a", aveva(), &vendor.base, basic());
    let store = Store::open(&StoreLocation::Memory).unwrap();
    let gateway = recording(with_users(vec![plant], None, false), store);
    let ann = sign_in(&gateway, "ann").await;
    let vic = sign_in(&gateway, "vic").await;
    let secret = r#"{"Id":"x","Name":"X","AdditionalData":{"password":"hidden"}}"#;
    ask(
        &gateway,
        &format!("POST {GROUPS}"),
        &[("cookie", &ann)],
        secret,
    )
    .await;
    let activity = async |cookie: &str, query: &str| {
        let with = [("cookie", cookie)];
        let answer = ask(&gateway, &format!("GET /api/activity{query}"), &with, "").await;
        assert_eq!(answer.status(), 200);
        serde_json::from_str::<Value>(&text(answer).await).unwrap()
    };
    let summary = |answer: &Value| {
        let entries = answer["entries"].as_array().unwrap().iter();
        let lines = entries.map(|entry| {
            let field = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            ["kind", "what", "who", "from", "outcome"]
                .map(field)
                .join(" | ")
        });
        lines.collect::<Vec<_>>()
    };
    let all = activity(&ann, "").await;
    assert_eq!(
        summary(&all),
        [
            "change | Create group | ann | 127.0.0.1 | done",
            "access | sign in | vic | 127.0.0.1 | done",
            "access | sign in | ann | 127.0.0.1 | done",
            WATCHING_STARTED,
        ]
    );
    assert_eq!(all["entries"][0]["resource"]["id"], "x");
    assert_eq!(all["entries"][0]["after"], r#"{"Id":"x","Name":"X"}"#);
    assert!(!all.to_string().contains("hidden"), "{all}");
    let visible = activity(&vic, "").await;
    assert_eq!(
        summary(&visible),
        ["change | Create group | ann | - | done", WATCHING_STARTED]
    );
    let first = activity(&ann, "?limit=1").await;
    let older = first["older"].as_str().unwrap();
    let rest = activity(&ann, &format!("?limit=3&before={older}")).await;
    assert_eq!((summary(&rest).len(), &rest["older"]), (3, &Value::Null));
    assert_eq!(summary(&activity(&ann, "?system=uplynk").await), [""; 0]);
    let wrong = [("cookie", ann.as_str())];
    let answer = ask(&gateway, "GET /api/activity?kind=lunch", &wrong, "").await;
    let (kind, status, detail) = problem(answer).await;
    assert_eq!((kind.as_str(), status), ("bad-request", 400));
    assert!(detail.contains("`kind`"), "{detail}");
}
