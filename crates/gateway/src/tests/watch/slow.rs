//! An Uplynk service with a latency of 3 s, and changes during a reading.

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
use vendors::Request as CallRequest;
use vendors::uplynk::groups;

/// The time that it takes to answer.
const LATENCY: Duration = Duration::from_secs(3);

/// The received requests, and the state of the service.
#[derive(Debug, Default)]
struct Received {
    /// The time of each request for the list.
    lists: Vec<DateTime<Utc>>,
    signatures: BTreeSet<String>,
    changes: usize,
    is_silent: bool,
}

type Service = Arc<Mutex<Received>>;

/// The time since the start, by the clock that tests can pause.
fn now_since(start: Instant) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + start.elapsed()
}

/// Starts the service and returns its address.
async fn serve(service: &Service, start: Instant) -> String {
    let service = service.clone();
    let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let service = service.clone();
        async move {
            let is_list = request.uri().path().ends_with("/failover-groups");
            {
                let mut received = service.lock().unwrap();
                if is_list {
                    received.lists.push(now_since(start));
                }
                let query = request.uri().query().unwrap().to_owned();
                assert!(received.signatures.insert(query), "unique seconds");
            }
            sleep(LATENCY).await;
            if service.lock().unwrap().is_silent {
                pending::<()>().await;
            }
            let mut received = service.lock().unwrap();
            if request.method() == "PUT" {
                received.changes += 1;
                return vendor_json(204, "");
            }
            let changes = received.changes;
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

/// A gateway whose clocks all follow the clock that tests can pause.
fn gateway(base: &str, start: Instant) -> Arc<Gateway> {
    let store = Store::open_by(&config::StoreLocation::Memory, move || now_since(start)).unwrap();
    let (_, skips) = watch::channel(Skips::default());
    let clock = Clock::new(move || now_since(start), skips);
    let signing: crate::clock::UnixClock = Arc::new(move || start.elapsed());
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

fn outgoing(request: &CallRequest) -> VendorRequest {
    let is_change = request.method().as_str() == "PUT";
    VendorRequest {
        method: request.method().as_str().parse().unwrap(),
        path: request.path.clone(),
        query: request.query.clone(),
        accept: request.accept,
        body: is_change.then(|| r#"{"slicers":[]}"#.into()),
    }
}

/// The requests of the console and the relay to save an order: read, check, write, and read the result.
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

/// The alarm of the connection, if there is one.
fn connection_alarm(all: &Inventory) -> Option<String> {
    let mut alarms = all.alarms.iter().flatten();
    let of_connection = alarms.find(|alarm| alarm.resource.kind == Kind::Connection);
    of_connection.map(|alarm| format!("{alarm:?}"))
}

#[tokio::test(start_paused = true)]
async fn changes_during_a_reading_do_not_make_a_slow_vendor_silent() {
    let (start, service) = (Instant::now(), Service::default());
    let gateway = gateway(&serve(&service, start).await, start);
    let all = || gateway.shared.watchers.inventory().everything();
    let lists = || service.lock().unwrap().lists.len();
    while all().connections()[0].observed_at.is_none() {
        sleep(Duration::from_millis(100)).await;
    }
    let assert_healthy = async || {
        sleep(Duration::from_millis(100)).await;
        let (all, newest) = (all(), service.lock().unwrap().lists.last().copied());
        let live = &all.connections()[0];
        assert_eq!((&live.failure, &live.last_error), (&None, &None));
        assert_eq!(connection_alarm(&all), None);
        assert!(live.observed_at <= newest, "newer than the last list");
    };
    for (number, after) in [100, 1_000, 1_900, 2_500, 2_900].into_iter().enumerate() {
        let before = lists();
        while lists() == before {
            assert_healthy().await;
        }
        let live = gateway.upstreams[0].clone();
        let saved = tokio::spawn(async move {
            sleep(Duration::from_millis(after)).await;
            save(&live).await;
        });
        while !saved.is_finished() {
            assert_healthy().await;
        }
        saved.await.unwrap();
        let ended = start.elapsed();
        while all().resource("g").name != (number + 1).to_string() {
            assert_healthy().await;
            assert!(start.elapsed() - ended < LATENCY * 2, "read at once");
        }
    }
    // Once the vendor is really silent, an attempted change does not hide it.
    service.lock().unwrap().is_silent = true;
    let silent = start.elapsed();
    let live = gateway.upstreams[0].clone();
    tokio::spawn(async move { save(&live).await });
    while connection_alarm(&all()).is_none() {
        sleep(Duration::from_millis(100)).await;
        assert!(start.elapsed() - silent < Duration::from_secs(60));
    }
    while all().failure().is_none() {
        sleep(Duration::from_millis(100)).await;
        assert!(start.elapsed() - silent < Duration::from_secs(60));
    }
    assert!(all().connections()[0].last_error.is_some());
}
