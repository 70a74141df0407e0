//! Uplynk live slicer failover groups, and the slicers of each in their order.

pub mod group;
pub mod list;
pub mod model;
pub mod on_air;
pub mod order;
pub mod save;

pub use group::SlicerGroupPage;
pub use list::Slicers;
pub use model::name;
