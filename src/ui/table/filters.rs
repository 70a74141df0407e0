//! Search, chips, selects and pages of a list. Their state is in the URL.

use crate::nav::{Nav, use_nav};
use crate::ui::icon::Icon;
use health::severity::Severity;
use leptos::prelude::*;
use vendors::SystemKind;

/// The page number in the URL, limited to the existing pages; from 1.
#[must_use]
pub fn page_of(text: Option<&str>, all: usize, page_size: usize) -> usize {
    let pages = all.div_ceil(page_size).max(1);
    text.and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(1)
        .clamp(1, pages)
}

/// The known values of a comma-separated list; `None` if there are none. Unknown values in an address are ignored.
#[must_use]
pub fn known(list: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let mut known = String::new();
    for value in list.split(',').filter(|value| is_known(value)) {
        if !known.is_empty() {
            known.push(',');
        }
        known.push_str(value);
    }
    Some(known).filter(|known| !known.is_empty())
}

/// Whether a system with this key exists.
#[must_use]
pub fn is_system(key: &str) -> bool {
    SystemKind::ALL.iter().any(|kind| kind.key() == key)
}

/// Whether a severity with this key exists.
#[must_use]
pub fn is_severity(key: &str) -> bool {
    Severity::ALL.iter().any(|severity| severity.key() == key)
}

/// The state in `?state=`, tracked; `None` if unknown.
#[must_use]
pub fn state(nav: Nav) -> Option<String> {
    let state = nav.param("state");
    state.filter(|state| state == "attention" || is_severity(state))
}

/// A search field for `?q=`.
#[component]
pub fn Search(
    /// The accessible name.
    label: &'static str,
    /// The placeholder.
    placeholder: &'static str,
) -> impl IntoView {
    let nav = use_nav();
    let type_in = move |event| {
        let text = event_target_value(&event);
        // Ignore an event without a change: `index.html` also sends one for a value that the console itself has set.
        if text != nav.param("q").unwrap_or_default() {
            nav.replace(&nav.with_params(&[("q", Some(&text)), ("page", None)]));
        }
    };
    view! {
        <search>
            <label class="field wide">
                <Icon name="search" />
                <span class="vh">{label}</span>
                <input type="search" placeholder=placeholder prop:value=move || nav.param("q").unwrap_or_default() on:input=type_in />
            </label>
        </search>
    }
}

/// A chip for `?state=`, with the number of items.
#[component]
pub fn Chip(
    /// The text.
    name: &'static str,
    /// The value; `None` for all.
    #[prop(optional, into)]
    state: Option<&'static str>,
    /// The severity of the glyph.
    #[prop(optional, into)]
    severity: Option<Severity>,
    /// The number of items, if known.
    count: Signal<Option<usize>>,
) -> impl IntoView {
    let nav = use_nav();
    let pressed = move || {
        if self::state(nav).as_deref() == state {
            "true"
        } else {
            "false"
        }
    };
    let click = move |_| nav.go(&nav.with_params(&[("state", state), ("page", None)]));
    let icon = severity.map(|severity| view! { <Icon name=severity.key() /> });
    let number = move || {
        let number = count.get().map(|number| number.to_string());
        number.unwrap_or_else(|| "–".to_owned())
    };
    view! {
        <button type="button" class="chip" aria-pressed=pressed data-s=severity.map(Severity::key) on:click=click>
            {icon}
            {name}
            " "
            <b>{number}</b>
        </button>
    }
}

/// A select for one parameter of the URL.
#[component]
pub fn Select(
    /// The label.
    label: &'static str,
    /// The parameter of the URL.
    param: &'static str,
    /// The text of the option for no value.
    #[prop(optional, into)]
    all: Option<&'static str>,
    /// Values and their texts.
    options: Vec<(String, String)>,
    /// The selected value if the URL has none.
    #[prop(optional, into)]
    default: Option<String>,
    /// Another parameter that belongs to the old value, and is removed with it.
    #[prop(optional, into)]
    drops: Option<&'static str>,
) -> impl IntoView {
    let nav = use_nav();
    let values: Vec<String> = options.iter().map(|(value, _)| value.clone()).collect();
    let chosen = Memo::new(move |_| {
        let value = nav.param(param);
        let value = value.filter(|value| {
            // Unknown values of a filter are ignored. Without an `all` option, any value applies.
            all.is_none() || known(value, |value| values.iter().any(|one| one == value)).is_some()
        });
        value.or_else(|| default.clone()).unwrap_or_default()
    });
    let change = move |event| {
        let value = event_target_value(&event);
        let changes = [(param, Some(value.as_str())), ("page", None)];
        let dropped = drops.map(|name| (name, None));
        let changes: Vec<_> = changes.into_iter().chain(dropped).collect();
        nav.go(&nav.with_params(&changes));
    };
    // A value from the address that is not among the options is shown as an additional option.
    let other = {
        let options = options.clone();
        move || {
            let chosen = chosen.get();
            let words = |part: &str| {
                let option = options.iter().find(|(value, _)| value == part);
                option.map_or_else(|| part.to_owned(), |(_, words)| words.clone())
            };
            let is_offered = options.iter().any(|(value, _)| *value == chosen);
            let parts: Vec<String> = chosen.split(',').map(words).collect();
            (!is_offered && !chosen.is_empty())
                .then(|| view! { <option value=chosen selected="">{parts.join(", ")}</option> })
        }
    };
    let options: Vec<_> = all
        .map(|all| (String::new(), all.to_owned()))
        .into_iter()
        .chain(options)
        .map(|(value, words)| {
            let selected = {
                let value = value.clone();
                move || *chosen.read() == value
            };
            view! { <option value=value selected=selected>{words}</option> }
        })
        .collect();
    view! {
        <label class="pick">
            <span>{label}</span>
            <select prop:value=move || chosen.get() on:change=change>{options}{other}</select>
        </label>
    }
}

/// The filter by system.
pub fn system_filter() -> AnyView {
    let systems = SystemKind::ALL.map(|kind| (kind.key().to_owned(), kind.vendor().to_owned()));
    let options = systems.to_vec();
    view! { <Select label="System" param="system" all="all" options /> }.into_any()
}

/// The filter by severity.
pub fn severity_filter(severities: &[Severity]) -> AnyView {
    let options = severities.iter();
    let options = options.map(|one| (one.key().to_owned(), one.word().to_owned()));
    let options: Vec<_> = options.collect();
    view! { <Select label="Severity" param="severity" all="all" options /> }.into_any()
}

/// "Page n of m" with buttons for the previous and the next page; empty for a single page.
#[component]
pub fn Pager(
    /// The current page, from 1.
    #[prop(into)]
    page: Signal<usize>,
    /// The total number of rows.
    all: Signal<usize>,
    /// The number of rows per page.
    page_size: usize,
) -> impl IntoView {
    let nav = use_nav();
    let pages = move || all.get().div_ceil(page_size).max(1);
    let exists = move |page: usize| (1..=pages()).contains(&page);
    let go = move |page: usize| {
        if untrack(|| exists(page)) {
            nav.go(&nav.with_params(&[("page", Some(&page.to_string()))]));
        }
    };
    // Not `disabled`, which would remove the focus from the pressed button.
    let button = move |words: &'static str, turned: fn(usize) -> usize| {
        let off = move || (!exists(turned(page.get()))).then_some("true");
        view! { <button type="button" class="btn" aria-disabled=off on:click=move |_| go(turned(page.get_untracked()))>{words}</button> }
    };
    let is_needed = Memo::new(move |_| pages() > 1);
    move || {
        is_needed.get().then(|| {
            view! {
                <span>{move || format!("Page {} of {}", page.get(), pages())}</span>
                {button("Previous", |page| page - 1)}
                {button("Next", |page| page + 1)}
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{is_severity, known, page_of};

    #[test]
    fn unknown_values_of_an_address_are_ignored() {
        for (list, left) in [
            ("critical", Some("critical")),
            ("warning,bogus,off", Some("warning,off")),
            ("bogus", None),
            ("", None),
            (",", None),
        ] {
            assert_eq!(known(list, is_severity).as_deref(), left, "{list}");
        }
    }

    #[test]
    fn a_page_number_out_of_range_is_limited_to_the_nearest_page() {
        for (text, all, page) in [
            (None, 120, 1),
            (Some("2"), 120, 2),
            (Some("9"), 120, 3),
            (Some("0"), 120, 1),
            (Some("-1"), 120, 1),
            (Some("two"), 120, 1),
            (Some("2"), 0, 1),
        ] {
            assert_eq!(page_of(text, all, 50), page, "{text:?} of {all}");
        }
    }
}
