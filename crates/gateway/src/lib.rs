//! The server of Failover Console: serves the built console, signs people in, adds each
//! vendor system's credentials, and relays exactly the contracts' operations to it. It renders nothing and judges no system's
//! health; vendor paths are written in the `vendors` crate alone.

mod access;
mod app;
mod assets;
mod audit;
mod body;
pub mod cli;
pub mod config;
mod credentials;
pub mod demo;
mod door;
mod edge;
mod from;
mod guard;
mod hash_password;
pub mod listen;
mod metrics;
mod own;
mod problem;
mod relay;
mod routes;
mod serve;
mod single_flight;
mod thumbnails;
mod tls;
mod walls;
mod wire;

pub use access::{Access, Limits, Memory, SignIn};
pub use app::{Gateway, Shared, app};
pub use assets::Assets;
pub use door::Files;
pub use from::Network;
pub use problem::{Kind, Problem};
pub use relay::{REQUEST_LIMIT, Upstream};

#[cfg(test)]
mod tests;
