//! Runs closures when signals change. It replaces the library's `Effect::new`, which compiles to half a kilobyte for
//! each closure: here all closures have one type.

use leptos::prelude::Effect;

/// Runs the closure now, and again whenever a signal that it read changes, until the current owner is cleaned up.
pub fn on_change(run: impl FnMut() + 'static) {
    boxed(Box::new(run));
}

/// As [`on_change`], with the closure's previous return value, which is `None` in the first run.
pub fn on_change_since<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
    let mut before = None;
    on_change(move || before = Some(run(before.take())));
}

fn boxed(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| run());
}
