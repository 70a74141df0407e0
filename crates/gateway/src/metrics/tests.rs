//! Tests of the counters as text. The inventory's metrics are tested in `inventory::tests`.

use super::*;
use crate::problem::Kind;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use protocol::{AlertTargetState, UndeliveredAlert};

fn text(metrics: &Metrics) -> String {
    metrics.counters_as_text()
}

fn answer(status: u16) -> Result<Answer, Problem> {
    Ok(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        at: Instant::now(),
    })
}

#[tokio::test(start_paused = true)]
async fn counters_are_written_by_connection() {
    let metrics = Metrics::default();
    let meter = metrics.meter("plant-a");
    meter.call(Duration::from_millis(30), &answer(200));
    meter.call(
        Duration::from_secs(20),
        &Err(Problem::new(Kind::Timeout, "x")),
    );
    meter.read(false);
    meter.read(true);
    meter.read(true);
    meter.breaker(BreakerState::Open(Instant::now() + Duration::from_secs(8)));
    metrics.request("relay", "GET", 204);
    metrics.request("relay", "BREW", 418);
    tokio::time::advance(Duration::from_secs(7)).await;
    let page = text(&metrics);
    for line in [
        r#"upstream_calls_total{connection="plant-a",outcome="2xx"} 1"#,
        r#"upstream_calls_total{connection="plant-a",outcome="timeout"} 1"#,
        r#"upstream_seconds_bucket{connection="plant-a",le="0.025"} 0"#,
        r#"upstream_seconds_bucket{connection="plant-a",le="0.05"} 1"#,
        r#"upstream_seconds_bucket{connection="plant-a",le="10"} 1"#,
        r#"upstream_seconds_bucket{connection="plant-a",le="+Inf"} 2"#,
        r#"upstream_seconds_sum{connection="plant-a"} 20.03"#,
        r#"reads_total{connection="plant-a",answer="asked"} 1"#,
        r#"reads_total{connection="plant-a",answer="shared"} 2"#,
        r#"answer_age_seconds{connection="plant-a"} 7.0"#,
        r#"breaker_open{connection="plant-a"} 1"#,
        r#"breaker_opened_total{connection="plant-a"} 1"#,
        r#"requests_total{route="relay",method="GET",status="2xx"} 1"#,
        r#"requests_total{route="relay",method="other",status="4xx"} 1"#,
    ] {
        let line = format!("failover_console_{line}\n");
        assert!(page.contains(&line), "{line}{page}");
    }
    metrics.keep_only(&["plant-b"]);
    assert!(!text(&metrics).contains("plant-a"));
}

#[tokio::test(start_paused = true)]
async fn sessions_count_as_open_while_they_are_used() {
    let metrics = Metrics::default();
    metrics.session_used("one", "admin");
    metrics.session_used("two", "wall");
    metrics.session_used("two", "wall");
    let open = |role: &str, count: u32| {
        let line = format!("failover_console_sessions{{role=\"{role}\"}} {count}\n");
        assert!(text(&metrics).contains(&line), "{line}{}", text(&metrics));
    };
    open("admin", 1);
    open("wall", 1);
    open("viewer", 0);
    metrics.session_ended("one");
    open("admin", 0);
    tokio::time::advance(SESSION_OPEN_FOR).await;
    open("wall", 0);
}

#[tokio::test(start_paused = true)]
async fn error_responses_do_not_count_as_the_last_success() {
    let metrics = Metrics::default();
    let meter = metrics.meter("plant-a");
    meter.call(Duration::ZERO, &answer(500));
    assert!(!text(&metrics).contains("answer_age_seconds"), "never");
    meter.call(Duration::ZERO, &answer(204));
    for status in [500, 503, 404, 401, 429, 302] {
        tokio::time::advance(Duration::from_secs(5)).await;
        meter.call(Duration::ZERO, &answer(status));
    }
    let line = "failover_console_answer_age_seconds{connection=\"plant-a\"} 30";
    assert!(text(&metrics).contains(line), "{}", text(&metrics));
    // The computer slept in the meantime.
    if let Some(at) = &mut lock(&meter.0).last_success {
        at.1 -= Duration::from_secs(3_600);
    }
    let line = line.replace("30", "3600");
    assert!(text(&metrics).contains(&line), "{}", text(&metrics));
}

fn targets(targets: Vec<AlertTargetState>) -> AlertTargets {
    AlertTargets {
        now: DateTime::UNIX_EPOCH,
        rules: 1,
        targets,
    }
}

#[test]
fn waiting_messages_and_last_deliveries_are_reported_by_target() {
    let target = |id: &str| AlertTargetState {
        id: id.to_owned(),
        kind: "webhook".to_owned(),
        delivered_at: None,
        failed_at: None,
        failure: None,
        waiting: 0,
        undelivered: Vec::new(),
    };
    let failing = AlertTargetState {
        delivered_at: DateTime::from_timestamp(1_500, 0),
        failed_at: DateTime::from_timestamp(2_000, 500_000_000),
        waiting: 3,
        undelivered: vec![UndeliveredAlert {
            at: DateTime::UNIX_EPOCH,
            name: "news".to_owned(),
            failure: "refused".to_owned(),
        }],
        ..target("on-call")
    };
    let text = alerts::families(&targets(vec![failing, target("chat")])).text();
    let series: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("failover_console_alert_"))
        .collect();
    assert_eq!(
        series,
        [
            r#"messages_waiting{target="on-call"} 3"#,
            r#"messages_waiting{target="chat"} 0"#,
            r#"messages_undelivered{target="on-call"} 1"#,
            r#"messages_undelivered{target="chat"} 0"#,
            r#"last_delivery_timestamp_seconds{target="on-call"} 1500.0"#,
            r#"last_failure_timestamp_seconds{target="on-call"} 2000.5"#,
        ]
    );
}

/// The monitoring guide.
const GUIDE: &str = include_str!("../../../../docs/monitoring.md");

#[test]
fn the_guide_has_a_row_for_every_metric_and_for_no_other() {
    let inventory = Inventory {
        revision: String::new(),
        build: String::new(),
        activity: 0,
        alerts_fail: false,
        now: DateTime::UNIX_EPOCH,
        whole: true,
        connections: None,
        resources: Vec::new(),
        times: Vec::new(),
        removed: Vec::new(),
        alarms: None,
        maintenance: None,
    };
    let metrics = Metrics::default();
    let families = metrics
        .families()
        .and(inventory::families(
            &inventory,
            &HashSet::new(),
            inventory.now,
        ))
        .and(alerts::families(&targets(Vec::new())));
    let mut written = families.names();
    let mut rows: Vec<String> = GUIDE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| name.starts_with("failover_console_") && !name.contains([' ', '=', '(']))
        .map(str::to_owned)
        .collect();
    written.sort();
    rows.sort();
    assert_eq!(rows, written);
    // Expressions in the guide use only listed metrics.
    let names = GUIDE.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    for name in names.filter(|name| name.starts_with("failover_console_")) {
        let known = rows.iter().any(|row| row == name);
        assert!(known || is_setting(name), "{name}");
    }
}

/// Icinga's variables in the guide.
fn is_setting(name: &str) -> bool {
    ["url", "token_file", "connection", "ca_file"]
        .iter()
        .any(|end| name == format!("failover_console_{end}"))
}

#[test]
fn counters_with_known_values_begin_at_0() {
    let metrics = Metrics::default();
    metrics.reload(false);
    let page = text(&metrics);
    for line in [
        r#"configuration_reloads_total{outcome="done"} 0"#,
        r#"configuration_reloads_total{outcome="refused"} 1"#,
        r#"csp_reports_total{directive="img-src"} 0"#,
    ] {
        let line = format!("failover_console_{line}\n");
        assert!(page.contains(&line), "{line}{page}");
    }
}
