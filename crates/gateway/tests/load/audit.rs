//! No change reaches a vendor without a durable record, however the gateway ends.

use super::postgres::Server;
use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use super::{GROUP, ORDER, TIME_LIMIT};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The number of times that the gateway is killed.
const KILLS: usize = 100;

/// The rows of the audit.
async fn rows(program: &Program) -> Vec<Value> {
    let lines = program.output_of(&["audit", "export"]).await;
    let rows = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"));
    rows.collect()
}

/// The audited outcome of each change, by its body.
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

/// A change that needs no earlier read.
const HEARTBEAT: &str =
    "/relay/plant-a/api/v1/clientfailover/groups/group-001/clientsessions/a/heartbeat";

fn heartbeat(number: usize) -> String {
    format!(r#"{{"FailoverScore":{number}}}"#)
}

/// Posts different heartbeats until a request fails.
async fn post_heartbeats(address: String, cookie: String, from: usize) {
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

/// Three admins who post heartbeats until the gateway is gone.
fn start_admins(program: &Program, cookie: &str, round: usize) -> JoinSet<()> {
    let posting = (0..3).map(|admin| {
        let from = 1 + round * 100_000 + admin * 10_000;
        post_heartbeats(program.address.clone(), cookie.to_owned(), from)
    });
    posting.collect()
}

/// The outcome of each change, after asserting that those that arrived are recorded, and that the audit is unchanged.
#[expect(clippy::print_stdout, reason = "the numbers of the test's result")]
async fn verified_outcomes(program: &Program, vendor: &Vendor) -> HashMap<String, String> {
    let outcomes = outcomes(program).await;
    let arrived = vendor.bodies();
    for body in &arrived {
        let outcome = outcomes.get(body).map(String::as_str);
        assert!(
            matches!(outcome, Some("done" | "unknown")),
            "{body}: {outcome:?}"
        );
    }
    assert!(outcomes.values().any(|outcome| outcome == "unknown"));
    let verification = program.output_of(&["audit", "verify"]).await;
    println!(
        "{} changes arrived, {} intents; {verification}",
        arrived.len(),
        outcomes.len()
    );
    assert!(verification.contains("unchanged"), "{verification}");
    outcomes
}

/// A page of the activity: the time and kind of its entries by number, and the query of the next page.
async fn activity(
    admin: &mut Viewer,
    before: &str,
) -> (HashMap<i64, (i64, String)>, Option<String>) {
    let path = format!("/api/activity?limit=500{before}");
    let answer = timeout(TIME_LIMIT, admin.get(&path)).await;
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
async fn every_change_that_reaches_the_vendor_is_recorded_even_if_the_gateway_is_killed() {
    let vendor = Vendor::start().await;
    let mut program = Program::start(&vendor, 0, "127.0.0.1:0").await;
    let cookie = program.sign_in("ann").await;
    let mut displayed = HashMap::new();
    for round in 0..KILLS {
        let arrived = vendor.bodies().len();
        let mut admins = start_admins(&program, &cookie, round);
        // The gateway is killed at a different time in each round.
        let enough = 1 + round % 7;
        let wait = async {
            while vendor.bodies().len() < arrived + enough {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(TIME_LIMIT, wait).await.expect("changes arrive");
        // Every entry that was displayed once has to be kept.
        let mut admin = Viewer::new(&program.address, &cookie);
        displayed.extend(activity(&mut admin, "").await.0);
        program = program.kill_and_restart().await;
        while admins.join_next().await.is_some() {}
    }
    let mut admin = Viewer::new(&program.address, &cookie);
    let (mut entries, mut older) = activity(&mut admin, "").await;
    while let Some(before) = older.take() {
        let (page, next) = activity(&mut admin, &before).await;
        entries.extend(page);
        older = next;
    }
    for (number, entry) in &displayed {
        assert_eq!(entries.get(number), Some(entry), "{number}");
    }
    let started = displayed.values().filter(|(_, kind)| kind == "watching");
    assert!(started.count() > KILLS / 2, "most starts were displayed");
    let outcomes = verified_outcomes(&program, &vendor).await;
    // Every intent has an outcome; without a response it is unknown.
    assert!(outcomes.values().all(|outcome| !outcome.is_empty()));
}

/// The number of times that the gateway is killed with PostgreSQL, which is sometimes killed too.
const KILLS_WITH_POSTGRESQL: usize = 40;

#[tokio::test]
async fn every_change_is_recorded_in_postgresql_even_if_it_or_the_gateway_is_killed() {
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
    for round in 0..KILLS_WITH_POSTGRESQL {
        let arrived = vendor.bodies().len();
        let mut admins = start_admins(&program, &cookie, round);
        let enough = 1 + round % 7;
        let wait = async |number: usize| {
            while vendor.bodies().len() < number {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let first = wait(arrived + enough);
        timeout(TIME_LIMIT, first).await.expect("changes arrive");
        if round % 8 == 7 {
            server.kill();
            server.start();
            let then = vendor.bodies().len() + enough;
            // The gateway reconnects with increasing delays.
            timeout(4 * TIME_LIMIT, wait(then))
                .await
                .expect("changes arrive again");
        }
        program = program.kill_and_restart().await;
        admins.shutdown().await;
    }
    // A change of a missing gateway stays open for half a minute; here the gateway has been missing for an hour.
    let aged = "UPDATE gateway SET seen_at = seen_at - interval '1 hour'";
    server.statement(&database, aged).expect("aged");
    program = program.kill_and_restart().await;
    verified_outcomes(&program, &vendor).await;
}

#[tokio::test]
async fn a_stop_waits_for_the_change_of_a_disconnected_client() {
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
    // The vendor never answers this request.
    let arrived = timeout(TIME_LIMIT, vendor.write_arrived()).await;
    arrived.expect("the write is under way");
    client.abort();
    let stopped = timeout(2 * TIME_LIMIT, program.stop()).await;
    stopped.expect("the change ends within its own time");
    let outcomes = outcomes(&program).await;
    assert_eq!(outcomes.get(&order(7)).map(String::as_str), Some("unknown"));
    // The process that sent the change records the outcome, not the next process.
    let rows = rows(&program).await;
    let last = rows.last().expect("a row");
    assert_eq!(
        (last["outcome"].as_str(), last["status"].as_u64()),
        (Some("unknown"), Some(504))
    );
    let verification = program.output_of(&["audit", "verify"]).await;
    // The rows are the sign-in, the intent and the outcome.
    assert!(verification.starts_with("3 rows"), "{verification}");
}
