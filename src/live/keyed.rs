//! A list of views by key. In place of `For`, whose comparison of lists is copied into the program once for each
//! kind of item, more than 1 kB each.

use leptos::prelude::*;
use std::sync::Arc;

/// What is drawn, once its key is new.
struct Item {
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

/// Draws each item once. One with the key of an item of the last list keeps its view.
#[must_use]
pub fn keyed<T, K, V>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> K + Send + 'static,
    draw: impl Fn(T) -> V + Send + Sync + 'static,
) -> AnyView
where
    T: Send + 'static,
    K: ToString,
    V: IntoAny + 'static,
{
    let draw = Arc::new(draw);
    let item = move |item: T| {
        let draw = Arc::clone(&draw);
        Item {
            key: key(&item).to_string(),
            draw: Box::new(move || draw(item).into_any()),
        }
    };
    list(Box::new(move || items().into_iter().map(&item).collect()))
}

fn list(items: Box<dyn Fn() -> Vec<Item> + Send>) -> AnyView {
    view! { <For each=items key=|item| item.key.clone() children=|item| (item.draw)() /> }
        .into_any()
}
