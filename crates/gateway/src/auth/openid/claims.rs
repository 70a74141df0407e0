//! Maps the verified claims of an ID token to a name, a subject and a role.

use super::refusal::{Refusal, Shape};
use crate::config;
use crate::hidden_characters::is_hidden;
use crate::identity::Role;
use serde_json::Value;
use std::borrow::Cow;

/// The maximum length of a name, in characters. Longer names are truncated, because names are stored in cookies.
const MAX_NAME_LENGTH: usize = 100;

/// The maximum length of a subject (OpenID Connect Core 1.0, section 2).
const MAX_SUBJECT_LENGTH: usize = 255;

/// The configured claims for name and roles, and the values that give each role.
#[derive(Debug)]
pub(super) struct Claims {
    roles: String,
    name: Option<String>,
    admins: Vec<String>,
    viewers: Vec<String>,
}

/// A user whom the provider has authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) subject: String,
    /// The role, or why the user has no access to this gateway.
    pub(super) role: Result<Role, Refusal>,
}

impl Claims {
    pub(super) fn new(of: &config::OpenId) -> Self {
        Self {
            roles: of.roles_claim.clone(),
            name: of.name_claim.clone(),
            admins: of.admins.clone(),
            viewers: of.viewers.clone(),
        }
    }

    /// The configured name of the claim that holds the roles.
    pub(super) fn roles_claim(&self) -> &str {
        &self.roles
    }

    /// The user of these claims; `None` without a valid subject.
    pub(super) fn read(&self, claims: &Value) -> Option<Person> {
        let subject = claims.get("sub")?.as_str().filter(|subject| {
            (1..=MAX_SUBJECT_LENGTH).contains(&subject.len())
                && subject.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        })?;
        let usual = ["preferred_username", "email"];
        let name = match &self.name {
            Some(path) => find(claims, path).and_then(named),
            None => usual
                .into_iter()
                .find_map(|claim| claims.get(claim).and_then(named)),
        };
        Some(Person {
            name: name.unwrap_or_else(|| shortened(subject)),
            subject: subject.to_owned(),
            role: self.role(claims),
        })
    }

    /// The highest role that the claim's values give, or why there is none, which is also logged.
    fn role(&self, claims: &Value) -> Result<Role, Refusal> {
        let claim = &self.roles;
        let role_values = match find(claims, claim).filter(|value| !value.is_null()) {
            Some(value) => role_values(value).map_err(Refusal::Claim),
            None if is_left_out(claims, claim) => Err(Refusal::Overage),
            None => Err(Refusal::NoClaim),
        };
        let role_values = role_values.inspect_err(|refusal| {
            let why = match refusal {
                Refusal::Overage => {
                    "the provider left it out, because the user is in too many groups"
                }
                Refusal::Claim(Shape::Object) => "it is an object without a text `name`",
                Refusal::Claim(Shape::List) => {
                    "it is a list of neither texts nor objects with a text `name`"
                }
                Refusal::Claim(Shape::Number) => "it is a number",
                Refusal::Claim(Shape::Boolean) => "it is true or false",
                _ => "the token does not hold it",
            };
            tracing::warn!(?claim, why, "no role could be found in the ID token");
        })?;
        let gives = |wanted: &[String]| {
            wanted
                .iter()
                .any(|value| role_values.iter().any(|one| one == value))
        };
        if gives(&self.admins) {
            Ok(Role::Admin)
        } else if gives(&self.viewers) {
            Ok(Role::Viewer)
        } else {
            Err(Refusal::NoRole)
        }
    }
}

/// The values of a claim. Providers send a list of texts, a single text, several texts separated by commas, a list of
/// objects with names, or any of these as JSON within a text.
fn role_values(value: &Value) -> Result<Vec<Cow<'_, str>>, Shape> {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    match value {
        Value::String(text) => {
            let written: Option<Value> = text
                .trim_start()
                .starts_with('[')
                .then(|| serde_json::from_str(text).ok())
                .flatten();
            if let Some(list) = written {
                return Ok(role_values(&list)?
                    .into_iter()
                    .map(|one| one.into_owned().into())
                    .collect());
            }
            let parts = text.split(',').map(|part| Cow::from(part.trim()));
            Ok(std::iter::once(Cow::from(text.as_str()))
                .chain(parts)
                .collect())
        }
        Value::Array(items) => {
            let read: Vec<_> = items
                .iter()
                .filter_map(|item| {
                    let text = item.as_str().map(Cow::from);
                    text.or_else(|| name(item).map(Cow::from))
                })
                .collect();
            if read.is_empty() && !items.is_empty() {
                return Err(Shape::List);
            }
            Ok(read)
        }
        Value::Object(_) => name(value)
            .map(|name| vec![name.into()])
            .ok_or(Shape::Object),
        Value::Number(_) => Err(Shape::Number),
        Value::Bool(_) => Err(Shape::Boolean),
        Value::Null => Ok(Vec::new()),
    }
}

/// Whether the provider indicates that it omitted the claim. Microsoft Entra ID does so for users in many groups.
fn is_left_out(claims: &Value, claim: &str) -> bool {
    let elsewhere = claims.get("_claim_names").and_then(Value::as_object);
    elsewhere.is_some_and(|names| names.contains_key(claim))
        || (claim == "groups"
            && claims
                .get("hasgroups")
                .is_some_and(|has| *has == Value::Bool(true) || has == "true"))
}

/// The value at a name, or at a path of names separated by dots. A name may itself contain dots, as URLs do, so the
/// complete path is tried as one name first.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(path).or_else(|| {
        path.match_indices('.').find_map(|(at, _)| {
            let inner = object.get(&path[..at])?;
            find(inner, &path[at + 1..])
        })
    })
}

/// The displayable name in a text, if it is not empty.
fn named(value: &Value) -> Option<String> {
    let name = shortened(value.as_str()?);
    (!name.is_empty()).then_some(name)
}

fn shortened(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    visible.trim().chars().take(MAX_NAME_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(roles: &str, name: Option<&str>) -> Claims {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Claims {
            roles: roles.to_owned(),
            name: name.map(str::to_owned),
            admins: list(&["console-admin", "root"]),
            viewers: list(&["console-viewer"]),
        }
    }

    #[test]
    fn the_role_is_read_from_the_configured_claim() {
        let (admin, viewer) = (Ok(Role::Admin), Ok(Role::Viewer));
        let (no_role, no_claim) = (Err(Refusal::NoRole), Err(Refusal::NoClaim));
        let overage = Err(Refusal::Overage);
        let shape = |shape| Err(Refusal::Claim(shape));
        for (path, found, expected) in [
            ("groups", json!({"groups": ["x", "console-admin"]}), admin),
            ("groups", json!({"groups": ["console-viewer"]}), viewer),
            (
                "groups",
                json!({"groups": ["console-viewer", "root"]}),
                admin,
            ),
            ("groups", json!({"groups": "console-viewer"}), viewer),
            (
                "groups",
                json!({"groups": ["CONSOLE-ADMIN", "console-admin "]}),
                no_role,
            ),
            ("groups", json!({"groups": ["x"]}), no_role),
            ("groups", json!({"groups": []}), no_role),
            ("groups", json!({}), no_claim),
            ("groups", json!({"groups": null}), no_claim),
            ("groups", json!({"groups": 7}), shape(Shape::Number)),
            ("groups", json!({"groups": true}), shape(Shape::Boolean)),
            (
                "groups",
                json!({"groups": {"console-admin": true}}),
                shape(Shape::Object),
            ),
            (
                "groups",
                json!({"groups": {"name": 7}}),
                shape(Shape::Object),
            ),
            (
                "groups",
                json!({"groups": [["console-admin"], {"console-admin": 1}, 7]}),
                shape(Shape::List),
            ),
            ("groups", json!({"groups": [7, "console-admin"]}), admin),
            ("groups", json!({"groups": "x console-admin"}), no_role),
            ("groups", json!({"groups": "x,console-admin"}), admin),
            ("groups", json!({"groups": "console-viewer , x"}), viewer),
            ("groups", json!({"groups": ["x,console-admin"]}), no_role),
            (
                "groups",
                json!({"groups": [{"name": "console-viewer", "id": 1}, {"id": 2}]}),
                viewer,
            ),
            ("groups", json!({"groups": {"name": "root"}}), admin),
            ("groups", json!({"groups": "[\"x\", \"root\"]"}), admin),
            ("groups", json!({"groups": "[root]"}), no_role),
            (
                "groups",
                json!({"_claim_names": {"groups": "src1"}}),
                overage,
            ),
            ("groups", json!({"hasgroups": true}), overage),
            ("groups", json!({"hasgroups": "true"}), overage),
            ("roles", json!({"hasgroups": "true"}), no_claim),
            (
                "groups",
                json!({"hasgroups": true, "groups": ["root"]}),
                admin,
            ),
            (
                "roles",
                json!({"_claim_names": {"groups": "src1"}}),
                no_claim,
            ),
            (
                "realm_access.roles",
                json!({"realm_access": {"roles": ["root"]}}),
                admin,
            ),
            (
                "realm_access.roles",
                json!({"realm_access": ["root"]}),
                no_claim,
            ),
            ("realm_access.roles", json!({"roles": ["root"]}), no_claim),
            ("a.b.c", json!({"a": {"b": {"c": ["root"]}}}), admin),
            ("a.b.c", json!({"a": {"b.c": ["root"]}}), admin),
            (
                "a.b.c",
                json!({"a.b.c": ["x"], "a": {"b": {"c": ["root"]}}}),
                no_role,
            ),
            (
                "https://x.example/roles",
                json!({"https://x.example/roles": ["root"]}),
                admin,
            ),
            ("a.", json!({"a": {"": ["root"]}}), admin),
            (".", json!({"a": ["root"]}), no_claim),
        ] {
            assert_eq!(claims(path, None).role(&found), expected, "{path} {found}");
        }
    }

    #[test]
    fn the_name_is_read_from_the_configured_claim_or_the_usual_ones() {
        for (name_claim, found, expected) in [
            (
                None,
                json!({"sub": "s", "preferred_username": "ann", "email": "a@x"}),
                "ann",
            ),
            (None, json!({"sub": "s", "email": "a@x"}), "a@x"),
            (
                None,
                json!({"sub": "s", "preferred_username": " ", "email": 7}),
                "s",
            ),
            (None, json!({"sub": "s"}), "s"),
            (
                Some("name"),
                json!({"sub": "s", "name": "Ann A.", "email": "a@x"}),
                "Ann A.",
            ),
            (
                Some("of.name"),
                json!({"sub": "s", "of": {"name": "Ann"}}),
                "Ann",
            ),
            (Some("name"), json!({"sub": "s", "email": "a@x"}), "s"),
            (
                Some("name"),
                json!({"sub": "s", "name": "a\nb\u{1b}[31m\u{0}\u{202e}"}),
                "ab[31m",
            ),
            (
                Some("name"),
                json!({"sub": "s", "name": "a\u{200b}nn\u{feff}\u{ad}\u{3164}"}),
                "ann",
            ),
        ] {
            let person = claims("groups", name_claim).read(&found).unwrap();
            assert_eq!(
                (person.name.as_str(), person.role),
                (expected, Err(Refusal::NoClaim)),
                "{found}"
            );
        }
        let long = json!({"sub": "s", "email": "é".repeat(1000)});
        let person = claims("groups", None).read(&long).unwrap();
        assert_eq!(person.name.chars().count(), MAX_NAME_LENGTH);
    }

    #[test]
    fn claims_without_a_subject_are_refused() {
        for found in [
            json!({}),
            json!({"sub": ""}),
            json!({"sub": 7}),
            json!({"sub": "a\nb"}),
            json!({"sub": "é"}),
            json!({"sub": "x".repeat(256)}),
            json!([]),
        ] {
            assert_eq!(claims("groups", None).read(&found), None, "{found}");
        }
    }
}
