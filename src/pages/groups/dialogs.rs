//! The dialogs of a group's page, one at a time.

use super::acts::{Acts, Open};
use super::group_form::{GroupForm, identifier};
use super::spans;
use crate::backend::aveva::Writer;
use crate::backend::{Failure, Report};
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::route::Route;
use crate::ui::deed::Running;
use crate::ui::notice::{Undo, use_notices};
use crate::ui::{Deed, Field};
use chrono::{DateTime, Utc};
use health::effect::{Confirm, Effect};
use health::groups::{Action, Scene};
use leptos::prelude::*;
use std::rc::Rc;
use vendors::aveva::{ApiVersion, ClientSession, Heartbeat, NewHeartbeat, RoleOverride, TimeSpan};

/// The dialog that is open.
#[component]
pub fn Dialogs(
    /// What can be done.
    acts: Acts,
) -> impl IntoView {
    move || {
        let open = acts.open.get()?;
        Some(match open {
            Open::Duplicate => view! { <Duplicate acts /> }.into_any(),
            Open::DeleteGroup => view! { <DeleteGroup acts /> }.into_any(),
            Open::AddSession => {
                view! { <SessionForm acts action=Action::AddSession id=None /> }.into_any()
            }
            Open::PutSession(id) => {
                view! { <SessionForm acts action=Action::PutSession id /> }.into_any()
            }
            Open::DeleteSession(id) => view! { <DeleteSession acts id /> }.into_any(),
            Open::PostHeartbeat(id) => view! { <PostHeartbeat acts id /> }.into_any(),
            Open::OverrideRole(id) => view! { <OverrideRole acts id /> }.into_any(),
        })
    }
}

/// Puts a change into the shape that a dialog sends.
fn running<F>(
    acts: Acts,
    change: impl Fn(Writer, String) -> F + 'static,
) -> Box<dyn Fn() -> Running>
where
    F: Future<Output = (Option<Report>, Option<Undo>)> + 'static,
{
    Box::new(move || {
        let change = acts.writer().map(|writer| change(writer, acts.group()));
        Box::pin(async move {
            let nothing = || Report::refused(Failure::no_gateway("this connection cannot do it"));
            match change {
                Some(change) => {
                    let (report, undo) = change.await;
                    (report.unwrap_or_else(nothing), undo)
                }
                None => (nothing(), None),
            }
        })
    })
}

fn closing(acts: Acts) -> (Callback<()>, Callback<()>) {
    (
        Callback::new(move |()| acts.changed()),
        Callback::new(move |()| acts.open.set(None)),
    )
}

fn system(acts: Acts) -> String {
    acts.writer().map(|writer| writer.title).unwrap_or_default()
}

/// How an action on a session, or on the group, is to be confirmed at this moment.
fn confirm(acts: Acts, action: Action, id: Option<String>) -> Signal<Confirm> {
    let clock = use_clock();
    Memo::new(move |_| {
        let shown = acts.live.status.freshness(clock);
        let look = |scene: Scene<'_>, session: Option<&ClientSession>| {
            scene.confirm(action, session, shown)
        };
        acts.look(clock, id.as_deref(), look)
            .unwrap_or(Confirm::Click)
    })
    .into()
}

/// What an action will do at this moment.
fn effect(
    acts: Acts,
    id: Option<String>,
    of: impl Fn(Scene<'_>, Option<&ClientSession>) -> Effect + Send + Sync + 'static,
) -> Signal<Effect> {
    let clock = use_clock();
    Memo::new(move |_| acts.look(clock, id.as_deref(), &of).unwrap_or_default()).into()
}

#[component]
fn Duplicate(acts: Acts) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let like = acts
        .live
        .value_untracked()
        .map(|group| group.configuration.clone());
    let writers = acts.writer().into_iter().collect();
    view! { <GroupForm writers like changed on_close /> }
}

#[component]
fn DeleteGroup(acts: Acts) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let nav = use_nav();
    let title = system(acts);
    let effect = effect(acts, None, move |scene, _| scene.delete_group(&title));
    let run = running(acts, move |writer, group| async move {
        let report = writer.delete_group(&group).await;
        if matches!(report, Report::Done { .. }) {
            nav.go(&Route::Groups.href());
        }
        (Some(report), None)
    });
    let name = acts
        .live
        .value_untracked()
        .map_or_else(|| acts.group(), |group| group.name());
    view! {
        <Deed title=format!("Delete group {name}?") action="Delete group" system=system(acts) effect
            confirm=confirm(acts, Action::DeleteGroup, None) id=acts.group() run changed on_close />
    }
}

#[component]
fn DeleteSession(acts: Acts, id: String) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let effect = effect(acts, Some(id.clone()), |scene, session| {
        session
            .map(|session| scene.delete_session(session))
            .unwrap_or_default()
    });
    let of = id.clone();
    let run = running(acts, move |writer, group| {
        let id = of.clone();
        let seen = acts.session(&id);
        async move {
            (
                Some(writer.delete_session(&group, &id, seen.as_ref()).await),
                None,
            )
        }
    });
    view! {
        <Deed title=format!("Delete session {id}?") action="Delete session" system=system(acts) effect
            confirm=confirm(acts, Action::DeleteSession, Some(id.clone())) id run changed on_close />
    }
}

fn number(text: &str) -> Result<f64, String> {
    let wrong = || "A number from 0 to 100, the share of streams that are healthy.".to_owned();
    let number: f64 = text.trim().parse().map_err(|_| wrong())?;
    (0.0..=100.0)
        .contains(&number)
        .then_some(number)
        .ok_or_else(wrong)
}

/// A moment in UTC; nothing where nothing is typed.
fn moment(text: &str) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let zoned = if text.ends_with(['Z', 'z']) {
        text.to_owned()
    } else {
        format!("{text}Z")
    };
    zoned
        .replace(' ', "T")
        .parse()
        .map(Some)
        .map_err(|_| "A time in UTC like 2026-11-21T14:32:08Z, or nothing for never.".to_owned())
}

#[component]
fn PostHeartbeat(acts: Acts, id: String) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let clock = use_clock();
    let preview = acts
        .writer()
        .is_some_and(|w| w.base.sessions_version == ApiVersion::V1Preview);
    let score = RwSignal::new("100".to_owned());
    let now = untrack(|| acts.live.status.vendor_time(clock));
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let (at, data) = (RwSignal::new(text(now)), RwSignal::new(text(now)));
    let score_error = Signal::derive(move || number(&score.read()).err());
    let at_error = Signal::derive(move || match moment(&at.read()) {
        Ok(Some(_)) => None,
        Ok(None) => Some("A time is needed.".to_owned()),
        Err(wrong) => Some(wrong),
    });
    let data_error = Signal::derive(move || moment(&data.read()).err());
    let ready = Signal::derive(move || {
        score_error.get().is_none()
            && (!preview || (at_error.get().is_none() && data_error.get().is_none()))
    });
    let effect = effect(acts, Some(id.clone()), |scene, session| {
        session
            .map(|session| scene.post_heartbeat(session))
            .unwrap_or_default()
    });
    let of = id.clone();
    let run = running(acts, move |writer, group| {
        let id = of.clone();
        let heartbeat = NewHeartbeat {
            score: number(&score.get_untracked()).unwrap_or_default(),
            heartbeat_time: moment(&at.get_untracked()).ok().flatten().unwrap_or(now),
            last_data_processed_time: moment(&data.get_untracked()).ok().flatten(),
        };
        async move {
            (
                Some(writer.post_heartbeat(&group, &id, heartbeat).await),
                None,
            )
        }
    });
    let label = if preview {
        "FailoverStatus"
    } else {
        "FailoverScore"
    };
    let times = preview.then(|| view! {
        <Field label="HeartbeatTime" name="heartbeat-time" value=at error=at_error required=true />
        <Field label="LastDataProcessedTime" name="heartbeat-data" value=data error=data_error hint=Signal::derive(|| "Empty for never.".to_owned()) />
    });
    view! {
        <Deed title=format!("Post a heartbeat of {id}") action="Post heartbeat" system=system(acts) effect
            confirm=Signal::derive(|| Confirm::Click) id="" ready run changed on_close>
            <Field label name="heartbeat-score" value=score error=score_error required=true />
            {times}
        </Deed>
    }
}

#[component]
fn OverrideRole(acts: Acts, id: String) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let notices = use_notices();
    let period = RwSignal::new("1h".to_owned());
    let read = move || match period.read().trim() {
        "" => Ok(None),
        text => spans::parse(text).map(Some),
    };
    let error = Signal::derive(move || read().err());
    let hint = Signal::derive(move || match read() {
        Ok(Some(span)) => format!("Sent as ExpirationPeriod {span}."),
        _ => "Without one the override holds until somebody clears it.".to_owned(),
    });
    let ready = Signal::derive(move || error.get().is_none());
    let effect = effect(acts, Some(id.clone()), move |scene, session| {
        let period = read().ok().flatten().map(TimeSpan::delta);
        session
            .map(|session| scene.override_role(session, period))
            .unwrap_or_default()
    });
    let of = id.clone();
    let run = running(acts, move |writer, group| {
        let (id, expires) = (of.clone(), untrack(read).ok().flatten());
        let seen = acts.session(&id);
        async move {
            let report = writer
                .override_role(&group, &id, RoleOverride::Primary, expires, seen.as_ref())
                .await;
            let undo: Undo = Rc::new(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                leptos::task::spawn_local(async move {
                    let report = writer
                        .override_role(&group, &id, RoleOverride::Off, None, None)
                        .await;
                    report.into_iter().for_each(|report| notices.report(report));
                    acts.changed();
                });
            });
            (report, Some(undo))
        }
    });
    view! {
        <Deed title=format!("Override the role of {id}") action="Override role" system=system(acts) effect
            confirm=confirm(acts, Action::OverrideRole, Some(id.clone())) id ready run changed on_close>
            <Field label="Ends after" name="override-period" value=period error hint />
        </Deed>
    }
}

/// Clears an override at once: it can be taken back.
pub fn clear_override(acts: Acts, id: String) {
    let notices = acts.notices;
    let Some(writer) = acts.writer() else { return };
    let group = acts.group();
    let seen = acts.session(&id);
    let ends = seen
        .as_ref()
        .and_then(|session| session.role_override_expiration_time);
    leptos::task::spawn_local(async move {
        let report = writer
            .override_role(&group, &id, RoleOverride::Off, None, seen.as_ref())
            .await;
        acts.changed();
        let undo: Undo = {
            let writer = writer.clone();
            Rc::new(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                let left = ends.map(|end| (end - acts.now()).num_seconds().max(1));
                let expires = left.map(TimeSpan::from_seconds);
                leptos::task::spawn_local(async move {
                    let report = writer
                        .override_role(&group, &id, RoleOverride::Primary, expires, None)
                        .await;
                    report.into_iter().for_each(|report| notices.report(report));
                    acts.changed();
                });
            })
        };
        match report {
            Some(Report::Done { said, .. }) => notices.say(said, Some(undo)),
            Some(report) => notices.report(report),
            None => {}
        }
    });
}

/// Adds or puts a session.
#[component]
fn SessionForm(acts: Acts, action: Action, id: Option<String>) -> impl IntoView {
    let (changed, on_close) = closing(acts);
    let notices = use_notices();
    let put = action == Action::PutSession;
    let known = id.is_some();
    let held = id.as_deref().and_then(|id| acts.session(id));
    let session_id = RwSignal::new(id.clone().unwrap_or_default());
    let name = RwSignal::new(
        held.as_ref()
            .and_then(|one| one.name.clone())
            .unwrap_or_default(),
    );
    let id_error = Signal::derive(move || identifier(&session_id.read()).err());
    let ready = Signal::derive(move || id_error.get().is_none());
    let effect = effect(acts, id.clone(), move |scene, session| match session {
        Some(session) => Effect {
            sentence: format!(
                "{} is replaced by what stands here. Its heartbeat is sent as it was last read.",
                session.id.clone().unwrap_or_default()
            ),
            notes: Vec::new(),
        },
        None => scene.add_session(),
    });
    let heartbeat: Option<Heartbeat> = held.and_then(|one| one.heartbeat);
    let run = running(acts, move |writer, group| {
        let text = |text: RwSignal<String>| {
            Some(text.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
        };
        let session = ClientSession {
            id: text(session_id),
            name: text(name),
            heartbeat: heartbeat.clone(),
            ..ClientSession::default()
        };
        let seen = session
            .id
            .as_deref()
            .filter(|_| known)
            .and_then(|id| acts.session(id));
        async move {
            let id = session.id.clone().unwrap_or_default();
            let report = if put {
                writer.put_session(&group, session, seen.as_ref()).await
            } else {
                Some(writer.add_session(&group, session).await)
            };
            let undo: Undo = Rc::new(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                leptos::task::spawn_local(async move {
                    notices.report(writer.delete_session(&group, &id, None).await);
                    acts.changed();
                });
            });
            (report, Some(undo))
        }
    });
    let title = match (&id, put) {
        (Some(id), _) => format!("Put session {id}"),
        (None, true) => "Put session".to_owned(),
        (None, false) => "Add session".to_owned(),
    };
    view! {
        <Deed title action=action.name() system=system(acts) effect
            confirm=confirm(acts, action, id.clone()) id=id.clone().unwrap_or_default() ready run changed on_close>
            <Field label="Id" name="session-id" value=session_id error=id_error required=true fixed=known
                hint=Signal::derive(|| "Adapters name theirs HOST-01.OpcUa.".to_owned()) />
            <Field label="Name" name="session-name" value=name />
        </Deed>
    }
}

#[cfg(test)]
mod tests {
    use super::{moment, number};

    #[test]
    fn scores_and_times_are_read_as_people_type_them() {
        for (text, right) in [
            ("0", true),
            ("100", true),
            ("99.5", true),
            ("-1", false),
            ("101", false),
            ("NaN", false),
            ("", false),
        ] {
            assert_eq!(number(text).is_ok(), right, "{text}");
        }
        for text in [
            "2026-11-21T14:32:08Z",
            "2026-11-21 14:32:08",
            "2026-11-21T14:32:08.5",
        ] {
            assert!(moment(text).is_ok_and(|at| at.is_some()), "{text}");
        }
        assert_eq!(moment(" "), Ok(None));
        assert!(moment("yesterday").is_err());
    }
}
