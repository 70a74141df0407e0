//! A network between a gateway and its database that breaks at the worst moment: during a commit.

use super::super::*;
use super::server::{PASSWORD, Server};
use super::{change, lines, outcome, until};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// When the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Before the database receives the commit.
    Before,
    /// After the commit, and before the gateway receives the reply.
    After,
}

/// A proxy that, once armed, breaks the connection at the next commit.
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
                forward(&client, &server, &armed, &is_silent);
            }
        });
        network
    }

    /// Stops forwarding without closing anything; open connections end once forwarding resumes.
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

/// Waits while forwarding is stopped. Returns whether it was.
fn was_silent(is_silent: &AtomicBool) -> bool {
    let mut was = false;
    while is_silent.load(Ordering::SeqCst) {
        was = true;
        thread::sleep(Duration::from_millis(20));
    }
    was
}

fn forward(
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
    let (mut requests, armed, ending, both) = (ends(), armed.clone(), is_ending.clone(), ends());
    let silent = is_silent.clone();
    thread::spawn(move || {
        let [from, to] = &mut requests;
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

/// Waits for the connection to be made again.
async fn until_reconnected(store: &Store) {
    until("the database", async || store.catch_up().await).await;
}

/// A store at a server behind such a proxy.
fn behind_a_network() -> Option<(Arc<Server>, Network, StoreLocation, Store)> {
    let server = Server::shared()?;
    let network = Network::to(server.port);
    let location = server.store_over_tcp(network.port, PASSWORD, &server.database());
    let store = Store::open(&location).unwrap();
    Some((server, network, location, store))
}

#[tokio::test]
async fn a_change_whose_record_is_uncertain_is_recorded_as_not_sent() {
    let Some((_server, network, location, store)) = behind_a_network() else {
        return;
    };
    let sent = store.intent(change(1)).await.unwrap();
    for (number, cut) in [(2, Cut::Before), (3, Cut::After)] {
        network.cut(cut);
        let refused = store.intent(change(number)).await.unwrap_err();
        assert_eq!(refused.kind, Kind::NotRecorded);
        assert!(network.is_cut());
        until_reconnected(&store).await;
    }
    // The first change is still under way.
    store.outcome(sent, outcome("done")).await.unwrap();
    let rows = lines(&location);
    let fields = |row: &serde_json::Value| {
        let text = |name: &str| row[name].as_str().unwrap_or("").to_owned();
        (text("kind"), text("request"), text("outcome"))
    };
    let fields: Vec<_> = rows.iter().map(fields).collect();
    let row = |kind: &str, request: &str, outcome: &str| {
        (kind.to_owned(), request.to_owned(), outcome.to_owned())
    };
    assert_eq!(
        fields,
        [
            row("intent", "r1", ""),
            // The second never reached the database; the third was recorded, but its caller got an error.
            row("intent", "r3", ""),
            row("outcome", "r3", "not sent"),
            row("outcome", "", "done"),
        ]
    );
    assert!(verify(&location).unwrap().is_ok());
}

#[tokio::test]
async fn an_action_whose_commit_was_cut_off_may_have_taken_effect() {
    let Some((_server, network, _, store)) = behind_a_network() else {
        return;
    };
    for (number, cut) in [(1, Cut::Before), (2, Cut::After)] {
        network.cut(cut);
        let note = StateChange::put(Table::Notes, "n", &number);
        let problem = store.record_action(change(number), note).await.unwrap_err();
        assert!(!problem.is_not_carried_out(), "{problem:?}");
        until_reconnected(&store).await;
        network.cut(cut);
        let change = store
            .change(&[Table::Walls], |_| Ok(((), Vec::new())))
            .await;
        assert!(!change.unwrap_err().is_not_carried_out());
        until_reconnected(&store).await;
    }
}

#[tokio::test]
async fn an_outcome_whose_record_is_uncertain_is_recorded_once() {
    let Some((_server, network, location, store)) = behind_a_network() else {
        return;
    };
    for (number, cut) in [(1, Cut::Before), (2, Cut::After)] {
        let intent = store.intent(change(number)).await.unwrap();
        network.cut(cut);
        assert!(store.outcome(intent, outcome("done")).await.is_err());
        assert!(network.is_cut());
        until_reconnected(&store).await;
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
async fn an_observed_event_whose_record_is_uncertain_is_listed_once() {
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
        until_reconnected(&store).await;
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
async fn a_background_event_whose_record_is_uncertain_is_recorded_once() {
    let Some((_server, network, location, store)) = behind_a_network() else {
        return;
    };
    for (number, cut) in [(1, Cut::Before), (2, Cut::After)] {
        network.cut(cut);
        store.record_later(Entry {
            request: format!("r{number}"),
            ..outcome("done")
        });
        until_reconnected(&store).await;
        assert!(network.is_cut());
    }
    let rows = lines(&location);
    let requests: Vec<_> = rows.iter().map(|row| row["request"].as_str()).collect();
    assert_eq!(requests, [Some("r1"), Some("r2")]);
    assert!(verify(&location).unwrap().is_ok());
}
