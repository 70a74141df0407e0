//! Status refresh: the last good value of everything on the screen, how old it is, and what went
//! wrong since. Pages ask here and never fetch or time anything themselves.

pub mod clock;
#[expect(
    clippy::module_inception,
    reason = "Live<T> is what the folder is about; its file is named after it"
)]
pub mod live;
pub mod rows;
pub mod schedule;
pub mod sources;

pub use clock::{Clock, use_clock};
pub use live::Live;
pub use sources::{Feed, Group, Source, Sources, use_sources};
