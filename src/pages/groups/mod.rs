//! AVEVA client failover groups and their sessions.

pub mod action_context;
pub mod candidates;
pub mod countdown;
pub mod dialogs;
pub mod facts;
pub mod group;
pub mod group_form;
pub mod group_row;
pub mod handover;
pub mod list;
pub mod model;
pub mod session_actions;
pub mod session_panel;
pub mod session_row;
pub mod sessions;
pub mod spans;
pub mod takeover;

pub use action_context::{ActionContext, Open};
pub use group::GroupPage;
pub use group_form::GroupForm;
pub use list::Groups;
pub use session_panel::SessionPanel;
