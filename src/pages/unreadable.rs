//! What a vendor sent and nobody can read: a mark in its place, what stands there on demand, and the items that were
//! left out.

use crate::ui::Icon;
use health::words;
use leptos::prelude::*;
use vendors::{LeftOut, UnreadableField};

/// The words of a field, or that it is unreadable.
#[must_use]
pub fn or_unreadable(fields: &[UnreadableField], name: &str, words: String) -> String {
    match UnreadableField::find(fields, name) {
        Some(_) => "unreadable".to_owned(),
        None => words,
    }
}

/// How many fields are unreadable.
#[must_use]
pub fn count(fields: usize) -> String {
    match fields {
        1 => "1 field is unreadable".to_owned(),
        many => format!("{many} fields are unreadable"),
    }
}

/// The unreadable fields of a page's resource, with what stands there; nothing where there are none.
#[component]
pub fn UnreadableFields(
    /// The fields.
    #[prop(into)]
    fields: Signal<Vec<UnreadableField>>,
) -> impl IntoView {
    let fields = Memo::new(move |_| fields.get());
    let summary = move || count(fields.read().len());
    let rows = move || {
        let draw = |field: UnreadableField| {
            view! { <div><dt>{field.name}</dt><dd>"unreadable: "<code>{field.raw}</code></dd></div> }
        };
        fields.get().into_iter().map(draw).collect::<Vec<_>>()
    };
    view! {
        <details class="more" hidden=move || fields.read().is_empty()>
            <summary>{summary}</summary>
            <dl class="facts">{rows}</dl>
        </details>
    }
}

/// How many items of a list were left out; nothing where none was.
#[must_use]
pub fn left_out_note(out: LeftOut) -> Option<AnyView> {
    let words = words::left_out(out)?;
    Some(
        view! { <p class="panel note" data-s="warning"><Icon name="warning" />{words}</p> }
            .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::or_unreadable;
    use vendors::UnreadableField;

    #[test]
    fn only_the_field_itself_is_marked() {
        let fields = [UnreadableField {
            name: "status.state".to_owned(),
            raw: "Stopped".to_owned(),
        }];
        let words = |name| or_unreadable(&fields, name, "–".to_owned());
        assert_eq!(
            (words("status.state"), words("order")),
            ("unreadable".to_owned(), "–".to_owned())
        );
    }
}
