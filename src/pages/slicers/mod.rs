//! Uplynk live slicer failover groups, and the slicers of each in their order.

mod group;
mod list;
mod model;
mod on_air;
mod order;

pub use group::SlicerGroupPage;
pub use list::Slicers;
