//! AVEVA client failover groups and their sessions.

pub mod facts;
pub mod group;
pub mod list;
pub mod model;
pub mod sessions;
pub mod takeover;

pub use group::GroupPage;
pub use list::Groups;
