//! The AVEVA contract as the calls of this crate speak it.

mod answers;
mod errors;
mod fixtures;
mod paths;
mod requests;
