//! The gateway with the simulator, through the calls that the console uses.

use super::*;
use simulator::{Options, Scenario, Simulator};
use vendors::{Answer, Call, aveva, uplynk};

/// The simulator, which runs while it is kept, and the gateway in front of it.
async fn demo(scenario: Scenario) -> (Simulator, Arc<Gateway>) {
    let options = Options {
        scenario,
        ..Options::default()
    };
    let simulator = simulator::start(options).await.unwrap();
    let assets = Assets::from_files([]);
    let gateway = crate::cli::demo::gateway(&simulator, assets, config::DEFAULT_WATCH).unwrap();
    (simulator, Arc::new(gateway))
}

/// Sends a call as the console does, and parses the response.
async fn send<T>(gateway: &Arc<Gateway>, connection: &str, call: Call<T>) -> T {
    let request = &call.request;
    let line = format!(
        "{} /relay/{connection}{}",
        request.method().as_str(),
        request.target()
    );
    let body = request.body.clone().unwrap_or_default();
    let response = ask(gateway, &line, &[("accept", request.accept)], &body).await;
    assert_eq!(
        header(&response, "via"),
        "1.1 failover-console",
        "{line}: {}",
        response.status()
    );
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let status = response.status().as_u16();
    let body = text(response).await.into_bytes();
    call.read(&Answer {
        status,
        headers,
        body,
    })
    .unwrap_or_else(|failure| panic!("{line}: {failure:?}"))
}

#[tokio::test]
async fn the_demos_thumbnails_are_passed_on_and_other_content_is_not() {
    let (_simulator, gateway) = demo(Scenario::Calm).await;
    // The list omits this group.
    send(&gateway, "live", uplynk::groups().get("fault-pictures")).await;
    for (slicer, expected) in [
        ("fault-404", ("not-found", 404)),
        ("fault-html", ("thumbnail", 502)),
        ("fault-svg", ("thumbnail", 502)),
        ("fault-large", ("too-large", 502)),
        ("fault-redirect", ("thumbnail", 502)),
    ] {
        let target = format!("/thumbnails/live/fault-pictures/{slicer}");
        let (kind, status, detail) = problem(get(&gateway, &target).await).await;
        assert_eq!((kind.as_str(), status), expected, "{slicer}: {detail}");
    }
    let response = get(&gateway, "/thumbnails/live/fault-pictures/good01").await;
    assert_eq!(
        (
            response.status().as_u16(),
            header(&response, "content-type")
        ),
        (200, "image/png")
    );
}

#[tokio::test]
async fn the_demos_systems_are_read_and_written_through_the_gateway() {
    let (_simulator, gateway) = demo(Scenario::Calm).await;
    let ids: Vec<&str> = gateway
        .upstreams
        .iter()
        .map(|upstream| upstream.public.id.as_str())
        .collect();
    assert_eq!(ids, ["plant-a", "plant-b", "live", "em", "em-old"]);
    for upstream in &gateway.upstreams {
        let System::Aveva(base) = &upstream.public.system else {
            continue;
        };
        let id = &upstream.public.id;
        let groups = send(&gateway, id, aveva::groups(base).list(None, None)).await;
        assert!(!groups.items.is_empty());
        // One group has an id with characters that break paths.
        let ids: Vec<String> = groups
            .items
            .iter()
            .filter_map(|group| group.id.clone())
            .collect();
        assert!(
            ids.iter()
                .any(|id| id.contains('/') && id.contains('%') && id.contains('#')),
            "{ids:?}"
        );
        for group in ids {
            send(&gateway, id, aveva::groups(base).status(&group)).await;
            let sessions = send(&gateway, id, aveva::sessions(base, &group).list()).await;
            if let Some(session) = sessions
                .items
                .iter()
                .find_map(|session| session.id.as_deref())
            {
                let one = send(&gateway, id, aveva::sessions(base, &group).get(session)).await;
                assert_eq!(one.id.as_deref(), Some(session));
            }
        }
    }
    let list = send(&gateway, "live", uplynk::groups().list()).await;
    assert!(
        list.items.iter().any(|group| group.name.is_some()),
        "{list:?}"
    );
    gateway.log_off().await;
}

#[tokio::test]
async fn the_simulator_and_the_gateway_use_the_same_operation_names() {
    let (simulator, gateway) = demo(Options::default().scenario).await;
    let client = reqwest::Client::new();
    for upstream in &gateway.upstreams {
        for operation in roles::operations(&upstream.public.system) {
            let fault = serde_json::json!({
                "connection": upstream.public.id,
                "operation": operation.name,
                "fault": { "kind": "empty" },
            });
            let sent = client.post(format!("http://{}/faults", simulator.control));
            let answer = sent.body(fault.to_string()).send().await.unwrap();
            assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        }
    }
}
