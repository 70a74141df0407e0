//! The visible rows of a long table, as it is scrolled. Only these are drawn.

use super::virtual_rows::{Scrolled, Window};
use crate::ui::size::on_resize;
use health::words::decimal;
use leptos::html;
use leptos::prelude::*;

/// The height of a row in CSS pixels, as `.virtual` in the style sheet sets it.
const ROW: f64 = 49.0;

/// Number of rows that are drawn beyond the visible ones, on each side.
const OVERSCAN: usize = 8;

/// The visible rows of a table.
#[derive(Clone, Copy)]
pub struct RowWindow {
    /// The scrolling element of the table.
    pub view_port: NodeRef<html::Div>,
    /// The rows to draw.
    pub rows: Memo<Window>,
    /// Whether only a part of the rows is drawn.
    pub is_long: Memo<bool>,
    top: RwSignal<f64>,
    height: RwSignal<f64>,
    count: Memo<usize>,
}

impl RowWindow {
    /// The window on `count` rows. Up to `short` rows are all drawn.
    #[must_use]
    pub fn new(short: usize, count: Memo<usize>) -> Self {
        let (top, height) = (RwSignal::new(0.0_f64), RwSignal::new(480.0_f64));
        let is_long = Memo::new(move |_| count.get() > short);
        let rows = Memo::new(move |_| {
            if is_long.get() {
                return scrolled(top, height, count).window(OVERSCAN);
            }
            Window {
                rows: 0..count.get(),
                before: 0.0,
                after: 0.0,
            }
        });
        let window = Self {
            view_port: NodeRef::new(),
            rows,
            is_long,
            top,
            height,
            count,
        };
        on_resize(window.view_port, move |_| window.measure());
        window
    }

    /// The scroll position and size of the table.
    #[must_use]
    pub fn scrolled(self) -> Scrolled {
        scrolled(self.top, self.height, self.count)
    }

    /// The `aria-rowindex` of the drawn row at a place, from 0; `None` if all rows are drawn.
    #[must_use]
    pub fn row_index(self, place: usize) -> Option<usize> {
        let is_long = self.is_long.get();
        is_long.then(|| self.rows.read().rows.start + place + 2)
    }

    /// The `aria-rowcount` of the table; `None` if all rows are drawn.
    #[must_use]
    pub fn row_count(self) -> Option<usize> {
        self.is_long.get().then(|| self.count.get() + 1)
    }

    /// Measures the table after it was scrolled or resized.
    pub fn measure(self) {
        if let Some(element) = self.view_port.get_untracked() {
            self.top.set(f64::from(element.scroll_top()));
            self.height.set(f64::from(element.client_height()));
        }
    }

    /// Scrolls to the first row.
    pub fn back_to_top(self) {
        if let Some(element) = self.view_port.get_untracked() {
            element.set_scroll_top(0);
        }
        self.top.set(0.0);
    }

    /// The empty space before the drawn rows.
    pub fn before(self) -> impl IntoView {
        space(move || self.rows.read().before)
    }

    /// The empty space after the drawn rows.
    pub fn after(self) -> impl IntoView {
        space(move || self.rows.read().after)
    }
}

fn scrolled(top: RwSignal<f64>, height: RwSignal<f64>, count: Memo<usize>) -> Scrolled {
    Scrolled {
        top: top.get(),
        viewport: height.get(),
        row: ROW,
        count: count.get(),
    }
}

/// A table in a scrolling region, of which only the visible rows are drawn. The keyboard scrolls it as any focused
/// region, and screen readers get the number of rows and the index of each.
#[component]
pub fn LongTable(
    /// The visible rows.
    table: RowWindow,
    /// The caption.
    caption: &'static str,
    /// The accessible name of the scrolling region, without ", scrollable".
    #[prop(default = caption)]
    region: &'static str,
    /// The header cells.
    head: AnyView,
    /// The table body.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="scroll" class:virtual=move || table.is_long.get() tabindex="0" role="region" aria-label=format!("{region}, scrollable") node_ref=table.view_port on:scroll=move |_| table.measure()>
            <table aria-rowcount=move || table.row_count()>
                <caption class="vh">{caption}</caption>
                <thead><tr>{head}</tr></thead>
                {children()}
            </table>
        </div>
    }
}

fn space(pixels: impl Fn() -> f64 + Send + Sync + 'static) -> impl IntoView {
    move || {
        let pixels = pixels();
        (pixels > 0.0).then(|| view! { <tr class="space" aria-hidden="true"><td colspan="11" style:height=format!("{}px", decimal(pixels, 2))></td></tr> })
    }
}
