//! The tokens of the query builder, each a comparison of a field with a value, in groups of which all or any must hold.

use super::builder::Builder;
use super::ranges::utc;
use super::select::{Attributes, Choice, choice, select};
use super::tokens::{Id, Join, Node, Token, field_label, op_word};
use crate::live::keyed;
use crate::prefs::use_prefs;
use crate::ui::table::search::lower;
use crate::ui::time_zone::{self, local_text};
use crate::ui::{self, Icon, error_line, times};
use chrono::SecondsFormat;
use leptos::prelude::*;
use vendors::veeam::{Field, FieldKind, Op};
use wasm_bindgen::JsCast;

/// The field of a new token.
const DEFAULT_FIELD: Field = Field::Result;

/// The nodes of a group: the id of each, and whether it is a group.
fn nodes(builder: Builder, group: Id) -> Vec<(Id, bool)> {
    let tree = builder.tree.read();
    let nodes = tree.root().group(group).map(|group| group.nodes.iter());
    let listed = |node: &Node| (node.id(), matches!(node, Node::Group(_)));
    nodes.into_iter().flatten().map(listed).collect()
}

fn group_join(builder: Builder, group: Id) -> Join {
    let tree = builder.tree.read();
    let group = tree.root().group(group);
    group.map_or(Join::All, |group| group.join)
}

/// A token; an empty one if it has just been removed.
fn token(builder: Builder, id: Id) -> Token {
    let tree = builder.tree.read();
    tree.token(id).cloned().unwrap_or(Token {
        id,
        field: DEFAULT_FIELD,
        op: Op::Equal,
        value: None,
    })
}

/// A group with its nodes. The outermost one cannot be ungrouped or removed.
#[must_use]
pub fn group_view(builder: Builder, id: Id, outermost: bool) -> AnyView {
    let draw = move |(node, is_group): (Id, bool)| {
        let between = move || {
            let nodes = nodes(builder, id);
            let is_first = nodes.first().is_none_or(|(first, _)| *first == node);
            (!is_first).then(|| view! { <small>{group_join(builder, id).between()}</small> })
        };
        let inner = if is_group {
            group_view(builder, node, false)
        } else {
            token_view(builder, node)
        };
        view! { <li class="row">{between}{inner}</li> }
    };
    let add = move |_| focus_new(builder.edit(|tree| tree.add_token(id, DEFAULT_FIELD)));
    let add_group = move |_| focus_new(builder.edit(|tree| tree.add_group(id, DEFAULT_FIELD)));
    let ungroup = move || {
        let first = untrack(|| nodes(builder, id))
            .first()
            .map(|(first, _)| *first);
        builder.edit(|tree| tree.unwrap(id));
        focus_new(first);
    };
    let group_buttons = (!outermost).then(|| {
        let (ungroup_name, remove_name) = ("Ungroup", "Remove group");
        [
            icon_button(
                ungroup_name,
                "ungroup",
                Box::new(|| ungroup_name.to_owned()),
                Box::new(ungroup),
            ),
            icon_button(
                remove_name,
                "close",
                Box::new(|| remove_name.to_owned()),
                Box::new(move || remove(builder, id)),
            ),
        ]
    });
    let many = Memo::new(move |_| nodes(builder, id).len() > 1);
    let join_select = move || {
        let joins = move || {
            let chosen = group_join(builder, id);
            let choice = |value, words, join| choice(value, words, join == chosen);
            vec![
                choice("all", "All of", Join::All),
                choice("any", "Any of", Join::Any),
            ]
        };
        let choose = move |value: &str| {
            let join = if value == "any" { Join::Any } else { Join::All };
            builder.edit(|tree| tree.set_join(id, join));
        };
        let named = Attributes {
            name: Some("Match"),
            ..Attributes::default()
        };
        (many.get() || !outermost).then(|| select(named, Box::new(joins), Box::new(choose)))
    };
    let (name, filter, group) = if outermost {
        ("Conditions", "Add filter", "Add group")
    } else {
        (
            "Group of conditions",
            "Add filter to the group",
            "Add group to the group",
        )
    };
    view! {
        <div class="grp row" data-inner=(!outermost).then_some("") role="group" aria-label=name>
            {join_select}
            <ul class="row">{keyed(move || nodes(builder, id), |(node, is_group)| format!("{node} {is_group}"), draw)}</ul>
            <button type="button" id=focus_id(id) class="btn quiet" aria-label=filter on:click=add><Icon name="plus" />"Add filter"</button>
            <button type="button" class="btn quiet" aria-label=group on:click=add_group><Icon name="plus" />"Add group"</button>
            {group_buttons}
        </div>
    }
    .into_any()
}

/// The id of the element of a node that takes the focus: a token's value field, or a group's "Add filter".
fn focus_id(node: Id) -> String {
    format!("node-{node}")
}

/// Gives the focus to a node once it is drawn.
fn focus(node: Id) {
    request_animation_frame(move || {
        ui::focus(&format!("#{}", focus_id(node)));
    });
}

fn focus_new(node: Option<Id>) {
    if let Some(node) = node {
        focus(node);
    }
}

fn remove(builder: Builder, node: Id) {
    let neighbour = builder.tree.with_untracked(|tree| tree.neighbour(node));
    builder.edit(|tree| tree.remove(node));
    focus(neighbour);
}

fn icon_button(
    title: &'static str,
    icon: &'static str,
    name: Box<dyn Fn() -> String + Send>,
    press: Box<dyn Fn()>,
) -> AnyView {
    view! { <button type="button" class="icon" aria-label=name title=title on:click=move |_| press()><Icon name=icon /></button> }
        .into_any()
}

/// The server's error message, if it names this token's field or value.
fn refusal(builder: Builder, token: &Token) -> Option<String> {
    let words = builder.refused.get()?;
    let message = lower(&words);
    let names = |text: &str| !text.is_empty() && message.contains(&lower(text));
    let is_named = names(token.field.name()) || token.value.as_deref().is_some_and(names);
    is_named.then(|| format!("Server: {words}"))
}

/// An option for each field.
#[must_use]
pub fn fields(chosen: Field) -> Vec<Choice> {
    let option = |field: Field| choice(field.name(), field_label(field), field == chosen);
    Field::ALL.into_iter().map(option).collect()
}

fn token_view(builder: Builder, id: Id) -> AnyView {
    let set_field = move |name: &str| {
        if let Some(field) = Field::from_name(name) {
            builder.edit(|tree| tree.set_field(id, field));
        }
    };
    let ops = move || {
        let token = token(builder, id);
        let option = |op: Op| choice(op.sign(), op_word(token.field, op), op == token.op);
        token.ops().into_iter().map(option).collect()
    };
    let set_op = move |sign: &str| {
        if let Some(op) = Op::ALL.into_iter().find(|op| op.sign() == sign) {
            builder.edit(|tree| tree.set_op(id, op));
        }
    };
    // Memos, so that other changes do not redraw the value field and discard a partly entered time.
    let field = Memo::new(move |_| token(builder, id).field.name());
    let value = Memo::new(move |_| token(builder, id).value);
    let field_select = Attributes {
        name: Some("Field"),
        ..Attributes::default()
    };
    let op_select = Attributes {
        name: Some("Operator"),
        class: Some("op"),
        id: None,
    };
    let wrap = move || {
        if builder.edit(|tree| tree.wrap(id)) {
            focus(id);
        }
    };
    // A missing value is shown as an error only after the user has left the token or run the query.
    let (left, runs) = (RwSignal::new(false), builder.runs.get_untracked());
    let leave = move |event: leptos::ev::FocusEvent| {
        let token = event.current_target();
        let token = token.and_then(|token| token.dyn_into::<web_sys::Node>().ok());
        let to = event.related_target();
        let to = to.and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        if !token.is_some_and(|token| token.contains(to.as_ref())) {
            // Fails if the token was removed.
            let _ = left.try_set(true);
        }
    };
    let wrong = move || {
        let token = token(builder, id);
        let refusal = refusal(builder, &token);
        let is_new =
            refusal.is_none() && token.value.is_none() && !left.get() && builder.runs.get() == runs;
        let words = refusal.or_else(|| token.problem())?;
        Some(if is_new {
            view! { <small>{words}</small> }.into_any()
        } else {
            error_line(words).into_any()
        })
    };
    let is_refused = move || refusal(builder, &token(builder, id)).map(|_| "");
    let description = move || token(builder, id).description();
    let wrap_name = move || format!("Wrap {} in a group", description());
    let remove_name = move || format!("Remove {}", description());
    view! {
        <span class="token" role="group" aria-label=description on:focusout=leave data-wrong=is_refused>
            {select(field_select, Box::new(move || fields(token(builder, id).field)), Box::new(set_field))}
            {select(op_select, Box::new(ops), Box::new(set_op))}
            {move || value_view(builder, id, field.get(), value)}
            {icon_button("Wrap in a group", "group", Box::new(wrap_name), Box::new(wrap))}
            {icon_button("Remove", "close", Box::new(remove_name), Box::new(move || remove(builder, id)))}
        </span>
        {wrong}
    }
    .into_any()
}

/// The field for a token's value: a choice, a time in the chosen time zone, or a text.
fn value_view(builder: Builder, id: Id, field: &str, value: Memo<Option<String>>) -> AnyView {
    let set = move |text: &str| {
        builder.edit(|tree| tree.set_value(id, text));
    };
    match Field::from_name(field).unwrap_or(DEFAULT_FIELD).kind() {
        FieldKind::Time => {
            let zone = use_prefs().zone.get();
            let at = move |at| times::offset(zone, at);
            let shown = move || {
                let moment = value.get().and_then(|value| utc(&value));
                moment.map(|moment| local_text(moment, &at)).unwrap_or_default()
            };
            let change = move |event| {
                let time = time_zone::parse_local(&event_target_value(&event));
                // Without a change the value stays: a local time that occurs twice must not switch to the other moment.
                if time.is_some() && time == time_zone::parse_local(&untrack(shown)) {
                    return;
                }
                let op = untrack(|| token(builder, id)).op;
                let is_end = matches!(op, Op::Less | Op::LessOrEqual);
                let moment = time.map(|time| time_zone::entered_moment(time, is_end, &at));
                let text = moment.map(|moment| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
                set(&text.unwrap_or_default());
            };
            view! { <input id=focus_id(id) class="val" type="datetime-local" step="1" aria-label="Value" prop:value=shown on:change=change /><small>{zone.word()}</small> }.into_any()
        }
        FieldKind::Choice(words) => {
            let choices = move || {
                let token = token(builder, id);
                let chosen = token.choice().or(token.value.as_deref());
                // A value that the API documentation does not list is offered while it is chosen.
                let unlisted = chosen.filter(|chosen| !words.contains(chosen));
                let offered = unlisted.into_iter().chain(words.iter().copied());
                let offered = offered.map(|word| choice(word, word, chosen == Some(word)));
                let none = choice("", "…", chosen.is_none());
                std::iter::once(none).chain(offered).collect()
            };
            let named = Attributes {
                name: Some("Value"),
                class: Some("val"),
                id: Some(focus_id(id)),
            };
            select(named, Box::new(choices), Box::new(set))
        }
        FieldKind::Text | FieldKind::Uid => view! {
            <input id=focus_id(id) class="val" type="text" aria-label="Value" autocomplete="off" spellcheck="false" placeholder="value"
                prop:value=move || value.get().unwrap_or_default() on:input=move |event| set(&event_target_value(&event)) />
        }
        .into_any(),
    }
}
