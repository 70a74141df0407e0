//! Overriding a session's role, and clearing that.

use super::{closing, confirm, effect_on, is_listed, running, system};
use crate::api::Outcome;
use crate::live::clock;
use crate::pages::groups::action_context::ActionContext;
use crate::pages::groups::spans;
use crate::ui::notice::{Undo, use_notices};
use crate::ui::{ActionDialog, Field};
use chrono::TimeDelta;
use health::effect::Effect;
use health::groups::{Action, Override, override_of};
use leptos::prelude::*;
use std::rc::Rc;
use vendors::UnreadableField;
use vendors::aveva::{ClientSession, RoleOverride, TimeSpan};

/// The dialog.
#[component]
pub fn OverrideRole(
    /// The page's actions.
    context: ActionContext,
    /// The session's id.
    id: String,
) -> impl IntoView {
    let (changed, on_close) = closing(context);
    let notices = use_notices();
    let period = RwSignal::new("1h".to_owned());
    let read = move || match period.read().trim() {
        "" => Ok(None),
        text => spans::parse(text).map(Some),
    };
    let error = Signal::derive(move || read().err());
    let hint = Signal::derive(move || match read() {
        Ok(Some(span)) => format!("Sent as ExpirationPeriod {span}."),
        _ => "If empty, the override stays until someone clears it.".to_owned(),
    });
    let listed = is_listed(context, id.clone());
    let named = id.clone();
    let ready = Signal::derive(move || error.get().is_none() && listed.get());
    let effect = effect_on(context, id.clone(), move |scene, session| match read() {
        Ok(period) => scene.override_role(session, period.map(TimeSpan::delta)),
        Err(_) => Effect {
            sentence: without_period(&named),
            ..scene.override_role(session, Some(TimeDelta::zero()))
        },
    });
    let of = id.clone();
    let run = running(context, move |writer, group| {
        let (id, expires) = (of.clone(), untrack(read).ok().flatten());
        let seen = context.seen(&id);
        // Where there is an override already, clearing this one would not bring that back.
        let is_free = |seen: &ClientSession| override_of(seen, context.now()) == Override::None;
        let is_undoable = seen.as_ref().is_some_and(|seen| is_free(&seen.session));
        async move {
            let sent = writer
                .override_role(&group, &id, RoleOverride::Primary, expires, seen.as_ref())
                .await;
            let (outcome, left) = sent.unzip();
            // What was not read afterwards cannot be compared.
            let left = left.flatten();
            let is_undoable = is_undoable && left.is_some();
            let left = left.unwrap_or_default();
            let undo: Undo = Rc::new(move || {
                let (writer, group, left) = (writer.clone(), group.clone(), left.clone());
                leptos::task::spawn_local(async move {
                    let outcome = writer
                        .restore_override(&group, &left, RoleOverride::Off, None)
                        .await;
                    outcome
                        .into_iter()
                        .for_each(|outcome| notices.show_outcome(outcome));
                    context.changed();
                });
            });
            (outcome, is_undoable.then_some(undo))
        }
    });
    view! {
        <ActionDialog title=format!("Override the role of {id}") action="Override role" system=system(context) effect
            confirm=confirm(context, Action::OverrideRole, Some(id.clone())) id ready run changed on_close>
            <Field label="Ends after" name="override-period" value=period error hint />
        </ActionDialog>
    }
}

/// The effect while how long it lasts cannot be read: nothing is said of that.
fn without_period(id: &str) -> String {
    format!("Once “Ends after” is valid, {id} can be made Primary regardless of its score.")
}

/// Whether an override is known so well that it can be made again.
fn is_known(session: &ClientSession) -> bool {
    let end = UnreadableField::find(&session.unreadable, "RoleOverrideExpirationTime");
    session.role_override == Some(RoleOverride::Primary) && end.is_none()
}

/// Clears an override at once. Where it is known in full, that can be undone.
pub fn clear_override(context: ActionContext, id: String) {
    let notices = context.notices;
    let Some(writer) = context.writer() else {
        return;
    };
    if untrack(|| context.is_sending(&id)) {
        return;
    }
    context.sending.update(|sending| sending.push(id.clone()));
    notices.dismiss_undoable();
    let group = context.group();
    let browser = || clock::time(clock::now());
    // When it is undone, the page and its vendor clock may be gone.
    let ahead = context.now() - browser();
    let seen = context.seen(&id);
    let session = seen.as_ref().map(|seen| &seen.session);
    let is_undoable = session.is_some_and(is_known);
    let ends = session.and_then(|session| session.role_override_expiration_time);
    leptos::task::spawn_local(async move {
        let sent = writer
            .override_role(&group, &id, RoleOverride::Off, None, seen.as_ref())
            .await;
        let (outcome, left) = sent.unzip();
        let left = left.flatten();
        let is_undoable = is_undoable && left.is_some();
        let left = left.unwrap_or_default();
        let _ = context
            .sending
            .try_update(|sending| sending.retain(|one| *one != id));
        context.changed();
        let undo: Undo = {
            let writer = writer.clone();
            Rc::new(move || {
                let (writer, group, left) = (writer.clone(), group.clone(), left.clone());
                let rest = ends.map(|end| (end - (browser() + ahead)).num_seconds().max(1));
                let expires = rest.map(TimeSpan::from_seconds);
                leptos::task::spawn_local(async move {
                    let outcome = writer
                        .restore_override(&group, &left, RoleOverride::Primary, expires)
                        .await;
                    outcome
                        .into_iter()
                        .for_each(|outcome| notices.show_outcome(outcome));
                    context.changed();
                });
            })
        };
        match outcome {
            Some(Outcome::Done { message, .. }) => {
                notices.show(message, is_undoable.then_some(undo));
            }
            Some(outcome) => notices.show_outcome(outcome),
            None => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::is_known;
    use chrono::{DateTime, TimeDelta, Utc};
    use health::groups::{Override, override_of};
    use vendors::UnreadableField;
    use vendors::aveva::{ClientSession, RoleOverride};

    #[test]
    fn only_what_is_known_can_be_put_back() {
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
        for (session, overridden, known) in [
            (session(None, None, &[]), false, false),
            (session(Some(RoleOverride::Off), None, &[]), false, false),
            (session(primary(), None, &[]), true, true),
            (session(primary(), Some(5), &[]), true, true),
            (session(primary(), Some(-5), &[]), false, true),
            (
                session(primary(), None, &["RoleOverrideExpirationTime"]),
                true,
                false,
            ),
            (session(None, None, &["RoleOverride"]), true, false),
            (session(other, None, &[]), true, false),
        ] {
            assert_eq!(
                (
                    override_of(&session, now) != Override::None,
                    is_known(&session)
                ),
                (overridden, known),
                "{session:?}"
            );
        }
    }
}
