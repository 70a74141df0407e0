//! Creating and deleting groups.

use super::Writer;
use crate::api::Failure;
use crate::api::outcome::{Compared, Outcome};
use health::sort;
use serde_json::{Map, Value};
use std::cell::Cell;
use vendors::aveva::{self, GroupConfiguration, Written};

/// The maximum number of session ids in a message, because a group may have thousands.
pub const MAX_LISTED: usize = 20;

impl Writer {
    /// Creates a group. Returns the outcome, and the group as it was read afterwards.
    pub async fn create_group(
        &self,
        group: GroupConfiguration,
    ) -> (Outcome, Option<GroupConfiguration>) {
        let afterwards = Cell::new(None);
        let id = group.id.clone().unwrap_or_default();
        let title = &self.title;
        let done = |answer: &Written<GroupConfiguration>| {
            let message = if answer.created {
                format!("{title} created the group {id}.")
            } else {
                format!(
                    "{title} reports that an identical group {id} already exists. Nothing was changed."
                )
            };
            (message, answer.created)
        };
        let check = async {
            let held = self.group(&id).await?;
            afterwards.set(held.clone());
            let Some(held) = held else {
                return Ok((false, format!("The group {id} does not exist.")));
            };
            let different = differences(&held, &group);
            let names = |one: &Compared| format!("{} {}", one.property, one.theirs);
            let names: Vec<_> = different.iter().map(names).collect();
            let words = if names.is_empty() {
                "The group matches what you entered.".to_owned()
            } else {
                format!("The group on the server has: {}.", names.join(", "))
            };
            Ok((is_as_entered(&different), words))
        };
        let call = aveva::groups(&self.base).create(&group);
        let outcome = match self.change(&call, done, Box::pin(check)).await {
            Outcome::Refused { failure, .. } if failure.status() == 409 => {
                let theirs = self.group(&id).await;
                let compared = theirs.ok().flatten().map(|theirs| compare(&theirs, &group));
                Outcome::Refused {
                    message: Some(format!(
                        "A group {id} with a different configuration already exists. A group cannot be changed, only deleted and created again."
                    )),
                    compared: compared.unwrap_or_default(),
                    failure,
                }
            }
            other => other,
        };
        (outcome, afterwards.take())
    }

    /// The current group with the ids of its sessions; `None` if it does not exist.
    async fn group_and_sessions(
        &self,
        id: &str,
    ) -> Result<Option<(GroupConfiguration, Vec<String>)>, Failure> {
        let Some(group) = self.group(id).await? else {
            return Ok(None);
        };
        let sessions = self.send(&aveva::sessions(&self.base, id).list()).await?;
        let sessions = sessions.value.items.into_iter();
        Ok(Some((group, sessions.filter_map(|one| one.id).collect())))
    }

    /// Deletes a group, if its configuration and the ids of its sessions, in any order, are still what the user saw. The
    /// message about a change lists the first ids first.
    pub async fn delete_group(
        &self,
        id: &str,
        seen: &GroupConfiguration,
        sessions: &[String],
    ) -> Outcome {
        let held = match self.group_and_sessions(id).await {
            Ok(held) => held,
            Err(failure) => return Outcome::refused(failure),
        };
        if let Some(message) = changed(id, held, seen, sessions) {
            return Outcome::Changed { message };
        }
        let title = &self.title;
        let check = async {
            let is_deleted = self.group(id).await?.is_none();
            let words = if is_deleted {
                "It no longer exists.".to_owned()
            } else {
                format!(
                    "The group {id} exists: it was not deleted, not yet deleted, or created again."
                )
            };
            Ok((is_deleted, words))
        };
        let call = aveva::groups(&self.base).delete(id);
        let done = |(): &()| (format!("{title} deleted the group {id}."), false);
        match self.change(&call, done, Box::pin(check)).await {
            Outcome::Refused { failure, .. } if failure.status() == 409 => {
                let ids = first_of(sessions);
                Outcome::Refused {
                    message: (!sessions.is_empty()).then(|| {
                        format!(
                            "Its sessions are: {ids}. Stop their adapters or delete them first."
                        )
                    }),
                    compared: Vec::new(),
                    failure,
                }
            }
            other => other,
        }
    }
}

/// The first of these ids, and the number of the others.
fn first_of(ids: &[String]) -> String {
    let named = ids[..ids.len().min(MAX_LISTED)].join(", ");
    match ids.len().saturating_sub(MAX_LISTED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// How a group differs from what the user saw, in words; `None` if it does not.
fn changed(
    id: &str,
    held: Option<(GroupConfiguration, Vec<String>)>,
    seen: &GroupConfiguration,
    sessions: &[String],
) -> Option<String> {
    let Some((held, ids)) = held else {
        return Some(format!("The group {id} no longer exists."));
    };
    let of = |one: Compared| format!("{} is now {}", one.property, one.theirs);
    let different: Vec<_> = differences(&held, seen).into_iter().map(of).collect();
    if !different.is_empty() {
        let different = different.join(", ");
        return Some(format!(
            "The group {id} has changed meanwhile: {different}."
        ));
    }
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        sort(&mut ids, Ord::cmp);
        ids
    };
    let now = match &*ids {
        ids if sorted(ids) == sorted(sessions) => return None,
        [] => "It has none now.".to_owned(),
        ids => format!("They are now: {}.", first_of(ids)),
    };
    Some(format!(
        "The sessions of {id} have changed meanwhile. {now}"
    ))
}

fn json(data: Option<&Map<String, Value>>) -> String {
    data.filter(|data| !data.is_empty()).map_or_else(
        || NONE.to_owned(),
        |data| Value::from(data.clone()).to_string(),
    )
}

/// Shown for a missing property.
const NONE: &str = "–";

const DATA: &str = "Additional data";

/// Every property of the server's group beside the one that was sent.
fn compare(theirs: &GroupConfiguration, yours: &GroupConfiguration) -> Vec<Compared> {
    let text = |text: &Option<String>| {
        let text = text.clone().filter(|text| !text.is_empty());
        text.unwrap_or_else(|| NONE.to_owned())
    };
    let values = |of: &GroupConfiguration| {
        let timeout = of.failover_timeout.map(|span| span.to_string());
        let data = json(of.additional_data.as_ref());
        [text(&of.name), text(&of.description), text(&timeout), data]
    };
    ["Name", "Description", "Failover timeout", DATA]
        .into_iter()
        .zip(values(theirs).into_iter().zip(values(yours)))
        .map(|(property, (theirs, yours))| Compared {
            property,
            theirs,
            yours,
        })
        .collect()
}

/// The properties of the server's group that differ from those that were sent.
fn differences(theirs: &GroupConfiguration, yours: &GroupConfiguration) -> Vec<Compared> {
    let mut all = compare(theirs, yours);
    let data =
        |of: &GroupConfiguration| Value::from(of.additional_data.clone().unwrap_or_default());
    let has_same_data = is_alike(&data(theirs), &data(yours));
    all.retain(|one| one.theirs != one.yours && !(one.property == DATA && has_same_data));
    all
}

/// Whether two values are equivalent. A service omits null members, and may write a number differently.
fn is_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let has = |of: &Map<String, Value>, key: &String, value| {
                is_alike(value, of.get(key).unwrap_or(&Value::Null))
            };
            one.iter().all(|(key, value)| has(other, key, value))
                && other.iter().all(|(key, value)| has(one, key, value))
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| is_alike(one, other))
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// Whether the server's group has all values that were entered. It may have defaults for empty fields.
fn is_as_entered(different: &[Compared]) -> bool {
    different.iter().all(|one| one.yours == NONE)
}

#[cfg(test)]
mod tests {
    use super::{changed, differences, first_of, is_as_entered};
    use serde_json::json;
    use vendors::aveva::{GroupConfiguration, TimeSpan};

    #[test]
    fn a_change_of_a_group_since_the_user_saw_it_is_described() {
        let of = |seconds| GroupConfiguration {
            id: Some("kiln".into()),
            failover_timeout: Some(TimeSpan::from_seconds(seconds)),
            ..GroupConfiguration::default()
        };
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let (seen, sessions) = (of(60), ids(&["a", "b"]));
        for (held, words) in [
            (None, Some("The group kiln no longer exists.")),
            // The order of the ids does not matter.
            (Some((of(60), ids(&["b", "a"]))), None),
            (
                Some((of(90), ids(&["a", "b"]))),
                Some("The group kiln has changed meanwhile: Failover timeout is now 00:01:30."),
            ),
            (
                Some((of(60), ids(&["a", "c"]))),
                Some("The sessions of kiln have changed meanwhile. They are now: a, c."),
            ),
            (
                Some((of(60), ids(&[]))),
                Some("The sessions of kiln have changed meanwhile. It has none now."),
            ),
        ] {
            let message = changed("kiln", held, &seen, &sessions);
            assert_eq!(message.as_deref(), words);
        }
    }

    #[test]
    fn only_the_first_of_many_sessions_are_listed() {
        let ids = |count: usize| (0..count).map(|id| id.to_string()).collect::<Vec<_>>();
        assert_eq!(first_of(&ids(2)), "0, 1");
        assert!(first_of(&ids(20)).ends_with(", 18, 19"));
        assert!(first_of(&ids(1_020)).ends_with(", 18, 19 and 1000 more"));
    }

    #[test]
    fn equivalent_additional_data_is_no_difference() {
        let of = |data: serde_json::Value| GroupConfiguration {
            additional_data: data.as_object().cloned(),
            ..GroupConfiguration::default()
        };
        let is_same = |one, other| differences(&of(one), &of(other)).is_empty();
        assert!(is_same(
            json!({ "site": null, "n": 1.0 }),
            json!({ "n": 1 })
        ));
        assert!(is_same(
            json!({ "a": [{ "b": null }] }),
            json!({ "a": [{}] })
        ));
        assert!(is_same(json!({ "site": null }), json!(null)));
        assert!(!is_same(json!({ "n": 1 }), json!({ "n": 2 })));
        assert!(!is_same(json!({ "n": 1 }), json!({})));
        assert!(!is_same(json!({ "a": [1] }), json!({ "a": [1, null] })));
    }

    #[test]
    fn only_different_properties_are_listed_and_a_missing_text_equals_an_empty_one() {
        let of = |name: Option<&str>, seconds| GroupConfiguration {
            id: Some("kiln".into()),
            name: name.map(str::to_owned),
            failover_timeout: Some(TimeSpan::from_seconds(seconds)),
            ..GroupConfiguration::default()
        };
        assert_eq!(differences(&of(Some(""), 60), &of(None, 60)), []);
        let is_as_entered = |theirs, yours| is_as_entered(&differences(&theirs, &yours));
        assert!(is_as_entered(of(Some("Kiln"), 60), of(None, 60)));
        let default = GroupConfiguration {
            failover_timeout: None,
            ..of(None, 60)
        };
        assert!(is_as_entered(of(None, 60), default.clone()));
        assert!(!is_as_entered(default, of(None, 60)));
        assert!(!is_as_entered(of(None, 60), of(None, 90)));
        assert!(!is_as_entered(of(Some("Kiln"), 60), of(Some("Oven"), 60)));
        let found = differences(&of(Some("Kiln"), 60), &of(Some("Oven"), 90));
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.property, one.theirs.as_str(), one.yours.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("Name", "Kiln", "Oven"),
                ("Failover timeout", "00:01:00", "00:01:30")
            ]
        );
    }
}
