//! Maps the verified claims of an ID token to a name, a subject and a role.

use crate::config;
use crate::identity::Role;
use serde_json::Value;

/// A longer name is cut, because it travels in a cookie.
const LONGEST_NAME: usize = 100;

/// The longest subject (OpenID Connect Core 1.0, section 2).
const LONGEST_SUBJECT: usize = 255;

/// Which claims are read, and which of their values give which role.
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
    /// `None` for a user without access to this gateway.
    pub(super) role: Option<Role>,
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

    /// The user of these claims. `None` without a valid subject.
    pub(super) fn read(&self, claims: &Value) -> Option<Person> {
        let subject = claims.get("sub")?.as_str().filter(|subject| {
            (1..=LONGEST_SUBJECT).contains(&subject.len())
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

    /// The highest role that one of the values gives. A claim may hold one text instead of a list.
    fn role(&self, claims: &Value) -> Option<Role> {
        let held: Vec<&str> = match find(claims, &self.roles)? {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return None,
        };
        let gives = |wanted: &[String]| wanted.iter().any(|value| held.contains(&value.as_str()));
        if gives(&self.admins) {
            Some(Role::Admin)
        } else {
            gives(&self.viewers).then_some(Role::Viewer)
        }
    }
}

/// The value under a name, or along a path of names with dots between them. A name may itself hold dots, as
/// URLs do, so the whole path is tried as one name first.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(path).or_else(|| {
        path.match_indices('.').find_map(|(at, _)| {
            let inner = object.get(&path[..at])?;
            find(inner, &path[at + 1..])
        })
    })
}

/// A text that can be shown as a name.
fn named(value: &Value) -> Option<String> {
    let name = shortened(value.as_str()?);
    (!name.is_empty()).then_some(name)
}

fn shortened(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !c.is_control()).collect();
    visible.trim().chars().take(LONGEST_NAME).collect()
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
    fn a_role_follows_from_the_claim_at_its_path() {
        let (admin, viewer) = (Some(Role::Admin), Some(Role::Viewer));
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
                None,
            ),
            ("groups", json!({"groups": ["x"]}), None),
            ("groups", json!({"groups": []}), None),
            ("groups", json!({}), None),
            ("groups", json!({"groups": null}), None),
            ("groups", json!({"groups": 7}), None),
            ("groups", json!({"groups": true}), None),
            ("groups", json!({"groups": {"console-admin": true}}), None),
            (
                "groups",
                json!({"groups": [["console-admin"], {"console-admin": 1}, 7]}),
                None,
            ),
            ("groups", json!({"groups": [7, "console-admin"]}), admin),
            ("groups", json!({"groups": "x console-admin"}), None),
            (
                "realm_access.roles",
                json!({"realm_access": {"roles": ["root"]}}),
                admin,
            ),
            (
                "realm_access.roles",
                json!({"realm_access": ["root"]}),
                None,
            ),
            ("realm_access.roles", json!({"roles": ["root"]}), None),
            ("a.b.c", json!({"a": {"b": {"c": ["root"]}}}), admin),
            ("a.b.c", json!({"a": {"b.c": ["root"]}}), admin),
            (
                "a.b.c",
                json!({"a.b.c": ["x"], "a": {"b": {"c": ["root"]}}}),
                None,
            ),
            (
                "https://x.example/roles",
                json!({"https://x.example/roles": ["root"]}),
                admin,
            ),
            ("a.", json!({"a": {"": ["root"]}}), admin),
            (".", json!({"a": ["root"]}), None),
        ] {
            assert_eq!(claims(path, None).role(&found), expected, "{path} {found}");
        }
    }

    #[test]
    fn a_name_is_the_configured_claim_or_the_best_available() {
        for (asked, found, expected) in [
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
                json!({"sub": "s", "name": "a\nb\u{1b}[31m\u{0}"}),
                "ab[31m",
            ),
        ] {
            let person = claims("groups", asked).read(&found).unwrap();
            assert_eq!(
                (person.name.as_str(), person.role),
                (expected, None),
                "{found}"
            );
        }
        let long = json!({"sub": "s", "email": "é".repeat(1000)});
        let person = claims("groups", None).read(&long).unwrap();
        assert_eq!(person.name.chars().count(), LONGEST_NAME);
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
