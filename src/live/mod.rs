//! Status refresh: the last good value of everything on the screen, how old it is, and what went
//! wrong since. Pages ask here and never fetch or time anything themselves.

pub mod aveva;
pub mod build;
pub mod clock;
#[expect(
    clippy::module_inception,
    reason = "Live<T> is what the folder is about; its file is named after it"
)]
pub mod live;
mod poll;
pub mod poll_settings;
pub mod rows;
pub mod schedule;
#[cfg(test)]
mod schedule_tests;
pub mod server_clock;
pub mod sources;
pub mod status;
pub mod uplynk;
pub mod veeam;

pub use aveva::{Detail, Group, Sweep};
pub use build::{Build, use_build};
pub use clock::{Clock, use_clock};
pub use live::{Fetched, Live};
pub use poll_settings::{PollSettings, use_poll_settings};
pub use sources::{Feed, Source, Sources, use_sources};
pub use status::{LastError, NextPoll, Status};
