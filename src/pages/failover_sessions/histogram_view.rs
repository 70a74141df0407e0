//! Sessions over time by result, as an image of bars and as a table.

use super::builder::Builder;
use super::histogram::{Bar, CLASSES, Histogram};
use super::ranges::{Limit, Range};
use crate::prefs::use_prefs;
use crate::ui::times;
use health::words::decimal;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::{Field, Page};

/// The height of the image in SVG units.
const HEIGHT: f64 = 60.0;

/// The width of a bar and the gap after it, in the same units.
const STEP: f64 = 10.0;

/// A length in SVG units.
fn units(length: f64) -> String {
    decimal(length, 2)
}

fn fraction(part: usize, of: usize) -> f64 {
    let number = |count: usize| u32::try_from(count).map_or(0.0, f64::from);
    if of == 0 {
        0.0
    } else {
        number(part) / number(of)
    }
}

/// The histogram of a page's sessions; `of` names the set, such as "this page". A click on a bar narrows the builder's
/// query; an import has no builder.
#[must_use]
pub fn histogram_view(
    page: Box<dyn Fn() -> Option<Arc<Page>> + Send + Sync>,
    of: &'static str,
    builder: Option<Builder>,
) -> AnyView {
    let prefs = use_prefs();
    let zone = move || {
        let zone = prefs.zone.get();
        move |at| times::offset(zone, at)
    };
    let histogram = Memo::new(move |_| {
        let at = zone();
        page()
            .map(|page| Histogram::of(&page.sessions, &at))
            .filter(|histogram| !histogram.bars.is_empty())
    });
    let drawn = move || {
        let histogram = histogram.get()?;
        let (width, highest) = (histogram.width, histogram.highest());
        let at = zone();
        let count = u32::try_from(histogram.bars.len()).map_or(0.0, f64::from);
        let bars: Vec<_> = histogram
            .bars
            .iter()
            .zip(0_u32..)
            .map(|(bar, index)| {
                let description = bar.description(width, &at);
                bar_view(*bar, description, f64::from(index) * STEP, highest, builder)
            })
            .collect();
        let rows: Vec<_> = histogram
            .bars
            .iter()
            .filter(|bar| bar.counts.total() > 0)
            .map(|bar| {
                let cells = CLASSES.map(|(class, ..)| view! { <td>{bar.counts.of(class)}</td> });
                view! { <tr><th scope="row">{bar.span(width, &at)}</th>{cells}</tr> }
            })
            .collect();
        let heads = CLASSES.map(|(_, word, _)| view! { <th scope="col">{word}</th> });
        let undated = (histogram.undated.total() > 0)
            .then(|| format!(", {} without a start time", histogram.undated.total()));
        let ends = histogram.bars.first().zip(histogram.bars.last());
        let (from, to) = ends
            .map(|(first, last)| (first.span(width, &at), last.span(width, &at)))
            .unwrap_or_default();
        Some(view! {
            <section class="panel" aria-label=format!("Sessions over time of {of}")>
                <header><h2>"Sessions over time"</h2><p>{format!("{of}, {} per bar", width.word())}{undated}</p></header>
                <div class="pad over-time">
                    <svg class="bars" viewBox=format!("0 0 {} {}", units(count * STEP), units(HEIGHT)) preserveAspectRatio="none" role="group" aria-label="Sessions over time by result">{bars}</svg>
                    <small aria-hidden="true">{from}</small><small class="end" aria-hidden="true">{to}</small>
                    <details><summary>"As a table"</summary>
                        <div class="scroll" tabindex="0" role="region" aria-label="Sessions over time, scrollable">
                            <table><caption class="vh">"Sessions over time"</caption><thead><tr><th scope="col">"Started"</th>{heads}</tr></thead><tbody>{rows}</tbody></table>
                        </div>
                    </details>
                </div>
            </section>
        })
    };
    view! { {drawn} }.into_any()
}

fn bar_view(
    bar: Bar,
    description: String,
    x: f64,
    highest: usize,
    builder: Option<Builder>,
) -> AnyView {
    let mut top = HEIGHT;
    let parts: Vec<_> = CLASSES
        .into_iter()
        .rev()
        .filter(|(class, ..)| bar.counts.of(*class) > 0)
        .map(|(class, ..)| {
            let height = fraction(bar.counts.of(class), highest) * (HEIGHT - 2.0);
            top -= height;
            view! { <rect x=units(x + 1.0) y=units(top) width=units(STEP - 2.0) height=units(height) data-s=class.key()></rect> }
        })
        .collect();
    if bar.counts.total() == 0 {
        return view! { <g aria-hidden="true"></g> }.into_any();
    }
    let Some(builder) = builder else {
        return view! { <g role="img" aria-label=description>{parts}</g> }.into_any();
    };
    let narrow = move || {
        let range = Range {
            from: Some(bar.from),
            to: Some(bar.to),
        };
        builder.set_limit(Field::CreationTime, Limit::Custom(range));
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            narrow();
        }
    };
    view! {
        <g role="button" tabindex="0" aria-label=format!("Narrow to {description}") on:click=move |_| narrow() on:keydown=keys>
            <rect class="hit" x=units(x) y="0" width=units(STEP) height=units(HEIGHT)></rect>
            {parts}
        </g>
    }
    .into_any()
}
