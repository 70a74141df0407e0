//! The server of Failover Console: watches the vendor systems, judges what it reads with the `health` crate, records
//! it, and notifies people of alarms; serves the built console, authenticates users, adds each vendor system's
//! credentials, and relays exactly the operations of the vendors' contracts. It renders nothing. Vendor paths
//! are written in the `vendors` crate only.

mod alerts;
mod answer_cache;
mod app;
mod assets;
mod audit;
mod auth;
mod changes;
pub mod cli;
mod clock;
mod config;
mod credentials;
mod crypto;
mod hidden_characters;
mod http;
mod identity;
mod in_flight;
mod inventory_view;
mod lock;
mod metrics;
mod network;
mod pairing;
mod problem;
mod relay;
mod shared_file;
mod single_flight;
mod store;
mod supervision;
mod thumbnails;
mod tls;
mod vendor_client;
mod vendor_http;
mod watch;

#[cfg(test)]
mod tests;
