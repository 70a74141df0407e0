//! What is done whenever something changes. It takes the place of the library's `Effect::new`, which makes half a
//! kilobyte of program for each closure: here all are one type.

use leptos::prelude::Effect;

/// Runs it now, and again whenever what it read has changed, for as long as the current owner lives.
pub fn on_change(run: impl FnMut() + 'static) {
    boxed(Box::new(run));
}

/// The same for what needs to know what it answered the last time; the first time there is none.
pub fn on_change_since<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
    let mut before = None;
    on_change(move || before = Some(run(before.take())));
}

fn boxed(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| run());
}
