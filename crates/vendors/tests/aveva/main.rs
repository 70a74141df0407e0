//! The AVEVA contract as implemented by the calls of this crate.

mod answers;
mod errors;
mod fixtures;
mod paths;
mod requests;
