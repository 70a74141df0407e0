//! One slicer of the list "Slicer order", with its buttons and keyboard shortcuts. `ui::reorder` handles dragging.

use super::action_context::{ActionContext, Open};
use super::order_rows::Row;
use super::thumbnail::{Thumbnail, stale_thumbnail};
use crate::ui::{StatusMark, Switch, icon, name};
use health::slicers::Action;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The id of the item at a position, from 1.
#[must_use]
pub fn item_id(position: usize) -> String {
    format!("slicer-at-{position}")
}

/// Gives the focus to the item at a position, from 1, or to the button at an index in it if that is enabled.
pub fn focus_on(position: usize, button: Option<u32>) {
    let Some(item) = document().get_element_by_id(&item_id(position)) else {
        return;
    };
    let button = button.and_then(|at| item.get_elements_by_tag_name("button").item(at));
    let button = button.filter(|one| one.matches(":enabled").unwrap_or_default());
    let target = button.unwrap_or(item);
    if let Ok(target) = target.dyn_into::<web_sys::HtmlElement>() {
        let _ = target.focus();
    }
}

/// The index of the focused button in the item at a position, from 1.
#[must_use]
pub fn focused_button(position: usize) -> Option<u32> {
    let item = document().get_element_by_id(&item_id(position))?;
    let focused = document().active_element()?;
    let buttons = item.get_elements_by_tag_name("button");
    (0..buttons.length()).find(|at| buttons.item(*at).as_ref() == Some(&focused))
}

/// One slicer.
#[component]
pub fn SlicerRow(
    /// The slicer.
    row: RwSignal<Row>,
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let movable = context.movable;
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if !event.alt_key() || !movable.get_untracked() {
            return;
        }
        let (at, of) = row.with_untracked(|row| (row.at, row.of));
        let to = match event.key().as_str() {
            "ArrowUp" => at.saturating_sub(1),
            "ArrowDown" => at + 1,
            "Home" => 1,
            "End" => of,
            _ => return,
        };
        event.prevent_default();
        if let Some(id) = context.slicer_of_row(&row.get_untracked()) {
            context.move_unless_dragged(&id, to);
        }
    };
    let on_air = move || {
        row.read()
            .on_air
            .then(|| view! { <span class="tag">{icon("onair")}"On air"</span> })
    };
    let was = move || {
        let was = row.read().was?;
        let words = if context.saving.read().is_some() {
            "saving…".to_owned()
        } else {
            format!("was {was}")
        };
        Some(view! { " "<span class="was">{words}</span> })
    };
    let severity = Signal::derive(move || row.read().severity);
    let health = Signal::derive(move || row.read().health.to_owned());
    // Whether the thumbnail has loaded. A slicer without a thumbnail is not reported as missing one.
    let is_loaded = RwSignal::new(None);
    let no_preview = move || is_loaded.get() == Some(false);
    let until = move || {
        let until = row.read().until.clone();
        until.map(|words| view! { <small class="sub">{words}</small> })
    };
    let thumbnail_note = move || {
        let row = row.read();
        let words = row.stale_thumbnail(no_preview());
        words.map(|words| stale_thumbnail(words.to_owned()))
    };
    let thumbnail =
        Memo::new(move |_| row.with(|row| Some((row.id.clone(), row.thumbnail_url.clone()?))));
    let of = Signal::derive(move || row.read().id.clone());
    let src = Memo::new(move |_| {
        let (id, vendor_url) = thumbnail.get()?;
        context.thumbnail_url(&id, &vendor_url)
    });
    let grip = move || {
        movable
            .get()
            .then(|| view! { <span class="grip" data-grip="" aria-hidden="true" title="Drag to move">{icon("grip")}</span> })
    };
    view! {
        <li aria-label=move || row.read().name(no_preview()) data-s=move || (row.read().eligible == Some(false)).then_some("off")
            id=move || item_id(row.read().at)
            tabindex=move || (context.may_change && !context.flat.get()).then_some("0") on:keydown=keys>
            <span>{grip}</span>
            <span class="pos">{move || row.read().position()}</span>
            <Thumbnail src of is_loaded />
            <div class="who"><b>{name(move || row.read().id.clone())}</b>" "{on_air}{was}<small class="sub">{name(move || row.read().hostname.clone())}</small></div>
            <div class="how"><span class="st">{move || row.read().state.clone()}</span><StatusMark severity word=health />{until}</div>
            <Eligible row context />
            <Controls row context />
            {thumbnail_note}
        </li>
    }
}

/// The switch "Eligible for failover".
#[component]
fn Eligible(row: RwSignal<Row>, context: ActionContext) -> impl IntoView {
    let words = move || row.read().eligibility();
    if !context.may_change {
        return view! { <span class="dim">{words}</span> }.into_any();
    }
    let label = Signal::derive(move || format!("Eligible for failover {}", row.read().id));
    let on = Signal::derive(move || row.read().eligible == Some(true));
    let change = Callback::new(move |on| {
        if let Some(id) = context.slicer_of_row(&row.get_untracked()) {
            context.set_eligible(id, on);
        }
    });
    let busy = Signal::derive(move || {
        let sending = context.sending.read();
        sending.iter().any(|id| *id == row.read().id)
    });
    view! { <Switch label on words=Signal::derive(words) change busy /> }.into_any()
}

/// The buttons that move and activate the slicer.
#[component]
fn Controls(row: RwSignal<Row>, context: ActionContext) -> impl IntoView {
    let act = move |act: &dyn Fn(String, usize)| {
        let row = row.get_untracked();
        if let Some(id) = context.slicer_of_row(&row) {
            act(id, row.at);
        }
    };
    let move_by =
        move |by| act(&|id, at| context.move_unless_dragged(&id, at.saturating_add_signed(by)));
    let named = move |what: &'static str| move || format!("{what} {}", row.read().id);
    let open_move_to = move |_| act(&|id, _| context.open.set(Some(Open::MoveTo(id))));
    let activate = move |_| act(&|id, _| context.open_action(Action::Activate(id)));
    let moves = move || {
        context.movable.get().then(|| view! {
            <button type="button" class="icon" aria-label=named("Move up") title="Move up (Alt+↑)" disabled=move || { row.read().at <= 1 } on:click=move |_| move_by(-1)>{icon("up")}</button>
            <button type="button" class="icon" aria-label=named("Move down") title="Move down (Alt+↓)" disabled=move || { row.read().at >= row.read().of } on:click=move |_| move_by(1)>{icon("down")}</button>
            <button type="button" class="icon" aria-label=named("Move to position") title="Move to position…" on:click=open_move_to>{icon("moveto")}</button>
        })
    };
    // A memo, because most changes to a row do not affect the button.
    let is_on_air = Memo::new(move |_| row.read().on_air);
    let activation = move || {
        (context.may_change && !is_on_air.get()).then(|| view! {
            <button type="button" class="btn" aria-label=named("Activate") on:click=activate>"Activate"</button>
        })
    };
    view! { <div class="moves">{moves}{activation}</div> }
}
