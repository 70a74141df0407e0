use super::*;
use crate::options::Scenario;
use std::collections::HashSet;

fn all_sessions(system: &System) -> Vec<Value> {
    system.veeam.snapshot()["sessions"]
        .as_array()
        .unwrap()
        .clone()
}

fn by_uid<'a>(all: &'a [Value], uid: &str) -> &'a Value {
    all.iter().find(|one| one["UID"] == uid).unwrap()
}

#[tokio::test]
async fn the_history_is_large_and_varied_and_ends_at_the_clocks_time() {
    let system = System::new(JsonFlavour::V13).await;
    let all = all_sessions(&system);
    let now = system.clock.now();
    let creation = |one: &Value| at(one["CreationTimeUTC"].as_str().unwrap());
    let past: Vec<_> = all
        .iter()
        .filter(|one| creation(one) > now - TimeDelta::days(41))
        .collect();
    assert!(past.len() >= 60, "{}", past.len());
    assert!(
        past.iter()
            .any(|one| creation(one) < now - TimeDelta::days(35))
    );
    let distinct = |name: &str| {
        all.iter()
            .map(|one| one[name].to_string())
            .collect::<HashSet<_>>()
    };
    assert!(
        ["\"vbr-north-01\"", "\"vbr-north-02\"", "\"vbr-south-01\""]
            .iter()
            .all(|name| distinct("BackupServerName").contains(*name))
    );
    assert!(distinct("Name").len() >= 9);
    assert_eq!(distinct("Result").len(), 4);
    assert_eq!(distinct("UID").len(), all.len());
    let failed = |one: &&&Value| one["Result"] == "Failed";
    assert!(
        past.iter()
            .filter(failed)
            .any(|one| one["FailureMessage"].is_null())
    );
    assert!(
        past.iter()
            .filter(failed)
            .any(|one| one["FailureMessage"].is_string())
    );
    assert!(
        past.iter()
            .any(|one| one["State"] == "Stopped" && one["Progress"] == 0)
    );
    let tasks = past.iter().flat_map(|one| one["Tasks"].as_array().unwrap());
    let without_message =
        |task: &&Value| task["Result"] == "Failed" && task["FailureMessage"].is_null();
    assert!(tasks.clone().any(|task| without_message(&task)));
    assert!(
        tasks
            .clone()
            .any(|task| task["Result"] == "Success" && task["Progress"] == 0)
    );
}

#[tokio::test]
async fn worlds_are_the_same_exactly_if_their_seeds_are() {
    let (one, two) = (
        System::signed_out(JsonFlavour::V13),
        System::signed_out(JsonFlavour::V13),
    );
    for system in [&one, &two] {
        system.veeam.enter(Scenario::Busy);
        for _ in 0..20 {
            system.advance(600);
            system.veeam.advance();
        }
    }
    assert_eq!(all_sessions(&one), all_sessions(&two));
    one.veeam.reset(2);
    two.veeam.reset(1);
    assert_ne!(all_sessions(&one), all_sessions(&two));
}

#[tokio::test]
async fn a_running_session_progresses_and_ends() {
    let system = System::new(JsonFlavour::V13).await;
    let all = all_sessions(&system);
    let running = all
        .iter()
        .find(|one| one["Name"] == "Ledger Core DR" && one["State"] == "Working");
    let running = running.unwrap();
    let uid = running["UID"].as_str().unwrap();
    let ended = |one: &Value| {
        let tasks = one["Tasks"].as_array().unwrap();
        tasks
            .iter()
            .filter(|task| task["State"] == "Stopped")
            .count()
    };
    assert_eq!((ended(running), &running["EndTimeUTC"]), (3, &Value::Null));
    assert_eq!(
        (&running["Result"], &running["FailureMessage"]),
        (&"None".into(), &Value::Null)
    );
    let path = format!("/api/cloud/failoverSessions/{uid}?format=Entity");
    let xml = system.get(&path, XML).await;
    assert!(
        !xml.body
            .split("<CloudFailoverTasks")
            .next()
            .unwrap()
            .contains("EndTimeUTC")
    );
    let mut progress = running["Progress"].as_u64().unwrap();
    for _ in 0..4 {
        system.advance(60);
        let one = by_uid(&all_sessions(&system), uid).clone();
        assert!(one["Progress"].as_u64().unwrap() > progress);
        progress = one["Progress"].as_u64().unwrap();
    }
    system.advance(60);
    let one = by_uid(&all_sessions(&system), uid).clone();
    assert_eq!(
        (&one["State"], &one["Result"]),
        (&"Stopped".into(), &"Success".into())
    );
    assert!(one["EndTimeUTC"].is_string());
    assert_eq!(ended(&one), 5);
    let found = sessions(
        &system
            .filtered(&format!("UID=={uid};State==Stopped;EndTime>\"2026-01-01\""))
            .await,
    );
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn scenarios_start_sessions_and_do_not_change_the_published_ones() {
    let published = |all: &[Value]| {
        let is_published = |one: &&Value| {
            !one["BackupServerName"]
                .as_str()
                .unwrap()
                .starts_with("vbr-")
        };
        all.iter().filter(is_published).cloned().collect::<Vec<_>>()
    };
    for (scenario, min, max) in [
        (Scenario::Calm, 1, 40),
        (Scenario::Busy, 20, 90),
        (Scenario::Incident, 90, 230),
    ] {
        let system = System::new(JsonFlavour::V13).await;
        let before = all_sessions(&system);
        system.veeam.enter(scenario);
        for _ in 0..144 {
            system.advance(600);
            system.veeam.advance();
        }
        system.advance(3_600);
        let after = all_sessions(&system);
        let started = after.len() - before.len();
        assert!((min..=max).contains(&started), "{scenario:?}: {started}");
        assert_eq!(published(&before), published(&after));
        assert_eq!(published(&after).len(), 7);
        let known: HashSet<_> = before.iter().map(|one| one["UID"].to_string()).collect();
        let new = after
            .iter()
            .filter(|one| !known.contains(&one["UID"].to_string()));
        let failed = new.filter(|one| one["Result"] == "Failed").count();
        assert_eq!(failed > 0, scenario != Scenario::Calm, "{scenario:?}");
    }
}

#[tokio::test]
async fn an_incident_starts_with_a_failed_session_and_a_running_one() {
    let system = System::new(JsonFlavour::V13).await;
    let before = all_sessions(&system).len();
    system.veeam.enter(Scenario::Incident);
    let all = all_sessions(&system);
    assert_eq!(all.len(), before + 2);
    let one = |name| all.iter().find(|one| one["Name"] == name).unwrap();
    assert_eq!(one("Design Vault")["Result"], "Failed");
    assert_eq!(one("Web Shop DR")["State"], "Working");
    system.advance(600);
    let uid = one("Web Shop DR")["UID"].as_str().unwrap();
    assert_eq!(by_uid(&all_sessions(&system), uid)["Result"], "Failed");
}

#[tokio::test]
async fn a_year_ahead_adds_few_sessions_and_a_clock_set_back_hides_later_ones() {
    let system = System::new(JsonFlavour::V13).await;
    system.veeam.enter(Scenario::Busy);
    let before = all_sessions(&system);
    system.advance(365 * 86_400);
    system.veeam.advance();
    let year_later = all_sessions(&system);
    assert!(year_later.len() > before.len() && year_later.len() < before.len() + 100);
    system.clock.set(at("2026-11-21T14:32:08Z"));
    system.veeam.advance();
    assert_eq!(all_sessions(&system), before);
    system.clock.set(at("2027-11-21T14:32:08Z"));
    system.veeam.advance();
    assert_eq!(all_sessions(&system), year_later);
}

#[tokio::test]
async fn the_number_of_new_sessions_is_limited() {
    let system = System::new(JsonFlavour::V13).await;
    system.veeam.enter(Scenario::Incident);
    let before = all_sessions(&system).len();
    for _ in 0..20 {
        system.advance(86_400);
        system.veeam.advance();
    }
    assert!((900..=1_000).contains(&(all_sessions(&system).len() - before)));
}

#[tokio::test]
async fn the_collection_has_the_last_thirty_days() {
    let system = System::new(JsonFlavour::V13).await;
    let now = system.clock.now();
    let got = system
        .get("/api/cloud/failoverSessions?format=Entity", JSON)
        .await
        .json();
    let list = got["cloudFailoverSessions"].as_array().unwrap();
    let recent = all_sessions(&system)
        .into_iter()
        .filter(|one| at(one["CreationTimeUTC"].as_str().unwrap()) >= now - TimeDelta::days(30));
    assert_eq!(list.len(), recent.count());
    assert!(list.len() > 30 && list.len() < all_sessions(&system).len());
    let times = column(list, "creationTimeUTC");
    assert!(times.iter().map(|time| at(time)).is_sorted_by(|a, b| a > b));
}

#[tokio::test]
async fn the_slow_session_is_found_by_id_but_not_listed() {
    let system = System::new(JsonFlavour::V13).await;
    let got = system
        .get("/api/cloud/failoverSessions/fault-slow?format=Entity", JSON)
        .await;
    assert_eq!(
        (got.code(), &got.json()["name"]),
        (200, &"Slow to answer".into())
    );
    let all = sessions(&system.query("pageSize=1000").await);
    assert!(all.iter().all(|one| one["name"] != "Slow to answer"));
    assert_eq!(all.len(), all_sessions(&system).len());
}

#[tokio::test]
async fn a_reset_keeps_log_on_sessions_and_undoes_control_changes() {
    let system = System::new(JsonFlavour::V13).await;
    system.veeam.set_json(JsonFlavour::V12);
    assert_eq!(system.veeam.snapshot()["json"], "v12");
    system.clock.set(at("2030-01-01T00:00:00Z"));
    system.veeam.reset(3);
    let got = system.query("sortDesc=CreationTime").await;
    let newest = column(&sessions(&got), "creationTimeUTC")[0].clone();
    assert!(newest.starts_with("2029-12-31T23:52:01"), "{newest}");
    assert_eq!(system.veeam.snapshot()["json"], "v13");
}

#[tokio::test]
async fn times_have_at_most_milliseconds() {
    let system = System::new(JsonFlavour::V13).await;
    system.clock.set(at("2026-11-21T14:32:08.123456789Z"));
    system.veeam.reset(1);
    let all = all_sessions(&system);
    let tasks = all.iter().flat_map(|one| one["Tasks"].as_array().unwrap());
    let mut fractions = HashSet::new();
    for one in all.iter().chain(tasks) {
        for name in ["CreationTimeUTC", "EndTimeUTC"] {
            let Some(time) = one[name].as_str() else {
                continue;
            };
            let fraction = time
                .trim_end_matches('Z')
                .split('.')
                .nth(1)
                .unwrap_or_default();
            assert!(fraction.len() <= 3 && !fraction.ends_with('0'), "{time}");
            fractions.insert(fraction.len());
        }
    }
    assert!(fractions.len() > 2, "{fractions:?}");
}
