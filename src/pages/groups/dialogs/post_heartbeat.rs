//! The dialog that posts a heartbeat on behalf of an adapter, for tests.

use super::{DialogContents, action_dialog, effect_on, is_listed, run_change};
use crate::json;
use crate::pages::groups::action_context::ActionContext;
use crate::ui::Field;
use chrono::{DateTime, Utc};
use health::groups::Action;
use leptos::prelude::*;
use vendors::aveva::{ApiVersion, NewHeartbeat};

fn number(text: &str) -> Result<f64, String> {
    let wrong = || "Enter a number from 0 to 100: the percentage of healthy streams.".to_owned();
    let number = json::number(text).ok_or_else(wrong)?;
    (0.0..=100.0)
        .contains(&number)
        .then_some(number)
        .ok_or_else(wrong)
}

/// The text in a field that means the time of sending.
const NOW: &str = "now";

/// Parses a moment in UTC, or the word "now"; `None` for an empty text.
fn moment(text: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.eq_ignore_ascii_case(NOW) {
        return Ok(Some(now));
    }
    let zoned = if text.ends_with(['Z', 'z']) {
        text.to_owned()
    } else {
        format!("{text}Z")
    };
    let at = json::moment(&zoned.replace(' ', "T"));
    at.map(Some).ok_or_else(|| {
        "Enter a UTC time such as 2026-11-21T14:32:08Z, or now, or leave empty for never."
            .to_owned()
    })
}

/// The dialog that posts a heartbeat, with the fields of the connection's API version.
pub(super) fn post_heartbeat(context: ActionContext, id: String) -> AnyView {
    let preview = context.sessions_version() == ApiVersion::V1Preview;
    let score = RwSignal::new("100".to_owned());
    let (at, data) = (RwSignal::new(NOW.to_owned()), RwSignal::new(NOW.to_owned()));
    let read = move |text: &str| moment(text, context.now_untracked());
    let score_error = Signal::derive(move || number(&score.read()).err());
    let at_error = Signal::derive(move || match read(&at.read()) {
        Ok(Some(_)) => None,
        Ok(None) => Some("A time is required.".to_owned()),
        Err(wrong) => Some(wrong),
    });
    let data_error = Signal::derive(move || read(&data.read()).err());
    let listed = is_listed(context, id.clone());
    let ready = Signal::derive(move || {
        listed.get()
            && score_error.get().is_none()
            && (!preview || (at_error.get().is_none() && data_error.get().is_none()))
    });
    let effect = effect_on(context, id.clone(), move |group, session| {
        let score = number(&score.read()).ok();
        let at = moment(&at.read(), group.observation.now).ok().flatten();
        group.post_heartbeat(session, score, at.filter(|_| preview))
    });
    let session_id = id.clone();
    let run = run_change(context, move |writer, group| {
        let id = session_id.clone();
        let seen = context.session(&id);
        let heartbeat = NewHeartbeat {
            score: number(&score.get_untracked()).unwrap_or_default(),
            heartbeat_time: read(&at.get_untracked())
                .ok()
                .flatten()
                .unwrap_or_else(|| context.now_untracked()),
            last_data_processed_time: read(&data.get_untracked()).ok().flatten(),
        };
        async move {
            let sent = writer.post_heartbeat(&group, &id, heartbeat, seen.as_ref());
            (Some(sent.await), None)
        }
    });
    let field = if preview {
        "Sent as FailoverStatus."
    } else {
        "Sent as FailoverScore."
    };
    let times = preview.then(|| view! {
        <Field label="Heartbeat time" name="heartbeat-time" value=at error=at_error required=true hint="“now” means the time of sending. Sent as HeartbeatTime." />
        <Field label="Last data processed" name="heartbeat-data" value=data error=data_error hint="Leave empty for never. Sent as LastDataProcessedTime." />
    });
    let contents = DialogContents {
        title: format!("Post a heartbeat of {id}"),
        action: Action::PostHeartbeat,
        id: Some(id),
        effect,
        ready,
        run,
    };
    let score = view! { <Field label="Score" name="heartbeat-score" value=score error=score_error required=true hint=Signal::stored(field.to_owned()) /> };
    action_dialog(context, contents, view! { {score}{times} }.into_any())
}

#[cfg(test)]
mod tests {
    use super::{moment, number};

    #[test]
    fn scores_and_times_are_parsed() {
        for (text, valid) in [
            ("0", true),
            ("100", true),
            ("99.5", true),
            ("-1", false),
            ("101", false),
            ("NaN", false),
            ("", false),
        ] {
            assert_eq!(number(text).is_ok(), valid, "{text}");
        }
        let now = chrono::DateTime::UNIX_EPOCH;
        for text in [
            "2026-11-21T14:32:08Z",
            "2026-11-21 14:32:08",
            "2026-11-21T14:32:08.5",
        ] {
            assert!(moment(text, now).is_ok_and(|at| at.is_some()), "{text}");
        }
        assert_eq!(moment(" ", now), Ok(None));
        assert_eq!(moment(" Now ", now), Ok(Some(now)));
        assert!(moment("yesterday", now).is_err());
    }
}
