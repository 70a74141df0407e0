//! The shell around every page: the rail, the top bar, and the banners for an unreachable gateway and an
//! ended session.

pub mod alerts_fail;
pub mod gateway_lost;
pub mod rail;
pub mod refresh;
pub mod signed_out;
pub mod sources;
pub mod store_in_memory;
pub mod top;
pub mod unsaved_changes;

pub use alerts_fail::AlertsFail;
pub use gateway_lost::GatewayLost;
pub use rail::Rail;
pub use refresh::Paused;
pub use signed_out::SignedOut;
pub use store_in_memory::StoreInMemory;
pub use top::Top;
pub use unsaved_changes::UnsavedChangesDialog;
