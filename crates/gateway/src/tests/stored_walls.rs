//! Walls are saved in the store, in both kinds of database, and all gateways that share it have the same walls.

use super::access::{sign_in, with_memory};
use super::walls::{Screen, enter, list, process as without_store, revoke, wall};
use super::*;
use crate::app::Shared;
use crate::auth::Memory;
use crate::config::StoreLocation;
use crate::store::Store;
use crate::store::tests::server::Server;
use crate::store::tests::{Site, lines, reopen, sites, until};
use crate::watch::Clock;
use std::path::Path;

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

/// A gateway as in another process, with this store and this file of walls.
fn process(store: Store, key: Option<&str>, file: Option<&Path>) -> Arc<Gateway> {
    let shared = Arc::new(Shared::new(Clock::system(), store));
    let memory = Memory::new().unwrap().with_store(shared.store.clone());
    let mut gateway = with_memory(Vec::new(), key, false, file, &Arc::new(memory)).unwrap();
    gateway.shared = shared;
    Arc::new(gateway)
}

pub(super) fn at(location: &StoreLocation) -> Arc<Gateway> {
    process(Store::open(location).unwrap(), Some(KEY), None)
}

/// Reads the store as a running gateway does after a change by another one.
async fn sync_with_store(gateway: &Arc<Gateway>) {
    gateway.shared.watchers.inventory().sync_with_store().await;
}

async fn names(gateway: &Arc<Gateway>, admin: &str) -> Vec<String> {
    let listed = list(gateway, admin).await;
    let walls = listed["walls"].as_array().unwrap().iter();
    let names = walls.map(|wall| wall["name"].as_str().unwrap().to_owned());
    // Walls that are paired within the same second have no order.
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test]
async fn walls_and_revocations_survive_a_restart() {
    for Site { location, .. } in &sites() {
        let gateway = at(location);
        let admin = sign_in(&gateway, "ann").await;
        let (mut stays, _) = wall(&gateway, &admin, "Stays").await;
        let (mut revoked, id) = wall(&gateway, &admin, "Revoked").await;
        assert_eq!(revoked.session(&gateway).await.0, 200);
        assert_eq!(list(&gateway, &admin).await["kept"], "store");
        assert_eq!(revoke(&gateway, &admin, &id).await, 204);
        let mut waiting = Screen::default();
        let code = waiting.code(&gateway).await;
        drop(gateway);
        let again = process(reopen(location).await, Some(KEY), None);
        assert_eq!(stays.session(&again).await.0, 200);
        assert_eq!(revoked.session(&again).await.0, 401, "still revoked");
        assert_eq!(names(&again, &admin).await, ["Stays"]);
        assert_eq!(waiting.code(&again).await, code, "the code stays valid too");
    }
}

#[tokio::test]
async fn without_a_configured_key_walls_do_not_survive_a_restart() {
    for Site { location, .. } in &sites() {
        let gateway = process(Store::open(location).unwrap(), None, None);
        let admin = sign_in(&gateway, "ann").await;
        wall(&gateway, &admin, "Hall").await;
        assert_eq!(list(&gateway, &admin).await["kept"], "memory");
        drop(gateway);
        let gateway = process(reopen(location).await, None, None);
        let admin = sign_in(&gateway, "ann").await;
        assert_eq!(names(&gateway, &admin).await, [""; 0]);
    }
}

#[tokio::test]
async fn all_gateways_with_the_same_database_know_paired_and_revoked_walls() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, two, three) = (at(&location), at(&location), at(&location));
    let admin = sign_in(&one, "ann").await;
    let mut screen = Screen::default();
    // Each request of a browser may reach another gateway, before that gateway has read the change.
    let code = screen.code(&one).await;
    assert_eq!(screen.code(&two).await, code);
    assert_eq!(screen.state(&three).await, "waiting");
    let answer = enter(&two, &admin, &code, "Hall").await;
    assert_eq!(answer.status(), 201);
    let answer = enter(&one, &admin, &code, "Two").await;
    assert!(problem(answer).await.2.contains("used already"));
    // Both gateways know that it is paired; the second one finds that the first has already issued the session.
    sync_with_store(&one).await;
    sync_with_store(&three).await;
    let mut copy = screen.clone();
    assert_eq!(screen.state(&three).await, "paired");
    assert_eq!(copy.state(&one).await, "over", "one session per code");
    for gateway in [&one, &two, &three] {
        assert_eq!(screen.session(gateway).await.0, 200);
        assert_eq!(names(gateway, &admin).await, ["Hall"]);
    }
    let mut other = Screen::default();
    let code = other.code(&two).await;
    let answer = enter(&three, &admin, &code, "hall").await;
    assert_eq!(problem(answer).await.0, "name-taken");
    let listed = list(&two, &admin).await;
    let wall = &listed["walls"][0];
    assert!(wall["last_seen"].is_string(), "{wall}");
    let id = wall["id"].as_str().unwrap();
    assert_eq!(revoke(&two, &admin, id).await, 204);
    for gateway in [&one, &two, &three] {
        sync_with_store(gateway).await;
        assert_eq!(screen.session(gateway).await.0, 401);
        assert_eq!(names(gateway, &admin).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_watching_gateway_learns_of_a_wall_revoked_at_another_one() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, other) = (at(&location), at(&location));
    let admin = sign_in(&one, "ann").await;
    let (screen, id) = wall(&one, &admin, "Hall").await;
    assert_eq!(screen.clone().session(&other).await.0, 200);
    other.watch();
    assert_eq!(revoke(&one, &admin, &id).await, 204);
    until("the end of the session", async || {
        screen.clone().session(&other).await.0 == 401
    })
    .await;
    other.shared.watchers.stop();
}

#[tokio::test]
async fn last_seen_of_a_wall_is_saved_but_not_audited() {
    for Site { location, .. } in &sites() {
        let gateway = at(location);
        let admin = sign_in(&gateway, "ann").await;
        let (mut screen, _) = wall(&gateway, &admin, "Hall").await;
        assert_eq!(screen.session(&gateway).await.0, 200);
        assert!(gateway.shared.store.catch_up().await);
        let rows = lines(location).len();
        assert_eq!(screen.session(&gateway).await.0, 200);
        drop(gateway);
        let again = process(reopen(location).await, Some(KEY), None);
        let listed = list(&again, &admin).await;
        assert!(listed["walls"][0]["last_seen"].is_string(), "{listed}");
        assert_eq!(listed["walls"][0]["address"], "127.0.0.1");
        assert_eq!(lines(location).len(), rows);
    }
}

#[tokio::test]
async fn a_gateway_that_does_not_lead_saves_last_seen_too() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, other) = (at(&location), at(&location));
    assert!(!other.shared.store.leads());
    let admin = sign_in(&one, "ann").await;
    let (mut screen, _) = wall(&one, &admin, "Hall").await;
    assert_eq!(screen.session(&other).await.0, 200);
    assert!(other.shared.store.catch_up().await);
    let listed = list(&one, &admin).await;
    assert!(listed["walls"][0]["last_seen"].is_string(), "{listed}");
}

#[tokio::test]
async fn throttled_requests_for_codes_do_not_reach_the_store() {
    let Some(server) = Server::new() else {
        return;
    };
    let gateway = at(&server.store(&server.database()));
    for _ in 0..20 {
        Screen::default().code(&gateway).await;
    }
    server.kill();
    let answer = ask(&gateway, "POST /api/pairing", &[], "").await;
    assert_eq!(problem(answer).await.0, "too-many-tries");
}

#[tokio::test]
async fn a_file_of_walls_is_imported() {
    for Site { location, .. } in &sites() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("walls.json");
        let before = without_store(Some(&file));
        let admin = sign_in(&before, "ann").await;
        let (mut stays, _) = wall(&before, &admin, "Stays").await;
        let (mut revoked, id) = wall(&before, &admin, "Revoked").await;
        let written = std::fs::read(&file).unwrap();
        let gateway = process(Store::open(location).unwrap(), Some(KEY), Some(&file));
        // The first request of a wall that is not in the store yet.
        assert_eq!(stays.session(&gateway).await.0, 200);
        assert_eq!(revoked.session(&gateway).await.0, 200);
        assert_eq!(names(&gateway, &admin).await, ["Revoked", "Stays"]);
        assert_eq!(revoke(&gateway, &admin, &id).await, 204);
        let (mut new, _) = wall(&gateway, &admin, "New").await;
        assert_eq!(std::fs::read(&file).unwrap(), written, "unchanged");
        drop(gateway);
        // During an update, a gateway of the previous version may still add walls to the file.
        let (mut late, _) = wall(&before, &admin, "new").await;
        let again = process(reopen(location).await, Some(KEY), Some(&file));
        assert_eq!(revoked.session(&again).await.0, 401, "still revoked");
        for screen in [&mut stays, &mut new, &mut late] {
            assert_eq!(screen.session(&again).await.0, 200);
        }
        let known = names(&again, &admin).await;
        assert_eq!(known, ["New", "Stays", "new 2"], "duplicates are numbered");
        drop(again);
        let without = process(reopen(location).await, Some(KEY), None);
        assert_eq!(stays.session(&without).await.0, 200);
        drop(without);
        std::fs::write(&file, "{").unwrap();
        let store = reopen(location).await;
        let memory = Arc::new(Memory::new().unwrap().with_store(Arc::new(store)));
        let why = with_memory(Vec::new(), Some(KEY), false, Some(&file), &memory).unwrap_err();
        assert!(why.contains("walls.json"), "{why}");
    }
}

#[tokio::test]
async fn a_revocation_that_could_not_be_saved_is_saved_without_another_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let location = StoreLocation::File(file.clone());
    let gateway = at(&location);
    let admin = sign_in(&gateway, "ann").await;
    let (mut revoked, id) = wall(&gateway, &admin, "Revoked").await;
    let rename = |from: &str, to: &str| {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        let database = rusqlite::Connection::open(&file).unwrap();
        database.execute_batch(&rename).unwrap();
    };
    // As while the database is unavailable.
    rename("wall", "elsewhere");
    rename("probe", "no_probe");
    let line = format!("DELETE /api/walls/{id}");
    let answer = ask(&gateway, &line, &[("cookie", &admin)], "").await;
    assert_eq!(problem(answer).await.0, "not-saved");
    assert_eq!(revoked.session(&gateway).await.0, 401, "at once");
    rename("elsewhere", "wall");
    rename("no_probe", "probe");
    let store = &gateway.shared.store;
    until("the store", async || store.catch_up().await).await;
    drop(gateway);
    let again = process(reopen(&location).await, Some(KEY), None);
    assert_eq!(revoked.session(&again).await.0, 401, "still revoked");
}

#[tokio::test]
async fn without_the_database_walls_stay_signed_in_and_revocations_are_saved_later() {
    let Some(server) = Server::new() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, other) = (at(&location), at(&location));
    let admin = sign_in(&one, "ann").await;
    let (mut stays, _) = wall(&one, &admin, "Stays").await;
    let (mut revoked, id) = wall(&one, &admin, "Revoked").await;
    let mut unknown = revoked.clone();
    sync_with_store(&other).await;
    server.kill();
    for gateway in [&one, &other] {
        assert_eq!(stays.session(gateway).await.0, 200);
    }
    let line = format!("DELETE /api/walls/{id}");
    let answer = ask(&one, &line, &[("cookie", &admin)], "").await;
    assert_eq!(problem(answer).await.0, "not-saved");
    assert_eq!(revoked.session(&one).await.0, 401, "locally at once");
    assert_eq!(revoked.session(&other).await.0, 200, "not yet known");
    let with = [("cookie", admin.as_str())];
    for (line, with, body) in [
        ("GET /api/walls", &with[..], ""),
        (
            "POST /api/walls",
            &with,
            r#"{"code":"CDFG-3467","name":"Hall"}"#,
        ),
        ("POST /api/pairing", &[], ""),
        ("GET /api/activity", &with, ""),
    ] {
        let answer = ask(&one, line, with, body).await;
        assert_eq!(header(&answer, "retry-after"), "5", "{line}");
        let (kind, status, detail) = problem(answer).await;
        assert_eq!(
            (kind.as_str(), status),
            ("store-unavailable", 503),
            "{line}"
        );
        assert!(
            detail.starts_with("the store cannot be reached"),
            "{detail}"
        );
    }
    server.start();
    for gateway in [&one, &other] {
        let store = &gateway.shared.store;
        until("the database", async || store.catch_up().await).await;
    }
    until("the end of the wall", async || {
        sync_with_store(&other).await;
        unknown.session(&other).await.0 == 401
    })
    .await;
    assert_eq!(names(&other, &admin).await, ["Stays"]);
}

#[tokio::test]
async fn walls_can_be_paired_after_a_lost_connection_and_survive_the_end_of_a_gateway() {
    let Some(server) = Server::shared() else {
        return;
    };
    let database = server.database();
    let location = server.store(&database);
    let (one, other) = (at(&location), at(&location));
    let admin = sign_in(&one, "ann").await;
    let (mut first, _) = wall(&one, &admin, "First").await;
    server.end_sessions(&database);
    until("the database", async || {
        one.shared.store.catch_up().await && other.shared.store.catch_up().await
    })
    .await;
    let (mut second, _) = wall(&other, &admin, "Second").await;
    drop(one);
    for screen in [&mut first, &mut second] {
        assert_eq!(screen.session(&other).await.0, 200);
    }
    assert_eq!(names(&other, &admin).await, ["First", "Second"]);
}
