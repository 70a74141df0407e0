//! What stands around every page: the rail, the top bar, and the news that the gateway is gone.

mod lost;
mod rail;
mod sources;
mod top;

pub use lost::Lost;
pub use rail::Rail;
pub use top::Top;
