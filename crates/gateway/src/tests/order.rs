//! Conditional writes of a slicer order, with concurrent changes.

use super::vendor::{ReceivedRequest, Vendor, json};
use super::*;
use crate::app::Shared;
use crate::store::Store;
use crate::store::tests::server::Server;
use crate::watch::Clock;
use serde_json::{Value, json as value};
use std::sync::Mutex;
use tokio::sync::mpsc;

const GROUP: &str = "/relay/live/api/v4/failover-groups/abc";

fn live(base: &str) -> config::Connection {
    connection("live", System::Uplynk, base, basic())
}

fn to_live(base: &str) -> Arc<Gateway> {
    gateway(vec![live(base)])
}

fn group(slicers: &[&str]) -> Value {
    let slicers: Vec<Value> = slicers
        .iter()
        .zip(1..)
        .map(|(id, order)| value!({ "id": id, "order": order, "enabled": true, "status": { "state": 0 } }))
        .collect();
    value!({ "id": "abc", "mode": "prioritized", "slicers": slicers })
}

/// The vendor's group, which tests read and change directly.
type SharedGroup = Arc<Mutex<Value>>;

/// A vendor with one group, which applies changes of its order.
async fn vendor() -> (Vendor, SharedGroup) {
    let shared: SharedGroup = Arc::new(Mutex::new(group(&["a", "b", "c"])));
    let group_of_vendor = shared.clone();
    let vendor = Vendor::new(move |request, _| {
        let mut group = group_of_vendor.lock().unwrap();
        if request.line.starts_with("GET ") {
            let mut answer = json(200, &group.to_string());
            answer
                .headers_mut()
                .insert("etag", "\"vendor\"".parse().unwrap());
            return answer;
        }
        if request.line.ends_with("/slicers") {
            let request: Value = serde_json::from_slice(&request.body).unwrap();
            for slicer in group["slicers"].as_array_mut().unwrap() {
                let places = request["slicers"].as_array().unwrap();
                if let Some(place) = places
                    .iter()
                    .find(|place| place["slicer_id"] == slicer["id"])
                {
                    slicer["order"] = place["order"].clone();
                }
            }
        }
        Response::builder()
            .status(204)
            .header("etag", "\"vendor\"")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    (vendor, shared)
}

fn places(order: &[&str]) -> String {
    let slicers: Vec<Value> = order
        .iter()
        .zip(1..)
        .map(|(id, order)| value!({ "slicer_id": id, "enabled": true, "order": order }))
        .collect();
    value!({ "slicers": slicers }).to_string()
}

async fn tag(gateway: &Arc<Gateway>) -> String {
    let response = get(gateway, GROUP).await;
    assert_eq!(response.status(), 200);
    header(&response, "etag").to_owned()
}

async fn save(gateway: &Arc<Gateway>, tag: &str, order: &[&str]) -> Response<Body> {
    let line = format!("PUT {GROUP}/slicers");
    ask(gateway, &line, &[("if-match", tag)], &places(order)).await
}

fn puts(vendor: &Vendor) -> usize {
    let lines = vendor.lines();
    lines
        .iter()
        .filter(|line| !line.starts_with("GET "))
        .count()
}

#[tokio::test]
async fn an_order_is_written_if_the_group_is_unchanged() {
    let (vendor, _) = vendor().await;
    let gateway = to_live(&vendor.base);
    let etag = tag(&gateway).await;
    let response = save(&gateway, &etag, &["c", "a", "b"]).await;
    assert_eq!(
        (
            response.status().as_u16(),
            header(&response, "etag"),
            header(&response, "via")
        ),
        (204, "", "1.1 failover-console")
    );
    let path = "/api/v4/failover-groups/abc";
    assert_eq!(
        vendor.lines(),
        [
            format!("GET {path}"),
            // A new request, although the same group was read just before.
            format!("GET {path}"),
            format!("PUT {path}/slicers"),
        ]
    );
    let written = vendor.requests().pop().unwrap();
    assert_eq!(written.body, places(&["c", "a", "b"]));
    assert_eq!(written.header("if-match"), "", "vendors have no tags");
    assert_ne!(tag(&gateway).await, etag);
}

#[tokio::test]
async fn an_order_that_changed_meanwhile_is_returned_and_not_overwritten() {
    let (vendor, held) = vendor().await;
    let gateway = to_live(&vendor.base);
    let etag = tag(&gateway).await;
    let theirs = group(&["b", "a", "c"]);
    *held.lock().unwrap() = theirs.clone();
    let response = save(&gateway, &etag, &["c", "a", "b"]).await;
    assert_eq!(
        (
            response.status().as_u16(),
            header(&response, "content-type"),
            header(&response, "via")
        ),
        (412, "application/json", "1.1 failover-console")
    );
    let now = header(&response, "etag").to_owned();
    assert_eq!(
        serde_json::from_str::<Value>(&text(response).await).unwrap(),
        theirs
    );
    assert_eq!(puts(&vendor), 0);
    assert_eq!(now, tag(&gateway).await, "not shared from before the check");
    assert_eq!(save(&gateway, &now, &["c", "a", "b"]).await.status(), 204);
}

#[tokio::test]
async fn changed_state_fields_are_not_a_conflict() {
    let (vendor, held) = vendor().await;
    let gateway = to_live(&vendor.base);
    let etag = tag(&gateway).await;
    {
        let mut held = held.lock().unwrap();
        held["active_slicer_id"] = "c".into();
        held["slicers"][0]["status"]["state"] = 3.into();
        held["slicers"][0]["blacklist_until"] = 1_576_107_800_205_i64.into();
        held["slicers"].as_array_mut().unwrap().reverse();
    }
    assert_eq!(save(&gateway, &etag, &["c", "a", "b"]).await.status(), 204);
}

#[tokio::test]
async fn an_order_without_if_match_is_not_written() {
    let (vendor, _) = vendor().await;
    let gateway = to_live(&vendor.base);
    let line = format!("PUT {GROUP}/slicers");
    let (kind, status, detail) = problem(ask(&gateway, &line, &[], &places(&["a"])).await).await;
    assert_eq!((kind.as_str(), status), ("precondition-required", 428));
    assert!(
        detail.contains("ETag") && detail.contains("If-Match"),
        "{detail}"
    );
    assert_eq!(vendor.lines(), [""; 0]);
}

#[tokio::test]
async fn if_match_has_to_be_one_strong_tag() {
    let (vendor, _) = vendor().await;
    let gateway = to_live(&vendor.base);
    let line = format!("PUT {GROUP}/slicers");
    for (sent, expected) in [
        ("*", "* would match"),
        ("W/\"a\"", "weak"),
        ("\"a\", \"b\"", "several"),
        ("\"a\",W/\"b\"", "several"),
        ("\"a\"b\"", "several"),
        ("a", "none"),
        ("", "none"),
        ("\"", "none"),
        ("\"a", "none"),
        ("'a'", "none"),
        ("\"a b\"", "none"),
    ] {
        let response = ask(&gateway, &line, &[("if-match", sent)], &places(&["a"])).await;
        let (kind, status, detail) = problem(response).await;
        assert_eq!((kind.as_str(), status), ("bad-request", 400), "{sent}");
        assert!(detail.contains(expected), "{sent}: {detail}");
    }
    let twice = [("if-match", "\"a\""), ("if-match", "\"b\"")];
    let (kind, _, detail) = problem(ask(&gateway, &line, &twice, &places(&["a"])).await).await;
    assert_eq!(kind, "bad-request");
    assert!(detail.contains("twice"), "{detail}");
    assert_eq!(vendor.lines(), [""; 0]);
    for other in ["\"\"", "\"vendor\"", "\"a,b\""] {
        assert_eq!(save(&gateway, other, &["a"]).await.status(), 412, "{other}");
    }
    assert_eq!(puts(&vendor), 0);
}

#[tokio::test]
async fn an_error_of_the_check_is_passed_on_and_nothing_is_written() {
    for status in [400, 403, 404, 429] {
        let vendor = Vendor::new(move |_, _| {
            let mut answer = json(status, r#"{"title":"no"}"#);
            answer
                .headers_mut()
                .insert("etag", "\"vendor\"".parse().unwrap());
            answer
        })
        .await;
        let response = save(&to_live(&vendor.base), "\"a\"", &["a"]).await;
        assert_eq!(
            (
                response.status().as_u16(),
                header(&response, "via"),
                header(&response, "etag")
            ),
            (status, "1.1 failover-console", "")
        );
        assert_eq!(text(response).await, r#"{"title":"no"}"#);
        assert_eq!((vendor.lines().len(), puts(&vendor)), (1, 0), "{status}");
    }
}

/// The vendor's own status would look like the response to the change, which might then have been carried out.
#[tokio::test]
async fn a_failed_check_reports_that_nothing_was_sent() {
    for status in [500, 503] {
        let vendor = Vendor::new(move |_, _| json(status, r#"{"title":"Out of order"}"#)).await;
        let response = save(&to_live(&vendor.base), "\"a\"", &["a"]).await;
        assert_eq!(response.status(), 502);
        let body: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(body["carried_out"], false, "{body}");
        let detail = body["detail"].as_str().unwrap();
        let expected = format!("({status}: Out of order); nothing was sent");
        assert!(detail.contains(&expected), "{detail}");
        assert_eq!((vendor.lines().len(), puts(&vendor)), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn an_unreadable_response_to_the_check_is_an_error() {
    for (status, body) in [
        (200, ""),
        (200, "<html>"),
        (200, r#"{"id":"abc","mode":"flat"}"#),
        (200, "[]"),
        (204, ""),
        (206, r#"{"id":"abc","slicers":[]}"#),
    ] {
        let vendor = Vendor::new(move |_, _| json(status, body)).await;
        let response = save(&to_live(&vendor.base), "\"a\"", &["a"]).await;
        let (kind, code, detail) = problem(response).await;
        assert_eq!(
            (kind.as_str(), code),
            ("unreadable", 502),
            "{status} {body}"
        );
        assert!(detail.contains("nothing was sent"), "{detail}");
        assert_eq!(puts(&vendor), 0, "{status} {body}");
    }
}

#[tokio::test]
async fn without_a_check_nothing_is_written() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = config::Connection {
        timeout: Duration::from_millis(50),
        ..live(&format!("http://{}", listener.local_addr().unwrap()))
    };
    let gateway = gateway(vec![silent]);
    let (kind, status, _) = problem(save(&gateway, "\"a\"", &["a"]).await).await;
    assert_eq!((kind.as_str(), status), ("timeout", 504));
    for (answer, expected) in [
        (&b""[..], "unreachable"),
        (
            b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
            "redirect",
        ),
        (
            b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            "credentials",
        ),
    ] {
        let gateway = to_live(&Vendor::raw(answer).await);
        let (kind, status, _) = problem(save(&gateway, "\"a\"", &["a"]).await).await;
        assert_eq!((kind.as_str(), status), (expected, 502));
    }
}

#[tokio::test]
async fn of_concurrent_writes_with_the_same_tag_one_succeeds() {
    let (vendor, held) = vendor().await;
    let gateway = to_live(&vendor.base);
    let etag = tag(&gateway).await;
    let orders = [
        ["b", "a", "c"],
        ["c", "a", "b"],
        ["c", "b", "a"],
        ["a", "c", "b"],
    ];
    let saves = orders.map(|order| {
        let (gateway, etag) = (gateway.clone(), etag.clone());
        tokio::spawn(async move { save(&gateway, &etag, &order).await.status().as_u16() })
    });
    let mut statuses = Vec::new();
    for save in saves {
        statuses.push(save.await.unwrap());
    }
    let won = statuses.iter().position(|status| *status == 204).unwrap();
    statuses.remove(won);
    assert_eq!(statuses, [412; 3]);
    assert_eq!(puts(&vendor), 1);
    for (at, id) in orders[won].iter().enumerate() {
        let held = held.lock().unwrap();
        let slicers = held["slicers"].as_array().unwrap();
        let slicer = slicers.iter().find(|slicer| slicer["id"] == *id).unwrap();
        assert_eq!(slicer["order"], at + 1);
    }
    assert_eq!(gateway.upstreams[0].locks.places("abc"), 0);
}

#[tokio::test]
async fn of_concurrent_writes_at_several_gateways_with_one_store_one_succeeds() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let (vendor, held) = vendor().await;
    // Gateways may use different names for one service.
    let gateways = ["127.0.0.1", "localhost", "127.0.0.1", "localhost"].map(|host| {
        let base = vendor.base.replace("127.0.0.1", host);
        let store = Store::open(&location).unwrap();
        let shared = Arc::new(Shared::new(Clock::system(), store));
        let assets = Assets::from_files([]);
        let connections = vec![live(&base)];
        Arc::new(Gateway::with(connections, Access::local(), None, assets, shared).unwrap())
    });
    for round in 0..3 {
        let etag = tag(&gateways[0]).await;
        let puts_before = puts(&vendor);
        let orders = [
            ["b", "a", "c"],
            ["c", "a", "b"],
            ["c", "b", "a"],
            ["a", "c", "b"],
        ];
        let present = held.lock().unwrap()["slicers"].clone();
        let saves = orders.into_iter().zip(&gateways).map(|(order, gateway)| {
            let (gateway, etag) = (gateway.clone(), etag.clone());
            tokio::spawn(async move { save(&gateway, &etag, &order).await.status().as_u16() })
        });
        let saves: Vec<_> = saves.collect();
        let mut statuses = Vec::new();
        for save in saves {
            statuses.push(save.await.unwrap());
        }
        statuses.sort_unstable();
        // Writing the present order changes nothing, so that the next write finds the expected tag.
        let changes = puts(&vendor) - puts_before;
        assert_eq!(
            statuses.iter().filter(|status| **status == 204).count(),
            changes
        );
        assert!(
            (1..=2).contains(&changes),
            "{round}: {statuses:?} from {present}"
        );
        assert!(
            statuses[changes..].iter().all(|status| *status == 412),
            "{statuses:?}"
        );
    }
}

#[tokio::test]
async fn every_write_to_a_group_waits_for_the_previous_one() {
    let (vendor, _) = vendor().await;
    let impatient = |id: &str| config::Connection {
        timeout: Duration::from_millis(250),
        ..connection(id, System::Uplynk, &vendor.base, basic())
    };
    // Two connections to the same service have the same groups.
    let gateway = gateway(vec![impatient("live"), impatient("same")]);
    let locks = &gateway.upstreams[1].locks;
    let place = locks.queue("abc");
    let turn = place.turn(Duration::ZERO).await.unwrap();
    let tags = [("if-match", "\"a\"")];
    let same = GROUP.replace("live", "same");
    for (line, headers) in [
        (format!("PUT {GROUP}/slicers"), &tags[..]),
        (format!("PUT {same}/slicers"), &tags[..]),
        (format!("PATCH {GROUP}"), &[]),
        (format!("PATCH {}", GROUP.replace("abc", "ABC")), &[]),
        (format!("PUT {GROUP}/activate_slicer"), &[]),
        (format!("PUT {GROUP}/set_no_slicer"), &[]),
        (format!("PUT {GROUP}/channels"), &[]),
        (format!("PUT {GROUP}/allowed-owners"), &[]),
    ] {
        let (kind, status, detail) = problem(ask(&gateway, &line, headers, "{}").await).await;
        assert_eq!((kind.as_str(), status), ("timeout", 504), "{line}");
        assert!(detail.contains("nothing was sent"), "{detail}");
    }
    assert_eq!(vendor.lines(), [""; 0]);
    // Reads and other groups do not wait.
    assert_eq!(get(&gateway, GROUP).await.status(), 200);
    let other = format!("PATCH {}", GROUP.replace("abc", "def"));
    assert_eq!(ask(&gateway, &other, &[], "{}").await.status(), 204);
    drop(turn);
    let line = format!("PATCH {GROUP}");
    assert_eq!(ask(&gateway, &line, &[], "{}").await.status(), 204);
}

#[tokio::test]
async fn other_writes_need_no_tag_but_check_a_given_one() {
    let (vendor, _) = vendor().await;
    let gateway = to_live(&vendor.base);
    let etag = tag(&gateway).await;
    let line = format!("PUT {GROUP}/activate_slicer");
    for (headers, status) in [
        (&[][..], 204),
        (&[("if-match", etag.as_str())], 204),
        (&[("if-match", "\"other\"")], 412),
        (&[("if-match", "*")], 400),
    ] {
        assert_eq!(
            ask(&gateway, &line, headers, "{}").await.status(),
            status,
            "{headers:?}"
        );
    }
    assert_eq!(puts(&vendor), 2);
}

#[tokio::test]
async fn a_write_continues_when_the_browser_disconnects() {
    let (sender, mut requests) = mpsc::unbounded_channel();
    let vendor = Vendor::new(move |request: &ReceivedRequest, _| {
        sender.send(request.line.clone()).unwrap();
        json(200, &group(&["a"]).to_string())
    })
    .await;
    let gateway = to_live(&vendor.base);
    let etag = tag(&gateway).await;
    requests.recv().await.unwrap();
    let locks = gateway.upstreams[0].locks.clone();
    let place = locks.queue("abc");
    let turn = place.turn(Duration::ZERO).await.unwrap();
    let save_task = {
        let gateway = gateway.clone();
        tokio::spawn(async move { save(&gateway, &etag, &["a"]).await.status() })
    };
    while locks.places("abc") < 2 {
        tokio::task::yield_now().await;
    }
    save_task.abort();
    assert!(save_task.await.unwrap_err().is_cancelled());
    drop(turn);
    assert_eq!(
        requests.recv().await.unwrap(),
        "GET /api/v4/failover-groups/abc"
    );
    assert_eq!(
        requests.recv().await.unwrap(),
        "PUT /api/v4/failover-groups/abc/slicers"
    );
}

#[tokio::test]
async fn an_unreadable_group_is_relayed_without_a_tag() {
    for (status, body) in [
        (200, "<html>"),
        (200, r#"{"id":"abc"}"#),
        (404, r#"{"title":"No"}"#),
    ] {
        let vendor = Vendor::new(move |_, _| {
            let mut answer = json(status, body);
            answer
                .headers_mut()
                .insert("etag", "\"vendor\"".parse().unwrap());
            answer
        })
        .await;
        let response = get(&to_live(&vendor.base), GROUP).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "etag")),
            (status, ""),
            "{body}"
        );
        assert_eq!(text(response).await, body);
    }
}
