//! Leases of names, connections and seconds, each held by one gateway at a time.

use super::super::*;
use super::several::Several;
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn a_leased_name_is_held_until_it_is_given_back_or_expires() {
    let Some(several) = Several::new() else {
        return;
    };
    let (one, other) = (several.open(), several.open());
    let (now, long) = (Duration::ZERO, Duration::from_secs(600));
    let lease = async |store: &Store, name: &str, longest: Duration| {
        store.lease(name, now, longest).await.unwrap()
    };
    let first = lease(&one, "a", long).await;
    assert!(first.is_some());
    assert!(lease(&other, "a", long).await.is_none());
    assert!(lease(&other, "b", long).await.is_some());
    drop(first);
    // Waits until the store has given it back.
    assert!(one.catch_up().await);
    assert!(lease(&other, "a", long).await.is_some());
    // The caller has given up in the meantime.
    let nobody = Job::Lease("d".to_owned(), long, oneshot::channel().0);
    assert!(one.jobs.try_send(nobody).is_ok() && one.catch_up().await);
    assert!(lease(&other, "d", long).await.is_some());
    // A gateway that ended gives nothing back.
    std::mem::forget(lease(&one, "c", now).await);
    assert!(lease(&other, "c", long).await.is_some());
}

/// The shared state, after this gateway announced that it can watch these connections.
async fn shared_state(store: &Store, connections: &[&str]) -> SharedState {
    let connections = connections.iter().map(|&one| one.to_owned()).collect();
    store
        .shared_state(Some(connections), || 5_000)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_connection_is_leased_by_one_gateway_whose_readings_the_others_receive() {
    let Some(several) = Several::new() else {
        return;
    };
    let (one, other) = (several.open(), several.open());
    let take = async |store: &Store| store.take_connection("plant".to_owned()).await.unwrap();
    let publish = async |store: &Store, is_complete, entry: &[u8]| {
        let published = store.publish("plant".to_owned(), is_complete, entry.to_vec());
        published.await.unwrap()
    };
    let read = async |store: &Store, after| {
        let readings = store.readings("plant".to_owned(), after).await.unwrap();
        let of = |one: SharedReading| (one.number, one.is_complete, one.entry);
        readings.into_iter().map(of).collect::<Vec<_>>()
    };
    shared_state(&one, &["plant"]).await;
    let all = shared_state(&other, &["plant", "live"]).await;
    assert_eq!(all.gateways.len(), 2);
    assert!(all.connections.is_empty() && all.clock_offset_ms.0 < 0);
    assert!(take(&one).await && !take(&other).await && take(&one).await);
    assert!(publish(&one, true, b"all").await && publish(&one, false, b"more").await);
    assert!(!publish(&other, true, b"not its own").await);
    other.unpublish("plant".to_owned()).await.unwrap();
    let first = read(&other, 0).await[0].0;
    assert_eq!(
        read(&other, 0).await,
        [
            (first, true, b"all".to_vec()),
            (first + 1, false, b"more".to_vec())
        ]
    );
    assert_eq!(read(&other, first).await.len(), 1);
    assert!(publish(&one, true, b"anew").await);
    assert_eq!(read(&other, 0).await, [(first + 2, true, b"anew".to_vec())]);
    tokio::time::timeout(Duration::from_secs(60), other.shared())
        .await
        .unwrap();
    // A reload removes the connection here: it is not renewed, and the other gateway can watch it.
    let until = || {
        let until = "SELECT until FROM shared_connection";
        several.server.statement(&several.database, until).unwrap()
    };
    let before = until();
    shared_state(&one, &[]).await;
    assert_eq!(until(), before);
    shared_state(&one, &["plant"]).await;
    assert_ne!(until(), before);
    // The holder hangs until its lease expires.
    let over = "UPDATE shared_connection SET until = now() - interval '1 second';
        UPDATE watching_gateway SET until = now() - interval '1 second'";
    several.server.statement(&several.database, over).unwrap();
    let all = shared_state(&other, &["plant"]).await;
    let plant = &all.connections["plant"];
    assert!(all.gateways.len() == 1 && !plant.is_leased && plant.is_recent);
    assert_eq!(plant.number, first + 2);
    assert!(take(&other).await);
    assert_eq!(
        read(&one, 0).await,
        [],
        "the new holder has read them already"
    );
    assert!(
        !publish(&one, false, b"late").await,
        "it has lost its lease"
    );
    shared_state(&one, &["plant"]).await;
    other.leave().await;
    let all = shared_state(&one, &["plant"]).await;
    assert!(all.gateways.len() == 1 && !all.connections["plant"].is_leased);
    let before = until();
    one.forget_connection("plant".to_owned()).await.unwrap();
    assert_eq!(until(), before, "it is not its own");
    assert!(take(&one).await && publish(&one, true, b"all").await);
    one.forget_connection("plant".to_owned()).await.unwrap();
    assert_eq!((until().as_str(), read(&one, 0).await), ("", vec![]));
    // A request of one gateway is sent to all.
    other.send_watch_requests("a reading".to_owned()).await;
    let requests = tokio::time::timeout(Duration::from_secs(60), one.watch_requests());
    assert_eq!(requests.await.unwrap(), ["a reading"]);
}

#[tokio::test]
async fn a_second_is_reserved_by_one_gateway_only() {
    let Some(several) = Several::new() else {
        return;
    };
    let (one, other) = (several.open(), several.open());
    let take = async |store: &Store, now| store.take_second("a".to_owned(), now, 30).await.unwrap();
    let all = [
        take(&one, 100).await,
        take(&other, 100).await,
        take(&one, 100).await,
        take(&other, 110).await,
        // Its clock is behind: the next free second is too far ahead for it.
        take(&one, 90).await,
        // The clock was set back.
        take(&one, 100).await,
    ];
    assert_eq!(all, [100, 101, 102, 110, 90, 103]);
    assert_eq!(
        one.take_second("b".to_owned(), 100, 30).await,
        Some(100),
        "another account"
    );
    let at_once = async |store| [take(store, 200).await, take(store, 200).await];
    let (mine, theirs) = tokio::join!(at_once(&one), at_once(&other));
    assert_eq!(BTreeSet::from_iter(mine.into_iter().chain(theirs)).len(), 4);
    let aged = "UPDATE signed_second SET at = now() - interval '1 hour'";
    several.server.statement(&several.database, aged).unwrap();
    take(&one, 300).await;
    let left = "SELECT count(*) FROM signed_second";
    let left = several.server.statement(&several.database, left).unwrap();
    assert_eq!(left, "1", "old seconds are deleted");
    let alone = Store::open(&StoreLocation::Memory).unwrap();
    assert_eq!(alone.take_second("a".to_owned(), 100, 30).await, None);
}
