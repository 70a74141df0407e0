//! What stands around every page: the rail, the top bar, and the news that the gateway is gone or
//! the session has ended.

pub mod leaving;
pub mod lost;
pub mod polling;
pub mod rail;
pub mod refresh;
pub mod signed_out;
pub mod sources;
pub mod top;

pub use leaving::Leaving;
pub use lost::{Lost, gone, last_heard};
pub use polling::Polling;
pub use rail::Rail;
pub use refresh::Paused;
pub use signed_out::SignedOut;
pub use top::Top;
