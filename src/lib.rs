//! Failover Console in the browser: three vendors' failover systems on one screen.
//!
//! A page asks [`live`] for data, hands it to the `health` crate, and draws the verdict. Requests go
//! through [`api`] to the gateway that served the page; no vendor path and no secret is here.

pub mod api;
pub mod app;
pub mod client_view;
pub mod json;
pub mod live;
pub mod nav;
pub mod on_change;
pub mod pages;
pub mod panic_banner;
pub mod prefs;
pub mod provided;
pub mod route;
pub mod shell;
pub mod subscribers;
pub mod ui;
