//! Overriding a session's role, and clearing that.

use super::{closing, confirm, effect_on, is_listed, running, system};
use crate::api::Outcome;
use crate::live::clock;
use crate::pages::groups::action_context::ActionContext;
use crate::pages::groups::spans;
use crate::ui::notice::{Undo, use_notices};
use crate::ui::{ActionDialog, Field};
use health::groups::Action;
use leptos::prelude::*;
use std::rc::Rc;
use vendors::aveva::{RoleOverride, TimeSpan};

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
    let ready = Signal::derive(move || error.get().is_none() && listed.get());
    let effect = effect_on(context, id.clone(), move |scene, session| {
        let period = read().ok().flatten().map(TimeSpan::delta);
        scene.override_role(session, period)
    });
    let of = id.clone();
    let run = running(context, move |writer, group| {
        let (id, expires) = (of.clone(), untrack(read).ok().flatten());
        let seen = context.session(&id);
        async move {
            let outcome = writer
                .override_role(&group, &id, RoleOverride::Primary, expires, seen.as_ref())
                .await;
            let undo: Undo = Rc::new(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                leptos::task::spawn_local(async move {
                    let outcome = writer
                        .override_role(&group, &id, RoleOverride::Off, None, None)
                        .await;
                    outcome
                        .into_iter()
                        .for_each(|outcome| notices.show_outcome(outcome));
                    context.changed();
                });
            });
            (outcome, Some(undo))
        }
    });
    view! {
        <ActionDialog title=format!("Override the role of {id}") action="Override role" system=system(context) effect
            confirm=confirm(context, Action::OverrideRole, Some(id.clone())) id ready run changed on_close>
            <Field label="Ends after" name="override-period" value=period error hint />
        </ActionDialog>
    }
}

/// Clears an override at once, because it can be undone.
pub fn clear_override(context: ActionContext, id: String) {
    let notices = context.notices;
    let Some(writer) = context.writer() else {
        return;
    };
    if untrack(|| context.is_sending(&id)) {
        return;
    }
    context.sending.update(|sending| sending.push(id.clone()));
    let group = context.group();
    let browser = || clock::time(clock::now());
    // When it is undone, the page and its vendor clock may be gone.
    let ahead = context.now() - browser();
    let seen = context.session(&id);
    let ends = seen
        .as_ref()
        .and_then(|session| session.role_override_expiration_time);
    leptos::task::spawn_local(async move {
        let outcome = writer
            .override_role(&group, &id, RoleOverride::Off, None, seen.as_ref())
            .await;
        let _ = context
            .sending
            .try_update(|sending| sending.retain(|one| *one != id));
        context.changed();
        let undo: Undo = {
            let writer = writer.clone();
            Rc::new(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                let left = ends.map(|end| (end - (browser() + ahead)).num_seconds().max(1));
                let expires = left.map(TimeSpan::from_seconds);
                leptos::task::spawn_local(async move {
                    let outcome = writer
                        .override_role(&group, &id, RoleOverride::Primary, expires, None)
                        .await;
                    outcome
                        .into_iter()
                        .for_each(|outcome| notices.show_outcome(outcome));
                    context.changed();
                });
            })
        };
        match outcome {
            Some(Outcome::Done { message, .. }) => notices.show(message, Some(undo)),
            Some(outcome) => notices.show_outcome(outcome),
            None => {}
        }
    });
}
