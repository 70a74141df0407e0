//! Search, chips, selects and pages of a list. All of it lives in the URL.

use crate::nav::{Nav, use_nav};
use crate::ui::icon::Icon;
use crate::ui::status_mark::glyph;
use health::severity::Severity;
use leptos::prelude::*;
use vendors::SystemKind;

/// The page that the URL names, within what there is; from 1.
#[must_use]
pub fn page_of(text: Option<&str>, all: usize, a_page: usize) -> usize {
    let pages = all.div_ceil(a_page).max(1);
    text.and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(1)
        .clamp(1, pages)
}

/// What of a list of values, with commas between them, there is; `None` for nothing. What an address says and is not
/// known counts as absent.
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

/// Whether there is a system of this key.
#[must_use]
pub fn is_system(key: &str) -> bool {
    SystemKind::ALL.iter().any(|kind| kind.key() == key)
}

/// Whether there is a severity of this key.
#[must_use]
pub fn is_severity(key: &str) -> bool {
    Severity::ALL.iter().any(|severity| severity.key() == key)
}

/// The state that `?state=` asks for, tracked.
#[must_use]
pub fn state(nav: Nav) -> Option<String> {
    let state = nav.param("state");
    state.filter(|state| state == "attention" || is_severity(state))
}

/// A search field that writes `?q=`.
#[component]
pub fn Search(
    /// What it searches.
    label: &'static str,
    /// What can be typed.
    placeholder: &'static str,
) -> impl IntoView {
    let nav = use_nav();
    let type_in = move |event| {
        let text = event_target_value(&event);
        // An event may come without a change: a control is read before it is used (`index.html`).
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

/// A chip that writes `?state=`, with how many there are.
#[component]
pub fn Chip(
    /// Its words.
    name: &'static str,
    /// The value; none for all.
    #[prop(optional, into)]
    state: Option<&'static str>,
    /// Its glyph.
    #[prop(optional, into)]
    severity: Option<Severity>,
    /// How many there are, where that is known.
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
    let icon = severity.map(|severity| view! { <Icon name=glyph(severity) /> });
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

/// A choice that writes one parameter of the URL.
#[component]
pub fn Select(
    /// What is chosen.
    label: &'static str,
    /// The parameter of the URL.
    param: &'static str,
    /// What no choice is called.
    #[prop(optional, into)]
    all: Option<&'static str>,
    /// Values and their words.
    options: Vec<(String, String)>,
    /// What is chosen while the URL says nothing.
    #[prop(optional, into)]
    default: Option<String>,
    /// Another parameter, which belongs to the choice before and is dropped with it.
    #[prop(optional, into)]
    drops: Option<&'static str>,
) -> impl IntoView {
    let nav = use_nav();
    let values: Vec<String> = options.iter().map(|(value, _)| value.clone()).collect();
    let chosen = Memo::new(move |_| {
        let value = nav.param(param);
        let value = value.filter(|value| {
            // Of a filter, what is known; anything else is in force as it stands.
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
    // What the address says and is none of these is seen to be chosen all the same.
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

/// Page n of m with its neighbours; nothing when there is one page only.
#[component]
pub fn Pager(
    /// From 1.
    #[prop(into)]
    page: Signal<usize>,
    /// Rows in all.
    all: Signal<usize>,
    /// Rows a page.
    a_page: usize,
) -> impl IntoView {
    let nav = use_nav();
    let pages = move || all.get().div_ceil(a_page).max(1);
    let is_there = move |page: usize| (1..=pages()).contains(&page);
    let go = move |page: usize| {
        if untrack(|| is_there(page)) {
            nav.go(&nav.with_params(&[("page", Some(&page.to_string()))]));
        }
    };
    // Not `disabled`, which would take the focus from the one that was pressed.
    let button = move |words: &'static str, turned: fn(usize) -> usize| {
        let off = move || (!is_there(turned(page.get()))).then_some("true");
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
    fn what_an_address_says_and_is_not_known_counts_as_absent() {
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
    fn a_page_outside_of_the_list_is_its_nearest_page() {
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
