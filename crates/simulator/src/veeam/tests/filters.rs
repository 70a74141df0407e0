use super::*;

fn guids(got: &TestResponse) -> Vec<String> {
    let uids = column(&sessions(got), "uid");
    uids.iter()
        .map(|uid| uid.rsplit(':').next().unwrap().to_owned())
        .collect()
}

const SUCCESS: &str = "475420ee-d045-4493-9869-0a970e08f6f9";
const FAILED: &str = "12295005-66e6-477d-a6d3-1401dd27476e";
const RUNNING: &str = "a986d473-0248-4884-9832-17ec982ee393";

#[tokio::test]
async fn filters_select_the_matching_sessions() {
    let system = System::new(JsonFlavour::V13).await;
    let old = "CreationTime<\"2025-06-01T00:00:00Z\"";
    let in_2015 = [
        SUCCESS,
        "10c5b348-dcbb-4d50-8b37-0e0fb4daf0ef",
        "030015e0-8f8f-469a-93e1-10b680b46887",
        "15db3c3b-b561-4115-a3e3-24a7bfc50c35",
        "77becc1b-d82e-46c8-93e7-2b59f6d31192",
    ];
    let all = [&[FAILED, RUNNING], in_2015.as_slice()].concat();
    let cases: &[(&str, &[&str])] = &[
        (old, &all),
        (&format!("UID=={SUCCESS}"), &[SUCCESS]),
        (&format!("(uid=={})", SUCCESS.to_uppercase()), &[SUCCESS]),
        (
            &format!("UID==\"urn:veeam:CloudFailoverSession:{SUCCESS}\""),
            &[SUCCESS],
        ),
        (
            "BackupServerUid==\"ca19249e-e638-421a-ab22-68cb89b9009a\"",
            &[FAILED],
        ),
        (
            "BackupServerUid==urn:veeam:BackupServer:4ceb4e03-d23d-4c4e-be05-21580b260243",
            &[RUNNING],
        ),
        (
            "BackupServerName==\"172.24.31.67\";Name==\"ABC Company Failover Plan\"",
            &[FAILED],
        ),
        ("backupservername==\"172.17.53.48\"", &in_2015),
        (&format!("{old};Result==failed"), &[FAILED, in_2015[3]]),
        (
            &format!("{old};Result>=Warning"),
            &[FAILED, in_2015[1], in_2015[3]],
        ),
        (&format!("{old};Result<Success"), &[RUNNING]),
        (
            &format!("{old};Result!=Success;Result!=\"None\";Result!=FAILED"),
            &[in_2015[1]],
        ),
        (
            &format!("{old};(state==Working,Result==Failed);Name==\"abc company failover plan\""),
            &[FAILED, RUNNING, in_2015[3]],
        ),
        (&format!("{old};State==Starting"), &[]),
        // AND binds tighter than OR.
        (
            &format!("UID=={RUNNING},{old};Result==Warning"),
            &[RUNNING, in_2015[1]],
        ),
        (
            &format!("(UID=={RUNNING},{old});Result==Warning"),
            &[in_2015[1]],
        ),
        ("CreationTime==2015-12-07T17:38:16", &[SUCCESS]),
        (
            "CreationTime>=\"2015-12-07\";CreationTime<=\"2015-12-07 17:00:00\"",
            &[in_2015[1]],
        ),
        ("EndTime<\"2015-12-03T00:00:00.0000000Z\"", &[in_2015[4]]),
        (
            "EndTime<=\"2025-01-13T16:23:16.11Z\";EndTime>\"2025-01-01\"",
            &[FAILED],
        ),
        (
            &format!(
                "{old};(type==FailoverPlan;state==Working),({old};type==FailoverPlan;result==None)"
            ),
            &[RUNNING],
        ),
        // A missing value matches only `!=`.
        (&format!("EndTime>\"1753-01-01\";UID=={RUNNING}"), &[]),
        (&format!("FailureMessage!=\"x\";UID=={RUNNING}"), &[RUNNING]),
        (&format!("FailureMessage==\"\";UID=={RUNNING}"), &[]),
        (
            &format!(" ( Name == ABC , UID == {SUCCESS} ) ; Type != \"x\" "),
            &[SUCCESS],
        ),
    ];
    for (filter, wanted) in cases {
        assert_eq!(&guids(&system.filtered(filter).await), wanted, "{filter}");
    }
}

#[tokio::test]
async fn awkward_names_are_found_with_doubled_quotes() {
    let system = System::new(JsonFlavour::V13).await;
    let name = "R&D \"Prüfstand\" Süd; Halle <3>, West";
    let filter = format!("Name==\"{}\"", name.replace('"', "\"\""));
    let found = sessions(&system.filtered(&filter).await);
    assert!(!found.is_empty());
    assert!(found.iter().all(|one| one["name"] == name));
    let all = sessions(&system.query("pageSize=1000").await);
    assert_eq!(
        found.len(),
        all.iter().filter(|one| one["name"] == name).count()
    );
}

#[tokio::test]
async fn an_invalid_filter_is_rejected_with_the_token_at_fault() {
    let system = System::new(JsonFlavour::V13).await;
    let deep = format!("{}Result==Failed{}", "(".repeat(60), ")".repeat(60));
    for (filter, token) in [
        ("Colour==red", "'Colour'"),
        ("Result==Broken", "'Broken'"),
        ("State==\"Idle\"", "'Idle'"),
        ("CreationTime>yesterday", "'yesterday'"),
        ("CreationTime>\"2026-01-01T00:00:00+02:00\"", "+02:00"),
        ("UID==475420ee", "'475420ee'"),
        (
            "UID==\"urn:veeam:BackupServer:475420ee-d045-4493-9869-0a970e08f6f9\"",
            "BackupServer",
        ),
        ("Name==172.17.53.48", "quotes"),
        ("Name==ABC Company", "'Company'"),
        ("Name==\"\"Backup\"\"", "'Backup'"),
        ("Name==\"open", "\"open"),
        ("Name=x", "'='"),
        ("Name", "the end"),
        ("Name==", "the end"),
        ("(Result==Failed", "')'"),
        ("Result==Failed)", "')'"),
        ("Result==Failed;", "the end"),
        (",Result==Failed", "','"),
        ("()", "')'"),
        ("Result==Failed&State==Working", "'&'"),
        ("Result==Failed or State==Working", "'or'"),
        ("ü==1", "'ü'"),
        (&deep, "50"),
    ] {
        let got = system.filtered(filter).await;
        assert_eq!(got.code(), 400, "{filter}");
        let message = got.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(token), "{filter}: {message}");
    }
}

#[tokio::test]
async fn invalid_parameters_are_rejected() {
    let system = System::new(JsonFlavour::V13).await;
    for (parameters, word) in [
        ("pageSize=0", "'0'"),
        ("pageSize=-3", "'-3'"),
        ("pageSize=many", "'many'"),
        ("page=0", "'0'"),
        ("page=1.5", "'1.5'"),
        ("sortAsc=Colour", "'Colour'"),
        ("sortDesc=", "''"),
        ("sortAsc=Name&sortDesc=Name", "sortAsc"),
    ] {
        let got = system.query(parameters).await;
        assert_eq!(got.code(), 400, "{parameters}");
        assert!(
            got.json()["message"].as_str().unwrap().contains(word),
            "{parameters}"
        );
    }
    assert_eq!(
        system.get("/api/query?format=Entities", JSON).await.code(),
        400
    );
    let other = system.get("/api/query?type=Backup", JSON).await;
    assert_eq!(
        (
            other.code(),
            other.body.contains("only CloudFailoverSession is")
        ),
        (400, true)
    );
}

#[tokio::test]
async fn every_field_sorts_in_both_directions() {
    let system = System::new(JsonFlavour::V13).await;
    let number = sessions(&system.query("pageSize=1000").await).len();
    for field in [
        "UID",
        "Name",
        "Type",
        "CreationTime",
        "EndTime",
        "State",
        "Result",
        "FailureMessage",
        "BackupServerUid",
        "BackupServerName",
    ] {
        let up = guids(
            &system
                .query(&format!("pageSize=1000&sortAsc={field}"))
                .await,
        );
        let mut down = guids(
            &system
                .query(&format!("pageSize=1000&sortDesc={field}"))
                .await,
        );
        down.reverse();
        assert_eq!(up.len(), number);
        assert_eq!(up, down, "{field}");
    }
    let newest = sessions(&system.query("sortdesc=creationtime&pageSize=1000").await);
    let times: Vec<_> = column(&newest, "creationTimeUTC")
        .iter()
        .map(|time| at(time))
        .collect();
    assert!(times.is_sorted_by(|a, b| a > b));
    let results = column(
        &sessions(&system.query("sortAsc=Result&pageSize=1000").await),
        "result",
    );
    let rank = |name: &String| {
        ["None", "Success", "Warning", "Failed"]
            .iter()
            .position(|one| one == name)
    };
    assert!(results.is_sorted_by_key(rank));
}

#[tokio::test]
async fn unsorted_results_have_a_random_order_that_is_the_same_on_all_pages() {
    let system = System::new(JsonFlavour::V13).await;
    let unsorted = guids(&system.query("pageSize=1000").await);
    for field in ["UID", "CreationTime"] {
        assert_ne!(
            unsorted,
            guids(
                &system
                    .query(&format!("pageSize=1000&sortAsc={field}"))
                    .await
            )
        );
    }
    let mut paged = Vec::new();
    for page in 1..=unsorted.len().div_ceil(7) {
        paged.extend(guids(
            &system.query(&format!("pageSize=7&page={page}")).await,
        ));
    }
    assert_eq!(paged, unsorted);
}
