//! The failover settings of a group: mode, auto failback, and slate.

use super::action_context::ActionContext;
use super::model::failback_word;
use crate::nav::use_nav;
use crate::route::LEAVE_SLATE;
use crate::ui::{Switch, focus, icon};
use health::slicers::{Action, channel_count, mode_word};
use leptos::prelude::*;
use vendors::uplynk::{Mode, OnAir};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// The panel "How it fails over".
#[component]
pub fn Settings(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let live = context.live;
    let explained = move || {
        live.value().map(|group| match &group.mode {
            Some(Mode::Prioritized) => {
                "The first healthy, eligible slicer in the order goes on air."
            }
            Some(Mode::Flat) => {
                "A healthy slicer chosen at random goes on air. Positions do not apply."
            }
            _ => "",
        })
    };
    let failback_explained = move || {
        live.value().map(|group| match (group.auto_failback, &group.mode) {
            (_, Some(Mode::Flat)) => "Applies in prioritized mode only.",
            (Some(true), _) => "Returns to the first healthy, eligible slicer in the order. While on, no slicer can be activated manually.",
            (Some(false), _) => "Stays where it failed over to, until someone activates another.",
            (None, _) => "",
        })
    };
    view! {
        <section class="panel" aria-labelledby="fails-over" data-fresh=move || context.stale.get()>
            <header><h2 id="fails-over">"How it fails over"</h2></header>
            <div class="pad set">
                <b>"Failover mode"</b>
                <ModeChoice context />
                <small>{explained}</small>
                <b>"Auto failback"</b>
                <Failback context />
                <small>{failback_explained}</small>
                <Slate context />
            </div>
        </section>
    }
}

/// The radio group shows the current mode; choosing the other mode opens a confirmation.
#[component]
fn ModeChoice(context: ActionContext) -> impl IntoView {
    let mode = Memo::new(move |_| context.live.value().and_then(|group| group.mode.clone()));
    if !context.may_change {
        return view! { <b>{move || mode.read().as_ref().map_or_else(|| "–".to_owned(), mode_word)}</b> }.into_any();
    }
    let is = move |one: &Mode| mode.read().as_ref() == Some(one);
    let draw = |one: Mode, word: &'static str| {
        let (checked, chosen) = (one.clone(), one);
        let checked = move || is(&checked);
        let choose = move |event: leptos::ev::Event| {
            // The browser has already checked the radio button. It is reset until the service reports the new mode.
            let group = mode.get_untracked();
            event_target::<HtmlInputElement>(&event).set_checked(group.as_ref() == Some(&chosen));
            check_mode_input(group.as_ref());
            context.open_action(Action::SetMode(chosen.clone()));
        };
        let value = word.to_ascii_lowercase();
        view! { <label><input type="radio" name="failover-mode" value=value prop:checked=checked on:change=choose />{word}</label> }
    };
    view! {
        <div class="seg" role="radiogroup" aria-label="Failover mode">
            {draw(Mode::Prioritized, "Prioritized")}
            {draw(Mode::Flat, "Flat")}
        </div>
    }
    .into_any()
}

/// Checks the radio button of the current mode.
fn check_mode_input(mode: Option<&Mode>) {
    let value = match mode {
        Some(Mode::Prioritized) => "prioritized",
        Some(Mode::Flat) => "flat",
        _ => return,
    };
    let selector = format!("input[name=failover-mode][value={value}]");
    let found = document().query_selector(&selector).ok().flatten();
    if let Some(input) = found.and_then(|one| one.dyn_into::<HtmlInputElement>().ok()) {
        input.set_checked(true);
    }
}

#[component]
fn Failback(context: ActionContext) -> impl IntoView {
    let group = move || context.live.value();
    let word = Signal::derive(move || {
        group().map_or("–", |group| {
            failback_word(group.auto_failback, group.mode.as_ref())
        })
    });
    if !context.may_change {
        return view! { <b>{move || word.get()}</b> }.into_any();
    }
    let on = Signal::derive(move || group().is_some_and(|one| one.auto_failback == Some(true)));
    let cannot = Signal::derive(move || Action::SetAutoFailback(true).can(&*group()?).err());
    let change = Callback::new(move |on| context.open_action(Action::SetAutoFailback(on)));
    view! { <Switch label=Signal::stored("Auto failback".to_owned()) on words=word change cannot /> }.into_any()
}

/// The slate, behind a confirmation.
#[component]
fn Slate(context: ActionContext) -> impl IntoView {
    let on = Memo::new(move |_| {
        let group = context.live.value();
        group.is_some_and(|group| group.active == Some(OnAir::Slate))
    });
    // The link from an alarm about a group on slate focuses the button, which on a small screen is far below the top of
    // the page. A focus that is elsewhere by then stays.
    let nav = use_nav();
    let is_linked = untrack(|| on.get() && nav.param("action").as_deref() == Some(LEAVE_SLATE));
    if is_linked {
        request_animation_frame(|| {
            focus("body:not(:has(:focus:not(#main))) .guard .btn");
        });
    }
    let what = move || {
        let group = context.live.value();
        let channels = group.and_then(|group| channel_count(&group));
        match (on.get(), channels) {
            (true, _) => "The slate is on air.".to_owned(),
            (false, Some(0)) => "No channel uses this group.".to_owned(),
            (false, Some(1)) => "Replaces the video of its channel.".to_owned(),
            (false, Some(count)) => format!("Replaces the video of all {count} channels."),
            (false, None) => "Replaces the video of its channels.".to_owned(),
        }
    };
    let button = move || {
        let (words, action) = if on.get() {
            ("Leave slate", Action::SetSlate(false))
        } else {
            ("Switch to slate", Action::SetSlate(true))
        };
        let open_dialog = move |_| context.open_action(action.clone());
        context.may_change.then(|| view! { <button type="button" class="btn end" on:click=open_dialog>{icon("lock")}{words}</button> })
    };
    view! { <div class="guard row"><p><b>"Slate"</b><small class="sub">{what}</small></p>{button}</div> }
}
