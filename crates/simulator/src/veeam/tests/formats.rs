use super::*;
use quick_xml::Reader;
use quick_xml::events::Event;

/// A document as a list of elements, attributes and texts, independent of its layout.
fn flat(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut out = Vec::new();
    let mut text = String::new();
    let named = |start: &quick_xml::events::BytesStart<'_>| {
        let mut parts = vec![start.name().as_ref().to_owned()];
        let mut attributes: Vec<String> = start
            .attributes()
            .map(|one| {
                let one = one.unwrap();
                let key = one.key.as_ref().to_owned();
                let raw = one.value.to_string();
                format!("{key}={}", quick_xml::escape::unescape(&raw).unwrap())
            })
            .collect();
        attributes.sort();
        parts.extend(attributes);
        parts.join("|")
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                text.clear();
                out.push(named(&start));
            }
            Event::Empty(start) => {
                out.push(named(&start));
                out.push("/".to_owned());
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&format!("&{};", &*name)),
            Event::End(_) => {
                out.push(
                    quick_xml::escape::unescape(text.trim())
                        .unwrap()
                        .into_owned(),
                );
                out.push("/".to_owned());
                text.clear();
            }
            Event::Eof => return out.into_iter().filter(|one| !one.is_empty()).collect(),
            _ => {}
        }
    }
}

fn v12() -> Value {
    serde_json::from_str(include_str!("samples/query-v12.inferred.json")).unwrap()
}

fn v13() -> Value {
    serde_json::from_str(include_str!("samples/query-v13.inferred.json")).unwrap()
}

#[tokio::test]
async fn published_sessions_are_returned_unchanged() {
    let system = System::new(JsonFlavour::V12).await;
    for (uid, sample) in [
        (
            "475420ee-d045-4493-9869-0a970e08f6f9",
            include_str!("samples/session-success.xml"),
        ),
        (
            "A986D473-0248-4884-9832-17EC982EE393",
            include_str!("samples/session-running-with-tasks.xml"),
        ),
    ] {
        let path = format!("/api/cloud/failoverSessions/{uid}?format=Entity");
        let got = system.get(&path, XML).await;
        assert_eq!(got.code(), 200);
        assert_eq!(flat(&got.body), flat(sample), "{uid}");
    }
}

#[tokio::test]
async fn the_published_query_has_the_published_response() {
    let system = System::new(JsonFlavour::V12).await;
    let base = "/api/query?type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&filter=";
    let only = "Result==failed;BackupServerUid==ca19249e-e638-421a-ab22-68cb89b9009a";
    let got = system.get(&format!("{base}{only}"), XML).await;
    // The world has more failed sessions than the example, so the filter is narrower.
    let sample = include_str!("samples/query-failed.xml").replace("Result==failed", only);
    assert_eq!(flat(&got.body), flat(&sample));
}

#[tokio::test]
async fn the_collection_at_the_time_of_the_published_references_equals_them() {
    let system = System::new(JsonFlavour::V12).await;
    system.clock.set(at("2015-12-10T00:00:00Z"));
    let system = System {
        ticket: Some(system.log_on().await),
        ..system
    };
    let got = system.get("/api/cloud/failoverSessions", XML).await;
    assert_eq!(
        flat(&got.body),
        flat(include_str!("samples/references.xml"))
    );
    let got = system
        .get("/api/cloud/failoverSessions?format=Entity", JSON)
        .await;
    assert_eq!(
        got.json()["CloudFailoverSessions"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    let got = system.get("/api/cloud/failoverSessions", JSON).await;
    assert_eq!(got.json()["Refs"][0]["Name"], "ABC Company Failover Plan");
}

#[tokio::test]
async fn the_json_of_both_versions_equals_the_samples() {
    let filter =
        "UID==12295005-66e6-477d-a6d3-1401dd27476e,UID==a986d473-0248-4884-9832-17ec982ee393";
    let path = "/api/query?type=CloudFailoverSession&format=Entities&sortDesc=CreationTime&filter=";
    let system = System::new(JsonFlavour::V12).await;
    for (flavour, mut sample, mark) in [
        (JsonFlavour::V12, v12(), true),
        (JsonFlavour::V13, v13(), false),
    ] {
        system.veeam.set_json(flavour);
        let got = system.get(&format!("{path}{filter}"), JSON).await;
        assert_eq!(got.body.starts_with('\u{FEFF}'), mark);
        assert_eq!(
            got.header("content-type"),
            "application/json; charset=utf-8"
        );
        let mut body = got.json();
        let names = match flavour {
            JsonFlavour::V12 => [
                "Entities",
                "CloudFailoverSessions",
                "CloudFailoverTasks",
                "PagingInfo",
                "Links",
                "Href",
            ],
            JsonFlavour::V13 => [
                "entities",
                "cloudFailoverSessions",
                "cloudFailoverTasks",
                "pagingInfo",
                "links",
                "href",
            ],
        };
        let [entities, list, tasks, paging, links, href] = names;
        // The sample has one of the two tasks and no filter.
        for document in [&mut body, &mut sample] {
            let running = &mut document[entities][list][list][1];
            let tasks = running[tasks][tasks].as_array_mut().unwrap();
            tasks.truncate(1);
            for link in document[paging][links].as_array_mut().unwrap() {
                let text = link[href]
                    .as_str()
                    .unwrap()
                    .replace(&format!("&filter={filter}"), "");
                link[href] = text.into();
            }
        }
        assert_eq!(body, sample);
    }
}

#[tokio::test]
async fn the_response_is_xml_unless_exactly_json_is_accepted() {
    let system = System::new(JsonFlavour::V13).await;
    for (accept, wanted) in [
        ("", "application/xml; charset=utf-8"),
        ("*/*", "application/xml; charset=utf-8"),
        ("application/xml", "application/xml; charset=utf-8"),
        (
            "application/json, text/plain",
            "application/xml; charset=utf-8",
        ),
        ("application/json", "application/json; charset=utf-8"),
        ("Application/JSON", "application/json; charset=utf-8"),
    ] {
        let got = system
            .get("/api/cloud/failoverSessions?format=Entity", accept)
            .await;
        assert_eq!(got.header("content-type"), wanted, "{accept}");
    }
}

#[tokio::test]
async fn paging_links_lead_through_all_pages() {
    let system = System::new(JsonFlavour::V12).await;
    let base = "/api/query?type=CloudFailoverSession&format=Entities&sortDesc=CreationTime";
    let path = format!("{base}&pageSize=1&page=1&filter=BackupServerName==%22172.17.53.48%22");
    let got = system.get(&path, XML).await;
    let paging = got
        .body
        .split("<PagingInfo")
        .nth(1)
        .unwrap()
        .replace("&quot;", "%22");
    let sample = include_str!("samples/paging-of-seven.xml");
    let adapted = sample
        .replace("BackupTaskSession", "CloudFailoverSession")
        .replace("pageSize=3", "pageSize=1")
        .replace("PageSize=\"3\"", "PageSize=\"1\"")
        .replace("PagesCount=\"7\"", "PagesCount=\"5\"")
        .replace("page=7", "page=5")
        .replace(
            "Result==Failed;VmDisplayName==dbserver01",
            "BackupServerName==%22172.17.53.48%22",
        )
        .replace(" xmlns=\"http://www.veeam.com/ent/v1.0\"", "");
    let paging = format!("<PagingInfo{}", paging.trim_end_matches("</QueryResult>"));
    assert_eq!(flat(&paging), flat(&adapted));

    system.veeam.set_json(JsonFlavour::V13);
    let mut path = format!("{base}&pageSize=9");
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let got = system.get(&path, JSON).await;
        names.extend(column(&sessions(&got), "uid"));
        pages += 1;
        let body = got.json();
        assert_eq!(body["pagingInfo"]["pageNum"], pages);
        let links = body["pagingInfo"]["links"].as_array().unwrap();
        let rels: Vec<_> = links
            .iter()
            .map(|link| link["rel"].as_str().unwrap())
            .collect();
        let next = links.iter().find(|link| link["rel"] == "Next");
        assert_eq!(rels.contains(&"Previous"), pages > 1);
        let Some(next) = next else {
            assert_eq!(body["pagingInfo"]["pagesCount"], pages);
            break;
        };
        path = next["href"]
            .as_str()
            .unwrap()
            .strip_prefix("https://localhost:9398")
            .unwrap()
            .to_owned();
    }
    let whole = column(
        &sessions(&system.query("pageSize=1000&sortDesc=CreationTime").await),
        "uid",
    );
    assert_eq!(names, whole);
}

#[tokio::test]
async fn pages_after_the_last_one_are_empty() {
    let system = System::new(JsonFlavour::V13).await;
    let beyond = system.query("pageSize=50&page=18446744073709551615").await;
    assert!(sessions(&beyond).is_empty());
    let paging = &beyond.json()["pagingInfo"];
    let links: Vec<_> = paging["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["rel"].clone())
        .collect();
    assert_eq!(links, ["First", "Previous", "Last"]);
    assert!(
        paging["links"][1]["href"]
            .as_str()
            .unwrap()
            .ends_with("page=2")
    );
    let none = system.filtered("Name==nothing").await;
    assert!(sessions(&none).is_empty());
    assert_eq!(none.json()["pagingInfo"]["pagesCount"], 0);
}

#[tokio::test]
async fn a_query_without_entities_returns_references() {
    let system = System::new(JsonFlavour::V13).await;
    let uid = "475420ee-d045-4493-9869-0a970e08f6f9";
    let path = format!("/api/query?type=CloudFailoverSession&filter=UID=={uid}");
    let got = system.get(&path, JSON).await.json();
    assert_eq!(got["entities"], Value::Null);
    assert_eq!(
        got["refs"]["refs"][0]["uid"],
        format!("urn:veeam:CloudFailoverSession:{uid}")
    );
    let got = system.get(&path, XML).await;
    let first = flat(include_str!("samples/references.xml"))[1].clone();
    assert!(flat(&got.body).contains(&first) && got.body.contains("<Refs><Ref "));
    let one = system
        .get(&format!("/api/cloud/failoverSessions/{uid}"), XML)
        .await;
    assert!(one.body.contains("<EntityRef xmlns="));
}

#[tokio::test]
async fn an_unknown_session_gets_404() {
    let system = System::new(JsonFlavour::V13).await;
    for id in ["00000000-0000-4000-8000-000000000000", "x%2Fy", "%00"] {
        let path = format!("/api/cloud/failoverSessions/{id}?format=Entity");
        assert_eq!(
            system.get(&path, JSON).await.json()["statusCode"],
            404,
            "{id}"
        );
        let xml = system.get(&path, XML).await;
        assert_eq!(xml.code(), 404);
        assert!(
            flat(&xml.body)[0].contains("|StatusCode=404"),
            "{}",
            xml.body
        );
    }
}

#[tokio::test]
async fn xml_and_json_agree_for_a_session_with_awkward_characters() {
    let system = System::new(JsonFlavour::V12).await;
    system.veeam.set_json(JsonFlavour::V13);
    let all = sessions(&system.query("pageSize=1000").await);
    let one = all.iter().find(|one| {
        one["name"].as_str().unwrap().contains('<') && one["failureMessage"].is_string()
    });
    let one = one.unwrap();
    let uid = one["uid"].as_str().unwrap().rsplit(':').next().unwrap();
    let xml = system
        .get(
            &format!("/api/cloud/failoverSessions/{uid}?format=Entity"),
            XML,
        )
        .await;
    let flat = flat(&xml.body);
    assert!(
        flat[0].contains(&format!("|Name={}|", one["name"].as_str().unwrap())),
        "{}",
        flat[0]
    );
    let message = flat
        .iter()
        .position(|part| part == "FailureMessage")
        .unwrap();
    assert_eq!(flat[message + 1], one["failureMessage"]);
    for task in one["cloudFailoverTasks"]["cloudFailoverTasks"]
        .as_array()
        .unwrap()
    {
        let name = format!(
            "CloudFailoverTasks|VmName={}",
            task["vmName"].as_str().unwrap()
        );
        assert!(flat.contains(&name), "{name}");
    }
}
