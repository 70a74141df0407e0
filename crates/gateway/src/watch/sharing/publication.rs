//! A publication: the changes of a connection's inventory, already judged, in compressed JSON, from the gateway that
//! watches the connection to the others. It contains the offset of the sender's clock, to convert its times.

use chrono::serde::ts_milliseconds_option;
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use health::Verdict;
use health::inventory::{GroupTimes, Judged, Observed, Resource};
use protocol::ConnectionState;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};

/// Increased for incompatible changes: gateways with different formats watch by themselves.
pub(super) const FORMAT: u32 = 1;

/// The changes of a connection, or its complete state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Publication {
    /// The state of the connection.
    pub(crate) state: ConnectionState,
    /// Whether `resources` are all resources of the connection.
    #[serde(rename = "whole")]
    pub(crate) is_complete: bool,
    /// The resources that are new or changed.
    pub(crate) resources: Vec<SharedResource>,
    /// The failover groups in which only the times changed.
    pub(crate) times: Vec<GroupTimes>,
    /// The ids of removed resources.
    pub(crate) gone: Vec<String>,
}

/// A resource with the parts of its judgement that only gateways know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SharedResource {
    resource: Resource,
    #[serde(with = "ts_milliseconds_option")]
    observed_at: Option<DateTime<Utc>>,
    /// A part of the verdict that browsers do not get: see [`Verdict::lingering`]. In milliseconds.
    lingering: Option<(i64, Box<Verdict>)>,
}

/// The envelope of a publication.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    /// How far the sender's clock is ahead of the database's, in milliseconds.
    ahead: i64,
    publication: Publication,
}

impl From<&Judged> for SharedResource {
    fn from(judged: &Judged) -> Self {
        let mut resource = judged.resource.clone();
        let lingering = resource.verdict.lingering.take();
        Self {
            lingering: lingering.map(|(limit, what)| (limit.num_milliseconds(), what)),
            resource,
            observed_at: judged.observed_at,
        }
    }
}

impl From<SharedResource> for Judged {
    fn from(shared: SharedResource) -> Self {
        let mut resource = shared.resource;
        resource.verdict.lingering = shared.lingering.map(|(limit, what)| {
            let limit = TimeDelta::try_milliseconds(limit).unwrap_or(TimeDelta::MAX);
            (limit, what)
        });
        Self {
            resource,
            observed_at: shared.observed_at,
        }
    }
}

impl Publication {
    /// Serializes the publication. `ahead` is how far this gateway's clock is ahead of the database's, in milliseconds.
    pub(super) fn encode(self, ahead: i64) -> Vec<u8> {
        let sent = Envelope {
            ahead,
            publication: self,
        };
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory does not fail, and an incomplete publication would not be decoded.
        let _ = zlib.write_all(&serde_json::to_vec(&sent).unwrap_or_default());
        zlib.finish().unwrap_or_default()
    }

    /// Deserializes a publication and converts its times to the reader's clock. `None` if it cannot be decoded.
    pub(super) fn decode(sent: &[u8], ahead: i64) -> Option<Self> {
        let mut json = Vec::new();
        ZlibDecoder::new(sent).read_to_end(&mut json).ok()?;
        let sent: Envelope = serde_json::from_slice(&json).ok()?;
        let mut publication = sent.publication;
        let by = ahead.saturating_sub(sent.ahead);
        if by != 0 {
            publication.shift(by);
        }
        Some(publication)
    }

    /// Moves the times of the gateway's clock by this many milliseconds. Times of the vendor stay.
    fn shift(&mut self, by: i64) {
        let by_millis = by;
        let by = TimeDelta::try_milliseconds(by).unwrap_or_default();
        let shift = |at: &mut DateTime<Utc>| *at = at.checked_add_signed(by).unwrap_or(*at);
        let state = &mut self.state;
        let times = [&mut state.observed_at, &mut state.next_at];
        times.into_iter().flatten().for_each(shift);
        state
            .last_error
            .iter_mut()
            .for_each(|error| shift(&mut error.at));
        state.vendor_ahead_ms = state.vendor_ahead_ms.saturating_sub(by_millis);
        let resources = self.resources.iter_mut();
        let observed = resources.map(|one| {
            one.observed_at.iter_mut().for_each(shift);
            &mut one.resource.observed
        });
        let of_times = self.times.iter_mut().map(|one| &mut one.observed);
        for observed in observed.chain(of_times) {
            if let Observed::At(at) = observed {
                shift(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health::Severity;
    use health::inventory::{Facts, Kind, ResourceKey};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn publication(observed: Observed) -> Publication {
        let key = ResourceKey {
            kind: Kind::FailoverGroup,
            connection: "plant".to_owned(),
            id: "g".to_owned(),
        };
        let mut verdict = Verdict::new(Severity::Moving, "Switching", "G switches.".to_owned());
        let wrong = Verdict::new(Severity::Warning, "Stuck", "G is stuck.".to_owned());
        verdict.lingering = Some((TimeDelta::seconds(90), Box::new(wrong)));
        let judged = Judged {
            resource: Resource {
                key: key.clone(),
                name: "G".to_owned(),
                verdict,
                observed,
                failure: None,
                unreadable: Vec::new(),
                also_on: Vec::new(),
                facts: Facts::None,
            },
            observed_at: Some(at(100)),
        };
        let connection = vendors::Connection {
            id: "plant".to_owned(),
            title: "Plant".to_owned(),
            system: vendors::System::Uplynk,
        };
        Publication {
            state: ConnectionState {
                observed_at: Some(at(99)),
                vendor_ahead_ms: 500,
                ..super::super::super::inventory::unread(
                    connection,
                    std::time::Duration::from_secs(5),
                )
            },
            is_complete: false,
            resources: vec![SharedResource::from(&judged)],
            times: vec![GroupTimes {
                key,
                observed,
                last_data: Some(at(50)),
                heartbeat: None,
            }],
            gone: vec!["h".to_owned()],
        }
    }

    #[test]
    fn a_publication_arrives_with_the_data_that_only_gateways_know() {
        let sent = publication(Observed::At(at(98)));
        let received = Publication::decode(&sent.clone().encode(7), 7).unwrap();
        assert_eq!(received, sent);
        let judged = Judged::from(received.resources[0].clone());
        let (limit, wrong) = judged.resource.verdict.lingering.unwrap();
        assert_eq!((limit, &*wrong.word), (TimeDelta::seconds(90), "Stuck"));
        assert_eq!(Publication::decode(b"nonsense", 0), None);
    }

    #[test]
    fn times_are_converted_to_the_readers_clock_except_the_vendors() {
        // The sender's clock is 2 s behind the database's, the reader's 3 s ahead.
        let sent = publication(Observed::At(at(98))).encode(-2_000);
        let received = Publication::decode(&sent, 3_000).unwrap();
        assert_eq!(received.state.observed_at, Some(at(104)));
        assert_eq!(received.state.vendor_ahead_ms, -4_500);
        assert_eq!(received.resources[0].observed_at, Some(at(105)));
        assert_eq!(
            received.resources[0].resource.observed,
            Observed::At(at(103))
        );
        assert_eq!(received.times[0].observed, Observed::At(at(103)));
        assert_eq!(received.times[0].last_data, Some(at(50)));
    }
}
