//! A choice of one of several words. One function draws every `<select>` of the query, to keep the program small.

use leptos::prelude::*;

/// An option of a `<select>`.
pub struct Choice {
    value: String,
    words: String,
    is_chosen: bool,
}

/// An option with a value and a label.
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
    /// The accessible name; `None` inside a label.
    pub name: Option<&'static str>,
    /// The class.
    pub class: Option<&'static str>,
    /// The id.
    pub id: Option<String>,
}

/// A `<select>`. The chosen option is set as a property, because the attribute has no effect once the user has chosen.
#[must_use]
pub fn select(
    attributes: Attributes,
    choices: Box<dyn Fn() -> Vec<Choice> + Send>,
    choose: Box<dyn Fn(&str)>,
) -> AnyView {
    let Attributes { name, class, id } = attributes;
    let options = move || {
        let draw = |choice: Choice| view! { <option value=choice.value prop:selected=choice.is_chosen>{choice.words}</option> };
        choices().into_iter().map(draw).collect::<Vec<_>>()
    };
    view! { <select id=id class=class aria-label=name on:change=move |event| choose(&event_target_value(&event))>{options}</select> }
        .into_any()
}

/// A `<select>` with a label.
#[must_use]
pub fn labelled_select(
    label: &'static str,
    choices: Box<dyn Fn() -> Vec<Choice> + Send>,
    choose: Box<dyn Fn(&str)>,
) -> AnyView {
    let select = select(Attributes::default(), choices, choose);
    view! { <label class="pick"><span>{label}</span>{select}</label> }.into_any()
}
