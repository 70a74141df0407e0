//! A service of Uplynk that takes 3 s to answer, and changes that come in the middle of a reading.

use super::systems::uplynk;
use super::*;
use crate::clock::SigningClock;
use crate::vendor_client::{Lane, Upstream, VendorRequest, When};
use health::inventory::Kind;
use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use vendors::Request as Asked;
use vendors::uplynk::groups;

/// How long it takes to answer.
const LATENCY: Duration = Duration::from_secs(3);

/// What the service has seen, and what it holds.
#[derive(Debug, Default)]
struct Seen {
    /// When each list was asked for.
    lists: Vec<DateTime<Utc>>,
    signatures: BTreeSet<String>,
    changes: usize,
    is_silent: bool,
}

type Service = Arc<Mutex<Seen>>;

/// The time that tests can pause.
fn now_since(begun: Instant) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + begun.elapsed()
}

/// Starts the service, and returns its address.
async fn serve(service: &Service, begun: Instant) -> String {
    let service = service.clone();
    let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let service = service.clone();
        async move {
            let is_list = request.uri().path().ends_with("/failover-groups");
            {
                let mut seen = service.lock().unwrap();
                if is_list {
                    seen.lists.push(now_since(begun));
                }
                let query = request.uri().query().unwrap().to_owned();
                assert!(seen.signatures.insert(query), "each has its own second");
            }
            sleep(LATENCY).await;
            if service.lock().unwrap().is_silent {
                pending::<()>().await;
            }
            let mut seen = service.lock().unwrap();
            if request.method() == "PUT" {
                seen.changes += 1;
                return vendor_json(204, "");
            }
            let changes = seen.changes;
            let group = format!(r#"{{"id":"g","name":"{changes}","slicers":[],"channels":[]}}"#);
            if is_list {
                vendor_json(200, &format!(r#"{{"items":[{group}]}}"#))
            } else {
                vendor_json(200, &group)
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    base
}

/// A gateway whose clocks all follow the one that tests can pause.
fn gateway(base: &str, begun: Instant) -> Arc<Gateway> {
    let store = Store::open_by(&config::StoreLocation::Memory, move || now_since(begun)).unwrap();
    let (_, skips) = watch::channel(Skips::default());
    let clock = Clock::new(move || now_since(begun), skips);
    let signing: crate::clock::Clock = Arc::new(move || begun.elapsed());
    let shared = Shared::new(clock, store).signing_by(SigningClock::from(signing));
    let live = config::Connection {
        watch: config::DEFAULT_WATCH,
        timeout: config::DEFAULT_TIMEOUT,
        ..uplynk(base)
    };
    let gateway = with_shared(vec![live], Arc::new(shared));
    gateway.watch();
    gateway
}

fn outgoing(request: &Asked) -> VendorRequest {
    let is_change = request.method().as_str() == "PUT";
    VendorRequest {
        method: request.method().as_str().parse().unwrap(),
        path: request.path.clone(),
        query: request.query.clone(),
        accept: request.accept,
        body: is_change.then(|| r#"{"slicers":[]}"#.into()),
    }
}

/// What the console and the relay send to save an order: they read, read again, change and read what it became.
async fn save(live: &Upstream) {
    let (get, put) = (groups().get("g").request, groups().order("g", &[]).request);
    let read = async || {
        let get_now = outgoing(&get);
        let read = live.read(&Lane::Change, get.operation, &get_now, When::Now);
        assert_eq!(read.await.unwrap().status, 200);
    };
    read().await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(live.send(&outgoing(&get)).await.unwrap().status, 200);
    assert_eq!(live.send(&outgoing(&put)).await.unwrap().status, 204);
    live.written(put.operation, &put.path);
    sleep(Duration::from_millis(50)).await;
    read().await;
}

/// What is told of the connection's silence.
fn silence(all: &Inventory) -> Option<String> {
    let mut alarms = all.alarms.iter().flatten();
    let of_connection = alarms.find(|alarm| alarm.resource.kind == Kind::Connection);
    of_connection.map(|alarm| format!("{alarm:?}"))
}

#[tokio::test(start_paused = true)]
async fn a_change_in_the_middle_of_a_reading_makes_no_slow_vendor_a_silent_one() {
    let (begun, service) = (Instant::now(), Service::default());
    let gateway = gateway(&serve(&service, begun).await, begun);
    let all = || gateway.shared.watchers.inventory().everything();
    let lists = || service.lock().unwrap().lists.len();
    while all().connections()[0].observed_at.is_none() {
        sleep(Duration::from_millis(100)).await;
    }
    let watched = async || {
        sleep(Duration::from_millis(100)).await;
        let (all, newest) = (all(), service.lock().unwrap().lists.last().copied());
        let live = &all.connections()[0];
        assert_eq!((&live.failure, &live.last_error), (&None, &None));
        assert_eq!(silence(&all), None);
        assert!(live.observed_at <= newest, "it looks newer than it is");
    };
    for (number, after) in [100, 1_000, 1_900, 2_500, 2_900].into_iter().enumerate() {
        let before = lists();
        while lists() == before {
            watched().await;
        }
        let live = gateway.upstreams[0].clone();
        let saved = tokio::spawn(async move {
            sleep(Duration::from_millis(after)).await;
            save(&live).await;
        });
        while !saved.is_finished() {
            watched().await;
        }
        saved.await.unwrap();
        let ended = begun.elapsed();
        while all().resource("g").name != (number + 1).to_string() {
            watched().await;
            assert!(begun.elapsed() - ended < LATENCY * 2, "it is read at once");
        }
    }
    // Once it is silent indeed, no change that is tried hides that.
    service.lock().unwrap().is_silent = true;
    let silent = begun.elapsed();
    let live = gateway.upstreams[0].clone();
    tokio::spawn(async move { save(&live).await });
    while silence(&all()).is_none() {
        sleep(Duration::from_millis(100)).await;
        assert!(begun.elapsed() - silent < Duration::from_secs(60));
    }
    while all().failure().is_none() {
        sleep(Duration::from_millis(100)).await;
        assert!(begun.elapsed() - silent < Duration::from_secs(60));
    }
    assert!(all().connections()[0].last_error.is_some());
}
