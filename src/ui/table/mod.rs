//! Parts of tables and lists: sorting, searching, filters and pages, rows that keep their order while somebody uses
//! them, and virtual rows.

pub mod filters;
pub mod intent;
pub mod row_focus;
pub mod row_in_view;
pub mod row_window;
pub mod search;
pub mod sorting;
pub mod stable_rows;
pub mod virtual_rows;
