//! Reads the contexts that parts of the page provide to the views inside them.

use leptos::prelude::use_context;

/// The context of this type. It replaces the library's `expect_context`, whose error message adds 5 kB to the program.
///
/// # Panics
/// If no owner around the caller provides the context. The documentation of each caller names the owner.
#[track_caller]
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "the app provides each context before it draws what uses it"
)]
pub fn provided<T: Clone + 'static>() -> T {
    use_context().expect("the app provides this context")
}
