//! The failover APIs of the three vendors, without I/O.
//!
//! An operation is a function that returns a [`Call`]: the HTTP request and how to read its response. The caller sends
//! it. This crate reads no clock, opens no socket and formats nothing for a screen.

pub mod aveva;
pub mod call;
pub mod connection;
mod error_body;
pub mod from_json;
pub mod http_date;
pub mod json;
pub mod operation;
mod redaction;
mod refusal;
mod repair;
mod status;
pub mod unreadable;
pub mod uplynk;
pub mod veeam;

pub use call::{Answer, Call, Failure, Request, VendorError};
pub use connection::{Connection, System, SystemKind};
pub use operation::{Method, Operation, Parameter, Values};
pub use redaction::{LEFT_OUT_HEADER, Redacted};
pub use refusal::is_refusal;
pub use unreadable::{LeftOut, UnreadableField};
