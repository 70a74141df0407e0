//! Parts of tables and lists: sorting, search, filters, pages, rows that keep their order while in use, virtual rows.

pub mod filters;
pub mod intent;
pub mod row_focus;
pub mod row_in_view;
pub mod row_window;
pub mod search;
pub mod sorting;
pub mod stable_rows;
pub mod virtual_rows;
