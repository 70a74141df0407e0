//! Requests to the gateway: its own routes, and vendor calls through its relay.

pub mod activity;
pub mod aveva;
pub mod failure;
pub mod handling;
pub mod inventory;
pub mod outcome;
pub mod poll_gate;
pub mod session;
mod slices;
pub mod thumbnails;
pub mod transport;
pub mod uplynk;
pub mod walls;

pub use failure::{Failure, Problem};
pub use outcome::{Compared, Outcome};
pub use slices::{read_saved, send_page, send_sessions};
pub use transport::{Arrived, Purpose, VendorDate, send};
