//! A network between a gateway and its database that breaks at the worst moment: when a transaction is to be ended.

use super::super::*;
use super::server::{PASSWORD, Server};
use super::{change, lines, outcome, until};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Where the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Before the database hears that the transaction is to be ended.
    Before,
    /// After it has ended, and before the gateway hears of that.
    After,
}

/// Passes on what is said, and breaks the connection at the next end of a transaction once it is armed.
pub(crate) struct Network {
    pub(crate) port: u16,
    is_silent: Arc<AtomicBool>,
    armed: Arc<Mutex<Option<Cut>>>,
}

impl Network {
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let armed: Arc<Mutex<Option<Cut>>> = Arc::default();
        let is_silent: Arc<AtomicBool> = Arc::default();
        let network = Self {
            is_silent: is_silent.clone(),
            port: listener.local_addr().unwrap().port(),
            armed: armed.clone(),
        };
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, armed) = (client.unwrap(), armed.clone());
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                pass_on(&client, &server, &armed, &is_silent);
            }
        });
        network
    }

    /// Passes nothing on, without closing anything; connections that were open end once it passes on again.
    pub(crate) fn silence(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    fn cut(&self, where_: Cut) {
        *self.armed.lock().unwrap() = Some(where_);
    }

    fn is_cut(&self) -> bool {
        self.armed.lock().unwrap().is_none()
    }
}

/// Whether nothing was to be passed on, and is again.
fn was_silent(is_silent: &AtomicBool) -> bool {
    let mut was = false;
    while is_silent.load(Ordering::SeqCst) {
        was = true;
        thread::sleep(Duration::from_millis(20));
    }
    was
}

fn pass_on(
    client: &TcpStream,
    server: &TcpStream,
    armed: &Arc<Mutex<Option<Cut>>>,
    is_silent: &Arc<AtomicBool>,
) {
    let is_ending = Arc::new(AtomicBool::new(false));
    let ends = || [client, server].map(|one| one.try_clone().unwrap());
    let end = |both: &[TcpStream; 2]| {
        for one in both {
            let _ = one.shutdown(Shutdown::Both);
        }
    };
    let (mut asks, armed, ending, both) = (ends(), armed.clone(), is_ending.clone(), ends());
    let silent = is_silent.clone();
    thread::spawn(move || {
        let [from, to] = &mut asks;
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if buffer[..length].windows(6).any(|part| part == b"COMMIT") {
                match armed.lock().unwrap().take() {
                    Some(Cut::Before) => break,
                    Some(Cut::After) => ending.store(true, Ordering::SeqCst),
                    None => {}
                }
            }
            if was_silent(&silent) || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        end(&both);
    });
    let (mut answers, both, silent) = (ends(), ends(), is_silent.clone());
    thread::spawn(move || {
        let [to, from] = &mut answers;
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let is_over = is_ending.load(Ordering::SeqCst) || was_silent(&silent);
            if is_over || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        end(&both);
    });
}

/// Waits for the connection that is made after a pause.
async fn again(store: &Store) {
    until("the database", async || store.catch_up().await).await;
}

/// A store at a server behind such a network.
fn behind_a_network() -> Option<(Arc<Server>, Network, StoreLocation, Store)> {
    let server = Server::shared()?;
    let network = Network::to(server.port);
    let location = server.store_over_tcp(network.port, PASSWORD, &server.database());
    let store = Store::open(&location).unwrap();
    Some((server, network, location, store))
}

#[tokio::test]
async fn a_change_whose_record_is_in_doubt_is_not_sent_and_the_record_says_so() {
    let Some((_server, network, location, store)) = behind_a_network() else {
        return;
    };
    let sent = store.intent(change(1)).await.unwrap();
    for (number, cut) in [(2, Cut::Before), (3, Cut::After)] {
        network.cut(cut);
        let refused = store.intent(change(number)).await.unwrap_err();
        assert_eq!(refused.kind, Kind::NotRecorded);
        assert!(network.is_cut());
        again(&store).await;
    }
    // What was sent before is still under way.
    store.outcome(sent, outcome("done")).await.unwrap();
    let rows = lines(&location);
    let told = |row: &serde_json::Value| {
        let text = |name: &str| row[name].as_str().unwrap_or("").to_owned();
        (text("kind"), text("request"), text("outcome"))
    };
    let told: Vec<_> = rows.iter().map(told).collect();
    let row = |kind: &str, request: &str, outcome: &str| {
        (kind.to_owned(), request.to_owned(), outcome.to_owned())
    };
    assert_eq!(
        told,
        [
            row("intent", "r1", ""),
            // Of the second the database never heard; the third it recorded, and nobody was told.
            row("intent", "r3", ""),
            row("outcome", "r3", "not sent"),
            row("outcome", "", "done"),
        ]
    );
    assert!(verify(&location).unwrap().is_ok());
}

#[tokio::test]
async fn an_outcome_whose_record_is_in_doubt_is_recorded_once() {
    let Some((_server, network, location, store)) = behind_a_network() else {
        return;
    };
    for (number, cut) in [(1, Cut::Before), (2, Cut::After)] {
        let intent = store.intent(change(number)).await.unwrap();
        network.cut(cut);
        assert!(store.outcome(intent, outcome("done")).await.is_err());
        assert!(network.is_cut());
        again(&store).await;
    }
    let ends: Vec<_> = lines(&location)
        .iter()
        .map(|row| {
            (
                row["intent"].as_i64(),
                row["outcome"].as_str().map(str::to_owned),
            )
        })
        .collect();
    let done = || Some("done".to_owned());
    assert_eq!(
        ends,
        [
            (None, None),
            (Some(1), done()),
            (None, None),
            (Some(3), done())
        ]
    );
    assert!(verify(&location).unwrap().is_ok());
}

#[tokio::test]
async fn what_was_seen_is_listed_once_although_its_record_is_in_doubt() {
    let Some((_server, network, _, store)) = behind_a_network() else {
        return;
    };
    for (second, cut) in [(1, Cut::Before), (2, Cut::After)] {
        network.cut(cut);
        store.record(vec![super::activity::event(
            second,
            health::events::EventKind::Alarm,
            health::Severity::Warning,
            "plant-a",
            "g",
        )]);
        again(&store).await;
        assert!(network.is_cut());
    }
    let all = store.activity(super::activity::everything()).await.unwrap();
    let seen: Vec<&str> = all.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(
        seen.iter().filter(|what| what.len() == 1).count(),
        2,
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_nobody_waits_for_is_recorded_once_although_its_record_is_in_doubt() {
    let Some((_server, network, location, store)) = behind_a_network() else {
        return;
    };
    for (number, cut) in [(1, Cut::Before), (2, Cut::After)] {
        network.cut(cut);
        store.record_later(Entry {
            request: format!("r{number}"),
            ..outcome("done")
        });
        again(&store).await;
        assert!(network.is_cut());
    }
    let rows = lines(&location);
    let requests: Vec<_> = rows.iter().map(|row| row["request"].as_str()).collect();
    assert_eq!(requests, [Some("r1"), Some("r2")]);
    assert!(verify(&location).unwrap().is_ok());
}
