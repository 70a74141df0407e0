//! Keeps the focus on its item. The rows of a table are a fixed pool: when the table is scrolled or sorted, a drawn row
//! shows a different item, and the focus must not move from the button of one item to that of another.

use crate::on_change::on_change_since;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlCollection, HtmlElement};

/// Moves the focus with its item, or to the scrolling region if the item is no longer among the drawn ones (`ids`).
pub fn follow_items(region: NodeRef<html::Div>, ids: Memo<Vec<String>>) {
    on_change_since(move |before: Option<Vec<String>>| {
        let now = ids.get();
        if let Some(before) = before
            && let Some((place, control)) = focused(region)
            && let Some(id) = before.get(place).filter(|id| now.get(place) != Some(*id))
        {
            let place = now.iter().position(|one| one == id);
            // Wait for two microtasks, because the rows are drawn again after the ones queued so far.
            queue_microtask(move || queue_microtask(move || restore(region, place, &control)));
        }
        now
    });
}

fn all(list: &HtmlCollection) -> impl Iterator<Item = Element> {
    (0..list.length()).filter_map(|place| list.item(place))
}

/// The drawn rows.
fn rows(region: NodeRef<html::Div>) -> Vec<Element> {
    let region = region.try_get_untracked().flatten();
    let body = region.and_then(|region| region.query_selector("tbody").ok().flatten());
    let is_item = |row: &Element| row.class_name() != "space";
    body.map_or_else(Vec::new, |body| {
        all(&body.children()).filter(is_item).collect()
    })
}

/// A control of a row: its tag name, and its index among the controls with that tag.
type Control = (String, usize);

/// The place of the row with the focus, and its focused control.
fn focused(region: NodeRef<html::Div>) -> Option<(usize, Control)> {
    let focused = document().active_element()?;
    let rows = rows(region);
    let place = rows.iter().position(|row| row.contains(Some(&focused)))?;
    let tag = focused.tag_name();
    let control =
        all(&rows[place].get_elements_by_tag_name(&tag)).position(|one| one == focused)?;
    Some((place, (tag, control)))
}

/// Moves the focus to a control of a row, or to the region, without scrolling back to it.
fn restore(region: NodeRef<html::Div>, place: Option<usize>, (tag, control): &Control) {
    let row = place.and_then(|place| rows(region).get(place).cloned());
    let control = row.and_then(|row| all(&row.get_elements_by_tag_name(tag)).nth(*control));
    let control = control.and_then(|one| one.dyn_into::<HtmlElement>().ok());
    let region = || {
        region
            .try_get_untracked()
            .flatten()
            .map(|one| (*one).clone().unchecked_into())
    };
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    if let Some(to) = control.or_else(region) {
        let _ = to.focus_with_options(&options);
    }
}
