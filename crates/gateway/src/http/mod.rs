//! HTTP: the router with its list of routes, the middleware, and one file per group of routes. The only module
//! that uses the whole state of the gateway.

mod body;
mod build;
mod client_ip;
mod compression;
mod connections;
mod inventory;
pub(crate) mod listen;
mod middleware;
mod openid;
mod origin_check;
mod pairing;
mod probes;
mod problem_response;
mod relay;
mod router;
pub(crate) mod routes;
mod serve;
mod session;
mod thumbnails;
mod walls;

pub use router::app;
