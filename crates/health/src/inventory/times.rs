//! The times of a failover group. They change with every reading, so they are sent without the rest of the group.

use super::{Facts, HeartbeatFacts, Observed, Resource, ResourceKey};
use chrono::serde::ts_milliseconds_option;
use chrono::{DateTime, Utc};
use serde::Serialize;
use vendors::deserialize_from_json;
use vendors::from_json::{Fields, FirstError, FromJson, Value};

/// The times of a failover group; those of its facts are by the vendor's clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupTimes {
    /// The key of the group.
    #[serde(flatten)]
    pub key: ResourceKey,
    /// The time of its last reading.
    #[serde(skip_serializing_if = "Observed::is_with_connection")]
    pub observed: Observed,
    /// Time at which data was last processed.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_data: Option<DateTime<Utc>>,
    /// The heartbeat of the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatFacts>,
}

/// Reads the fields of the key from the same object.
impl FromJson for GroupTimes {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let key = FromJson::from_json(value, error);
        let mut fields = Fields::of(value, error);
        Self {
            key,
            observed: fields.read_or_default("observed"),
            last_data: fields.read("last_data"),
            heartbeat: fields.read("heartbeat"),
        }
    }
}

impl Resource {
    /// The times of a failover group; `None` for other resources.
    #[must_use]
    pub fn times(&self) -> Option<GroupTimes> {
        let Facts::FailoverGroup(facts) = &self.facts else {
            return None;
        };
        Some(GroupTimes {
            key: self.key.clone(),
            observed: self.observed,
            last_data: facts.last_data,
            heartbeat: facts.heartbeat,
        })
    }

    /// Replaces the times of a failover group; leaves other resources unchanged.
    #[must_use]
    pub fn with_times(mut self, times: &GroupTimes) -> Self {
        if let Facts::FailoverGroup(facts) = &mut self.facts {
            self.observed = times.observed;
            (facts.last_data, facts.heartbeat) = (times.last_data, times.heartbeat);
        }
        self
    }

    /// Whether this reading differs from another one of the same group only in its times.
    #[must_use]
    pub fn differs_in_times_alone(&self, other: &Self) -> bool {
        let times = self.times();
        times.is_some_and(|times| other.clone().with_times(&times) == *self)
    }
}

deserialize_from_json!(GroupTimes);

#[cfg(test)]
mod tests {
    use crate::Severity;
    use crate::groups::HeartbeatState;
    use crate::inventory::{
        Facts, GroupFacts, HeartbeatFacts, Kind, Observed, Resource, ResourceKey,
    };
    use crate::verdict::Verdict;
    use chrono::DateTime;
    use vendors::UnreadableField;

    fn resource(facts: Facts) -> Resource {
        let key = ResourceKey {
            kind: Kind::FailoverGroup,
            connection: "plant-a".to_owned(),
            id: "g".to_owned(),
        };
        let verdict = Verdict::new(Severity::Normal, "Normal", String::new());
        Resource::new(key, "G".to_owned(), verdict, facts)
    }

    fn group(primary: &str, second: i64) -> Resource {
        let at = DateTime::from_timestamp(second, 0);
        resource(Facts::FailoverGroup(Box::new(GroupFacts {
            primary: Some(primary.to_owned()),
            last_data: at,
            heartbeat: Some(HeartbeatFacts {
                at,
                beat: HeartbeatState::OnTime,
            }),
            ..GroupFacts::default()
        })))
    }

    #[test]
    fn a_group_with_only_a_new_heartbeat_differs_in_times_alone() {
        let (before, after) = (group("a", 10), group("a", 15));
        assert!(after.differs_in_times_alone(&before));
        let times = after.times().expect("a group has times");
        assert_eq!(before.with_times(&times), after);
    }

    #[test]
    fn a_new_primary_is_more_than_a_difference_in_times() {
        assert!(!group("b", 15).differs_in_times_alone(&group("a", 10)));
    }

    #[test]
    fn other_resources_have_no_times() {
        let session = resource(Facts::FailoverSession(Box::default()));
        assert_eq!(session.times(), None);
        assert!(!session.differs_in_times_alone(&session));
    }

    #[test]
    fn a_resource_and_its_times_survive_a_json_round_trip() {
        let at = |seconds: i64| DateTime::from_timestamp(1_795_271_528 + seconds, 0);
        let facts = Facts::FailoverGroup(Box::new(GroupFacts {
            last_data: at(-1),
            heartbeat: Some(HeartbeatFacts {
                at: at(-2),
                beat: HeartbeatState::Late,
            }),
            ..GroupFacts::default()
        }));
        let resource = Resource {
            observed: at(0).map_or(Observed::Never, Observed::At),
            failure: Some("it refused the connection".to_owned()),
            unreadable: vec![UnreadableField {
                name: "status".to_owned(),
                raw: "7".to_owned(),
            }],
            also_on: vec!["plant-b".to_owned()],
            ..resource(facts)
        };
        let json = serde_json::to_string(&resource).expect("an object");
        let read: Resource = serde_json::from_str(&json).expect("the same");
        assert_eq!(read, resource);
        let times = resource.times().expect("a group's");
        let json = serde_json::to_string(&times).expect("an object");
        let read: super::GroupTimes = serde_json::from_str(&json).expect("the same");
        assert_eq!(read, times);
    }
}
