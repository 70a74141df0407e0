//! Uplynk live slicer failover groups, and the slicers of each in their order.

pub mod acts;
pub mod channels;
pub mod conflict;
pub mod deeds;
pub mod group;
pub mod instead;
pub mod list;
pub mod memory;
pub mod model;
pub mod move_to;
pub mod on_air;
pub mod order;
pub mod owners;
pub mod picture;
pub mod rows;
pub mod save;
pub mod send;
pub mod settings;
pub mod slicer_row;

pub use group::SlicerGroupPage;
pub use list::Slicers;
pub use model::name;
