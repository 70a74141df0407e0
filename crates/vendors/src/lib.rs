//! The three vendors' failover APIs, described once and without any I/O.
//!
//! An operation is a function that returns a [`Call`]: the HTTP request to send and how to read the
//! answer. Who sends it (the console through the gateway, the gateway itself, a test) is not known
//! here. This crate reads no clock, opens no socket and knows no screen.

pub mod aveva;
pub mod call;
pub mod connection;
mod error_body;
mod json;
mod kept;
pub mod operation;
mod status;
pub mod uplynk;
pub mod veeam;

pub use call::{Answer, Call, Failure, Request, VendorError};
pub use connection::{Connection, System};
pub use kept::{Kept, LEFT_OUT};
pub use operation::{Method, Operation};
