//! The metrics of a gateway that watches, also checked by Prometheus's own tool. Without the tool (Debian's package
//! `prometheus`) those tests print a note and pass.

use super::vendor::{ReceivedRequest, Vendor, json};
use super::*;
use crate::app::Shared;
use crate::watch::{Clock, Skips};
use chrono::{DateTime, TimeDelta};
use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Whether `promtool` succeeds, and its output; `None` if it is not installed.
pub(crate) fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let child = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: promtool is not installed (Debian: apt-get install prometheus)");
            return None;
        }
        Err(error) => panic!("promtool: {error}"),
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Some((output.status.success(), text))
}

/// A slicer group in the state Normal.
pub(super) const NORMAL: &str = r#"{"id":"9","name":"news","mode":"flat","active_slicer_id":"a","slicers":[
    {"id":"a","enabled":true,"order":1,"blacklist_until":0,"status":{"state":0}},
    {"id":"b","enabled":true,"order":2,"blacklist_until":0,"status":{"state":0}}]}"#;

/// The response of a service with this one slicer group and this status.
pub(super) fn service(request: &ReceivedRequest, status: u16, group: &str) -> Response<Body> {
    if request.line.contains("/failover-groups/") {
        json(status, group)
    } else {
        json(status, &format!(r#"{{"items":[{group}]}}"#))
    }
}

/// Starts watching, and waits until each system was read.
pub(super) async fn watched(gateway: &Arc<Gateway>) {
    gateway.watch();
    let watchers = &gateway.shared.watchers;
    let mut states = Vec::new();
    for _ in 0..30 {
        watchers.refresh(None).await;
        states = watchers.inventory().everything().connections.unwrap();
        if states.iter().all(|state| state.observed_at.is_some()) {
            return;
        }
    }
    panic!("not read: {states:?}");
}

#[tokio::test]
async fn promtool_accepts_the_metrics_of_a_demo() {
    let simulator = simulator::start(simulator::Options::default())
        .await
        .unwrap();
    let gateway = Arc::new(
        crate::cli::demo::gateway(&simulator, Assets::from_files([]), config::DEFAULT_WATCH)
            .unwrap(),
    );
    watched(&gateway).await;
    let page = text(get(&gateway, "/metrics").await).await;
    for kind in [
        "failover_group",
        "slicer_group",
        "failover_session",
        "connection",
    ] {
        let series = format!(",kind=\"{kind}\",id=");
        assert!(page.contains(&series), "{series}{page}");
    }
    if let Some((succeeded, output)) = promtool(&["check", "metrics"], &page) {
        assert!(succeeded && output.is_empty(), "{output}\n{page}");
    }
    // The tool does reject invalid text.
    if let Some((succeeded, output)) = promtool(&["check", "metrics"], &page.replace("_total", ""))
    {
        assert!(!succeeded && output.contains("_total"), "{output}");
    }
    gateway.shared.watchers.stop();
    gateway.log_off().await;
}

#[tokio::test]
async fn the_age_of_a_source_grows_while_its_vendor_fails_without_any_viewer() {
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    let vendor = Vendor::new(move |request, _| {
        let status = if breaks.load(Ordering::Relaxed) {
            500
        } else {
            200
        };
        service(request, status, NORMAL)
    })
    .await;
    let seconds = Arc::new(AtomicI64::new(0));
    let shown = seconds.clone();
    let (_moves, skips) = tokio::sync::watch::channel(Skips::default());
    let now = move || DateTime::UNIX_EPOCH + TimeDelta::seconds(shown.load(Ordering::Relaxed));
    let gateway = Gateway::with(
        vec![connection("live", System::Uplynk, &vendor.base, basic())],
        Access::local(),
        None,
        Assets::from_files([]),
        Arc::new(Shared::in_memory(Clock::new(now, skips))),
    );
    let gateway = Arc::new(gateway.unwrap());
    let unread = text(get(&gateway, "/metrics").await).await;
    assert!(
        !unread.contains("source_age_seconds"),
        "nothing is watched yet"
    );
    watched(&gateway).await;
    broken.store(true, Ordering::Relaxed);
    for (at, age, freshness, severities) in [
        (10, "10.0", 0, ["normal", "0"]),
        (20, "20.0", 2, ["unknown", "2"]),
        (90, "90.0", 3, ["unknown", "2"]),
    ] {
        seconds.store(at, Ordering::Relaxed);
        gateway.shared.watchers.refresh(None).await;
        gateway.shared.watchers.inventory().tick();
        let page = text(get(&gateway, "/metrics").await).await;
        let [severity, level] = severities;
        for line in [
            format!(r#"source_age_seconds{{connection="live"}} {age}"#),
            format!(r#"source_freshness{{connection="live"}} {freshness}"#),
            format!(
                r#"resources{{connection="live",kind="slicer_group",severity="{severity}"}} 1"#
            ),
            format!(
                r#"resource_severity{{connection="live",kind="slicer_group",id="9",name="news"}} {level}"#
            ),
            format!(
                r#"alarms{{severity="critical"}} {}"#,
                u8::from(freshness == 3)
            ),
        ] {
            let line = format!("failover_console_{line}\n");
            assert!(page.contains(&line), "{at}: {line}{page}");
        }
    }
}

#[test]
fn promtool_accepts_the_alert_rules_of_the_guide() {
    let guide = include_str!("../../../../docs/monitoring.md");
    let rules = guide
        .split("```yaml\n")
        .filter_map(|part| part.split("```").next())
        .find(|block| block.starts_with("groups:"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    std::fs::write(&file, rules).unwrap();
    if let Some((succeeded, output)) = promtool(&["check", "rules", file.to_str().unwrap()], "") {
        assert!(succeeded && output.contains("3 rules found"), "{output}");
    }
}
