//! An AVEVA service for which each test sets how every request is answered: normally, with an error, or not at all.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// The kind of response to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    Normal,
    Status(u16),
    /// A status with `Retry-After`.
    RetryAfter(u16, u16),
    Garbage,
    Never,
}

#[derive(Debug)]
struct Inner {
    groups: Vec<String>,
    /// The maximum number of groups per page.
    page_limit: usize,
    /// The value of `Total-Count`, if it is sent.
    total: Option<usize>,
    /// A group that is deleted after the first page of the list was sent.
    delete_after_first_page: Option<String>,
    /// The sessions of each group with their roles; other groups have two.
    sessions: HashMap<String, Vec<(&'static str, &'static str)>>,
    /// The status of groups whose sessions do not contain `LastDataProcessedTime`.
    statuses: HashMap<String, Value>,
    /// The key is the id of a group, its status (`g0 status`), the number of a page (`page 0`), or `*` for all.
    behaviours: HashMap<String, Behaviour>,
    log: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Plant {
    pub(super) base: String,
    inner: Arc<Mutex<Inner>>,
}

impl Plant {
    /// A service with this number of groups: `g0`, `g1`, and so on.
    pub(super) async fn new(groups: usize) -> Self {
        let inner = Inner {
            groups: (0..groups).map(|number| format!("g{number}")).collect(),
            page_limit: usize::MAX,
            total: None,
            delete_after_first_page: None,
            sessions: HashMap::new(),
            statuses: HashMap::new(),
            behaviours: HashMap::new(),
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

    pub(super) fn behave(&self, key: &str, behaviour: Behaviour) {
        self.inner().behaviours.insert(key.to_owned(), behaviour);
    }

    pub(super) fn sessions(&self, group: &str, sessions: &[(&'static str, &'static str)]) {
        self.inner()
            .sessions
            .insert(group.to_owned(), sessions.to_vec());
    }

    /// Sets the status of a group, whose sessions then omit `LastDataProcessedTime`.
    pub(super) fn status(&self, group: &str, status: Value) {
        self.inner().statuses.insert(group.to_owned(), status);
    }

    pub(super) fn groups(&self, groups: &[&str]) {
        self.inner().groups = groups.iter().map(|&group| group.to_owned()).collect();
    }

    /// Sets the maximum number of groups per page.
    pub(super) fn page_limit(&self, limit: usize) {
        self.inner().page_limit = limit;
    }

    /// Sends this `Total-Count` with each page of the list.
    pub(super) fn total(&self, total: usize) {
        self.inner().total = Some(total);
    }

    /// Deletes a group after the first page of the list was sent.
    pub(super) fn delete_after_first_page(&self, group: &str) {
        self.inner().delete_after_first_page = Some(group.to_owned());
    }

    /// The requests since the last call.
    pub(super) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().log)
    }

    /// The number of requests since the last call of `take_requests`.
    pub(super) fn request_count(&self) -> usize {
        self.inner().log.len()
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response<Body> {
    let (behaviour, body, total) = {
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
        if is_list && let Some(id) = inner.delete_after_first_page.take() {
            inner.groups.retain(|held| *held != id);
            inner.total = inner.total.map(|total| total - 1);
            inner.behaviours.insert(id, Behaviour::Status(404));
        }
        let find = |key: &str| inner.behaviours.get(key).copied();
        (
            find(&key)
                .or_else(|| find("*"))
                .unwrap_or(Behaviour::Normal),
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
    match behaviour {
        Behaviour::Normal => response.body(body.to_string().into()).unwrap(),
        Behaviour::Garbage => response.body("<h1>It works!".into()).unwrap(),
        Behaviour::Status(status) => {
            let error = r#"{"Error":"no"}"#;
            response.status(status).body(error.into()).unwrap()
        }
        Behaviour::RetryAfter(status, seconds) => response
            .status(status)
            .header("retry-after", seconds)
            .body("{}".into())
            .unwrap(),
        Behaviour::Never => std::future::pending().await,
    }
}

/// A page of the list, with its key in `behaviours`.
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
    let default = vec![("a", "Primary"), ("b", "Secondary")];
    let sessions = inner.sessions.get(group).unwrap_or(&default);
    let now = chrono::DateTime::UNIX_EPOCH.to_rfc3339();
    let processed = (!inner.statuses.contains_key(group)).then_some(&now);
    let session = |(id, role): &(&str, &str)| {
        json!({ "Id": format!("{group}-{id}"), "Role": role, "HeartbeatPosted": true,
                "Heartbeat": { "FailoverScore": 100.0, "HeartbeatTime": now, "LastDataProcessedTime": processed } })
    };
    sessions.iter().map(session).collect()
}
