//! The shell around every page: the rail, the top bar, and the banners for an unreachable gateway and an
//! ended session.

pub mod gateway_lost;
pub mod notes;
pub mod rail;
pub mod refresh;
pub mod signed_out;
pub mod sources;
pub mod top;
pub mod unsaved_changes;

pub use gateway_lost::GatewayLost;
pub use rail::Rail;
pub use signed_out::SignedOut;
pub use top::Top;
pub use unsaved_changes::UnsavedChangesDialog;
