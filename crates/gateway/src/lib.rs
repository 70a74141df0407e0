//! The server of Failover Console: serves the built console, adds each vendor system's credentials,
//! and relays exactly the contracts' operations to it. It renders nothing and judges no system's
//! health; vendor paths are written in the `vendors` crate alone.

mod app;
mod assets;
pub mod cli;
pub mod config;
mod credentials;
pub mod demo;
mod edge;
mod guard;
pub mod listen;
mod own;
mod problem;
mod relay;
mod single_flight;
mod thumbnails;
mod tls;
mod wire;

pub use app::{Gateway, app};
pub use assets::Assets;
pub use own::Session;
pub use problem::{Kind, Problem};
pub use relay::{REQUEST_LIMIT, Upstream};

#[cfg(test)]
mod tests;
