//! A choice of one of several words. One function draws every `<select>` of the query, because each that is written out
//! makes the page larger.

use leptos::prelude::*;

/// What can be chosen.
pub struct Choice {
    value: String,
    words: String,
    is_chosen: bool,
}

/// A value with its words, and whether it is chosen.
#[must_use]
pub fn choice(value: &str, words: &str, is_chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        words: words.to_owned(),
        is_chosen,
    }
}

/// The attributes of a `<select>`.
#[derive(Default)]
pub struct Attributes {
    /// What it is called; nothing where it stands in a label.
    pub name: Option<&'static str>,
    /// Its class.
    pub class: Option<&'static str>,
    /// Its id.
    pub id: Option<String>,
}

/// The `<select>`. What is chosen is set as a property, because the attribute has no effect once somebody has chosen.
#[must_use]
pub fn select(
    attributes: Attributes,
    choices: Box<dyn Fn() -> Vec<Choice> + Send>,
    choose: Box<dyn Fn(&str)>,
) -> AnyView {
    let Attributes { name, class, id } = attributes;
    let options = move || {
        let draw = |one: Choice| view! { <option value=one.value prop:selected=one.is_chosen>{one.words}</option> };
        choices().into_iter().map(draw).collect::<Vec<_>>()
    };
    view! { <select id=id class=class aria-label=name on:change=move |event| choose(&event_target_value(&event))>{options}</select> }
        .into_any()
}

/// A `<select>` with its label beside it.
#[must_use]
pub fn labelled(
    label: &'static str,
    choices: Box<dyn Fn() -> Vec<Choice> + Send>,
    choose: Box<dyn Fn(&str)>,
) -> AnyView {
    let select = select(Attributes::default(), choices, choose);
    view! { <label class="pick"><span>{label}</span>{select}</label> }.into_any()
}
