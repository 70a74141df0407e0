//! The page `/wall`: a screen that nobody touches for months, read from the other side of the room. It
//! cannot change anything: nothing below this folder knows how to write.

pub mod drift;
pub mod layout;
pub mod model;
pub mod news;
pub mod params;
pub mod ringer;
pub mod rotation;
pub mod sizing;
