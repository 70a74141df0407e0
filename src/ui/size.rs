//! The size of an element, as it changes.

use crate::on_change::on_change;
use leptos::html::Div;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlDivElement, ResizeObserver};

/// The width of an element in rem; 0 until it exists.
pub fn width(element: NodeRef<Div>) -> RwSignal<f64> {
    let width = RwSignal::new(0.0);
    let read = move |element: &HtmlDivElement| {
        let _ = width.try_set(f64::from(element.client_width()) / rem());
    };
    // Read it immediately as well: otherwise dependent content would be painted with 0 first, and shift.
    on_change(move || element.get().iter().for_each(read));
    on_resize(element, read);
    width
}

/// Calls `read` once the page is laid out, and whenever the size of the element changes. Reading the size at other
/// times would make the browser lay out the page again.
pub fn on_resize(element: NodeRef<Div>, read: impl Fn(&HtmlDivElement) + 'static) {
    let read = Rc::new(read);
    on_change(move || {
        let Some(element) = element.get() else {
            return;
        };
        let changed = {
            let (element, read) = (element.clone(), Rc::clone(&read));
            Closure::<dyn FnMut()>::new(move || read(&element))
        };
        let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&element);
        let held = SendWrapper::new((observer, changed));
        on_cleanup(move || held.take().0.disconnect());
    });
}

/// One rem in pixels, as set in the browser.
fn rem() -> f64 {
    let root = document().document_element();
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    let pixels = size.and_then(|size| size.strip_suffix("px")?.split('.').next()?.parse().ok());
    f64::from(pixels.filter(|pixels| *pixels > 0).unwrap_or(16_u16))
}
