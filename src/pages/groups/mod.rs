//! AVEVA client failover groups and their sessions.

mod facts;
mod group;
mod list;
mod model;
mod sessions;
mod takeover;

pub use group::GroupPage;
pub use list::Groups;
