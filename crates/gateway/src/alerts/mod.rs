//! Alerts: messages about alarms to people and programs outside the console.

mod alerting;
pub(crate) mod message;
mod outbox;
mod rules;
pub(crate) mod send;

#[cfg(test)]
pub(crate) use alerting::Deliver;
pub(crate) use alerting::{Alerting, Setting, Target};
