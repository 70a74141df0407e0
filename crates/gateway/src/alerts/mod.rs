//! Alerts: which alarms call whom, and how the calls get there.

mod alerting;
pub(crate) mod message;
mod outbox;
mod rules;
pub(crate) mod send;

#[cfg(test)]
pub(crate) use alerting::Deliver;
pub(crate) use alerting::{Alerting, Setting, Target};
