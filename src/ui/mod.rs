//! Widgets with no knowledge of any API.

pub mod action_dialog;
pub mod announcements;
pub mod beat;
pub mod copy;
pub mod desktop_notification;
pub mod dialog;
pub mod download;
pub mod failure_card;
pub mod field;
pub mod freshness;
pub mod heading;
pub mod icon;
pub mod lost_text;
pub mod name;
pub mod notice;
pub mod reorder;
pub mod sound;
pub mod status_mark;
pub mod switch;
pub mod table;
pub mod times;
pub mod wake_lock;
pub mod width;

pub use action_dialog::ActionDialog;
pub use announcements::Announcements;
pub use beat::Beat;
pub use copy::Copy;
pub use failure_card::FailureCard;
pub use field::Field;
pub use heading::Heading;
pub use icon::Icon;
pub use lost_text::LostTextBanner;
pub use name::name;
pub use status_mark::{StatusMark, Tag};
pub use switch::Switch;
