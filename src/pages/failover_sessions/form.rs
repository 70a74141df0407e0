//! The panel "Query": tokens, ranges, the text as it is sent, and what is kept by name.

use super::builder::Builder;
use super::import_view::{ImportResponse, Imported};
use super::query::{QueryParams, SIZE, SIZES, write_sort};
use super::ranges::{End, Limit, Range, RelativeRange, in_zone};
use super::saved_view::Saved;
use super::token_view::GroupView;
use super::tokens::field_label;
use super::unreadable;
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::on_change::on_change_since;
use crate::prefs::{Zone, use_prefs};
use crate::ui::table::filters::Select;
use crate::ui::time_zone::local_text;
use crate::ui::{Copy, Icon, error_line, error_status, times};
use leptos::prelude::*;
use vendors::veeam::{self, Field, Filter, MediaType, Sort};

/// What the panel is about.
#[derive(Clone)]
pub struct QueryPanel {
    /// What the URL asks for.
    pub params: Memo<QueryParams>,
    /// The query being built.
    pub builder: Builder,
    /// The connections' ids and titles.
    pub titles: Vec<(String, String)>,
    /// The connection that is asked while the URL names none.
    pub default: String,
    /// The media type that the connection is configured for.
    pub own: Memo<MediaType>,
    /// The media type that is asked for.
    pub wire: Signal<MediaType>,
    /// Where an imported response is put.
    pub imported: Imported,
}

/// The panel. No component: a plain function can be cut out of the program, and no row waits for what it draws.
pub fn query_panel(
    QueryPanel {
        params,
        builder,
        titles,
        default,
        own,
        wire,
        imported,
    }: QueryPanel,
) -> AnyView {
    let run = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        builder.run();
    };
    let root = builder.tree.with_untracked(|tree| tree.root().id);
    let wrong = move || {
        let parsing = builder.error.get();
        let parsing = parsing.map(|error| unreadable::sentence(&error, &builder.typed.read()));
        let running = || params.read().query.clone().err();
        let words = parsing.or_else(running)?;
        Some(error_line(words))
    };
    // The error position is marked below the field, because an input cannot mark part of its text.
    let place = move || {
        let error = builder.error.get()?;
        let text = builder.typed.get();
        let [before, word, after] = unreadable::parted(&error, &text).map(str::to_owned);
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
    // Of several, the first.
    let (nav, first) = (use_nav(), default.clone());
    let connection = Signal::derive(move || {
        let chosen = nav.param("connection").filter(|_| !all());
        chosen.unwrap_or_else(|| first.clone())
    });
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
    let answer_as = move || {
        let own = match own.get() {
            MediaType::Json => "json",
            MediaType::Xml => "xml",
        };
        view! { <Select label="Answer as" param="wire" options=wires.clone() default=own /> }
    };
    view! {
        <section class="panel query" aria-labelledby="query">
            <h2 class="vh" id="query">"Query"</h2>
            <form on:submit=run novalidate>
                <div class="row where">
                    <small>"Where"</small>
                    <div class="row"><GroupView builder id=root outermost=true /></div>
                    <button type="submit" class="btn main end">"Run query"</button>
                </div>
                <div class="row">
                    <RangeChoice builder field=Field::CreationTime />
                    <RangeChoice builder field=Field::EndTime />
                </div>
                <label class="field grow">
                    <span>"Filter"</span>
                    <input type="text" name="filter" autocomplete="off" spellcheck="false"
                        placeholder="Result==Failed;CreationTime>=\"2026-11-01T00:00:00Z\""
                        aria-invalid=move || is_wrong().then_some("true")
                        aria-describedby=move || is_wrong().then_some("filter-error")
                        prop:value=move || builder.typed.get()
                        on:input=enter />
                </label>
                {place}
                <div id="filter-error" role="status">{wrong}</div>
                <div role="status">{warned}</div>
            </form>
            <Sent params builder wire connection />
            <Saved builder />
            <div class="row">
                <Select label="Connection" param="connection" options=titles default=default />
                <div class="row" hidden=recent>
                    <SortChoice params />
                    <Select label="Page size" param="size" options=sizes default=SIZE.to_string() />
                </div>
                <div class="row" hidden=all>{answer_as}</div>
                <div class="end"><ImportResponse imported /></div>
            </div>
        </section>
    }
    .into_any()
}

/// The request line, as it would be sent now; of the list of the last 30 days, as it was.
#[component]
fn Sent(
    params: Memo<QueryParams>,
    builder: Builder,
    wire: Signal<MediaType>,
    connection: Signal<String>,
) -> impl IntoView {
    let (prefs, watched) = (use_prefs(), use_watched());
    let sent = Memo::new(move |_| {
        let params = params.get();
        // Each run counts ranges back anew.
        builder.runs.track();
        if params.recent && !builder.waiting.get() {
            let target = veeam::recent(wire.get()).request.target();
            return Some((target.clone(), String::new(), target));
        }
        let text = builder.typed.get();
        let filter = match text.trim() {
            "" => None,
            text => Some(Filter::parse(text).ok()?),
        };
        let zone = prefs.zone.get();
        // Of what runs, as it was asked for.
        let asked_at = builder.asked_at.get().filter(|_| !builder.waiting.get());
        let now = asked_at.unwrap_or_else(|| watched.now_untracked());
        let connection = connection.get();
        let now = untrack(|| watched.vendor_time(&connection, now));
        let filter = params
            .relative
            .narrow(filter.as_ref(), now, &|at| times::offset(zone, at));
        let plain = filter.as_ref().map(ToString::to_string).unwrap_or_default();
        let query = veeam::Query {
            filter,
            sort: params.sort,
            page_size: params.size,
            ..veeam::Query::default()
        };
        let target = veeam::query(&query, wire.get()).request.target();
        let start = target
            .split("&filter=")
            .next()
            .unwrap_or_default()
            .to_owned();
        Some((start, plain, target))
    });
    move || {
        sent.get().map(|(start, plain, target)| {
            let filter = (!plain.is_empty()).then(|| view! { "&filter="<b>{plain.clone()}</b> });
            let waiting = move || builder.waiting.get().then(|| view! { <small>"Not run yet"</small> });
            view! { <div class="code"><code><b>"GET"</b>" "{start}{filter}</code>{waiting}<Copy text=target name="Copy query" /></div> }
        })
    }
}

/// The choice that says that the filter limits a time by conditions which are no range.
const IN_FILTER: &str = "filter";

/// When sessions started or ended: relative ranges, which are counted back from now, or two times.
#[component]
fn RangeChoice(builder: Builder, field: Field) -> impl IntoView {
    let (prefs, watched) = (use_prefs(), use_watched());
    let custom = RwSignal::new(false);
    let (from, to) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let error = RwSignal::new(None::<String>);
    let choose = move |event| {
        let value = event_target_value(&event);
        custom.set(value == "custom");
        error.set(None);
        // The times of a custom range are entered first, and what the filter says stays.
        if !matches!(value.as_str(), "custom" | IN_FILTER) {
            builder.set_relative_range(field, RelativeRange::from_code(&value));
        }
    };
    let in_force = Memo::new(move |_| builder.limit(field));
    on_change_since(move |before: Option<(Limit, Zone)>| {
        let (limit, zone) = (in_force.get(), prefs.zone.get());
        let at = move |at| times::offset(zone, at);
        let was = before.filter(|(was, _)| *was == limit);
        error.set(None);
        // Another range of the address takes the place of what is being entered, and other clocks show the same times.
        if was.is_none() {
            custom.set(false);
        }
        let ends = [(from, End::From), (to, End::To)];
        for ((text, end), in_force) in ends.into_iter().zip(limit.ends()) {
            let new = match was {
                Some((_, old)) => {
                    let old = move |at| times::offset(old, at);
                    text.with_untracked(|text| in_zone(text, end, in_force, &old, &at))
                }
                None => in_force
                    .map(|moment| local_text(moment, &at))
                    .unwrap_or_default(),
            };
            // One that is incomplete has no text, and would be lost.
            if text.with_untracked(|text| *text != new) {
                text.set(new);
            }
        }
        (limit, zone)
    });
    let chosen = Memo::new(move |_| match (custom.get(), in_force.get()) {
        (true, _) | (false, Limit::Custom(_)) => "custom",
        (false, Limit::Relative(range)) => range.code(),
        (false, Limit::Other) => IN_FILTER,
        (false, Limit::AnyTime) => "",
    });
    // On offer only while it is so: nobody can choose it.
    let elsewhere = move || {
        let is_elsewhere = in_force.get() == Limit::Other;
        is_elsewhere
            .then(|| view! { <option value=IN_FILTER prop:selected=true>"In the filter"</option> })
    };
    let is_custom = Memo::new(move |_| chosen.get() == "custom");
    let apply = move |_| {
        let zone = prefs.zone.get_untracked();
        let at = move |at| times::offset(zone, at);
        // An end that nobody edited stays: its text may stand for two moments.
        let before = in_force.get_untracked().custom();
        match Range::custom(&from.get_untracked(), &to.get_untracked(), before, &at) {
            Ok(range) => {
                error.set(None);
                let now = watched.now_untracked();
                builder.set_range(field, &range.conditions(field, now, &at));
            }
            Err(wrong) => error.set(Some(wrong.to_string())),
        }
    };
    let label = field_label(field);
    let options = RelativeRange::ALL.map(|range| {
        view! { <option value=range.code() selected=move || chosen.get() == range.code()>{range.word()}</option> }
    });
    let inputs = move || {
        is_custom.get().then(|| {
            let zone = prefs.zone.get().word();
            view! {
                <span class="row" role="group" aria-label=format!("{label} between")>
                    <input type="datetime-local" step="1" aria-label=format!("{label} from") prop:value=move || from.get() on:input=move |event| from.set(event_target_value(&event)) />
                    <small>"to"</small>
                    <input type="datetime-local" step="1" aria-label=format!("{label} to") prop:value=move || to.get() on:input=move |event| to.set(event_target_value(&event)) />
                    <small>{zone}</small>
                    <button type="button" class="btn" on:click=apply>"Apply"</button>
                    {error_status(error)}
                </span>
            }
        })
    };
    view! {
        <label class="pick">
            <span>{label}</span>
            <select prop:value=move || chosen.get() on:change=choose>
                <option value="" selected=move || chosen.get().is_empty()>"any time"</option>
                {options}
                {elsewhere}
                <option value="custom" selected=move || is_custom.get()>"Custom…"</option>
            </select>
        </label>
        {inputs}
    }
}

/// The sort field and its direction.
#[component]
fn SortChoice(params: Memo<QueryParams>) -> impl IntoView {
    let nav = use_nav();
    let sort = Memo::new(move |_| params.read().sort);
    let go = move |sort: Sort| {
        nav.go(&untrack(|| {
            nav.with_params(&[("sort", Some(&write_sort(sort))), ("page", None)])
        }));
    };
    let set_field = move |event| {
        if let Some(field) = Field::from_name(&event_target_value(&event)) {
            go(Sort {
                field,
                ..sort.get_untracked()
            });
        }
    };
    let turn = move |event| {
        let descending = event_target_value(&event) == "descending";
        go(Sort {
            descending,
            ..sort.get_untracked()
        });
    };
    let fields = Field::ALL
        .map(|one| view! { <option value=one.name() selected=move || sort.read().field == one>{field_label(one)}</option> });
    view! {
        <label class="pick"><span>"Sort"</span><select prop:value=move || sort.read().field.name() on:change=set_field>{fields}</select></label>
        <label class="pick"><span class="vh">"Direction"</span>
            <select prop:value=move || if sort.read().descending { "descending" } else { "ascending" } on:change=turn>
                <option value="ascending" selected=move || !sort.read().descending>"ascending"</option>
                <option value="descending" selected=move || sort.read().descending>"descending"</option>
            </select>
        </label>
    }
}
