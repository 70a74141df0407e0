//! No change reaches a vendor without a durable record, however the gateway ends.

use super::postgres::Server;
use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use super::{GROUP, HANGS, ORDER};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How often the gateway is killed.
const KILLED: usize = 100;

/// The rows of the audit that have to do with changes.
async fn rows(program: &Program) -> Vec<Value> {
    let lines = program.says(&["audit", "export"]).await;
    let rows = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"));
    rows.collect()
}

/// The outcome of each change by its body, as the audit has it.
async fn outcomes(program: &Program) -> HashMap<String, String> {
    let rows = rows(program).await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let outcome_of: HashMap<i64, String> = rows
        .iter()
        .filter_map(|row| Some((row["intent"].as_i64()?, text(row, "outcome"))))
        .collect();
    let intents = rows.iter().filter(|row| row["kind"] == "intent");
    let outcome = |row: &Value| {
        let number = row["number"].as_i64();
        number
            .and_then(|number| outcome_of.get(&number))
            .cloned()
            .unwrap_or_default()
    };
    intents
        .map(|row| (text(row, "body"), outcome(row)))
        .collect()
}

fn order(number: usize) -> String {
    ORDER.replace(r#""order":1"#, &format!(r#""order":{number}"#))
}

/// A change that the vendor takes without asking for a turn.
const HEARTBEAT: &str =
    "/relay/plant-a/api/v1/clientfailover/groups/group-001/clientsessions/a/heartbeat";

fn heartbeat(number: usize) -> String {
    format!(r#"{{"FailoverScore":{number}}}"#)
}

/// Posts heartbeats, each another, until nobody answers.
async fn changes(address: String, cookie: String, from: usize) {
    let mut admin = Viewer::new(&address, &cookie);
    for number in from.. {
        if admin
            .ask("POST", HEARTBEAT, "", &heartbeat(number))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// A page of the activity: its entries by number, each with its time and its kind, and where the next page begins.
async fn activity(
    admin: &mut Viewer,
    before: &str,
) -> (HashMap<i64, (i64, String)>, Option<String>) {
    let path = format!("/api/activity?limit=500{before}");
    let answer = timeout(HANGS, admin.get(&path)).await;
    let answer = answer.expect("in time").expect("an answer");
    let page: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let entries = page["entries"].as_array().expect("a list").iter();
    let entry = |entry: &Value| {
        let (at, kind) = (entry["at"].as_i64()?, entry["kind"].as_str()?);
        Some((entry["number"].as_i64()?, (at, kind.to_owned())))
    };
    let entries = entries.map(|one| entry(one).expect("number, time and kind"));
    let older = page["older"].as_str();
    (
        entries.collect(),
        older.map(|older| format!("&before={older}")),
    )
}

#[tokio::test]
async fn every_change_that_reaches_the_vendor_is_recorded_however_often_the_gateway_is_killed() {
    let vendor = Vendor::start().await;
    let mut program = Program::start(&vendor, 0, "127.0.0.1:0").await;
    let cookie = program.sign_in("ann").await;
    let mut shown = HashMap::new();
    for round in 0..KILLED {
        let arrived = vendor.bodies().len();
        let mut admins = JoinSet::new();
        for admin in 0..3 {
            let from = 1 + round * 100_000 + admin * 10_000;
            admins.spawn(changes(program.address.clone(), cookie.clone(), from));
        }
        // Another moment in each round.
        let enough = 1 + round % 7;
        let wait = async {
            while vendor.bodies().len() < arrived + enough {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(HANGS, wait).await.expect("changes arrive");
        // That it was started, what it saw and what people did: once somebody was shown it, it lasts.
        let mut admin = Viewer::new(&program.address, &cookie);
        shown.extend(activity(&mut admin, "").await.0);
        program = program.killed_and_started_again().await;
        while admins.join_next().await.is_some() {}
    }
    let mut admin = Viewer::new(&program.address, &cookie);
    let (mut kept, mut older) = activity(&mut admin, "").await;
    while let Some(before) = older.take() {
        let (page, next) = activity(&mut admin, &before).await;
        kept.extend(page);
        older = next;
    }
    for (number, entry) in &shown {
        assert_eq!(kept.get(number), Some(entry), "{number}");
    }
    let started = shown.values().filter(|(_, kind)| kind == "watching");
    assert!(started.count() > KILLED / 2, "most starts were shown");
    let outcomes = outcomes(&program).await;
    let arrived = vendor.bodies();
    for body in &arrived {
        let outcome = outcomes.get(body).map(String::as_str);
        assert!(
            matches!(outcome, Some("done" | "unknown")),
            "{body}: {outcome:?}"
        );
    }
    // What has an intent and no answer is unknown; nothing is left open.
    assert!(outcomes.values().all(|outcome| !outcome.is_empty()));
    assert!(outcomes.values().any(|outcome| outcome == "unknown"));
    let said = program.says(&["audit", "verify"]).await;
    println!(
        "{} changes arrived, {} intents; {said}",
        arrived.len(),
        outcomes.len()
    );
    assert!(said.contains("unchanged"), "{said}");
}

/// How often the gateway is killed at a database elsewhere, which is killed now and then itself.
const KILLED_ELSEWHERE: usize = 40;

#[tokio::test]
async fn every_change_that_reaches_the_vendor_is_recorded_in_postgresql_however_often_either_is_killed()
 {
    let Some(server) = Server::new() else { return };
    let database = server.database();
    let url = server.url(&database);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("url");
    std::fs::write(&file, url).expect("written");
    let store = format!("[store]\nurl_file = {:?}", file.to_str().expect("a name"));
    let vendor = Vendor::start().await;
    let mut program = Program::start_with(&vendor, 0, "127.0.0.1:0", &store).await;
    let cookie = program.sign_in("ann").await;
    for round in 0..KILLED_ELSEWHERE {
        let arrived = vendor.bodies().len();
        let mut admins = JoinSet::new();
        for admin in 0..3 {
            let from = 1 + round * 100_000 + admin * 10_000;
            admins.spawn(changes(program.address.clone(), cookie.clone(), from));
        }
        let enough = 1 + round % 7;
        let wait = async |number: usize| {
            while vendor.bodies().len() < number {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let first = wait(arrived + enough);
        timeout(HANGS, first).await.expect("changes arrive");
        if round % 8 == 7 {
            server.kill();
            server.start();
            let then = vendor.bodies().len() + enough;
            // It tries again after pauses of its own.
            timeout(4 * HANGS, wait(then))
                .await
                .expect("changes arrive again");
        }
        program = program.killed_and_started_again().await;
        admins.shutdown().await;
    }
    // What was killed might come back for half a minute; here it has not for an hour.
    let aged = "UPDATE gateway SET seen_at = seen_at - interval '1 hour'";
    server.statement(&database, aged).expect("aged");
    program = program.killed_and_started_again().await;
    let outcomes = outcomes(&program).await;
    let arrived = vendor.bodies();
    for body in &arrived {
        let outcome = outcomes.get(body).map(String::as_str);
        assert!(
            matches!(outcome, Some("done" | "unknown")),
            "{body}: {outcome:?}"
        );
    }
    assert!(outcomes.values().any(|outcome| outcome == "unknown"));
    let said = program.says(&["audit", "verify"]).await;
    println!(
        "{} changes arrived, {} intents; {said}",
        arrived.len(),
        outcomes.len()
    );
    assert!(said.contains("unchanged"), "{said}");
}

#[tokio::test]
async fn a_change_whose_client_left_ends_and_is_recorded_before_the_gateway_stops() {
    let vendor = Vendor::start().await;
    let mut program = Program::start(&vendor, 0, "127.0.0.1:0").await;
    let cookie = program.sign_in("ann").await;
    let mut admin = Viewer::new(&program.address, &cookie);
    let tag = admin.get(GROUP).await.expect("the group").tag;
    let address = program.address.clone();
    let client = tokio::spawn(async move {
        let mut admin = Viewer::new(&address, &cookie);
        admin
            .put(&format!("{GROUP}/slicers"), &tag, &order(7))
            .await
    });
    // The vendor never answers this one.
    let arrived = timeout(HANGS, vendor.write_arrived()).await;
    arrived.expect("the write is under way");
    client.abort();
    let stopped = timeout(2 * HANGS, program.stop()).await;
    stopped.expect("the change ends within its own time");
    let outcomes = outcomes(&program).await;
    assert_eq!(outcomes.get(&order(7)).map(String::as_str), Some("unknown"));
    // By the process that sent it, not by the next one.
    let rows = rows(&program).await;
    let last = rows.last().expect("a row");
    assert_eq!(
        (last["outcome"].as_str(), last["status"].as_u64()),
        (Some("unknown"), Some(504))
    );
    let said = program.says(&["audit", "verify"]).await;
    // The sign-in, the intent and the outcome.
    assert!(said.starts_with("3 rows"), "{said}");
}
