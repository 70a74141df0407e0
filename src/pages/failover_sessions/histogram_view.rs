//! Sessions over time by result, drawn; the same as a table for whoever cannot see it.

use super::builder::Builder;
use super::histogram::{Bar, Class, Histogram};
use crate::prefs::use_prefs;
use crate::ui::times;
use health::words::decimal;
use leptos::prelude::*;
use std::sync::Arc;
use vendors::veeam::{Field, Page};

/// The height of the drawing, in its own units.
const HEIGHT: f64 = 60.0;

/// The width of a bar and the gap after it, in the same units.
const STEP: f64 = 10.0;

/// A length in the drawing's units.
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

fn key(class: Class) -> &'static str {
    match class {
        Class::Failed => "critical",
        Class::Warning => "warning",
        Class::Success => "normal",
        Class::Running => "moving",
        Class::Unknown => "unknown",
    }
}

/// The picture.
#[component]
pub fn HistogramView(
    /// The sessions.
    page: Signal<Option<Arc<Page>>>,
    /// What they are all of: "this page".
    of: &'static str,
    /// The query that a bar narrows; what was imported has none.
    builder: Option<Builder>,
) -> impl IntoView {
    let prefs = use_prefs();
    let zone = move || {
        let zone = prefs.zone.get();
        move |at| times::offset(zone, at)
    };
    let histogram = Memo::new(move |_| {
        let at = zone();
        page.get()
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
            .map(|(bar, place)| {
                let description = bar.description(width, &at);
                view! { <BarView bar=*bar description x=f64::from(place) * STEP highest builder /> }
            })
            .collect();
        let rows: Vec<_> = histogram
            .bars
            .iter()
            .filter(|bar| bar.counts.total() > 0)
            .map(|bar| {
                let cells = Class::ALL.map(|class| view! { <td>{bar.counts.of(class)}</td> });
                view! { <tr><th scope="row">{bar.span(width, &at)}</th>{cells}</tr> }
            })
            .collect();
        let heads = Class::ALL.map(|class| view! { <th scope="col">{class.word()}</th> });
        let undated = (histogram.undated.total() > 0)
            .then(|| format!(", {} without a start", histogram.undated.total()));
        let ends = histogram.bars.first().zip(histogram.bars.last());
        let (from, to) = ends
            .map(|(first, last)| (first.span(width, &at), last.span(width, &at)))
            .unwrap_or_default();
        Some(view! {
            <section class="panel" aria-label=format!("Sessions over time of {of}")>
                <header><h2>"Sessions over time"</h2><p>{format!("{of}, {} per bar", width.word())}{undated}</p></header>
                <div class="pad">
                    <svg class="bars" viewBox=format!("0 0 {} {}", units(count * STEP), units(HEIGHT)) preserveAspectRatio="none" role="group" aria-label="Sessions over time by result">{bars}</svg>
                    <p class="row" aria-hidden="true"><small>{from}</small><small class="end">{to}</small></p>
                    <details><summary>"As a table"</summary>
                        <div class="scroll" tabindex="0" role="region" aria-label="Sessions over time, scrollable">
                            <table><caption class="vh">"Sessions over time"</caption><thead><tr><th scope="col">"Started"</th>{heads}</tr></thead><tbody>{rows}</tbody></table>
                        </div>
                    </details>
                </div>
            </section>
        })
    };
    view! { {drawn} }
}

#[component]
fn BarView(
    bar: Bar,
    description: String,
    x: f64,
    highest: usize,
    builder: Option<Builder>,
) -> impl IntoView {
    let mut top = HEIGHT;
    let parts: Vec<_> = Class::ALL
        .into_iter()
        .rev()
        .filter(|class| bar.counts.of(*class) > 0)
        .map(|class| {
            let height = fraction(bar.counts.of(class), highest) * (HEIGHT - 2.0);
            top -= height;
            view! { <rect x=units(x + 1.0) y=units(top) width=units(STEP - 2.0) height=units(height) data-s=key(class)></rect> }
        })
        .collect();
    if bar.counts.total() == 0 {
        return view! { <g aria-hidden="true"></g> }.into_any();
    }
    let Some(builder) = builder else {
        return view! { <g role="img" aria-label=description>{parts}</g> }.into_any();
    };
    let narrow = move || builder.set_range(Field::CreationTime, &bar.conditions());
    let keys = {
        move |event: leptos::ev::KeyboardEvent| {
            if matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                narrow();
            }
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
