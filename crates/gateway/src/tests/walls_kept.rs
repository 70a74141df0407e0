//! Walls are kept in the store, in either database, and are the same at all gateways that share it.

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
    let memory = Memory::new().unwrap().kept_in(shared.store.clone());
    let mut gateway = with_memory(Vec::new(), key, false, file, &Arc::new(memory)).unwrap();
    gateway.shared = shared;
    Arc::new(gateway)
}

pub(super) fn at(location: &StoreLocation) -> Arc<Gateway> {
    process(Store::open(location).unwrap(), Some(KEY), None)
}

/// What comes by itself once another gateway has changed something.
async fn sync_with_store(gateway: &Arc<Gateway>) {
    gateway.shared.watchers.inventory().sync_with_store().await;
}

async fn names(gateway: &Arc<Gateway>, admin: &str) -> Vec<String> {
    let listed = list(gateway, admin).await;
    let walls = listed["walls"].as_array().unwrap().iter();
    let names = walls.map(|wall| wall["name"].as_str().unwrap().to_owned());
    // Two that are paired within a second have no order.
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
        let (mut goes, id) = wall(&gateway, &admin, "Goes").await;
        assert_eq!(goes.session(&gateway).await.0, 200);
        assert_eq!(list(&gateway, &admin).await["kept"], "store");
        assert_eq!(revoke(&gateway, &admin, &id).await, 204);
        let mut waits = Screen::default();
        let code = waits.code(&gateway).await;
        drop(gateway);
        let again = process(reopen(location).await, Some(KEY), None);
        assert_eq!(stays.session(&again).await.0, 200);
        assert_eq!(goes.session(&again).await.0, 401, "revoked stays revoked");
        assert_eq!(names(&again, &admin).await, ["Stays"]);
        assert_eq!(waits.code(&again).await, code, "a code stays good too");
    }
}

#[tokio::test]
async fn without_a_key_that_lasts_walls_are_forgotten_with_their_cookies() {
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
async fn what_one_gateway_pairs_and_revokes_holds_at_all_that_share_its_database() {
    let Some(server) = Server::shared() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, two, three) = (at(&location), at(&location), at(&location));
    let admin = sign_in(&one, "ann").await;
    let mut screen = Screen::default();
    // Each request of a browser may reach another gateway, before that one has heard of anything.
    let code = screen.code(&one).await;
    assert_eq!(screen.code(&two).await, code);
    assert_eq!(screen.state(&three).await, "waiting");
    let answer = enter(&two, &admin, &code, "Hall").await;
    assert_eq!(answer.status(), 201);
    let answer = enter(&one, &admin, &code, "Two").await;
    assert!(problem(answer).await.2.contains("used already"));
    // Both know that it is paired, and the second finds that the first has taken its session.
    sync_with_store(&one).await;
    sync_with_store(&three).await;
    let mut copy = screen.clone();
    assert_eq!(screen.state(&three).await, "paired");
    assert_eq!(copy.state(&one).await, "over", "a code gives one session");
    for gateway in [&one, &two, &three] {
        assert_eq!(screen.session(gateway).await.0, 200);
        assert_eq!(names(gateway, &admin).await, ["Hall"]);
    }
    let mut other = Screen::default();
    let code = other.code(&two).await;
    let answer = enter(&three, &admin, &code, "hall").await;
    assert_eq!(problem(answer).await.0, "name-taken");
    let listed = list(&two, &admin).await;
    let seen = &listed["walls"][0];
    assert!(seen["last_seen"].is_string(), "{seen}");
    let id = seen["id"].as_str().unwrap();
    assert_eq!(revoke(&two, &admin, id).await, 204);
    for gateway in [&one, &two, &three] {
        sync_with_store(gateway).await;
        assert_eq!(screen.session(gateway).await.0, 401);
        assert_eq!(names(gateway, &admin).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_gateway_hears_by_itself_of_a_wall_that_was_revoked_elsewhere() {
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
    until("the end there", async || {
        screen.clone().session(&other).await.0 == 401
    })
    .await;
    other.shared.watchers.stop();
}

#[tokio::test]
async fn when_a_wall_was_seen_is_known_everywhere_and_is_no_row_of_the_audit() {
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
async fn what_a_gateway_sees_of_a_wall_is_saved_also_if_another_records_what_all_see() {
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
async fn who_asks_for_too_many_codes_does_not_reach_the_store() {
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
async fn a_file_of_walls_is_taken_over_once() {
    for Site { location, .. } in &sites() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("walls.json");
        let before = without_store(Some(&file));
        let admin = sign_in(&before, "ann").await;
        let (mut stays, _) = wall(&before, &admin, "Stays").await;
        let (mut goes, id) = wall(&before, &admin, "Goes").await;
        let written = std::fs::read(&file).unwrap();
        let gateway = process(Store::open(location).unwrap(), Some(KEY), Some(&file));
        // The first request of a wall that the store has never heard of.
        assert_eq!(stays.session(&gateway).await.0, 200);
        assert_eq!(goes.session(&gateway).await.0, 200);
        assert_eq!(names(&gateway, &admin).await, ["Goes", "Stays"]);
        assert_eq!(revoke(&gateway, &admin, &id).await, 204);
        let (mut new, _) = wall(&gateway, &admin, "New").await;
        assert_eq!(std::fs::read(&file).unwrap(), written, "left as it is");
        drop(gateway);
        // One of the version before may still pair walls in the file, during an update.
        let (mut late, _) = wall(&before, &admin, "new").await;
        let again = process(reopen(location).await, Some(KEY), Some(&file));
        assert_eq!(goes.session(&again).await.0, 401, "revoked stays revoked");
        for screen in [&mut stays, &mut new, &mut late] {
            assert_eq!(screen.session(&again).await.0, 200);
        }
        let known = names(&again, &admin).await;
        assert_eq!(known, ["New", "Stays", "new 2"], "no name is there twice");
        drop(again);
        let without = process(reopen(location).await, Some(KEY), None);
        assert_eq!(stays.session(&without).await.0, 200);
        drop(without);
        std::fs::write(&file, "{").unwrap();
        let store = reopen(location).await;
        let memory = Arc::new(Memory::new().unwrap().kept_in(Arc::new(store)));
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
    let (mut goes, id) = wall(&gateway, &admin, "Goes").await;
    let rename = |from: &str, to: &str| {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        let database = rusqlite::Connection::open(&file).unwrap();
        database.execute_batch(&rename).unwrap();
    };
    // As while a database is away.
    rename("wall", "elsewhere");
    rename("probe", "no_probe");
    let line = format!("DELETE /api/walls/{id}");
    let answer = ask(&gateway, &line, &[("cookie", &admin)], "").await;
    assert_eq!(problem(answer).await.0, "not-saved");
    assert_eq!(goes.session(&gateway).await.0, 401, "at once");
    rename("elsewhere", "wall");
    rename("no_probe", "probe");
    let store = &gateway.shared.store;
    until("the store", async || store.catch_up().await).await;
    drop(gateway);
    let again = process(reopen(&location).await, Some(KEY), None);
    assert_eq!(goes.session(&again).await.0, 401, "revoked stays revoked");
}

#[tokio::test]
async fn while_the_database_is_away_walls_stay_and_a_revoked_one_is_removed_once_it_is_back() {
    let Some(server) = Server::new() else {
        return;
    };
    let location = server.store(&server.database());
    let (one, other) = (at(&location), at(&location));
    let admin = sign_in(&one, "ann").await;
    let (mut stays, _) = wall(&one, &admin, "Stays").await;
    let (mut goes, id) = wall(&one, &admin, "Goes").await;
    let mut unknown = goes.clone();
    sync_with_store(&other).await;
    server.kill();
    for gateway in [&one, &other] {
        assert_eq!(stays.session(gateway).await.0, 200);
    }
    let line = format!("DELETE /api/walls/{id}");
    let answer = ask(&one, &line, &[("cookie", &admin)], "").await;
    assert_eq!(problem(answer).await.0, "not-saved");
    assert_eq!(goes.session(&one).await.0, 401, "here at once");
    assert_eq!(goes.session(&other).await.0, 200, "nobody has told it");
    let mut screen = Screen::default();
    assert_eq!(screen.ask(&one, "POST /api/pairing").await.0, 500);
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
async fn a_gateway_that_was_cut_off_pairs_again_and_one_that_was_killed_is_missed_by_no_wall() {
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
