//! An AVEVA service whose first group has no primary, and an Uplynk service. Both record the times of requests for
//! their lists, and their queries.

use axum::Router;
use axum::extract::Path;
use axum::http::Uri;
use axum::routing::get;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpListener;

pub(crate) struct Vendor {
    pub(crate) base: String,
    lists: Arc<Mutex<[Vec<Instant>; 2]>>,
    queries: Arc<Mutex<Vec<String>>>,
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let lists: Arc<Mutex<[Vec<Instant>; 2]>> = Arc::default();
        let queries: Arc<Mutex<Vec<String>>> = Arc::default();
        let list = |system: usize, body: &'static str| {
            let (lists, queries) = (lists.clone(), queries.clone());
            let json = [("content-type", "application/json")];
            get(move |uri: Uri| async move {
                let query = uri.query().unwrap_or_default().to_owned();
                queries.lock().expect("no panic").push(query);
                lists.lock().expect("no panic")[system].push(Instant::now());
                (json, body)
            })
        };
        let sessions = get(|Path(group): Path<String>| async move {
            let role = u8::from(group != "g0");
            (
                [("content-type", "application/json")],
                format!(r#"[{{"Id":"s","Role":{role}}}]"#),
            )
        });
        let aveva = "/api/v1/clientfailover/groups";
        let app = Router::new()
            .route(aveva, list(0, r#"[{"Id":"g0"},{"Id":"g1"}]"#))
            .route(&format!("{aveva}/{{group}}/clientsessions"), sessions)
            .route(&format!("{aveva}/{{group}}/status"), get(|| async { "{}" }))
            .route(
                "/api/v4/failover-groups",
                list(
                    1,
                    r#"{"items":[{"id":"n","mode":"prioritized","channels":[],"slicers":[]}],"total_items":1}"#,
                ),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            base,
            lists,
            queries,
        }
    }

    /// The queries of the signed requests so far.
    pub(crate) fn signed(&self) -> Vec<String> {
        let mut queries = self.queries.lock().expect("no panic").clone();
        queries.retain(|query| query.starts_with("msg="));
        queries
    }

    /// The times of the requests for the list of each service since then.
    pub(crate) fn lists_since(&self, then: Instant) -> [Vec<Instant>; 2] {
        let mut lists = self.lists.lock().expect("no panic").clone();
        for times in &mut lists {
            times.retain(|at| *at > then);
        }
        lists
    }
}
