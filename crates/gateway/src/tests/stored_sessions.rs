//! Ended sessions are saved in the store, in both kinds of database.

use super::access::{session_of, sign_in, with_memory};
use super::ended_sessions::{KEY, sign_out};
use super::walls::process as without_store;
use super::*;
use crate::app::Shared;
use crate::auth::{Memory, unlock_code};
use crate::clock::wall_clock;
use crate::config::StoreLocation;
use crate::crypto::Seal;
use crate::store::Store;
use crate::store::tests::server::Server;
use crate::store::tests::{Site, lines, reopen, sites, until};
use crate::watch::Clock;
use rusqlite::Connection;
use std::path::Path;

/// A gateway as in another process, with this store. Its file of ended sessions is next to the file of walls.
fn process(store: Store, walls: Option<&Path>) -> Arc<Gateway> {
    let shared = Arc::new(Shared::new(Clock::system(), store));
    let memory = Memory::new().unwrap().with_store(shared.store.clone());
    let mut gateway = with_memory(Vec::new(), Some(KEY), false, walls, &Arc::new(memory)).unwrap();
    gateway.shared = shared;
    Arc::new(gateway)
}

fn at(location: &StoreLocation) -> Arc<Gateway> {
    process(Store::open(location).unwrap(), None)
}

/// Reads the store as a running gateway does every two seconds.
async fn sync_with_store(gateway: &Arc<Gateway>) {
    gateway.shared.watchers.inventory().sync_with_store().await;
}

async fn is_signed_in(gateway: &Arc<Gateway>, cookie: &str) -> bool {
    session_of(gateway, cookie).await.0 == 200
}

/// The field `why` of each sign-out in the audit, which notes that it was not saved.
fn reasons(location: &StoreLocation) -> Vec<String> {
    let rows = lines(location).into_iter();
    let sign_outs = rows.filter(|row| row["what"] == "sign out");
    sign_outs.map(|row| row["why"].to_string()).collect()
}

#[tokio::test]
async fn a_session_that_was_signed_out_stays_ended_after_a_restart() {
    for Site { location, .. } in &sites() {
        let gateway = at(location);
        let (copied, stays) = (
            sign_in(&gateway, "vic").await,
            sign_in(&gateway, "vic").await,
        );
        assert_eq!(sign_out(&gateway, &copied).await, 204);
        drop(gateway);
        let gateway = process(reopen(location).await, None);
        assert!(!is_signed_in(&gateway, &copied).await);
        assert!(is_signed_in(&gateway, &stays).await, "other session");
    }
}

#[tokio::test]
async fn an_unlock_code_that_was_used_stays_used_after_a_restart() {
    for Site { location, .. } in &sites() {
        let gateway = at(location);
        let code = unlock_code(&Seal::shared(&KEY.into()), "vic", wall_clock()()).unwrap();
        let open = async |gateway: &Arc<Gateway>| {
            let line = format!("POST /api/unlock?code={code}");
            let answer = ask(gateway, &line, &[], "").await;
            answer.status().as_u16()
        };
        assert_eq!(open(&gateway).await, 303);
        drop(gateway);
        let gateway = process(reopen(location).await, None);
        assert_eq!(open(&gateway).await, 400);
    }
}

#[tokio::test]
async fn signing_out_at_one_gateway_ends_the_session_at_all_with_the_same_database() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, other) = (at(&location), at(&location));
    assert!(one.shared.store.leads() && !other.shared.store.leads());
    let mut ended = Vec::new();
    for (here, there) in [(&one, &other), (&other, &one), (&one, &other)] {
        let copied = sign_in(here, "vic").await;
        sync_with_store(there).await;
        assert!(is_signed_in(there, &copied).await);
        assert_eq!(sign_out(here, &copied).await, 204);
        sync_with_store(there).await;
        ended.push(copied);
        for copied in &ended {
            assert!(!is_signed_in(here, copied).await && !is_signed_in(there, copied).await);
        }
    }
    let third = at(&location);
    for copied in &ended {
        assert!(!is_signed_in(&third, copied).await, "known to a new one");
    }
    // While it watches, it reads the store by itself.
    third.watch();
    let copied = sign_in(&one, "vic").await;
    assert_eq!(sign_out(&one, &copied).await, 204);
    until("the end of the session", async || {
        !is_signed_in(&third, &copied).await
    })
    .await;
    third.shared.watchers.stop();
}

#[tokio::test]
async fn signing_out_without_the_database_takes_effect_locally_and_elsewhere_later() {
    let Some(server) = Server::new() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, other) = (at(&location), at(&location));
    let copied = sign_in(&one, "vic").await;
    server.kill();
    assert_eq!(sign_out(&one, &copied).await, 204);
    assert!(!is_signed_in(&one, &copied).await);
    assert!(is_signed_in(&other, &copied).await, "not yet known");
    server.start();
    for gateway in [&one, &other] {
        let store = &gateway.shared.store;
        until("the database", async || store.catch_up().await).await;
    }
    sync_with_store(&other).await;
    assert!(!is_signed_in(&other, &copied).await);
}

#[tokio::test]
async fn a_sign_out_that_cannot_be_saved_is_reported_and_saved_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let location = StoreLocation::File(file.clone());
    let gateway = at(&location);
    let first = sign_in(&gateway, "vic").await;
    let second = sign_in(&gateway, "vic").await;
    let rename_table = async |from: &str, to: &str| {
        // Wait for pending writes: an audit row that is written meanwhile would fail.
        gateway.shared.store.catch_up().await;
        let database = Connection::open(&file).unwrap();
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        database.execute_batch(&rename).unwrap();
    };
    rename_table("ended_session", "elsewhere").await;
    assert_eq!(sign_out(&gateway, &first).await, 204);
    assert!(!is_signed_in(&gateway, &first).await);
    rename_table("elsewhere", "ended_session").await;
    assert_eq!(sign_out(&gateway, &second).await, 204);
    assert!(gateway.shared.store.catch_up().await);
    let reasons = reasons(&location);
    assert!(
        reasons[0].contains("not-saved") && !reasons[1].contains("not-saved"),
        "{reasons:?}"
    );
    drop(gateway);
    let gateway = process(reopen(&location).await, None);
    for copied in [&first, &second] {
        assert!(!is_signed_in(&gateway, copied).await);
    }
}

#[tokio::test]
async fn a_file_of_ended_sessions_is_imported_once() {
    for Site { location, .. } in &sites() {
        let folder = tempfile::tempdir().unwrap();
        let walls = folder.path().join("walls.json");
        let file = walls.with_extension("ended");
        let before = without_store(Some(&walls));
        let (old, new) = (sign_in(&before, "vic").await, sign_in(&before, "vic").await);
        assert_eq!(sign_out(&before, &old).await, 204);
        let written = std::fs::read(&file).unwrap();
        let gateway = process(Store::open(location).unwrap(), Some(&walls));
        assert!(!is_signed_in(&gateway, &old).await);
        assert_eq!(sign_out(&gateway, &new).await, 204);
        // With SQLite, several gateways may share the file, so it is updated; with PostgreSQL they share the database.
        let is_written = matches!(location, StoreLocation::File(_));
        assert_eq!(std::fs::read(&file).unwrap() != written, is_written);
        assert_eq!(is_signed_in(&before, &new).await, !is_written);
        drop(gateway);
        std::fs::remove_file(&file).unwrap();
        let gateway = process(reopen(location).await, None);
        for copied in [&old, &new] {
            assert!(!is_signed_in(&gateway, copied).await);
        }
    }
}

#[tokio::test]
async fn an_invalid_file_of_ended_sessions_is_a_configuration_error_even_with_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let walls = folder.path().join("walls.json");
    std::fs::write(walls.with_extension("ended"), "{").unwrap();
    let store = Store::open(&StoreLocation::File(folder.path().join("store.db"))).unwrap();
    let memory = Memory::new().unwrap().with_store(Arc::new(store));
    let made = with_memory(
        Vec::new(),
        Some(KEY),
        false,
        Some(&walls),
        &Arc::new(memory),
    );
    assert!(made.unwrap_err().contains("register of ended sessions"));
}
