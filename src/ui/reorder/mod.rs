//! Reordering a list: the draft of an order, the drag that leads to a move, and its connection to pointer
//! events. Knows nothing of what is ordered.

pub mod draft;
pub mod drag;
mod drag_state;
pub mod dragging;
pub mod reorderable;

pub use draft::{Draft, Moved};
pub use drag::Dropped;
pub use drag_state::now;
pub use dragging::Dragging;
pub use reorderable::Reorderable;
