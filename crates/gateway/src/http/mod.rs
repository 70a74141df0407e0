//! HTTP: the list of routes, the middleware, and one file per group of routes. The only module that uses the
//! complete state of the gateway. A new route is a handler and a line in `router`.

mod activity;
mod alarms;
mod alert_targets;
pub(crate) mod authorization;
mod body;
mod build;
mod client_ip;
mod compression;
pub(crate) mod connection_limit;
mod connections;
mod console;
mod csp_report;
mod handling;
mod inventory;
mod known_ids;
pub(crate) mod listen;
mod maintenance;
mod middleware;
mod openid;
mod origin_check;
mod pairing;
mod probes;
mod problem_response;
mod query;
mod redirect;
mod relay;
mod report;
pub(crate) mod router;
pub(crate) mod serve;
mod session;
mod strict_json;
mod thumbnails;
mod unlock;
mod walls;
mod write_timeout;

use axum::http::{HeaderName, header};

/// The header that forbids caches to store a response.
const NO_STORE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];
