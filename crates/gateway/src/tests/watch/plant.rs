//! An AVEVA service whose every group the test decides: whether it answers, fails, or hangs.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// How something answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    Well,
    Status(u16),
    /// A status with `Retry-After`.
    Later(u16, u16),
    Garbage,
    Never,
}

#[derive(Debug)]
struct Inner {
    groups: Vec<String>,
    /// The most groups of a page, whatever is asked for.
    page_limit: usize,
    /// What is told as `Total-Count`, where anything is.
    total: Option<usize>,
    /// A group that is deleted once the first page of the list was given.
    deleted_in_between: Option<String>,
    /// Sessions of each group and their roles; two where a group is not named.
    sessions: HashMap<String, Vec<(&'static str, &'static str)>>,
    /// The status of a group that is told there alone: its sessions do not say when data was last processed.
    statuses: HashMap<String, Value>,
    /// By the id of a group, by its status (`g0 status`), by the number of a page (`page 0`), or for everything (`*`).
    answers: HashMap<String, Answers>,
    log: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Plant {
    pub(super) base: String,
    inner: Arc<Mutex<Inner>>,
}

impl Plant {
    /// With so many groups, called `g0`, `g1`, and so on.
    pub(super) async fn new(groups: usize) -> Self {
        let inner = Inner {
            groups: (0..groups).map(|number| format!("g{number}")).collect(),
            page_limit: usize::MAX,
            total: None,
            deleted_in_between: None,
            sessions: HashMap::new(),
            statuses: HashMap::new(),
            answers: HashMap::new(),
            log: Vec::new(),
        };
        let inner = Arc::new(Mutex::new(inner));
        let app = Router::new().fallback(answer).with_state(inner.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, inner }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(super) fn answers(&self, what: &str, how: Answers) {
        self.inner().answers.insert(what.to_owned(), how);
    }

    pub(super) fn sessions(&self, group: &str, sessions: &[(&'static str, &'static str)]) {
        self.inner()
            .sessions
            .insert(group.to_owned(), sessions.to_vec());
    }

    /// Lets the status of a group alone say when data was last processed.
    pub(super) fn status(&self, group: &str, status: Value) {
        self.inner().statuses.insert(group.to_owned(), status);
    }

    pub(super) fn groups(&self, groups: &[&str]) {
        self.inner().groups = groups.iter().map(|&group| group.to_owned()).collect();
    }

    /// The most groups of a page, whatever is asked for.
    pub(super) fn page_limit(&self, limit: usize) {
        self.inner().page_limit = limit;
    }

    /// Tells this as `Total-Count` with each page of the list.
    pub(super) fn total(&self, total: usize) {
        self.inner().total = Some(total);
    }

    /// Deletes a group once the first page of the list was given.
    pub(super) fn delete_in_between(&self, group: &str) {
        self.inner().deleted_in_between = Some(group.to_owned());
    }

    /// What was asked since the last look.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().log)
    }

    /// How much was asked since the last look.
    pub(super) fn log_len(&self) -> usize {
        self.inner().log.len()
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response<Body> {
    let (how, body, total) = {
        let mut inner = inner.lock().unwrap();
        let uri = request.uri().clone();
        let path = uri.path().trim_start_matches("/api/v1/clientfailover/");
        let query = uri.query().map(|query| format!("?{query}"));
        let line = format!("{} {path}{}", request.method(), query.unwrap_or_default());
        inner.log.push(line);
        let parts: Vec<&str> = path.split('/').collect();
        if request.method() == "DELETE" {
            inner
                .sessions
                .insert(parts[1].to_owned(), vec![("a", "Primary")]);
        }
        let (key, body) = match parts.as_slice() {
            ["groups"] => page(&inner, &uri),
            ["groups", group, "clientsessions", ..] => {
                ((*group).to_owned(), sessions(&inner, group))
            }
            ["groups", group, "status"] => {
                let status = inner.statuses.get(*group).cloned();
                (format!("{group} status"), status.unwrap_or(json!({})))
            }
            ["groups", group, ..] => ((*group).to_owned(), json!({})),
            _ => (String::new(), Value::Null),
        };
        let is_list = parts == ["groups"];
        let total = inner.total.filter(|_| is_list);
        if is_list && let Some(id) = inner.deleted_in_between.take() {
            inner.groups.retain(|held| *held != id);
            inner.total = inner.total.map(|total| total - 1);
            inner.answers.insert(id, Answers::Status(404));
        }
        let find = |key: &str| inner.answers.get(key).copied();
        (
            find(&key).or_else(|| find("*")).unwrap_or(Answers::Well),
            body,
            total,
        )
    };
    let mut response = Response::builder()
        .header("content-type", "application/json")
        .header("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    if let Some(total) = total {
        response = response.header("total-count", total);
    }
    match how {
        Answers::Well => response.body(body.to_string().into()).unwrap(),
        Answers::Garbage => response.body("<h1>It works!".into()).unwrap(),
        Answers::Status(status) => {
            let error = r#"{"Error":"no"}"#;
            response.status(status).body(error.into()).unwrap()
        }
        Answers::Later(status, seconds) => response
            .status(status)
            .header("retry-after", seconds)
            .body("{}".into())
            .unwrap(),
        Answers::Never => std::future::pending().await,
    }
}

/// A page of the list, and the key of how it answers.
fn page(inner: &Inner, uri: &Uri) -> (String, Value) {
    let number = |name: &str| {
        let mut pairs = uri.query().unwrap_or_default().split('&');
        pairs.find_map(|pair| pair.strip_prefix(name)?.parse::<usize>().ok())
    };
    let (skip, count) = (
        number("skip=").unwrap_or(0),
        number("count=").unwrap_or(100).min(inner.page_limit),
    );
    let ids = inner.groups.iter().skip(skip).take(count);
    let groups = ids.map(|id| json!({ "Id": id, "FailoverTimeout": "00:01:00" }));
    (format!("page {}", skip / 100), groups.collect())
}

fn sessions(inner: &Inner, group: &str) -> Value {
    let usual = vec![("a", "Primary"), ("b", "Secondary")];
    let sessions = inner.sessions.get(group).unwrap_or(&usual);
    let now = chrono::DateTime::UNIX_EPOCH.to_rfc3339();
    let processed = (!inner.statuses.contains_key(group)).then_some(&now);
    let of = |(id, role): &(&str, &str)| {
        json!({ "Id": format!("{group}-{id}"), "Role": role, "HeartbeatPosted": true,
                "Heartbeat": { "FailoverScore": 100.0, "HeartbeatTime": now, "LastDataProcessedTime": processed } })
    };
    sessions.iter().map(of).collect()
}
