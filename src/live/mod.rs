//! Polling: the last good value of everything on the screen, its age, and the last failure since then.
//! Pages read their data here; they send no polls and set no timers themselves.

pub mod activity;
pub mod aveva;
pub mod clock;
pub mod inventory;
mod inventory_freshness;
mod inventory_snapshot;
mod keyed;
#[expect(
    clippy::module_inception,
    reason = "Live<T> is what the folder is about; its file is named after it"
)]
pub mod live;
mod poll;
pub mod poll_settings;
pub mod rows;
pub mod status;
pub mod timeline;
pub mod uplynk;
pub mod veeam;

pub use aveva::{Detail, Group};
pub use clock::{Clock, use_clock};
pub use health::{schedule, sort};
pub use inventory::{Watched, use_watched};
#[cfg(test)]
pub use inventory_snapshot::tests::alarm;
pub use inventory_snapshot::{GroupLeaderChange, InventorySnapshot};
pub use keyed::{keyed, places};
pub use live::Live;
pub use poll_settings::{PollSettings, use_poll_settings};
pub use status::Status;
