//! Counters, and their text for Prometheus. Labels hold only values of the configuration or of this program,
//! never of a caller, who could otherwise fill the memory with new ones.

use crate::problem::Problem;
use crate::vendor_http::Answer;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The upper ends of the histogram's buckets, in seconds.
const BUCKETS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// A session counts as open for so long after its last request.
const OPEN: Duration = Duration::from_secs(300);

/// How many sessions are counted.
const MOST_SESSIONS: usize = 10_000;

/// The counters of one gateway. They survive a change of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// By kind of route, method and status class.
    requests: Mutex<BTreeMap<(&'static str, &'static str, u16), u64>>,
    sign_ins: Mutex<BTreeMap<&'static str, u64>>,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    sessions: Mutex<HashMap<String, (&'static str, Instant)>>,
    meters: Mutex<BTreeMap<String, Arc<Meter>>>,
}

/// The counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    outcomes: BTreeMap<&'static str, u64>,
    buckets: [u64; BUCKETS.len()],
    seconds: f64,
    calls: u64,
    requested: u64,
    shared: u64,
    last_answer: Option<Instant>,
    breaker_open: bool,
    opened: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Metrics {
    pub(crate) fn meter(&self, connection: &str) -> Arc<Meter> {
        locked(&self.meters)
            .entry(connection.to_owned())
            .or_default()
            .clone()
    }

    /// Drops the counters of all other connections.
    pub(crate) fn keep_only(&self, connections: &[&str]) {
        locked(&self.meters).retain(|id, _| connections.contains(&id.as_str()));
    }

    pub(crate) fn request(&self, route: &'static str, method: &str, status: u16) {
        let method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|known| *known == method)
            .unwrap_or("other");
        *locked(&self.requests)
            .entry((route, method, status / 100))
            .or_default() += 1;
    }

    pub(crate) fn sign_in(&self, outcome: &'static str) {
        *locked(&self.sign_ins).entry(outcome).or_default() += 1;
    }

    pub(crate) fn refusal(&self, why: &'static str) {
        *locked(&self.refusals).entry(why).or_default() += 1;
    }

    /// A session made a request.
    pub(crate) fn session_used(&self, session: &str, role: &'static str) {
        let mut sessions = locked(&self.sessions);
        let now = Instant::now();
        if sessions.len() >= MOST_SESSIONS {
            sessions.retain(|_, (_, at)| now.duration_since(*at) < OPEN);
        }
        if sessions.len() < MOST_SESSIONS || sessions.contains_key(session) {
            sessions.insert(session.to_owned(), (role, now));
        }
    }

    /// A session ended.
    pub(crate) fn session_ended(&self, session: &str) {
        locked(&self.sessions).remove(session);
    }

    /// All counters in Prometheus's text format, version 0.0.4.
    pub(crate) fn text(&self) -> String {
        let mut page = Page::default();
        page.family("build_info", "gauge", "The running version.");
        page.line("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        page.family("requests_total", "counter", "Requests answered.");
        for ((route, method, class), count) in &*locked(&self.requests) {
            let class = format!("{class}xx");
            let labels = [("route", *route), ("method", method), ("status", &class)];
            page.line("requests_total", &labels, count);
        }
        page.family("sign_ins_total", "counter", "Tries to sign in.");
        for (outcome, count) in &*locked(&self.sign_ins) {
            page.line("sign_ins_total", &[("outcome", outcome)], count);
        }
        page.family("refusals_total", "counter", "Requests refused.");
        for (why, count) in &*locked(&self.refusals) {
            page.line("refusals_total", &[("why", why)], count);
        }
        let now = Instant::now();
        let mut open = BTreeMap::from([("admin", 0_u64), ("viewer", 0), ("wall", 0)]);
        for (role, at) in locked(&self.sessions).values() {
            if now.duration_since(*at) < OPEN {
                *open.entry(role).or_default() += 1;
            }
        }
        page.family("sessions", "gauge", "Sessions seen within five minutes.");
        for (role, count) in open {
            page.line("sessions", &[("role", role)], count);
        }
        let meters = locked(&self.meters).clone();
        page.meters(&meters, now);
        page.0
    }
}

impl Meter {
    /// One call to the vendor.
    pub(crate) fn call(&self, duration: Duration, outcome: &Result<Answer, Problem>) {
        let mut counts = locked(&self.0);
        let class = match outcome {
            Ok(answer) => match answer.status.as_u16() / 100 {
                2 => "2xx",
                4 => "4xx",
                5 => "5xx",
                _ => "other",
            },
            Err(problem) => problem.kind.name(),
        };
        *counts.outcomes.entry(class).or_default() += 1;
        let seconds = duration.as_secs_f64();
        for (bucket, end) in counts.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= end);
        }
        counts.seconds += seconds;
        counts.calls += 1;
        if outcome.is_ok() {
            counts.last_answer = Some(Instant::now());
        }
    }

    /// One read, answered by its own call or by another's.
    pub(crate) fn read(&self, shared: bool) {
        let mut counts = locked(&self.0);
        if shared {
            counts.shared += 1;
        } else {
            counts.requested += 1;
        }
    }

    /// The connection's breaker opened or closed.
    pub(crate) fn breaker(&self, open: bool) {
        let mut counts = locked(&self.0);
        counts.opened += u64::from(open && !counts.breaker_open);
        counts.breaker_open = open;
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = write!(
            self.0,
            "# HELP failover_console_{name} {help}\n# TYPE failover_console_{name} {kind}\n"
        );
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let _ = writeln!(
            self.0,
            "failover_console_{name}{{{}}} {value}",
            labels.join(",")
        );
    }

    fn meters(&mut self, meters: &BTreeMap<String, Arc<Meter>>, now: Instant) {
        self.family("upstream_calls_total", "counter", "Calls to a vendor.");
        for (id, meter) in meters {
            for (outcome, count) in &locked(&meter.0).outcomes {
                let labels = [("connection", id.as_str()), ("outcome", outcome)];
                self.line("upstream_calls_total", &labels, count);
            }
        }
        self.family(
            "upstream_seconds",
            "histogram",
            "How long calls to a vendor take.",
        );
        for (id, meter) in meters {
            let counts = locked(&meter.0);
            for (count, end) in counts.buckets.iter().zip(BUCKETS) {
                let labels = [("connection", id.as_str()), ("le", &end.to_string())];
                self.line("upstream_seconds_bucket", &labels, count);
            }
            let whole = [("connection", id.as_str()), ("le", "+Inf")];
            self.line("upstream_seconds_bucket", &whole, counts.calls);
            self.line("upstream_seconds_sum", &whole[..1], counts.seconds);
            self.line("upstream_seconds_count", &whole[..1], counts.calls);
        }
        self.family(
            "reads_total",
            "counter",
            "Reads of browsers: asked of the vendor, or shared with another's call.",
        );
        for (id, meter) in meters {
            let counts = locked(&meter.0);
            for (from, count) in [("asked", counts.requested), ("shared", counts.shared)] {
                self.line(
                    "reads_total",
                    &[("connection", id), ("answer", from)],
                    count,
                );
            }
        }
        self.family(
            "answer_age_seconds",
            "gauge",
            "Since the vendor's last answer.",
        );
        for (id, meter) in meters {
            if let Some(at) = locked(&meter.0).last_answer {
                let age = now.duration_since(at).as_secs_f64();
                self.line("answer_age_seconds", &[("connection", id)], age);
            }
        }
        self.family("breaker_open", "gauge", "1 while a vendor is left alone.");
        for (id, meter) in meters {
            let open = u8::from(locked(&meter.0).breaker_open);
            self.line("breaker_open", &[("connection", id)], open);
        }
        self.family(
            "breaker_opened_total",
            "counter",
            "How often a breaker opened.",
        );
        for (id, meter) in meters {
            let opened = locked(&meter.0).opened;
            self.line("breaker_opened_total", &[("connection", id)], opened);
        }
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;
    use axum::body::Bytes;
    use axum::http::{HeaderMap, StatusCode};

    #[tokio::test(start_paused = true)]
    async fn counters_are_written_by_connection() {
        let metrics = Metrics::default();
        let meter = metrics.meter("plant-a");
        let answer = Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            at: Instant::now(),
        };
        meter.call(Duration::from_millis(30), &Ok(answer));
        meter.call(
            Duration::from_secs(20),
            &Err(Problem::new(Kind::Timeout, "x")),
        );
        meter.read(false);
        meter.read(true);
        meter.read(true);
        meter.breaker(true);
        meter.breaker(true);
        metrics.request("relay", "GET", 204);
        metrics.request("relay", "BREW", 418);
        tokio::time::advance(Duration::from_secs(7)).await;
        let text = metrics.text();
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
            r#"answer_age_seconds{connection="plant-a"} 7"#,
            r#"breaker_open{connection="plant-a"} 1"#,
            r#"breaker_opened_total{connection="plant-a"} 1"#,
            r#"requests_total{route="relay",method="GET",status="2xx"} 1"#,
            r#"requests_total{route="relay",method="other",status="4xx"} 1"#,
        ] {
            let line = format!("failover_console_{line}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        metrics.keep_only(&["plant-b"]);
        assert!(!metrics.text().contains("plant-a"));
    }

    #[tokio::test(start_paused = true)]
    async fn sessions_count_as_open_while_they_are_used() {
        let metrics = Metrics::default();
        metrics.session_used("one", "admin");
        metrics.session_used("two", "wall");
        metrics.session_used("two", "wall");
        let open = |role: &str, count: u32| {
            let line = format!("failover_console_sessions{{role=\"{role}\"}} {count}\n");
            assert!(metrics.text().contains(&line), "{line}{}", metrics.text());
        };
        open("admin", 1);
        open("wall", 1);
        open("viewer", 0);
        metrics.session_ended("one");
        open("admin", 0);
        tokio::time::advance(OPEN).await;
        open("wall", 0);
    }
}
