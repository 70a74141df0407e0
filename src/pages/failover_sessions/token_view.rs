//! The tokens of the query builder: each a field, a comparison and a value, in groups of which all or
//! any have to hold.
//!
//! Options are selected by the property: after somebody has chosen one, the attribute has no effect any more, and the
//! options change with the field.

use super::builder::Builder;
use super::ranges::utc;
use super::tokens::{Group, Id, Join, Node, choices, field_label, is_time, op_word};
use crate::live::keyed;
use crate::on_change::on_change_since;
use crate::prefs::use_prefs;
use crate::ui::table::search::lower;
use crate::ui::time_zone::{self, local_text};
use crate::ui::{self, Icon, error_line, times};
use chrono::SecondsFormat;
use leptos::prelude::*;
use vendors::veeam::{Field, Op};
use wasm_bindgen::JsCast;

/// What a token added by the button compares.
const USUAL: Field = Field::Result;

fn group_of(group: &Group, id: Id) -> Option<&Group> {
    if group.id == id {
        return Some(group);
    }
    group.nodes.iter().find_map(|node| match node {
        Node::Group(inner) => group_of(inner, id),
        Node::Token(_) => None,
    })
}

/// A group with all that it holds.
#[component]
pub fn GroupView(
    /// The query being built.
    builder: Builder,
    /// The group's number.
    id: Id,
    /// Whether it is the outermost.
    outermost: bool,
) -> AnyView {
    let nodes = Memo::new(move |_| {
        let tree = builder.tree.read();
        let group = group_of(tree.root(), id);
        let nodes = group
            .map(|group| group.nodes.as_slice())
            .unwrap_or_default();
        let listed = nodes
            .iter()
            .map(|node| (node.id(), matches!(node, Node::Group(_))));
        listed.collect::<Vec<_>>()
    });
    let join = Memo::new(move |_| {
        let tree = builder.tree.read();
        group_of(tree.root(), id)
            .map(|group| group.join)
            .unwrap_or_default()
    });
    let choose = move |event| {
        let join = if event_target_value(&event) == "any" {
            Join::Any
        } else {
            Join::All
        };
        builder.edit(|tree| tree.set_join(id, join));
    };
    let draw = move |(node, is_group): (Id, bool)| {
        let first = move || nodes.read().first().is_none_or(|(first, _)| *first == node);
        let between = move || (!first()).then(|| view! { <small>{join.get().between()}</small> });
        let inner = if is_group {
            view! { <GroupView builder id=node outermost=false /> }.into_any()
        } else {
            view! { <TokenView builder id=node /> }.into_any()
        };
        view! { <li class="row">{between}{inner}</li> }
    };
    let add = move |_| {
        if let Some(Some(token)) = builder.edit(|tree| tree.add_token(id, USUAL)) {
            focus(token);
        }
    };
    let add_group = move |_| {
        if let Some(Some(token)) = builder.edit(|tree| tree.add_group(id, USUAL)) {
            focus(token);
        }
    };
    let take_out = move |_| {
        let first = nodes.with_untracked(|nodes| nodes.first().map(|(first, _)| *first));
        builder.edit(|tree| tree.unwrap(id));
        if let Some(first) = first {
            focus(first);
        }
    };
    let more = move || {
        (!outermost).then(|| view! {
            <button type="button" class="icon" aria-label="Take out of the group" title="Take out of the group" on:click=take_out><Icon name="ungroup" /></button>
            <button type="button" class="icon" aria-label="Remove group" title="Remove group" on:click=move |_| remove(builder, id)><Icon name="close" /></button>
        })
    };
    let many = Memo::new(move |_| nodes.read().len() > 1);
    let how = move || {
        (many.get() || !outermost).then(|| view! {
            <select aria-label="How they go together" on:change=choose>
                <option value="all" prop:selected=move || join.get() == Join::All>"All of"</option>
                <option value="any" prop:selected=move || join.get() == Join::Any>"Any of"</option>
            </select>
        })
    };
    let name = if outermost {
        "Conditions"
    } else {
        "Group of conditions"
    };
    view! {
        <div class="grp row" data-inner=(!outermost).then_some("") role="group" aria-label=name>
            {how}
            <ul class="row">{keyed(move || nodes.get(), |(node, is_group)| format!("{node} {is_group}"), draw)}</ul>
            <button type="button" id=focus_id(id) class="btn quiet" aria-label=if outermost { "Add filter" } else { "Add filter to the group" } on:click=add><Icon name="plus" />"Add filter"</button>
            <button type="button" class="btn quiet" aria-label=if outermost { "Add group" } else { "Add group to the group" } on:click=add_group><Icon name="plus" />"Add group"</button>
            {more}
        </div>
    }
    .into_any()
}

/// What of a node takes the focus: of a token its value, which is typed next, and of a group its "Add filter".
fn focus_id(node: Id) -> String {
    format!("node-{node}")
}

/// Gives the focus to a node once it is drawn.
fn focus(node: Id) {
    request_animation_frame(move || {
        ui::focus(&format!("#{}", focus_id(node)));
    });
}

fn remove(builder: Builder, node: Id) {
    let beside = builder.tree.with_untracked(|tree| tree.beside(node));
    builder.edit(|tree| tree.remove(node));
    if let Some(beside) = beside {
        focus(beside);
    }
}

#[component]
fn TokenView(builder: Builder, id: Id) -> impl IntoView {
    let token = Memo::new(move |_| builder.tree.read().token(id).cloned());
    let field = Memo::new(move |_| token.read().as_ref().map_or(USUAL, |token| token.field));
    let op = Memo::new(move |_| token.read().as_ref().map_or(Op::Equal, |token| token.op));
    let description = move || {
        token
            .read()
            .as_ref()
            .map(super::tokens::Token::description)
            .unwrap_or_default()
    };
    let complaint = Memo::new(move |_| token.read().as_ref()?.complaint());
    // The server's words stand beside the token that they name.
    let refused = Memo::new(move |_| {
        let words = builder.refused.get()?;
        let token = token.get()?;
        let wanted = lower(&words);
        let names = |text: &str| !text.is_empty() && wanted.contains(&lower(text));
        let named = names(token.field.name()) || token.value.as_deref().is_some_and(names);
        named.then(|| format!("The server: {words}"))
    });
    let set_field = move |event| {
        if let Some(field) = Field::from_name(&event_target_value(&event)) {
            builder.edit(|tree| tree.set_field(id, field));
        }
    };
    let set_op = move |event| {
        let sign = event_target_value(&event);
        let offered = token
            .with_untracked(|token| token.as_ref().map(|token| token.ops()).unwrap_or_default());
        if let Some(op) = offered.into_iter().find(|op| op.sign() == sign) {
            builder.edit(|tree| tree.set_op(id, op));
        }
    };
    let fields = Field::ALL
        .map(|one| view! { <option value=one.name() prop:selected=move || field.get() == one>{field_label(one)}</option> });
    let ops = move || {
        let offered = token
            .read()
            .as_ref()
            .map(|token| token.ops())
            .unwrap_or_default();
        let field = field.get();
        let draw = |one: Op| view! { <option value=one.sign() prop:selected=move || op.get() == one>{op_word(field, one)}</option> };
        offered.into_iter().map(draw).collect::<Vec<_>>()
    };
    let wrap = move |_| {
        if builder.edit(|tree| tree.wrap(id)) == Some(true) {
            focus(id);
        }
    };
    // That a new one has no value is no mistake while somebody is about to give it one.
    let left = RwSignal::new(false);
    on_change_since(move |before: Option<u32>| {
        let runs = builder.runs.get();
        if before.is_some_and(|before| before != runs) {
            left.set(true);
        }
        runs
    });
    let leave = move |event: leptos::ev::FocusEvent| {
        let token = event.current_target();
        let token = token.and_then(|token| token.dyn_into::<web_sys::Node>().ok());
        let to = event.related_target();
        let to = to.and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        if !token.is_some_and(|token| token.contains(to.as_ref())) {
            // A token that is removed is left as well.
            let _ = left.try_set(true);
        }
    };
    let is_begun = Memo::new(move |_| {
        let token = token.read();
        let has_value = token.as_ref().is_none_or(|token| token.value.is_some());
        !has_value && !left.get()
    });
    let wrong = move || {
        let refused = refused.get();
        if refused.is_none() && is_begun.get() {
            return complaint
                .get()
                .map(|words| view! { <small>{words}</small> }.into_any());
        }
        let words = refused.or_else(|| complaint.get());
        words.map(|words| error_line(words).into_any())
    };
    view! {
        <span class="token" role="group" aria-label=description on:focusout=leave data-wrong=move || refused.read().is_some().then_some("")>
            <select aria-label="Field" on:change=set_field>{fields}</select>
            <select aria-label="Operator" class="op" on:change=set_op>{ops}</select>
            <Value builder id field />
            <button type="button" class="icon" aria-label=move || format!("Wrap {} in a group", description()) title="Wrap in a group" on:click=wrap><Icon name="group" /></button>
            <button type="button" class="icon" aria-label=move || format!("Remove {}", description()) title="Remove" on:click=move |_| remove(builder, id)><Icon name="close" /></button>
        </span>
        {wrong}
    }
}

/// The value: a choice, a time on the clocks of the screen, or a text.
#[component]
fn Value(builder: Builder, id: Id, field: Memo<Field>) -> impl IntoView {
    let prefs = use_prefs();
    let value = Memo::new(move |_| {
        let tree = builder.tree.read();
        tree.token(id).and_then(|token| token.value.clone())
    });
    let set = move |text: &str| {
        builder.edit(|tree| tree.set_value(id, text));
    };
    let kind = Memo::new(move |_| (is_time(field.get()), choices(field.get())));
    move || {
        match kind.get() {
        (true, _) => {
            let zone = prefs.zone.get();
            let at = move |at| times::offset(zone, at);
            let shown = move || value.get().and_then(|value| utc(&value)).map(|moment| local_text(moment, &at)).unwrap_or_default();
            let change = move |event| {
                let time = time_zone::clock(&event_target_value(&event));
                // An event may come without a change, and what is shown may stand for two moments.
                if time.is_some() && time == time_zone::clock(&untrack(shown)) {
                    return;
                }
                let op = builder.tree.with_untracked(|tree| tree.token(id).map(|token| token.op));
                let is_end = matches!(op, Some(Op::Less | Op::LessOrEqual));
                let moment = time.map(|time| time_zone::entered_moment(time, is_end, &at));
                let text = moment.map(|moment| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
                set(&text.unwrap_or_default());
            };
            view! { <input id=focus_id(id) class="val" type="datetime-local" step="1" aria-label="Value" prop:value=shown on:change=change /><small>{zone.word()}</small> }.into_any()
        }
        (false, []) => view! {
            <input id=focus_id(id) class="val" type="text" aria-label="Value" autocomplete="off" spellcheck="false" placeholder="value"
                prop:value=move || value.get().unwrap_or_default() on:input=move |event| set(&event_target_value(&event)) />
        }
        .into_any(),
        (false, words) => {
            let chosen = move || {
                let tree = builder.tree.read();
                tree.token(id).and_then(|token| token.choice().map(str::to_owned).or_else(|| token.value.clone()))
            };
            // A word that the contract does not know stays on offer while it is chosen.
            let odd = move || {
                let chosen = chosen()?;
                (!words.contains(&chosen.as_str())).then(|| view! { <option value=chosen.clone() prop:selected=true>{chosen.clone()}</option> })
            };
            let options = words
                .iter()
                .map(|word| view! { <option value=*word prop:selected=move || chosen().as_deref() == Some(*word)>{*word}</option> })
                .collect::<Vec<_>>();
            view! {
                <select id=focus_id(id) class="val" aria-label="Value" on:change=move |event| set(&event_target_value(&event))>
                    <option value="" prop:selected=move || chosen().is_none()>"…"</option>
                    {odd}
                    {options}
                </select>
            }
            .into_any()
        }
    }
    }
}
