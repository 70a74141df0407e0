//! Alerts: which alarms call whom, and how the calls get there.

pub(crate) mod message;
pub(crate) mod send;
