//! An alarm in a list, with its handling and its buttons.

use super::remedies::remedies;
use super::{ShownAlarm, SimilarAlarms};
use crate::api::session::Session;
use crate::client_view::once;
use crate::live::{keyed, places, use_watched};
use crate::on_change::on_change_since;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::pages::moments::use_moments;
use crate::provided::provided;
use crate::route::Route;
use crate::ui::{Icon, Tag, focus_in, is_focus_lost};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Since};
use health::inventory::Kind;
use health::words;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

/// The action of a dialog about an alarm.
#[derive(Clone, PartialEq)]
pub enum AlarmAction {
    /// Acknowledges the alarm.
    Acknowledge(Arc<Alarm>),
    /// Withdraws the acknowledgement.
    Withdraw(Arc<Alarm>),
    /// Adds a note.
    Note(Arc<Alarm>),
}

/// The dialog that was opened from a row of a list, if any.
#[derive(Clone, Copy)]
pub struct AlarmDialog {
    action: RwSignal<Option<AlarmAction>>,
    /// Whether the open dialog has changed something.
    changed: RwSignal<bool>,
}

impl Default for AlarmDialog {
    fn default() -> Self {
        Self {
            action: RwSignal::new(None),
            changed: RwSignal::new(false),
        }
    }
}

impl AlarmDialog {
    /// Draws the open dialog. `moved` runs after a dialog has closed whose alarm moves to another list: the browser
    /// would return the focus to a button that is about to be removed.
    pub fn view(self, moved: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
        let Self { action, changed } = self;
        let watched = use_watched();
        let on_change = Callback::new(move |()| {
            changed.set(true);
            watched.poll_now();
        });
        let on_close = Callback::new(move |()| {
            action.set(None);
            if changed.get_untracked() {
                changed.set(false);
                moved();
            }
        });
        let chunks = use_chunks();
        move || {
            let action = action.get()?;
            // Adding a note does not move the alarm, so the focus can return to its button.
            let changed = match &action {
                AlarmAction::Note(_) => Callback::new(move |()| watched.poll_now()),
                AlarmAction::Acknowledge(_) | AlarmAction::Withdraw(_) => on_change,
            };
            let dialog = Dialog::Alarm { action, changed };
            Some(chunks.dialog(Chunk::AlarmDialogs, dialog, on_close))
        }
    }
}

/// Number of folded alarms to show at a time.
const UNFOLD_STEP: usize = 100;

/// Draws an entry of a list of alarms.
type DrawEntry = fn(RwSignal<SimilarAlarms>, Option<AlarmDialog>) -> AnyView;

/// The entries of a list of alarms. `dialog` shows their dialogs; `None` on the page of their own resource, where they
/// have neither dialogs nor a link.
pub fn alarm_list(list: Memo<Vec<SimilarAlarms>>, dialog: Option<AlarmDialog>) -> AnyView {
    entries(list, dialog, |row, dialog| {
        view! { <AlarmEntry row dialog /> }.into_any()
    })
}

/// A drawn entry, with its key.
type DrawnEntry = (String, RwSignal<SimilarAlarms>);

/// The entries, keyed by alarm rather than by position, so that an unfolded entry or a button under the pointer keeps
/// its alarm while other alarms appear, end or move.
fn entries(
    list: Memo<Vec<SimilarAlarms>>,
    dialog: Option<AlarmDialog>,
    draw: DrawEntry,
) -> AnyView {
    // The drawn entries, in the order of the latest list.
    let drawn = StoredValue::new(Vec::<DrawnEntry>::new());
    let each = move || {
        let list = list.get().into_iter();
        let list: Vec<_> = list.map(|entry| (entry.key(), entry)).collect();
        let before = drawn.try_update_value(std::mem::take).unwrap_or_default();
        keep_focus(&before, &list);
        let old = before.iter().map(|(key, _)| key.as_str()).collect();
        let places = places(old, list.iter().map(|(key, _)| key.as_str()));
        let mut kept = Vec::new();
        for ((key, entry), place) in list.iter().zip(places) {
            if let Some((_, row)) = place.and_then(|place| before.get(place)) {
                if row.try_with_untracked(|held| held != entry) == Some(true) {
                    row.set(entry.clone());
                }
                kept.push((key.clone(), *row));
            }
        }
        drawn.set_value(kept);
        list
    };
    let draw = move |(key, entry)| {
        let row = RwSignal::new(entry);
        drawn.update_value(|drawn| drawn.push((key, row)));
        draw(row, dialog)
    };
    keyed(each, |(key, _)| key.clone(), draw)
}

/// Restores the focus after entries have moved, without scrolling: the browser drops it when an element is moved. If the
/// alarm with the focus is now folded behind another one, the focus moves to that entry.
fn keep_focus(before: &[DrawnEntry], list: &[(String, SimilarAlarms)]) {
    let without_scrolling = FocusOptions::new();
    without_scrolling.set_prevent_scroll(true);
    let focused = document().active_element();
    let focused = focused.and_then(|one| one.dyn_into::<HtmlElement>().ok());
    let fold = focused.as_ref().and_then(|one| fold_of(one, before, list));
    queue_microtask(move || {
        let Some(focused) = focused.filter(|_| is_focus_lost()) else {
            return;
        };
        if focused.is_connected() {
            let _ = focused.focus_with_options(&without_scrolling);
        } else if let Some((list, summary)) = fold {
            focus_in(&list, &summary);
        }
    });
}

/// The list, and the selector in it of the summary behind which the alarm with the focus is folded.
fn fold_of(
    focused: &Element,
    before: &[DrawnEntry],
    list: &[(String, SimilarAlarms)],
) -> Option<(Element, String)> {
    let entry = focused.closest("li[aria-label]").ok()??;
    let label = entry.get_attribute("aria-label")?;
    let id = before.iter().find_map(|(_, row)| {
        let id =
            |row: &SimilarAlarms| (row.first.label() == label).then(|| row.first.alarm.id.clone());
        row.try_with_untracked(id)?
    })?;
    let place = list
        .iter()
        .position(|(_, SimilarAlarms { first, others })| {
            let is_focused = |one: &ShownAlarm| one.alarm.id == id;
            !others.is_empty() && (is_focused(first) || others.iter().any(is_focused))
        })?;
    let summary = format!("li:nth-child({}) summary", place + 1);
    Some((entry.parent_element()?, summary))
}

/// An alarm, with the similar alarms folded behind it.
#[component]
fn AlarmEntry(
    /// The alarms.
    row: RwSignal<SimilarAlarms>,
    /// Shows its dialogs. `None` on the page of its own resource, where it has neither dialogs nor a link.
    dialog: Option<AlarmDialog>,
) -> impl IntoView {
    let first = Signal::derive(move || row.read().first.clone());
    let others = Memo::new(move |_| row.read().others.clone());
    let is_folded = Memo::new(move |_| !others.read().is_empty());
    // Folded alarms are not drawn: a failed site may have thousands, and the age of each would be updated every second.
    let (open, limit) = (RwSignal::new(false), RwSignal::new(UNFOLD_STEP));
    let unfolded = Memo::new(move |_| {
        let number = if open.get() { limit.get() } else { 0 };
        let others = others.read();
        let alone = |first: &ShownAlarm| SimilarAlarms {
            first: first.clone(),
            others: Vec::new(),
        };
        others.iter().take(number).map(alone).collect::<Vec<_>>()
    });
    let toggle = move |event| open.set(event_target::<Element>(&event).has_attribute("open"));
    let further = move || {
        let hidden = others.read().len().saturating_sub(limit.get());
        (hidden > 0).then(|| {
            let words = format!("Show {} more of {hidden}", hidden.min(UNFOLD_STEP));
            let show = move |event: leptos::ev::MouseEvent| {
                let shown = limit.get_untracked();
                limit.set(shown + UNFOLD_STEP);
                let button = event_target::<Element>(&event);
                let fold = button.closest("details").ok().flatten();
                // Once everything is shown the button is removed, so the focus moves to the first alarm that was added.
                request_animation_frame(move || {
                    if let Some(fold) = fold.filter(|_| !button.is_connected()) {
                        focus_in(&fold, &format!("li:nth-child({}) :is(a, button)", shown + 1));
                    }
                });
            };
            view! { <p class="bar"><button type="button" class="btn" on:click=show>{words}</button></p> }
        })
    };
    let folded = move || {
        is_folded.get().then(|| {
            let words = move || {
                let row = row.read();
                let alarm = &row.first.alarm;
                let kind = match alarm.resource.kind {
                    Kind::FailoverSession => "failover sessions",
                    kind => kind.noun(),
                };
                format!("{} more {kind}: {}", row.others.len(), alarm.word)
            };
            let list = entries(unfolded, dialog, |row, dialog| {
                let row = Signal::derive(move || row.read().first.clone());
                view! { <AlarmRow row dialog folded=ViewFn::default() /> }.into_any()
            });
            once(view! {
                <details class="more" on:toggle=toggle><summary>{words}</summary><ol class="alarms" aria-label=words>{list}</ol>{further}</details>
            })
        })
    };
    view! { <AlarmRow row=first dialog folded=folded /> }
}

/// One alarm.
#[component]
fn AlarmRow(
    /// The alarm.
    row: Signal<ShownAlarm>,
    /// Shows its dialogs. `None` on the page of its own resource, where it has neither dialogs nor a link.
    dialog: Option<AlarmDialog>,
    /// The alarms folded behind it.
    #[prop(into)]
    folded: ViewFn,
) -> impl IntoView {
    let (watched, moment) = (use_watched(), use_moments());
    let severity = Signal::derive(move || row.read().alarm.severity);
    let word = Signal::derive(move || severity.get().word().to_owned());
    let label = move || row.read().label();
    let since = move || {
        let row = row.read();
        let word = match row.alarm.since {
            Since::Reported(_) => "since",
            Since::Observed(_) => "seen since",
        };
        let at = row.alarm.since.at();
        view! {
            <b>{words::span(watched.since(at))}</b>
            <small>{word}" "{moment(at)}</small>
        }
        .into_any()
    };
    let stale = move || row.read().last_known.is_some().then_some("stale");
    let handled = move || row.read().alarm.is_handled().then_some("");
    let last_known = move || {
        let last_known = row.read().last_known.clone();
        last_known.map(|words| view! { <b class="known">{words}</b> })
    };
    // Most sentences begin with the name, which is easier to find in bold.
    let named = move || {
        let row = row.read();
        let Alarm { name, sentence, .. } = &*row.alarm;
        match sentence.strip_prefix(name.as_str()) {
            Some(rest) => (name.clone(), rest.to_owned()),
            None => (String::new(), sentence.clone()),
        }
    };
    // Memos, here and in `buttons`, so that a clock tick or a changed sentence does not redraw a button that the user
    // is about to press.
    let handling = Memo::new(move |_| handling_lines(&row.read().alarm, moment));
    let handled_by = move || {
        let words = handling.get();
        let line = |words| view! { <p class="handling"><Icon name="done" />{words}</p> }.into_any();
        words.into_iter().map(line).collect_view()
    };
    once(view! {
        <li aria-label=label data-handled=handled>
            <div data-fresh=stale>
                <p class="what"><b>{move || named().0}</b>{move || named().1}" "{last_known}</p>
                <p class="dim">{move || row.read().details()}</p>
                {handled_by}
            </div>
            <span data-fresh=stale><Tag severity word /></span>
            <time data-fresh=stale>{since}</time>
            {buttons(row, dialog)}
            {move || folded.run()}
        </li>
    })
}

/// The buttons of an alarm.
fn buttons(row: Signal<ShownAlarm>, dialog: Option<AlarmDialog>) -> AnyView {
    let about = move || row.read().about();
    let may_change = provided::<Arc<Session>>().may_change();
    let dialogs = dialog.filter(|_| may_change);
    let acknowledgement = dialogs.map(|dialog| {
        let is_given = move || row.read().alarm.acknowledged.is_some();
        let word = move || if is_given() { "Withdraw acknowledgement" } else { "Acknowledge" };
        let open_dialog = move |_| {
            let alarm = Arc::clone(&row.read_untracked().alarm);
            let action = if alarm.acknowledged.is_some() {
                AlarmAction::Withdraw(alarm)
            } else {
                AlarmAction::Acknowledge(alarm)
            };
            dialog.action.set(Some(action));
        };
        view! { <button type="button" class="btn" on:click=open_dialog>{word}<span class="vh">{about}</span></button> }
    });
    // Notes are offered only for alarms that are acknowledged or in maintenance.
    let is_handled = Memo::new(move |_| row.read().alarm.is_handled());
    let note = move || {
        let dialog = dialogs.filter(|_| is_handled.get())?;
        let open_dialog = move |_| {
            let alarm = Arc::clone(&row.read_untracked().alarm);
            dialog.action.set(Some(AlarmAction::Note(alarm)));
        };
        Some(
            view! { <button type="button" class="btn" on:click=open_dialog>"Note"<span class="vh">{about}</span></button> },
        )
    };
    // When another folded alarm becomes the worst, the buttons act on a different alarm, so the focus must leave them.
    let acts = NodeRef::<html::Span>::new();
    on_change_since(move |before: Option<String>| {
        let id = row.read().alarm.id.clone();
        if before.is_some_and(|before| before != id)
            && let Some(acts) = acts.get_untracked()
            && acts.contains(document().active_element().as_deref())
        {
            let fold = acts.next_element_sibling();
            let summary = fold.and_then(|fold| fold.first_element_child());
            if let Some(summary) = summary.and_then(|one| one.dyn_into::<HtmlElement>().ok()) {
                let _ = summary.focus();
            }
        }
        id
    });
    let open = dialog.map(|_| {
        let href = move || Route::of(&row.read().alarm.resource).href();
        view! { <a role="button" class="btn" href=href>"Open"<span class="vh">{about}</span></a> }
    });
    let watched = use_watched();
    let links = Memo::new(move |_| remedies(watched, &row.read().alarm));
    let remedies = move || {
        let links = links.get().into_iter();
        let link = |(words, href): (String, String)| {
            view! { <a role="button" class="btn mends" href=href>{words}</a> }.into_any()
        };
        links.filter(|_| may_change).map(link).collect_view()
    };
    once(view! {
        <span class="row acts" node_ref=acts>
            {acknowledgement}
            {note}
            {open}
            {remedies}
        </span>
    })
}

/// The lines about an alarm's acknowledgement and notes. `moment` formats a time.
#[must_use]
pub fn note_lines(alarm: &Alarm, moment: impl Fn(DateTime<Utc>) -> String) -> Vec<String> {
    let acknowledged = alarm.acknowledged.iter().map(|given| {
        let until = given.until.map_or_else(
            || "until it ends".to_owned(),
            |until| format!("until {}", moment(until)),
        );
        let (by, at, reason) = (&given.by, moment(given.at), &given.reason);
        format!("Acknowledged by {by} at {at}, {until}: {reason}")
    });
    let notes = alarm.notes.iter().map(|note| {
        let (by, at, text) = (&note.by, moment(note.at), &note.text);
        format!("Note by {by} at {at}: {text}")
    });
    acknowledged.chain(notes).collect()
}

/// The lines about an alarm's maintenance, acknowledgement and notes.
fn handling_lines(alarm: &Alarm, moment: impl Fn(DateTime<Utc>) -> String) -> Vec<String> {
    let maintenance = alarm.maintenance.iter().map(|one| {
        let (until, by, reason) = (moment(one.until), &one.by, &one.reason);
        format!("In maintenance until {until}, by {by}: {reason}")
    });
    let maintenance: Vec<String> = maintenance.collect();
    maintenance
        .into_iter()
        .chain(note_lines(alarm, moment))
        .collect()
}
