//! What a part of the page provides to everything within it.

use leptos::prelude::use_context;

/// The context of this type. It takes the place of the library's `expect_context`, whose error message brings 5 kB more
/// into the program.
///
/// # Panics
/// Where nothing around the caller provides it. Each function that calls this says what does.
#[track_caller]
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "the app provides each context before it draws what uses it"
)]
pub fn provided<T: Clone + 'static>() -> T {
    use_context().expect("the app provides this context")
}
