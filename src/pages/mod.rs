//! One folder per entry of the rail. A page asks `live` for data, hands it to `health`, and draws the
//! verdict; it fetches nothing, times nothing and judges nothing by itself.

pub mod attention;
pub mod connections;
pub mod failover_sessions;
pub mod groups;
pub mod not_found;
pub mod one;
pub mod overview;
pub mod pairing;
pub mod sign_in;
pub mod slicers;
pub mod trouble;
pub mod wall;

pub use not_found::NotFound;
pub use one::One;
pub use pairing::Pairing;
pub use sign_in::SignIn;
pub use trouble::Trouble;
