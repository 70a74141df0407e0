//! The other owners that may use the group. Requested only when the panel is opened, because the vendor
//! limits requests.

use super::action_context::ActionContext;
use super::channels::{add_button, remove_button};
use crate::api::Failure;
use crate::live::use_clock;
use crate::on_change::on_change;
use crate::ui::FailureCard;
use chrono::{DateTime, Utc};
use health::slicers::Action;
use health::words;
use leptos::prelude::*;
use vendors::uplynk::Collection;

/// The result of a request, and when it was sent by the browser's clock.
type OwnersRead = (Result<Collection<String>, Failure>, DateTime<Utc>);

/// The panel "Allowed owners", closed at first.
#[component]
pub fn Owners(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let owners: RwSignal<Option<OwnersRead>> = RwSignal::new(None);
    let requests = StoredValue::new(0_u32);
    let clock = use_clock();
    let read = move || {
        let group = context.live.value_untracked().map(|group| group.id.clone());
        let (Some(writer), Some(group)) = (context.writer(), group) else {
            return;
        };
        let requested_at = untrack(|| clock.at(0.0));
        let number = requests.get_value().wrapping_add(1);
        requests.set_value(number);
        leptos::task::spawn_local(async move {
            let answer = writer.owners(&group).await;
            // Only the response to the latest request counts: an earlier one may arrive late and be outdated.
            if requests.try_get_value() == Some(number) {
                let _ = owners.try_set(Some((answer, requested_at)));
            }
        });
    };
    // Any change or undo may have changed the owners.
    on_change(move || {
        context.changes.track();
        if open.get() {
            read();
        }
    });
    let toggle = move |_| open.update(|open| *open = !*open);
    let shown = move || match owners.get()? {
        (Err(failure), _) => {
            let retry = Callback::new(move |()| read());
            Some(
                view! { <FailureCard failure system=context.system() retry once=true /> }
                    .into_any(),
            )
        }
        (Ok(list), read_at) => {
            let age = move || {
                let age = clock.at(0.0).signed_duration_since(read_at);
                format!("Read {}.", words::ago(age))
            };
            let note = note(&list).map(|words| view! { <p class="dim">{words}</p> });
            let items: Vec<_> = list.items.into_iter().map(|id| item(context, id)).collect();
            let items = (!items.is_empty())
                .then(|| view! { <ul class="tags row" aria-label="Allowed owners">{items}</ul> });
            Some(view! { {items}{note}<p class="dim">{age}</p> }.into_any())
        }
    };
    view! {
        <section class="panel" aria-labelledby="owners">
            <header><h2 id="owners">"Allowed owners"</h2>
                <button type="button" class="btn end" aria-expanded=move || if open.get() { "true" } else { "false" } on:click=toggle>
                    {move || if open.get() { "Hide" } else { "Show" }}
                </button>
            </header>
            // Outside of the hidden part, where screen readers would not announce it.
            <div role="status">{move || (open.get() && owners.read().is_none()).then(|| view! { <p class="blank">"Loading…"</p> })}</div>
            <div class="pad" hidden=move || !open.get()>
                {shown}
                {add_button(context, "Add owner", Action::AddOwner)}
            </div>
        </section>
    }
}

fn item(context: ActionContext, id: String) -> impl IntoView {
    let label = format!("Remove owner {id}");
    let remove = remove_button(context, label, Action::RemoveOwner(id.clone()));
    view! { <li><code>{id}</code>{remove}</li> }
}

/// The note about an empty or incomplete list.
fn note(owners: &Collection<String>) -> Option<String> {
    let shown = owners.items.len();
    match owners.missing() {
        0 => (shown == 0).then(|| "No other owner is allowed.".to_owned()),
        missing => Some(format!(
            "{shown} of {} shown: the rest is missing from Uplynk's response or unreadable.",
            shown + missing
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::note;
    use vendors::LeftOut;
    use vendors::uplynk::Collection;

    #[test]
    fn unreadable_and_missing_owners_are_counted() {
        for (shown, total, unreadable, words) in [
            (0, None, 0, Some("No other owner is allowed.")),
            (0, Some(0), 0, Some("No other owner is allowed.")),
            (2, Some(2), 0, None),
            (2, None, 0, None),
            (0, Some(2), 2, Some("0 of 2 shown")),
            (0, None, 2, Some("0 of 2 shown")),
            (1, Some(40), 0, Some("1 of 40 shown")),
            (1, Some(1), 2, Some("1 of 3 shown")),
        ] {
            let owners = Collection {
                items: vec!["a".to_owned(); shown],
                total,
                left_out: LeftOut {
                    unreadable,
                    repeated: 0,
                },
            };
            let note = note(&owners);
            let shown = note.as_deref();
            assert_eq!(shown.is_some(), words.is_some(), "{owners:?}: {shown:?}");
            assert!(
                shown
                    .unwrap_or_default()
                    .starts_with(words.unwrap_or_default())
            );
        }
    }
}
