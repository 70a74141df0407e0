//! The panel "Query": tokens, time ranges, the filter text, the request line and the saved queries.

use super::builder::Builder;
use super::import_view::{ImportResponse, Imported};
use super::query::{
    DEFAULT_PAGE_SIZE, PAGE_SIZES, QueryParams, media_type, parse_filter, write_sort,
};
use super::range_choice::{RangeChoice, range_choice};
use super::saved_view::QueryChips;
use super::select::{Attributes, choice, labelled_select, select};
use super::token_view::{fields, group_view};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::ui::table::filters::Select;
use crate::ui::{Copy, Icon, error_line, times};
use leptos::prelude::*;
use percent_encoding::percent_decode_str;
use vendors::veeam::{self, Field, FilterError, Sort};

/// The panel. A plain function and not a component, so that it can be split into a chunk.
///
/// - `params`: the query in the URL
/// - `builder`: the query being built
/// - `titles`: ids and titles of the connections
/// - `default`: the connection that is queried while the URL names none
/// - `own`: the media type that the connection is configured for, as a URL value
/// - `imported`: the imported response
pub fn query_panel(
    params: Memo<QueryParams>,
    builder: Builder,
    titles: Vec<(String, String)>,
    default: String,
    own: Memo<&'static str>,
    imported: Imported,
) -> AnyView {
    let ranges = [Field::CreationTime, Field::EndTime];
    let ranges = ranges.map(|field| RangeChoice::new(builder, field));
    let run = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let mut entered = Vec::new();
        let can_run = ranges.map(|range| range.add_entered(&mut entered));
        if can_run == [true; 2] {
            builder.run(&entered);
        }
    };
    let root = builder.tree.with_untracked(|tree| tree.root().id);
    let wrong = move || {
        let parsing = builder.error.get().map(|error| error.to_string());
        let words = parsing.or_else(|| params.read().query.clone().err())?;
        Some(error_line(words))
    };
    // The error position is marked below the field, because an input cannot mark part of its text.
    let error_position = move || {
        let error = builder.error.get()?;
        let text = builder.typed.get();
        let [before, word, after] = parts(&error, &text).map(str::to_owned);
        let word = if word.is_empty() {
            "⟵ here".to_owned()
        } else {
            word
        };
        Some(
            view! { <p class="place" aria-hidden="true"><code>{before}<mark>{word}</mark>{after}</code></p> },
        )
    };
    let enter = move |event| {
        builder.enter(event_target_value(&event));
        // If a pasted query contains the current filter, the signal does not change, so the field is set here.
        let filter = builder.typed.get_untracked();
        event_target::<web_sys::HtmlInputElement>(&event).set_value(&filter);
    };
    let warnings = move || {
        let words = builder.warnings.get();
        (!words.is_empty())
            .then(|| view! { <p class="note" data-s="warning"><Icon name="warning" />{words}</p> })
    };
    // The server determines the order and the length of the list of the last 30 days.
    let recent = move || params.read().recent;
    let all = move || params.read().all;
    let is_wrong = move || builder.error.read().is_some() || params.read().query.is_err();
    let sizes: Vec<_> = PAGE_SIZES
        .iter()
        .map(|size| (size.to_string(), size.to_string()))
        .collect();
    let wires = vec![
        ("json".to_owned(), "JSON".to_owned()),
        ("xml".to_owned(), "XML".to_owned()),
    ];
    // The default depends on the connection.
    let response_format = move || view! { <Select label="Response format" param="wire" options=wires.clone() default=own.get() /> };
    let request = request_line(params, builder, own, default.clone());
    view! {
        <section class="panel query" aria-labelledby="query">
            <h2 class="vh" id="query">"Query"</h2>
            <form on:submit=run novalidate>
                <div class="row where">
                    <small>"Where"</small>
                    <div class="row">{group_view(builder, root, true)}</div>
                    <button type="submit" class="btn main end">"Run query"</button>
                </div>
                <div class="row">
                    {ranges.map(range_choice)}
                    <label class="field grow">
                        <span>"Filter"</span>
                        <input type="text" name="filter" autocomplete="off" spellcheck="false"
                            placeholder="Result==Failed;CreationTime>=\"2026-11-01T00:00:00Z\""
                            aria-invalid=move || is_wrong().then_some("true")
                            aria-describedby=move || is_wrong().then_some("filter-error")
                            prop:value=move || builder.typed.get()
                            on:input=enter />
                    </label>
                </div>
                {error_position}
                <div id="filter-error" role="status">{wrong}</div>
                <div role="status">{warnings}</div>
            </form>
            {request}
            <QueryChips builder />
            <div class="row">
                <Select label="Connection" param="connection" options=titles default=default drops="session" />
                <div class="row" hidden=recent>
                    {sort_choice(params)}
                    <Select label="Page size" param="size" options=sizes default=DEFAULT_PAGE_SIZE.to_string() />
                </div>
                <div class="row" hidden=all>{response_format}</div>
                <div class="end"><ImportResponse imported /></div>
            </div>
        </section>
    }
    .into_any()
}

/// A filter's text before the unexpected word, that word, and the text after it.
fn parts<'a>(error: &FilterError, text: &'a str) -> [&'a str; 3] {
    let start = text.char_indices().nth(error.position.saturating_sub(1));
    let (before, rest) = text.split_at(start.map_or(text.len(), |(at, _)| at));
    let (word, after) = rest
        .split_at_checked(error.found.len())
        .unwrap_or((rest, ""));
    [before, word, after]
}

/// The request line of the query being built, or of the list of the last 30 days while that is shown.
fn request_line(
    params: Memo<QueryParams>,
    builder: Builder,
    own: Memo<&'static str>,
    first: String,
) -> AnyView {
    let (nav, prefs, watched) = (use_nav(), use_prefs(), use_watched());
    // Empty while the filter cannot be read.
    let target = Memo::new(move |_| {
        let params = params.get();
        let wire = params.wire.or_else(|| media_type(own.get()));
        let wire = wire.unwrap_or_default();
        // Each run resolves the relative ranges again.
        builder.runs.track();
        if params.recent && !builder.is_pending.get() {
            return veeam::recent(wire).request.target();
        }
        let Ok(filter) = parse_filter(&builder.typed.read()) else {
            return String::new();
        };
        let zone = prefs.zone.get();
        // A query that has run shows the ranges of that run.
        let queried_at = builder
            .queried_at
            .get()
            .filter(|_| !builder.is_pending.get());
        let now = queried_at.unwrap_or_else(|| watched.now_untracked());
        // Several connections: the request to the first.
        let connection = nav.param("connection").filter(|_| !params.all);
        let connection = connection.unwrap_or_else(|| first.clone());
        let now = untrack(|| watched.vendor_time(&connection, now));
        let filter = params
            .relative
            .narrow(filter.as_ref(), now, &|at| times::offset(zone, at));
        let query = veeam::Query {
            filter,
            sort: params.sort,
            page_size: params.size,
            ..veeam::Query::default()
        };
        veeam::query(&query, wire).request.target()
    });
    let line = move || {
        let target = target.get();
        let (start, filter) = target.split_once(FILTER).unwrap_or((&target, ""));
        let start = start.to_owned();
        let filter = percent_decode_str(filter).decode_utf8_lossy().into_owned();
        let filter = (!filter.is_empty()).then(|| view! { {FILTER}<b>{filter}</b> });
        let pending = move || {
            builder
                .is_pending
                .get()
                .then(|| view! { <small>"Not run yet"</small> })
        };
        (!target.is_empty()).then(|| view! { <div class="code"><code><b>"GET"</b>" "{start}{filter}</code>{pending}<Copy text=target name="Copy query" /></div> })
    };
    view! { {line} }.into_any()
}

/// The text before the filter in a request line.
const FILTER: &str = "&filter=";

/// The sort field and its direction.
fn sort_choice(params: Memo<QueryParams>) -> AnyView {
    let nav = use_nav();
    let sort = move || params.read().sort;
    let go = move |sort: Sort| nav.change(&[("sort", Some(&write_sort(sort))), ("page", None)]);
    let set_field = move |name: &str| {
        if let Some(field) = Field::from_name(name) {
            go(Sort {
                field,
                ..untrack(sort)
            });
        }
    };
    let directions = move || {
        let is_descending = sort().descending;
        let words = [("ascending", !is_descending), ("descending", is_descending)];
        words
            .map(|(word, is_chosen)| choice(word, word, is_chosen))
            .into()
    };
    let set_direction = move |word: &str| {
        go(Sort {
            descending: word == "descending",
            ..untrack(sort)
        });
    };
    let direction = Attributes {
        name: Some("Direction"),
        ..Attributes::default()
    };
    view! {
        {labelled_select("Sort", Box::new(move || fields(sort().field)), Box::new(set_field))}
        <span class="pick">{select(direction, Box::new(directions), Box::new(set_direction))}</span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::parts;
    use vendors::veeam::Filter;

    #[test]
    fn only_the_unexpected_word_is_marked() {
        for (text, expected) in [
            (
                "Result==Failed;Größe>=1,x",
                ["Result==Failed;", "Größe", ">=1,x"],
            ),
            ("Result=Failed", ["Result", "=", "Failed"]),
            ("Name==a b c", ["Name==a ", "b", " c"]),
            ("Name==«ü»;a", ["Name==", "«ü»", ";a"]),
            ("Result==", ["Result==", "", ""]),
        ] {
            let error = Filter::parse(text).expect_err(text);
            assert_eq!(parts(&error, text), expected);
            // The text may have changed since it was parsed.
            assert_eq!(parts(&error, "R").concat(), "R");
        }
    }
}
