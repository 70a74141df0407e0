//! Every operation over HTTP, signed.

use super::demo::SAMPLE;
use super::signature::signed;
use crate::options::{Kind, Scenario};
use crate::testing::{System, TestResponse, start};
use serde_json::{Value, json};
use std::cell::Cell;

struct Account {
    system: System,
    /// The timestamp of the last request; each request has another one.
    stamp: Cell<i64>,
}

const GROUPS: &str = "/api/v4/failover-groups";

impl Account {
    fn new(scenario: Scenario) -> Self {
        let kind = crate::kind("live", "http://127.0.0.1:1");
        Self {
            system: System::new("live", &kind, scenario),
            stamp: Cell::new(start().timestamp() - 200),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> TestResponse {
        let Kind::Uplynk { owner, api_key } = crate::kind("live", "") else {
            panic!("live is Uplynk")
        };
        self.stamp.set(self.stamp.get() + 1);
        let (msg, sig) = signed(&owner, &api_key, self.stamp.get());
        let msg = percent_encoding::utf8_percent_encode(&msg, percent_encoding::NON_ALPHANUMERIC);
        self.system
            .ask(method, &format!("{GROUPS}{path}?msg={msg}&sig={sig}"), body)
            .await
    }

    async fn group(&self, id: &str) -> Value {
        self.ask("GET", &format!("/{id}"), "").await.json()
    }

    async fn id(&self, name: &str) -> String {
        let list = self.ask("GET", "", "").await.json();
        let items = list["items"].as_array().unwrap();
        let group = items.iter().find(|group| group["name"] == name).unwrap();
        group["id"].as_str().unwrap().to_owned()
    }

    fn adjust(&self, group: &str, slicer: &str, change: &Value) {
        let crate::service::Service::Uplynk(service) = &self.system.listener.service else {
            panic!("live is Uplynk")
        };
        service.adjust(group, slicer, change).unwrap();
    }
}

/// Asserts that the response is an error with the vendor's body.
fn assert_error(got: &TestResponse, status: u16) {
    assert_eq!(
        got.code(),
        status,
        "{}",
        String::from_utf8_lossy(&got.bytes)
    );
    let body = got.json();
    assert_eq!(
        (&body["@type"], &body["status_code"]),
        (&json!("Error"), &json!(status))
    );
    assert!(body["title"].is_string() && body["code"].is_string());
}

#[tokio::test]
async fn the_published_sample_is_unchanged() {
    let account = Account::new(Scenario::Incident);
    account.system.advance(250);
    account.stamp.set(account.stamp.get() + 250);
    let want: Value = json!({
        "@id": "/api/v4/failover-groups/9852b8646dea4cd0a48f5e0ffaa4f8b3",
        "@type": "FailoverGroup",
        "owner": "ab533864a92b46a1a286cdd49b0a9bd3",
        "id": "9852b8646dea4cd0a48f5e0ffaa4f8b3",
        "name": "My Failover Group",
        "hot_warm": 0,
        "mode": "prioritized",
        "auto_failback": true,
        "failover_time": 1_576_107_800_205_i64,
        "active": null,
        "active_slicer_id": "news01",
        "channels": [
            { "id": "478f6d24e1a643049cdba0c544830752", "desc": "Broadcast01" },
            { "id": "aad717c2fda649a3b213c56c94b529f4", "desc": "Broadcast02" }
        ],
        "slicers": [
            {
                "id": "news01", "blacklist_until": 0, "order": 1, "enabled": true,
                "status": { "state": 0, "thumb_url": "https://x-default-stgec.uplynk.com/ausw/slices/d7b/...000009C.jpg" },
                "hostname": "101-174-253-64.slicer.uplynk.net"
            },
            {
                "id": "news02", "blacklist_until": 0, "order": 2, "enabled": true,
                "status": { "state": 0, "thumb_url": "https://x-default-stgec.uplynk.com/ausw/slices/d7b/...000003E.jpg" },
                "hostname": "104-174-253-63.slicer.uplynk.net"
            }
        ]
    });
    assert_eq!(account.group(SAMPLE).await, want);
    let list = account.ask("GET", "", "").await.json();
    assert_eq!(list["total_items"], "9", "a string");
    assert_eq!(list["@type"], "Collection");
    assert!(list["items"].as_array().unwrap().contains(&want));
}

#[tokio::test]
async fn only_signed_requests_are_accepted_and_each_only_once() {
    let account = Account::new(Scenario::Calm);
    assert_error(&account.system.ask("GET", GROUPS, "").await, 403);
    assert_error(
        &account
            .system
            .ask("GET", &format!("{GROUPS}?msg=eA&sig=00"), "")
            .await,
        403,
    );
    assert_eq!(account.ask("GET", "", "").await.code(), 200);
    account.stamp.set(account.stamp.get() - 1);
    assert_error(&account.ask("GET", "", "").await, 400);
    account.system.advance(3_600);
    assert_error(&account.ask("GET", "", "").await, 403);
}

#[tokio::test]
async fn mode_and_failback_change_and_prioritized_mode_numbers_the_slicers() {
    let account = Account::new(Scenario::Calm);
    let path = format!("/{SAMPLE}");
    let swap = r#"{"slicers":[{"slicer_id":"news01","enabled":true,"order":2},{"slicer_id":"news02","enabled":true,"order":1}]}"#;
    assert_eq!(
        account
            .ask("PUT", &format!("{path}/slicers"), swap)
            .await
            .code(),
        204
    );
    assert_eq!(
        account.group(SAMPLE).await["active_slicer_id"],
        "news02",
        "automatic failback is on"
    );
    let orders = |group: &Value| {
        let slicers = group["slicers"].as_array().unwrap();
        slicers
            .iter()
            .map(|one| one["order"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let done = account
        .ask("PATCH", &path, r#"{"mode":"flat","auto_failback":false}"#)
        .await;
    assert_eq!((done.code(), done.bytes.len()), (204, 0));
    let flat = account.group(SAMPLE).await;
    assert_eq!(
        (&flat["mode"], &flat["auto_failback"], orders(&flat)),
        (&json!("flat"), &json!(false), vec![1, 1])
    );
    account
        .ask("PATCH", &path, r#"{"mode":"prioritized"}"#)
        .await;
    assert_eq!(orders(&account.group(SAMPLE).await), [1, 2], "reset order");
    for wrong in [
        "",
        "{}",
        "[]",
        r#"{"mode":"random"}"#,
        r#"{"auto_failback":"yes"}"#,
    ] {
        assert_error(&account.ask("PATCH", &path, wrong).await, 400);
    }
    assert_error(
        &account.ask("PATCH", "/none", r#"{"mode":"flat"}"#).await,
        404,
    );
}

#[tokio::test]
async fn unknown_slicers_are_ignored_without_an_error() {
    let account = Account::new(Scenario::Calm);
    let path = format!("/{SAMPLE}/slicers");
    let before = account.group(SAMPLE).await;
    let unknown = r#"{"slicers":[{"slicer_id":"News01","enabled":false,"order":9}]}"#;
    assert_eq!(account.ask("PUT", &path, unknown).await.code(), 204);
    assert_eq!(
        account.group(SAMPLE).await,
        before,
        "ids are case-sensitive"
    );
    let off = r#"{"slicers":[{"slicer_id":"news02","enabled":false,"order":2}]}"#;
    assert_eq!(account.ask("PUT", &path, off).await.code(), 204);
    let slicer = account.group(SAMPLE).await["slicers"][1].clone();
    assert_eq!(
        (&slicer["enabled"], &slicer["status"]["state"]),
        (&json!(false), &json!(0)),
        "still slicing"
    );
    for wrong in [
        "{}",
        r#"{"slicers":[{}]}"#,
        r#"{"slicers":[{"slicer_id":"news01","enabled":true,"order":0}]}"#,
        r#"{"slicers":[{"slicer_id":"news01","order":1}]}"#,
    ] {
        assert_error(&account.ask("PUT", &path, wrong).await, 400);
    }
}

#[tokio::test]
async fn a_newly_enabled_slicer_is_available_after_a_minute() {
    let account = Account::new(Scenario::Calm);
    let path = format!("/{SAMPLE}/slicers");
    let set = |enabled: bool| {
        json!({ "slicers": [
            { "slicer_id": "news01", "enabled": true, "order": 2 },
            { "slicer_id": "news02", "enabled": enabled, "order": 1 },
        ] })
        .to_string()
    };
    account.ask("PUT", &path, &set(false)).await;
    account.ask("PUT", &path, &set(true)).await;
    assert_eq!(account.group(SAMPLE).await["active_slicer_id"], "news01");
    account.system.advance(80);
    assert_eq!(account.group(SAMPLE).await["active_slicer_id"], "news02");
}

#[tokio::test]
async fn activation_needs_automatic_failback_off_and_a_healthy_slicer() {
    let account = Account::new(Scenario::Calm);
    let path = format!("/{SAMPLE}/activate_slicer");
    assert_error(
        &account.ask("PUT", &path, r#"{"slicer_id":"news02"}"#).await,
        400,
    );
    account
        .ask("PATCH", &format!("/{SAMPLE}"), r#"{"auto_failback":false}"#)
        .await;
    assert_eq!(
        account
            .ask("PUT", &path, r#"{"slicer_id":"news02"}"#)
            .await
            .code(),
        204
    );
    let group = account.group(SAMPLE).await;
    assert_eq!(group["active_slicer_id"], "news02");
    assert_eq!(group["failover_time"], start().timestamp_millis());
    assert_error(
        &account.ask("PUT", &path, r#"{"slicer_id":"none"}"#).await,
        404,
    );
    assert_error(
        &account.ask("PUT", &path, r#"{"slicer":"news01"}"#).await,
        400,
    );
    account.adjust(SAMPLE, "news01", &json!({ "healthy": false }));
    assert_error(
        &account.ask("PUT", &path, r#"{"slicer_id":"news01"}"#).await,
        400,
    );
}

#[tokio::test]
async fn an_unhealthy_slicer_is_blacklisted_and_later_fails_back() {
    let account = Account::new(Scenario::Calm);
    account.adjust(SAMPLE, "news01", &json!({ "healthy": false, "state": -1 }));
    let group = account.group(SAMPLE).await;
    assert_eq!(group["active_slicer_id"], "news02");
    assert_eq!(
        group["slicers"][0]["blacklist_until"],
        start().timestamp_millis() + 300_000
    );
    account.adjust(SAMPLE, "news01", &json!({ "healthy": true, "state": 0 }));
    assert_eq!(
        account.group(SAMPLE).await["active_slicer_id"],
        "news02",
        "still blacklisted"
    );
    account.stamp.set(account.stamp.get() + 400);
    account.system.advance(400);
    let group = account.group(SAMPLE).await;
    assert_eq!(
        (
            &group["active_slicer_id"],
            &group["slicers"][0]["blacklist_until"]
        ),
        (&json!("news01"), &json!(0))
    );
}

#[tokio::test]
async fn the_slate_goes_on_and_off() {
    let account = Account::new(Scenario::Calm);
    let path = format!("/{SAMPLE}/set_no_slicer");
    assert_eq!(
        account
            .ask("PUT", &path, r#"{"no_slicer":true}"#)
            .await
            .code(),
        204
    );
    assert_eq!(account.group(SAMPLE).await["active_slicer_id"], "no_slicer");
    account.system.advance(60);
    assert_eq!(
        account.group(SAMPLE).await["active_slicer_id"],
        "no_slicer",
        "it stays"
    );
    assert_eq!(
        account
            .ask("PUT", &path, r#"{"no_slicer":false}"#)
            .await
            .code(),
        204
    );
    assert_eq!(account.group(SAMPLE).await["active_slicer_id"], "news01");
    assert_error(&account.ask("PUT", &path, "{}").await, 400);
}

#[tokio::test]
async fn a_channel_is_in_one_group_only() {
    let account = Account::new(Scenario::Calm);
    let kids = account.id("Kids 24").await;
    let broadcast = "478f6d24e1a643049cdba0c544830752";
    let add =
        json!({ "channels_ids_to_add": [broadcast], "channels_ids_to_remove": [] }).to_string();
    let path = format!("/{kids}/channels");
    assert_error(&account.ask("PUT", &path, &add).await, 409);
    let remove = json!({ "channels_ids_to_remove": [broadcast] }).to_string();
    assert_eq!(
        account
            .ask("PUT", &format!("/{SAMPLE}/channels"), &remove)
            .await
            .code(),
        204
    );
    assert_eq!(account.ask("PUT", &path, &add).await.code(), 204);
    assert_eq!(
        account.group(&kids).await["channels"][2],
        json!({ "id": broadcast, "desc": "Broadcast01" })
    );
    assert_eq!(
        account.group(SAMPLE).await["channels"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_error(
        &account
            .ask("PUT", &path, r#"{"channels_ids_to_add":["none"]}"#)
            .await,
        404,
    );
    assert_error(
        &account
            .ask("PUT", &path, r#"{"channels_ids_to_add":"none"}"#)
            .await,
        400,
    );
}

#[tokio::test]
async fn owners_are_added_and_removed() {
    let account = Account::new(Scenario::Calm);
    let path = format!("/{SAMPLE}/allowed-owners");
    assert_eq!(account.ask("GET", &path, "").await.json()["total_items"], 0);
    assert_eq!(
        account
            .ask(
                "PUT",
                &path,
                r#"{"owners_to_add":["a","b","a"],"owners_to_remove":[]}"#
            )
            .await
            .code(),
        204
    );
    assert_eq!(
        account
            .ask("PUT", &path, r#"{"owners_to_remove":["a"]}"#)
            .await
            .code(),
        204
    );
    let list = account.ask("GET", &path, "").await.json();
    assert_eq!(
        (&list["items"][0]["id"], &list["total_items"]),
        (&json!("b"), &json!(1))
    );
    assert_error(
        &account.ask("PUT", &path, r#"{"owners_to_add":[1]}"#).await,
        400,
    );
}

#[tokio::test]
async fn thumbnails_need_no_signature_and_change_while_slicing() {
    let account = Account::new(Scenario::Calm);
    let kids = account.id("Kids 24").await;
    let url = |group: &Value| {
        group["slicers"][0]["status"]["thumb_url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = url(&account.group(&kids).await);
    let path = first.strip_prefix("http://127.0.0.1:1").unwrap();
    let picture = account.system.ask("GET", path, "").await;
    assert_eq!(
        (picture.code(), picture.headers["content-type"].as_bytes()),
        (200, &b"image/png"[..])
    );
    account.system.advance(10);
    let second = url(&account.group(&kids).await);
    assert_ne!(second, first);
    let path = second.strip_prefix("http://127.0.0.1:1").unwrap();
    assert_ne!(
        account.system.ask("GET", path, "").await.bytes,
        picture.bytes
    );
    for path in ["/thumbs/g/s/x.png", "/thumbs/g/s/1.svg", "/thumbs/g/s/1"] {
        assert_eq!(account.system.ask("GET", path, "").await.code(), 404);
    }
}

#[tokio::test]
async fn a_slicer_id_can_select_a_faulty_thumbnail() {
    let account = Account::new(Scenario::Calm);
    for (slicer, status, media, size) in [
        ("fault-svg", 200, "image/svg+xml", 1..1_000),
        ("fault-large", 200, "image/png", 2_097_153..4_000_000),
        ("fault-redirect", 302, "", 0..1),
        (
            "fault-404",
            404,
            "application/json; charset=utf-8",
            1..1_000,
        ),
        ("fault-html", 200, "text/html; charset=utf-8", 1..1_000),
        ("fault-empty", 200, "", 0..1),
    ] {
        let path = format!("/thumbs/g/{slicer}/1.png");
        let got = account.system.ask("GET", &path, "").await;
        let content_type = got.headers.get("content-type");
        assert_eq!(
            (
                got.code(),
                content_type.map_or("", |value| value.to_str().unwrap())
            ),
            (status, media),
            "{slicer}"
        );
        assert!(size.contains(&got.bytes.len()), "{slicer}");
    }
}

#[tokio::test]
async fn an_operation_outside_the_contract_gets_501_and_is_named() {
    let account = Account::new(Scenario::Calm);
    for (method, path) in [("POST", ""), ("DELETE", "/x"), ("GET", "/x/slicers")] {
        let got = account.ask(method, path, "").await;
        assert_error(&got, 501);
        assert!(got.json()["title"].as_str().unwrap().contains(method));
    }
}

#[tokio::test]
async fn scenarios_cause_their_failovers() {
    let account = Account::new(Scenario::Incident);
    let on_air = |list: &Value, name: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|group| group["name"] == name).unwrap()["active_slicer_id"].clone()
    };
    let list = account.ask("GET", "", "").await.json();
    assert_eq!(on_air(&list, "Kids 24"), "no_slicer", "no healthy slicer");
    assert_eq!(on_air(&list, "Sports Main"), "sport02", "on a backup");
    assert_eq!(on_air(&list, "Events Pool"), "no_slicer", "by an operator");
    account.system.listener.service.enter(Scenario::Calm);
    let list = account.ask("GET", "", "").await.json();
    for (name, slicer) in [
        ("Kids 24", "kids01"),
        ("Sports Main", "sport01"),
        ("Events Pool", "event01"),
    ] {
        assert_eq!(on_air(&list, name), slicer);
    }
    let busy = Account::new(Scenario::Busy);
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..120 {
        busy.system.advance(30);
        busy.system.listener.service.advance();
        let world = busy.system.listener.service.snapshot();
        for group in world["groups"].as_array().unwrap() {
            states.insert(format!("{} {}", group["name"], group["active_slicer_id"]));
        }
    }
    assert!(states.len() > 10, "{states:?}");
}
