//! The watch: reads every connection at its interval, once for all viewers, through the client that the relay uses, and
//! keeps the results in the inventory, where they are judged for everybody.
//!
//! It is independent of visitors and routes.

mod aveva;
mod changed;
mod clock;
mod complete_reading;
mod failure;
mod inbox;
mod inventory;
mod limit;
mod permit;
mod sharing;
mod source;
mod uplynk;
mod veeam;
mod watched_connection;
mod watcher;
mod watchers;

pub(crate) use clock::Clock;
#[cfg(test)]
pub(crate) use clock::Skips;
pub(crate) use failure::line;
#[cfg(test)]
pub(crate) use inventory::FAULT;
#[cfg(test)]
pub(crate) use inventory::unread;
pub(crate) use inventory::{Audience, Inventory, Position};
pub(crate) use watchers::Watchers;
