//! Creating and deleting groups.

use super::Writer;
use crate::api::outcome::{Compared, Outcome, execute};
use vendors::aveva::{self, GroupConfiguration, TimeSpan, Written};

impl Writer {
    /// Creates a group.
    pub async fn create_group(&self, group: GroupConfiguration) -> Outcome {
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
        let check = async || {
            Ok(match self.group(&id).await? {
                None => format!("The group {id} does not exist."),
                Some(held) if differences(&held, &group).is_empty() => {
                    "The group matches what you entered.".to_owned()
                }
                Some(held) => {
                    let names: Vec<_> = differences(&held, &group)
                        .into_iter()
                        .map(|one| format!("{} {}", one.property, one.theirs))
                        .collect();
                    format!("The group on the server has: {}.", names.join(", "))
                }
            })
        };
        let outcome = execute(
            self.send(&aveva::groups(&self.base).create(&group)),
            done,
            check,
        )
        .await;
        match outcome {
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
        }
    }

    /// Deletes a group.
    pub async fn delete_group(&self, id: &str) -> Outcome {
        let title = &self.title;
        let check = async || {
            Ok(match self.group(id).await? {
                None => "It no longer exists.".to_owned(),
                Some(_) => {
                    format!(
                        "The group {id} exists: it was not deleted, not yet deleted, or created again."
                    )
                }
            })
        };
        let call = aveva::groups(&self.base).delete(id);
        let outcome = execute(
            self.send(&call),
            |()| (format!("{title} deleted the group {id}."), false),
            check,
        )
        .await;
        match outcome {
            Outcome::Refused { failure, .. } if failure.status() == 409 => {
                let sessions = self.send(&aveva::sessions(&self.base, id).list()).await;
                let ids = sessions.ok().map(|sessions| {
                    let ids = sessions
                        .value
                        .items
                        .into_iter()
                        .filter_map(|session| session.id);
                    ids.collect::<Vec<_>>().join(", ")
                });
                Outcome::Refused {
                    message: ids.map(|ids| {
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

fn json(data: Option<&serde_json::Map<String, serde_json::Value>>) -> String {
    data.filter(|data| !data.is_empty()).map_or_else(
        || "–".to_owned(),
        |data| serde_json::Value::from(data.clone()).to_string(),
    )
}

/// Every property of what the server holds beside what was sent.
fn compare(theirs: &GroupConfiguration, yours: &GroupConfiguration) -> Vec<Compared> {
    let text = |text: Option<&String>| {
        text.cloned()
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "–".to_owned())
    };
    let span =
        |span: Option<TimeSpan>| span.map_or_else(|| "–".to_owned(), |span| span.to_string());
    let of = |property, theirs, yours| Compared {
        property,
        theirs,
        yours,
    };
    vec![
        of(
            "Name",
            text(theirs.name.as_ref()),
            text(yours.name.as_ref()),
        ),
        of(
            "Description",
            text(theirs.description.as_ref()),
            text(yours.description.as_ref()),
        ),
        of(
            "FailoverTimeout",
            span(theirs.failover_timeout),
            span(yours.failover_timeout),
        ),
        of(
            "AdditionalData",
            json(theirs.additional_data.as_ref()),
            json(yours.additional_data.as_ref()),
        ),
    ]
}

/// Where the server holds something else than was sent.
fn differences(theirs: &GroupConfiguration, yours: &GroupConfiguration) -> Vec<Compared> {
    let mut all = compare(theirs, yours);
    all.retain(|one| one.theirs != one.yours);
    all
}

#[cfg(test)]
mod tests {
    use super::differences;
    use vendors::aveva::{GroupConfiguration, TimeSpan};

    #[test]
    fn only_what_differs_is_a_difference_and_nothing_is_like_empty() {
        let of = |name: Option<&str>, seconds| GroupConfiguration {
            id: Some("kiln".into()),
            name: name.map(str::to_owned),
            failover_timeout: Some(TimeSpan::from_seconds(seconds)),
            ..GroupConfiguration::default()
        };
        assert_eq!(differences(&of(Some(""), 60), &of(None, 60)), []);
        let found = differences(&of(Some("Kiln"), 60), &of(Some("Oven"), 90));
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.property, one.theirs.as_str(), one.yours.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("Name", "Kiln", "Oven"),
                ("FailoverTimeout", "00:01:00", "00:01:30")
            ]
        );
    }
}
