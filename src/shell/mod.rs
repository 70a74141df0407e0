//! What stands around every page: the rail, the top bar, and the news that the gateway is gone.

pub mod lost;
pub mod rail;
pub mod sources;
pub mod top;

pub use lost::Lost;
pub use rail::Rail;
pub use top::Top;
