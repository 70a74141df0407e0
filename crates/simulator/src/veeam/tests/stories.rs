use super::*;
use crate::options::Scenario;
use std::collections::HashSet;

fn held(system: &System) -> Vec<Value> {
    system.veeam.snapshot()["sessions"]
        .as_array()
        .unwrap()
        .clone()
}

fn of<'a>(all: &'a [Value], uid: &str) -> &'a Value {
    all.iter().find(|one| one["UID"] == uid).unwrap()
}

#[tokio::test]
async fn the_world_is_large_varied_and_told_backwards_from_the_clock() {
    let system = System::new(JsonFlavour::V13).await;
    let all = held(&system);
    let now = system.clock.now();
    let born = |one: &Value| at(one["CreationTimeUTC"].as_str().unwrap());
    let past: Vec<_> = all
        .iter()
        .filter(|one| born(one) > now - TimeDelta::days(41))
        .collect();
    assert!(past.len() >= 60, "{}", past.len());
    assert!(past.iter().any(|one| born(one) < now - TimeDelta::days(35)));
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
    let silent = |task: &&Value| task["Result"] == "Failed" && task["FailureMessage"].is_null();
    assert!(tasks.clone().any(|task| silent(&task)));
    assert!(
        tasks
            .clone()
            .any(|task| task["Result"] == "Success" && task["Progress"] == 0)
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_world_and_another_another() {
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
    assert_eq!(held(&one), held(&two));
    one.veeam.reset(2);
    two.veeam.reset(1);
    assert_ne!(held(&one), held(&two));
}

#[tokio::test]
async fn a_running_session_progresses_and_ends() {
    let system = System::new(JsonFlavour::V13).await;
    let all = held(&system);
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
        let one = of(&held(&system), uid).clone();
        assert!(one["Progress"].as_u64().unwrap() > progress);
        progress = one["Progress"].as_u64().unwrap();
    }
    system.advance(60);
    let one = of(&held(&system), uid).clone();
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
async fn scenarios_begin_sessions_and_leave_the_published_ones_alone() {
    let published = |all: &[Value]| {
        let ours = |one: &&Value| {
            !one["BackupServerName"]
                .as_str()
                .unwrap()
                .starts_with("vbr-")
        };
        all.iter().filter(ours).cloned().collect::<Vec<_>>()
    };
    for (scenario, least, most) in [
        (Scenario::Calm, 1, 40),
        (Scenario::Busy, 20, 90),
        (Scenario::Incident, 90, 230),
    ] {
        let system = System::new(JsonFlavour::V13).await;
        let before = held(&system);
        system.veeam.enter(scenario);
        for _ in 0..144 {
            system.advance(600);
            system.veeam.advance();
        }
        system.advance(3_600);
        let after = held(&system);
        let begun = after.len() - before.len();
        assert!((least..=most).contains(&begun), "{scenario:?}: {begun}");
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
async fn an_incident_begins_at_once() {
    let system = System::new(JsonFlavour::V13).await;
    let before = held(&system).len();
    system.veeam.enter(Scenario::Incident);
    let all = held(&system);
    assert_eq!(all.len(), before + 2);
    let one = |name| all.iter().find(|one| one["Name"] == name).unwrap();
    assert_eq!(one("Design Vault")["Result"], "Failed");
    assert_eq!(one("Web Shop DR")["State"], "Working");
    system.advance(600);
    let uid = one("Web Shop DR")["UID"].as_str().unwrap();
    assert_eq!(of(&held(&system), uid)["Result"], "Failed");
}

#[tokio::test]
async fn a_leap_of_the_clock_stays_small_and_a_clock_set_back_hides_the_future() {
    let system = System::new(JsonFlavour::V13).await;
    system.veeam.enter(Scenario::Busy);
    let before = held(&system);
    system.advance(365 * 86_400);
    system.veeam.advance();
    let leapt = held(&system);
    assert!(leapt.len() > before.len() && leapt.len() < before.len() + 100);
    system.clock.set(at("2026-11-21T14:32:08Z"));
    system.veeam.advance();
    assert_eq!(held(&system), before);
    system.clock.set(at("2027-11-21T14:32:08Z"));
    system.veeam.advance();
    assert_eq!(held(&system), leapt);
}

#[tokio::test]
async fn sessions_without_end_do_not_pile_up() {
    let system = System::new(JsonFlavour::V13).await;
    system.veeam.enter(Scenario::Incident);
    let before = held(&system).len();
    for _ in 0..20 {
        system.advance(86_400);
        system.veeam.advance();
    }
    assert!((900..=1_000).contains(&(held(&system).len() - before)));
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
    let recent = held(&system)
        .into_iter()
        .filter(|one| at(one["CreationTimeUTC"].as_str().unwrap()) >= now - TimeDelta::days(30));
    assert_eq!(list.len(), recent.count());
    assert!(list.len() > 30 && list.len() < held(&system).len());
    let times = column(list, "creationTimeUTC");
    assert!(times.iter().map(|time| at(time)).is_sorted_by(|a, b| a > b));
}

#[tokio::test]
async fn the_slow_session_answers_but_stands_in_no_list() {
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
    assert_eq!(all.len(), held(&system).len());
}

#[tokio::test]
async fn a_reset_keeps_who_is_logged_on_and_forgets_the_controls() {
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
async fn times_have_milliseconds_at_most_however_fine_the_clock_is() {
    let system = System::new(JsonFlavour::V13).await;
    system.clock.set(at("2026-11-21T14:32:08.123456789Z"));
    system.veeam.reset(1);
    let all = held(&system);
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
