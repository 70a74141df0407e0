//! What a part of the page provides to everything within it.

use leptos::prelude::use_context;

/// What the part of the page around this one provides under its type. In place of the library's function for it, which
/// writes what is missing with 5 kB more of the program.
///
/// # Panics
/// Outside of what provides it: where that is, stands with every function that calls this.
#[track_caller]
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "whoever asks is drawn within what provides it"
)]
pub fn provided<T: Clone + 'static>() -> T {
    use_context().expect("this part of the page is drawn within what provides to it")
}
