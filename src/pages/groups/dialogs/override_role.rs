//! Overriding a session's role, and clearing an override.

use super::{DialogContents, action_dialog, effect_on, is_listed, run_change};
use crate::api::Outcome;
use crate::api::aveva::{SeenSession, Writer};
use crate::live::clock;
use crate::pages::groups::action_context::ActionContext;
use crate::pages::groups::spans::parse_optional;
use crate::ui::Field;
use crate::ui::notice::Undo;
use chrono::{DateTime, TimeDelta, Utc};
use health::effect::Effect;
use health::groups::{Action, Override, override_of};
use leptos::prelude::*;
use vendors::UnreadableField;
use vendors::aveva::{ClientSession, RoleOverride, TimeSpan};

/// The dialog that overrides a session's role.
pub(super) fn override_role(context: ActionContext, id: String) -> AnyView {
    let period = RwSignal::new("1h".to_owned());
    let read = move || parse_optional(&period.read());
    let error = Signal::derive(move || read().err());
    let hint = Signal::derive(move || match read() {
        Ok(Some(span)) => format!("Sent as ExpirationPeriod {span}."),
        _ => "If empty, the override stays until someone clears it.".to_owned(),
    });
    let listed = is_listed(context, id.clone());
    let effect_id = id.clone();
    let ready = Signal::derive(move || error.get().is_none() && listed.get());
    let effect = effect_on(context, id.clone(), move |group, session| match read() {
        Ok(period) => group.override_role(session, period.map(TimeSpan::delta)),
        Err(_) => Effect {
            sentence: without_period(&effect_id),
            ..group.override_role(session, Some(TimeDelta::zero()))
        },
    });
    let session_id = id.clone();
    let run = run_change(context, move |writer, group| {
        let (id, expires) = (session_id.clone(), untrack(read).ok().flatten());
        let seen = context.seen(&id);
        let restore = restore(context, seen.as_ref());
        async move {
            let sent = writer
                .override_role(&group, &id, RoleOverride::Primary, expires, seen.as_ref())
                .await;
            let (outcome, changed) = sent.unzip();
            // The undo compares the session with what was read after the change.
            let undo = undo(context, writer, group, changed.flatten(), restore);
            (outcome, undo)
        }
    });
    let contents = DialogContents {
        title: format!("Override the role of {id}"),
        action: Action::OverrideRole,
        id: Some(id),
        effect,
        ready,
        run,
    };
    let period =
        view! { <Field label="Ends after" name="override-period" value=period error hint /> };
    action_dialog(context, contents, period.into_any())
}

/// Returns the override to set and its duration, or why nothing is sent.
type Restore = Box<dyn Fn() -> Result<(RoleOverride, Option<TimeSpan>), String>>;

/// Restores the override that a session has now; `None` if it cannot be set again.
fn restore(context: ActionContext, seen: Option<&SeenSession>) -> Option<Restore> {
    let browser = || clock::time(clock::now());
    let now = context.now_untracked();
    // By the time of an undo, the page and its vendor clock may no longer exist.
    let ahead = now - browser();
    let session = &seen?.session;
    let (value, end) = restorable(session, now)?;
    let id = session.id.clone().unwrap_or_default();
    Some(Box::new(move || {
        let time_left = time_left(&id, end, browser() + ahead)?;
        Ok((value.clone(), time_left))
    }))
}

/// The undo of a change to an override. `changed` is the session after the change.
fn undo(
    context: ActionContext,
    writer: Writer,
    group: String,
    changed: Option<ClientSession>,
    restore: Option<Restore>,
) -> Option<Undo> {
    let (changed, restore) = changed.zip(restore)?;
    Some(context.undo(move || {
        let (writer, group) = (writer.clone(), group.clone());
        let (changed, restored) = (changed.clone(), restore());
        async move {
            match restored {
                Ok((value, expires)) => {
                    let sent = writer.restore_override(&group, &changed, value, expires);
                    sent.await
                }
                Err(message) => Some(Outcome::Prevented { message }),
            }
        }
    }))
}

/// The remaining duration of an override that is set again; `None` if it has no end.
///
/// # Errors
/// A sentence that the override would have ended by now, in which case it must not be set again.
fn time_left(
    id: &str,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<TimeSpan>, String> {
    let Some(end) = end else { return Ok(None) };
    let seconds = (end - now).num_seconds();
    if seconds > 0 {
        Ok(Some(TimeSpan::from_seconds(seconds)))
    } else {
        Err(format!("the override of {id} would have ended by now."))
    }
}

/// The effect while the duration is invalid, without a duration.
fn without_period(id: &str) -> String {
    format!("Once “Ends after” is valid, {id} can be made Primary regardless of its score.")
}

/// The override of a session and its end; `None` if it was not read completely, so that it cannot be set again.
fn restorable(
    session: &ClientSession,
    now: DateTime<Utc>,
) -> Option<(RoleOverride, Option<DateTime<Utc>>)> {
    let is_end_unreadable =
        UnreadableField::find(&session.unreadable, "RoleOverrideExpirationTime").is_some();
    match override_of(session, now) {
        Override::None => Some((RoleOverride::Off, None)),
        Override::Primary(end) if !is_end_unreadable => Some((RoleOverride::Primary, end)),
        _ => None,
    }
}

/// Clears an override without a dialog. This can be undone if the override can be set again.
pub fn clear_override(context: ActionContext, id: String) {
    let notices = context.notices;
    if untrack(|| context.is_sending(&id)) {
        return;
    }
    context.sending.update(|sending| sending.push(id.clone()));
    notices.dismiss_completed();
    let (writer, group) = (context.writer(), context.group());
    let seen = context.seen(&id);
    let restore = restore(context, seen.as_ref());
    leptos::task::spawn_local(async move {
        let sent = writer
            .override_role(&group, &id, RoleOverride::Off, None, seen.as_ref())
            .await;
        let (outcome, changed) = sent.unzip();
        let _ = context
            .sending
            .try_update(|sending| sending.retain(|one| *one != id));
        context.changed();
        let undo = undo(context, writer, group, changed.flatten(), restore);
        match outcome {
            Some(Outcome::Done { message, .. }) => notices.show(message, undo),
            Some(outcome) => notices.show_outcome(outcome),
            None => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{restorable, time_left};
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::UnreadableField;
    use vendors::aveva::{ClientSession, RoleOverride};

    #[test]
    fn an_override_that_would_have_ended_is_not_restored() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1);
        let left = |ends: Option<i64>| {
            let end = ends.map(|ends| now + TimeDelta::milliseconds(ends));
            time_left("a", end, now).map(|left| left.map(|left| left.to_string()))
        };
        assert_eq!(left(None), Ok(None));
        assert_eq!(left(Some(90_500)), Ok(Some("00:01:30".to_owned())));
        for ends in [400, 0, -90_000] {
            let why = "the override of a would have ended by now.";
            assert_eq!(left(Some(ends)), Err(why.to_owned()), "{ends}");
        }
    }

    #[test]
    fn only_an_override_that_was_read_completely_can_be_restored() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1);
        let session =
            |role_override: Option<RoleOverride>, ends: Option<i64>, unreadable: &[&str]| {
                let field = |name: &&str| UnreadableField {
                    name: (*name).to_owned(),
                    raw: "?".to_owned(),
                };
                ClientSession {
                    role_override,
                    role_override_expiration_time: ends.map(|ends| now + TimeDelta::minutes(ends)),
                    unreadable: unreadable.iter().map(field).collect(),
                    ..ClientSession::default()
                }
            };
        let primary = || Some(RoleOverride::Primary);
        let other = Some(RoleOverride::Other("9".to_owned()));
        let off = Some((RoleOverride::Off, None));
        let pinned = |end| Some((RoleOverride::Primary, end));
        for (session, expected) in [
            (session(None, None, &[]), off.clone()),
            (session(Some(RoleOverride::Off), None, &[]), off.clone()),
            (session(primary(), None, &[]), pinned(None)),
            (
                session(primary(), Some(5), &[]),
                pinned(Some(now + TimeDelta::minutes(5))),
            ),
            (session(primary(), Some(-5), &[]), off),
            (
                session(primary(), None, &["RoleOverrideExpirationTime"]),
                None,
            ),
            (session(None, None, &["RoleOverride"]), None),
            (session(other, None, &[]), None),
        ] {
            assert_eq!(restorable(&session, now), expected, "{session:?}");
        }
    }
}
