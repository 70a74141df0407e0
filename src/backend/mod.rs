//! How a call reaches the gateway, and what the gateway says of itself.

pub mod aveva;
pub mod build;
pub mod connections;
pub mod failure;
pub mod pictures;
pub mod quiet;
pub mod report;
pub mod session;
pub mod transport;
pub mod uplynk;
pub mod walls;

pub use failure::{Failure, Problem};
pub use report::{Compared, Report};
pub use transport::{Arrived, send};
