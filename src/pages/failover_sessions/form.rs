//! The panel "Query": tokens, ranges, the text as it is sent, and what is kept by name.

use super::builder::Builder;
use super::import_view::{ImportResponse, Imported};
use super::query::{QueryParams, SIZE, SIZES, media_type, parsed, write_sort};
use super::range_choice::{RangeChoice, range_choice};
use super::saved_view::Saved;
use super::select::{Attributes, choice, labelled, select};
use super::token_view::{fields, group_view};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::prefs::use_prefs;
use crate::ui::table::filters::Select;
use crate::ui::{Copy, Icon, error_line, times};
use leptos::prelude::*;
use percent_encoding::percent_decode_str;
use vendors::veeam::{self, Field, FilterError, Sort};

/// The panel. No component: a plain function can be cut out of the program, and no row waits for what it draws.
///
/// - `params`: the query that the URL asks for
/// - `builder`: the one that is built
/// - `titles`: ids and titles of the connections
/// - `default`: the connection that is asked while the URL names none
/// - `own`: the media type that it is configured for, as in the URL
/// - `imported`: where an imported response is put
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
    let place = move || {
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
        // What was pasted may hold the filter that was there before, which then does not change.
        let filter = builder.typed.get_untracked();
        event_target::<web_sys::HtmlInputElement>(&event).set_value(&filter);
    };
    let warned = move || {
        let words = builder.warnings.get();
        (!words.is_empty())
            .then(|| view! { <p class="note" data-s="warning"><Icon name="warning" />{words}</p> })
    };
    // The list of the last 30 days is the server's own: its order and its length cannot be chosen.
    let recent = move || params.read().recent;
    let all = move || params.read().all;
    let is_wrong = move || builder.error.read().is_some() || params.read().query.is_err();
    let sizes: Vec<_> = SIZES
        .iter()
        .map(|size| (size.to_string(), size.to_string()))
        .collect();
    let wires = vec![
        ("json".to_owned(), "JSON".to_owned()),
        ("xml".to_owned(), "XML".to_owned()),
    ];
    // Each connection has its own.
    let answer_as = move || view! { <Select label="Answer as" param="wire" options=wires.clone() default=own.get() /> };
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
                {place}
                <div id="filter-error" role="status">{wrong}</div>
                <div role="status">{warned}</div>
            </form>
            {request}
            <Saved builder />
            <div class="row">
                <Select label="Connection" param="connection" options=titles default=default drops="session" />
                <div class="row" hidden=recent>
                    {sort_choice(params)}
                    <Select label="Page size" param="size" options=sizes default=SIZE.to_string() />
                </div>
                <div class="row" hidden=all>{answer_as}</div>
                <div class="end"><ImportResponse imported /></div>
            </div>
        </section>
    }
    .into_any()
}

/// A filter's text before the word that was not expected, that word, and the text after it.
fn parts<'a>(error: &FilterError, text: &'a str) -> [&'a str; 3] {
    let start = text.char_indices().nth(error.position.saturating_sub(1));
    let (before, rest) = text.split_at(start.map_or(text.len(), |(at, _)| at));
    let (word, after) = rest
        .split_at_checked(error.found.len())
        .unwrap_or((rest, ""));
    [before, word, after]
}

/// The request line, as it would be sent now; of the list of the last 30 days, as it was.
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
        // Each run counts ranges back anew.
        builder.runs.track();
        if params.recent && !builder.waiting.get() {
            return veeam::recent(wire).request.target();
        }
        let Ok(filter) = parsed(&builder.typed.read()) else {
            return String::new();
        };
        let zone = prefs.zone.get();
        // Of what runs, as it was asked for.
        let asked_at = builder.asked_at.get().filter(|_| !builder.waiting.get());
        let now = asked_at.unwrap_or_else(|| watched.now_untracked());
        // Of several connections, the first.
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
        let waiting = move || {
            builder
                .waiting
                .get()
                .then(|| view! { <small>"Not run yet"</small> })
        };
        (!target.is_empty()).then(|| view! { <div class="code"><code><b>"GET"</b>" "{start}{filter}</code>{waiting}<Copy text=target name="Copy query" /></div> })
    };
    view! { {line} }.into_any()
}

/// What stands before the filter of a request.
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
    let turn = move |word: &str| {
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
        {labelled("Sort", Box::new(move || fields(sort().field)), Box::new(set_field))}
        <span class="pick">{select(direction, Box::new(directions), Box::new(turn))}</span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::parts;
    use vendors::veeam::Filter;

    #[test]
    fn only_the_word_that_was_found_is_marked() {
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
            // The text may already be another one.
            assert_eq!(parts(&error, "R").concat(), "R");
        }
    }
}
