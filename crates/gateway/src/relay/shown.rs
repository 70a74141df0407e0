//! The description of a change in the activity.

use super::audit_fields;
use super::target::Target;
use crate::store::Shown;
use health::inventory::{Kind as ResourceKind, ResourceKey};
use serde_json::Value;
use vendors::Operation;

/// Describes a change with this body.
pub(super) fn shown(target: &Target, body: Option<&[u8]>) -> Shown {
    let Target {
        upstream,
        operation,
        ..
    } = target;
    let mut what = action(operation, body).to_owned();
    if let Some(first) = what.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut ids = target.ids().into_iter().map(str::to_owned);
    let group = ids.next().or_else(|| created_group(operation, body?));
    if let Some(member) = ids.next() {
        what = format!("{what}: {member}");
    }
    Shown {
        is_handling: false,
        what,
        resource: group.map(|id| ResourceKey {
            kind: ResourceKind::held_by(&upstream.public.system),
            connection: upstream.public.id.clone(),
            id,
        }),
        after: body.and_then(audit_fields::known_fields),
    }
}

/// The action of a change. For some operations the body decides between an action and its opposite.
fn action(operation: &'static Operation, body: Option<&[u8]>) -> &'static str {
    let value = |name| body.and_then(|body| field(body, name));
    match operation.name {
        "role override" if value("Value").is_some_and(|it| it == 0 || it == "Off") => {
            "clear role override"
        }
        "role override" => "override role",
        "set slate" => match value("no_slicer") {
            Some(Value::Bool(true)) => "switch to slate",
            Some(Value::Bool(false)) => "leave slate",
            _ => operation.name,
        },
        name => name,
    }
}

/// The id of the group that a body creates.
fn created_group(operation: &Operation, body: &[u8]) -> Option<String> {
    let creates = operation.name == "create group";
    let id = creates.then(|| field(body, "id"))??;
    id.as_str().map(str::to_owned)
}

/// A field of a body, found case-insensitively.
fn field(body: &[u8], name: &str) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut fields = body.as_object()?.iter();
    let (_, value) = fields.find(|(given, _)| given.eq_ignore_ascii_case(name))?;
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vendors::aveva::operations::{DELETE_GROUP, ROLE_OVERRIDE};
    use vendors::uplynk::operations::SLATE;

    #[test]
    fn a_change_is_described_by_its_operation_and_body() {
        for (operation, body, words) in [
            (&ROLE_OVERRIDE, r#"{"Value":1}"#, "override role"),
            (&ROLE_OVERRIDE, r#"{"value":0}"#, "clear role override"),
            (&ROLE_OVERRIDE, r#"{"Value":"Off"}"#, "clear role override"),
            (&ROLE_OVERRIDE, "", "override role"),
            (&SLATE, r#"{"no_slicer":true}"#, "switch to slate"),
            (&SLATE, r#"{"no_slicer":false}"#, "leave slate"),
            (&SLATE, "{}", "set slate"),
            (&DELETE_GROUP, "", "delete group"),
        ] {
            assert_eq!(action(operation, Some(body.as_bytes())), words, "{body}");
        }
    }
}
