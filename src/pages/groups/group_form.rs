//! The dialog that creates a group, empty or with the configuration of another group.

use super::model::json_text;
use super::spans::parse_optional;
use crate::api::aveva::Writer;
use crate::api::{Failure, Outcome};
use crate::nav::{Nav, use_nav};
use crate::route::Route;
use crate::ui::action_dialog::Running;
use crate::ui::notice::{Notices, Undo, use_notices};
use crate::ui::{ActionDialog, Field};
use health::effect::{Confirm, Effect};
use health::severity::Severity;
use leptos::prelude::*;
use serde_json::{Map, Value};
use std::rc::Rc;
use vendors::UnreadableField;
use vendors::aveva::GroupConfiguration;

/// Parses a JSON object; `None` for an empty text.
fn object(text: &str) -> Result<Option<Map<String, Value>>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match crate::json::owned(text.as_bytes()) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err("Enter a JSON object: { … }.".to_owned()),
        Err(error) => Err(format!("Invalid JSON: {error}.")),
    }
}

/// Creates the group, opens its page if the dialog is still open, and returns the undo.
async fn create(
    writer: Option<Writer>,
    group: GroupConfiguration,
    nav: Nav,
    notices: Notices,
    is_open: impl Fn() -> bool,
) -> (Outcome, Option<Undo>) {
    let Some(writer) = writer else {
        return (
            Outcome::refused(Failure::no_gateway("there is no AVEVA connection")),
            None,
        );
    };
    let id = group.id.clone().unwrap_or_default();
    let to = Route::Group {
        connection: writer.connection.clone(),
        group: id.clone(),
    };
    let (outcome, created) = writer.create_group(group).await;
    if matches!(outcome, Outcome::Done { .. }) && is_open() {
        nav.go(&to.href());
    }
    // The undo compares the group with what was read after creating it.
    let undo = created.map(|created| -> Undo {
        Rc::new(move || {
            let (writer, id, page) = (writer.clone(), id.clone(), to.clone());
            let created = created.clone();
            leptos::task::spawn_local(async move {
                let outcome = writer.delete_group(&id, &created, &[]).await;
                let is_deleted = matches!(outcome, Outcome::Done { .. });
                notices.show_outcome(outcome);
                if is_deleted && nav.is_at(&page) {
                    nav.go(&Route::Groups.href());
                }
            });
        })
    });
    (outcome, undo)
}

/// Parses an id that can be part of a URL path.
///
/// # Errors
/// A sentence that describes the fault.
pub fn identifier(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("An id is required.".to_owned()),
        "." | ".." => Err("An id cannot be . or .., because it is part of an address.".to_owned()),
        id => Ok(id.to_owned()),
    }
}

/// Warnings about fields that are not copied, because they could not be read.
fn not_copied(unreadable: &[UnreadableField]) -> Vec<(Severity, String)> {
    let note = |field: &UnreadableField| {
        let UnreadableField { name, raw } = field;
        // As the form's fields are labelled.
        let name = match name.as_str() {
            "FailoverTimeout" => "Failover timeout",
            "AdditionalData" => "Additional data",
            name => name,
        };
        let words = format!(
            "{name} could not be read (“{raw}”) and is not copied. Enter it if it is needed."
        );
        (Severity::Warning, words)
    };
    unreadable.iter().map(note).collect()
}

/// The trimmed text; `None` if it is empty.
pub fn typed(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The dialog that creates a group.
#[component]
pub fn GroupForm(
    /// The connections to choose from.
    writers: Vec<Writer>,
    /// The initial configuration.
    #[prop(optional_no_strip)]
    like: Option<GroupConfiguration>,
    /// Called after a change, to refresh the page.
    changed: Callback<()>,
    /// Called after the dialog has closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let (nav, notices) = (use_nav(), use_notices());
    let duplicate = like.is_some();
    let like = like.unwrap_or_default();
    let unreadable = like.unreadable;
    let text = |text: Option<String>| RwSignal::new(text.unwrap_or_default());
    let id = RwSignal::new(String::new());
    let (name, description) = (text(like.name), text(like.description));
    let span = text(like.failover_timeout.map(|span| span.to_string()));
    let data = text(json_text(like.additional_data.as_ref()));
    let titles: Vec<_> = writers.iter().map(|writer| writer.title.clone()).collect();
    let chosen = RwSignal::new(0_usize);
    let writers = StoredValue::new(writers);
    let writer = move || writers.with_value(|all| all.get(chosen.get()).or(all.first()).cloned());
    let id_error = Signal::derive(move || identifier(&id.read()).err());
    let span_error = Signal::derive(move || parse_optional(&span.read()).err());
    let data_error = Signal::derive(move || object(&data.read()).err());
    let span_hint = Signal::derive(move || match parse_optional(&span.read()) {
        Ok(Some(span)) if span.delta() < chrono::TimeDelta::seconds(15) => {
            format!("Sent as FailoverTimeout {span}. Adapters reject values below 00:00:15.")
        }
        Ok(Some(span)) => {
            format!("Sent as FailoverTimeout {span}. A heartbeat is due every half of this time.")
        }
        _ => "If empty, the service default applies (usually 00:01:00).".to_owned(),
    });
    let ready = Signal::derive(move || {
        id_error.get().is_none() && span_error.get().is_none() && data_error.get().is_none()
    });
    let effect = Signal::derive(move || {
        let system = writer().map(|writer| writer.title).unwrap_or_default();
        Effect {
            sentence: format!(
                "{system} gets a new group without sessions. Adapters configured with this id join automatically. A group cannot be changed afterwards, only deleted and created again."
            ),
            notes: not_copied(&unreadable),
        }
    });
    let filled = move |text: RwSignal<String>| typed(&text.read_untracked());
    let configuration = move || GroupConfiguration {
        id: filled(id),
        name: filled(name),
        description: filled(description),
        failover_timeout: parse_optional(&span.get_untracked()).ok().flatten(),
        additional_data: object(&data.get_untracked()).ok().flatten(),
        ..GroupConfiguration::default()
    };
    let run = Box::new(move || {
        let (writer, group) = (untrack(writer), configuration());
        let is_open = move || !id.is_disposed();
        Box::pin(create(writer, group, nav, notices, is_open)) as Running
    });
    let pick = (titles.len() > 1).then(|| {
        let options: Vec<_> = titles
            .into_iter()
            .enumerate()
            .map(|(at, title)| view! { <option value=at.to_string()>{title}</option> })
            .collect();
        let change = move |event| chosen.set(event_target_value(&event).parse().unwrap_or_default());
        view! { <label class="pick"><span>"Connection"</span><select on:change=change>{options}</select></label> }
    });
    let title = if duplicate {
        "Duplicate group with changes"
    } else {
        "Create group"
    };
    let system = Signal::derive(move || writer().map(|writer| writer.title).unwrap_or_default());
    view! {
        <ActionDialog title action="Create group" system effect confirm=Confirm::Click id="" ready run changed on_close>
            {pick}
            <Field label="Id" name="group-id" value=id error=id_error required=true />
            <Field label="Name" name="group-name" value=name />
            <Field label="Description" name="group-description" value=description />
            <Field label="Failover timeout" name="group-timeout" value=span error=span_error hint=span_hint />
            <Field label="Additional data" name="group-data" value=data error=data_error hint="A JSON object (optional), sent as AdditionalData." long=true />
        </ActionDialog>
    }
}

#[cfg(test)]
mod tests {
    use super::{identifier, not_copied, object};
    use health::severity::Severity::Warning;
    use vendors::UnreadableField;

    #[test]
    fn a_field_that_could_not_be_copied_is_reported() {
        let field = UnreadableField {
            name: "FailoverTimeout".to_owned(),
            raw: "PT1M".to_owned(),
        };
        let words = "Failover timeout could not be read (“PT1M”) and is not copied. Enter it if it is needed.";
        assert_eq!(not_copied(&[field]), [(Warning, words.to_owned())]);
        assert_eq!(not_copied(&[]), []);
    }

    #[test]
    fn invalid_ids_and_invalid_additional_data_are_rejected() {
        for text in ["", "  ", ".", ".."] {
            assert!(identifier(text).is_err(), "{text:?}");
        }
        assert_eq!(identifier(" a/b ").as_deref(), Ok("a/b"));
        for text in ["[1]", "1", "\"x\"", "null", "{", "{\"a\":}"] {
            assert!(object(text).is_err(), "{text}");
        }
        assert_eq!(object("  "), Ok(None));
        assert!(object("{\"a\": 1}").is_ok_and(|data| data.is_some_and(|data| data.len() == 1)));
    }
}
