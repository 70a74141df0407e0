//! Reordering a list: the draft of an order, the state of a drag, and its pointer events. It does not depend on the
//! kind of items.

pub mod draft;
pub mod drag;
mod drag_state;
pub mod dragging;
pub mod reorderable;

pub use draft::{Draft, Moved};
pub use drag::Dropped;
pub use dragging::Dragging;
pub use reorderable::Reorderable;
