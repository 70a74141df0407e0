//! Alerts: which alarms call whom, and how the calls get there.

mod alerting;
pub(crate) mod message;
mod outbox;
mod rules;

pub(crate) use alerting::{Alerting, Deliver, Setting, Target};
pub(crate) use outbox::Refusal;
