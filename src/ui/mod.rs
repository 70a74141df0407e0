//! Widgets with no knowledge of any API.

pub mod awake;
pub mod beat;
pub mod copy;
pub mod deed;
pub mod desktop;
pub mod dialog;
pub mod download;
pub mod failure_card;
pub mod field;
pub mod filter;
pub mod freshness;
pub mod heading;
pub mod icon;
pub mod notice;
pub mod order;
pub mod reorder;
pub mod sound;
pub mod status_mark;
pub mod steady;
pub mod switch;
pub mod times;
pub mod window;

pub use beat::Beat;
pub use copy::Copy;
pub use deed::Deed;
pub use failure_card::FailureCard;
pub use field::Field;
pub use heading::Heading;
pub use icon::Icon;
pub use status_mark::{StatusMark, Tag};
pub use switch::Switch;
