//! Uplynk live slicer failover groups, and the slicers of each in order.

pub mod action_context;
pub mod actions;
pub mod activation_alternatives;
pub mod channels;
pub mod conflict;
pub mod group;
pub mod list;
pub mod model;
pub mod move_to;
pub mod on_air;
pub mod order;
pub mod order_memory;
pub mod order_rows;
pub mod owners;
pub mod save_bar;
pub mod save_order;
pub mod send;
pub mod settings;
pub mod slicer_row;
pub mod thumbnail;
pub mod thumbnail_ages;

pub use action_context::ActionContext;
pub use group::SlicerGroupPage;
pub use list::Slicers;
pub use model::name;
