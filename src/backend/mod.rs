//! How a call reaches the gateway, and what the gateway says of itself.

pub mod connections;
pub mod failure;
pub mod session;
pub mod transport;

pub use failure::{Failure, Problem};
pub use transport::{Arrived, send};
