//! The dialog of whatever is to be done with a slicer group: what it will do, how it is confirmed, and
//! what it is sent with.

use super::acts::{Acts, Open};
use super::model::{mode_word, name};
use crate::backend::uplynk::{Saved, Writer, ids};
use crate::backend::{Failure, Report};
use crate::ui::deed::Running;
use crate::ui::dialog::Dialog;
use crate::ui::notice::Undo;
use crate::ui::reorder::Draft;
use crate::ui::{Deed as Asking, Field};
use health::effect::{Confirm, Effect};
use health::slicers::Deed;
use leptos::prelude::*;
use vendors::uplynk::{Configuration, FailoverGroup};

/// The dialog that is open.
#[component]
pub fn Dialogs(
    /// What can be done.
    acts: Acts,
) -> impl IntoView {
    let deed = Memo::new(move |_| match &*acts.open.read() {
        Some(Open::Deed(deed)) => Some(deed.clone()),
        _ => None,
    });
    move || {
        let deed = deed.get()?;
        let refused = untrack(|| acts.live.value().and_then(|group| deed.can(&group).err()));
        Some(match (refused, &deed) {
            (Some(why), Deed::Activate(slicer)) => {
                view! { <Instead acts slicer=slicer.clone() why /> }.into_any()
            }
            _ => view! { <Ask acts deed /> }.into_any(),
        })
    }
}

/// The title, the button, and the text that is typed to confirm.
fn words(deed: &Deed, group: &FailoverGroup) -> (String, &'static str, String) {
    let group_name = name(group);
    let channel = |id: &String| {
        let mut all = group.channels.iter().flatten();
        let found = all.find(|channel| channel.id == *id);
        found
            .and_then(|channel| channel.desc.clone())
            .unwrap_or_else(|| id.clone())
    };
    match deed {
        Deed::SetMode(mode) => {
            let mode = mode_word(Some(mode)).to_lowercase();
            (
                format!("Switch {group_name} to {mode} mode?"),
                "Switch mode",
                group_name,
            )
        }
        Deed::SetAutoFailback(true) => (
            format!("Turn auto failback on for {group_name}?"),
            "Turn on",
            group_name,
        ),
        Deed::SetAutoFailback(false) => (
            format!("Turn auto failback off for {group_name}?"),
            "Turn off",
            group_name,
        ),
        Deed::SetEligible(id, true) => (
            format!("Take {id} into failover?"),
            "Make eligible",
            id.clone(),
        ),
        Deed::SetEligible(id, false) => (
            format!("Leave {id} out of failover?"),
            "Leave out",
            id.clone(),
        ),
        Deed::Activate(id) => (format!("Activate {id}?"), "Activate", id.clone()),
        Deed::SetSlate(true) => (
            format!("Switch {group_name} to slate?"),
            "Switch to slate",
            group_name,
        ),
        Deed::SetSlate(false) => (
            format!("Leave slate on {group_name}?"),
            "Leave slate",
            group_name,
        ),
        Deed::AddChannel => (
            format!("Add a channel to {group_name}?"),
            "Add channel",
            group_name,
        ),
        Deed::RemoveChannel(id) => (
            format!("Remove {} from {group_name}?", channel(id)),
            "Remove channel",
            channel(id),
        ),
        Deed::AddOwner => (
            format!("Let another account use {group_name}?"),
            "Add owner",
            group_name,
        ),
        Deed::RemoveOwner(id) => (
            format!("No longer let {id} use {group_name}?"),
            "Remove owner",
            id.clone(),
        ),
        Deed::Overwrite(_) => (
            format!("Overwrite the order of {group_name}?"),
            "Overwrite",
            group_name,
        ),
    }
}

#[component]
fn Ask(acts: Acts, deed: Deed) -> impl IntoView {
    let group = acts.live.value_untracked().unwrap_or_default();
    let (title, action, id) = words(&deed, &group);
    let (of_effect, of_confirm) = (deed.clone(), deed.clone());
    let effect = Memo::new(move |_| {
        let group = acts.live.value();
        group.map_or_else(Effect::default, |group| {
            of_effect.effect(&group, acts.now())
        })
    });
    let confirm = Memo::new(move |_| {
        let group = acts.live.value();
        group.map_or(Confirm::Click, |group| {
            of_confirm.confirm(&group, acts.now(), acts.shown())
        })
    });
    let typed = RwSignal::new(String::new());
    let asks_id = matches!(deed, Deed::AddChannel | Deed::AddOwner);
    let wrong = Memo::new(move |_| id_error(&typed.read()));
    let label = if deed == Deed::AddChannel {
        "Channel id"
    } else {
        "Account id"
    };
    let run: Box<dyn Fn() -> Running> = Box::new(move || {
        let (deed, seen) = (deed.clone(), acts.live.value_untracked());
        let id = typed.get_untracked().trim().to_owned();
        Box::pin(async move {
            match (acts.writer(), seen) {
                (Some(writer), Some(seen)) => run(acts, writer, (*seen).clone(), deed, id).await,
                _ => (
                    Report::refused(Failure::no_gateway("the group is not known")),
                    None,
                ),
            }
        })
    });
    let ready = Memo::new(move |_| !asks_id || wrong.read().is_none());
    view! {
        <Asking title action system=acts.system() effect confirm id ready run
            changed=Callback::new(move |()| acts.changed()) on_close=Callback::new(move |()| acts.open.set(None))>
            {asks_id.then(|| view! { <Field label name="id" value=typed error=wrong hint=Signal::stored("As it stands in Uplynk: 32 hexadecimal digits.".to_owned()) required=true /> })}
        </Asking>
    }
}

/// What is wrong with the id of a channel or an account.
fn id_error(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Some("The id is missing.".to_owned());
    }
    let odd = typed.chars().find(|char| !char.is_ascii_hexdigit());
    match odd {
        Some(odd) => Some(format!("“{odd}” is no hexadecimal digit.")),
        None if typed.len() != 32 => Some(format!(
            "It has 32 hexadecimal digits, not {}.",
            typed.len()
        )),
        None => None,
    }
}

/// Sends it once.
async fn run(
    acts: Acts,
    writer: Writer,
    seen: FailoverGroup,
    deed: Deed,
    typed: String,
) -> (Report, Option<Undo>) {
    let group = seen.id.clone();
    match deed {
        Deed::SetMode(mode) => {
            let change = Configuration {
                mode: Some(mode),
                auto_failback: None,
            };
            (writer.configure(&seen, &change).await, None)
        }
        Deed::SetAutoFailback(on) => {
            let set = |on| Configuration {
                mode: None,
                auto_failback: Some(on),
            };
            let report = writer.configure(&seen, &set(on)).await;
            let after = FailoverGroup {
                auto_failback: Some(on),
                ..seen
            };
            let undo = acts.undo(move || {
                let (writer, after) = (writer.clone(), after.clone());
                async move { writer.configure(&after, &set(!on)).await }
            });
            (report, Some(undo))
        }
        Deed::SetEligible(id, on) => {
            let report = writer.set_eligible(&group, &id, on).await;
            (report, Some(acts.undo_eligible(&writer, &group, &id, !on)))
        }
        Deed::Activate(id) => (writer.activate(&seen, &id).await, None),
        Deed::SetSlate(on) => (writer.set_slate(&seen, on).await, None),
        Deed::AddChannel => (writer.channels(&seen, &[&typed], &[]).await, None),
        Deed::RemoveChannel(id) => {
            let report = writer.channels(&seen, &[], &[&id]).await;
            let undo = acts.undo(move || {
                let (writer, seen, id) = (writer.clone(), seen.clone(), id.clone());
                async move { writer.channels(&seen, &[&id], &[]).await }
            });
            (report, Some(undo))
        }
        Deed::AddOwner => (writer.set_owners(&group, &[&typed], &[]).await, None),
        Deed::RemoveOwner(id) => {
            let report = writer.set_owners(&group, &[], &[&id]).await;
            let undo = acts.undo(move || {
                let (writer, group, id) = (writer.clone(), group.clone(), id.clone());
                async move { writer.set_owners(&group, &[&id], &[]).await }
            });
            (report, Some(undo))
        }
        Deed::Overwrite(order) => {
            let theirs = acts
                .draft
                .with_untracked(|draft| draft.theirs().map(<[String]>::to_vec));
            let base = theirs.unwrap_or_else(|| ids(&seen));
            match writer.save_order(&seen, &base, &order).await {
                Saved::Told(report) => {
                    if matches!(report, Report::Done { .. }) {
                        let _ = acts.draft.try_set(Draft::new(order));
                    }
                    (report, None)
                }
                Saved::Conflict(now) => {
                    let _ = acts.draft.try_update(|draft| draft.follow(&ids(&now)));
                    let said = format!("The order is {} now.", ids(&now).join(", "));
                    (Report::Changed { said }, None)
                }
            }
        }
    }
}

/// Why a slicer cannot be activated now, and what leads to the same.
#[component]
fn Instead(acts: Acts, slicer: String, why: String) -> impl IntoView {
    let close = Trigger::new();
    let next: StoredValue<Option<Open>> = StoredValue::new(None);
    let on_close = Callback::new(move |()| acts.open.set(next.try_get_value().flatten()));
    let failback = untrack(|| {
        acts.live
            .value()
            .is_some_and(|group| group.auto_failback == Some(true))
    });
    let off = move |_| {
        next.set_value(Some(Open::Deed(Deed::SetAutoFailback(false))));
        close.notify();
    };
    let first = {
        let slicer = slicer.clone();
        move |_| {
            acts.draft.update(|draft| {
                draft.move_to(&slicer, 1);
            });
            close.notify();
        }
    };
    view! {
        <Dialog title=format!("Activate {slicer}?") on_close close>
            <p>{why}</p>
            {failback.then(|| view! {
                <p>"Two ways lead to the same: turn auto failback off first, or make it the first of the order, where auto failback itself puts it on air."</p>
            })}
            <footer class="row">
                <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                {failback.then(|| view! {
                    <button type="button" class="btn" on:click=off>"Turn auto failback off…"</button>
                    <button type="button" class="btn main" on:click=first>{format!("Move {slicer} to position 1")}</button>
                })}
            </footer>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::id_error;

    #[test]
    fn an_id_is_32_hexadecimal_digits() {
        for (typed, wrong) in [
            ("", Some("missing")),
            ("  ", Some("missing")),
            ("xyz", Some("“x”")),
            ("abc", Some("not 3")),
            ("9852b8649852b8649852b8649852b864", None),
            (" 9852B8649852b8649852b8649852b864 ", None),
        ] {
            match (id_error(typed), wrong) {
                (None, None) => {}
                (Some(said), Some(word)) => assert!(said.contains(word), "{typed}: {said}"),
                (said, _) => panic!("{typed}: {said:?}"),
            }
        }
    }
}
