//! Unreadable parts of a vendor's response: a mark in place of the value, the raw text on demand, and the number of
//! items that were left out.

use crate::ui::Icon;
use health::words;
use leptos::prelude::*;
use vendors::{LeftOut, UnreadableField};

/// The text of a field, or "unreadable".
#[must_use]
pub fn or_unreadable(fields: &[UnreadableField], name: &str, text: String) -> String {
    match UnreadableField::find(fields, name) {
        Some(_) => "unreadable".to_owned(),
        None => text,
    }
}

/// The number of unreadable fields, as text.
#[must_use]
pub fn count(fields: usize) -> String {
    match fields {
        1 => "1 field is unreadable".to_owned(),
        many => format!("{many} fields are unreadable"),
    }
}

/// The unreadable fields of a page's resource with their raw text; hidden if there are none.
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

/// The note about list items that were left out; `None` if there are none.
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
    fn only_the_unreadable_field_is_marked() {
        let fields = [UnreadableField {
            name: "status.state".to_owned(),
            raw: "Stopped".to_owned(),
        }];
        let text = |name| or_unreadable(&fields, name, "–".to_owned());
        assert_eq!(
            (text("status.state"), text("order")),
            ("unreadable".to_owned(), "–".to_owned())
        );
    }
}
