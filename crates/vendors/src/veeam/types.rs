//! Enterprise Manager's data types, the same for XML and for each JSON casing.

use crate::from_json;
use crate::unreadable::{LeftOut, UnreadableField};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The media type that a connection requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum MediaType {
    /// `application/json`.
    #[default]
    #[serde(rename = "application/json")]
    Json,
    /// `application/xml`.
    #[serde(rename = "application/xml")]
    Xml,
}

from_json! { enum MediaType { Json = "application/json", Xml = "application/xml" } }

impl MediaType {
    /// The text for `Accept`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
        }
    }
}

/// One page of a query result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Complete sessions (`format=Entities`).
    pub sessions: Vec<Session>,
    /// References only (no `format`, or the collection without `format=Entity`).
    pub references: Vec<Reference>,
    /// The paging information; the collection has none.
    pub paging: Option<Paging>,
    /// The number of unreadable and repeated items.
    pub left_out: LeftOut,
}

impl Page {
    /// Whether there may be another page: this one is full, and the server does not report whether another follows.
    #[must_use]
    pub fn is_open_ended(&self, size: u32) -> bool {
        let is_uninformative = |paging: &Paging| paging.pages.is_none() && paging.links.is_empty();
        let rows = self.sessions.len() + self.references.len() + self.left_out.count();
        self.paging.as_ref().is_none_or(is_uninformative) && rows >= size as usize
    }
}

/// `PagingInfo`. There is no total count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paging {
    /// The page, from 1.
    pub page: u32,
    /// The number of rows per page.
    pub size: u32,
    /// The number of pages, if it can be read.
    pub pages: Option<u32>,
    /// The links First, Previous, Next and Last.
    pub links: Vec<Link>,
}

impl Paging {
    /// The number of the page that a link leads to.
    #[must_use]
    pub fn linked(&self, rel: &str) -> Option<u32> {
        let has_rel = |link: &&Link| {
            let own = link.rel.as_deref();
            own.is_some_and(|own| own.eq_ignore_ascii_case(rel))
        };
        let href = self.links.iter().find(has_rel)?.href.as_deref()?;
        let (_, query) = href.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, page) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("page"))?;
        page.parse().ok().filter(|page| *page > 0)
    }

    /// The number of the last page, as reported or from the link to it; `None` if there is neither.
    #[must_use]
    pub fn last(&self) -> Option<u32> {
        self.pages.or_else(|| self.linked("Last"))
    }

    /// Whether another page follows this one, according to the server.
    #[must_use]
    pub fn has_next(&self, page: u32) -> bool {
        let furthest = self.last().or_else(|| self.linked("Next"));
        furthest.is_some_and(|furthest| furthest > page)
    }
}

/// `Link`. Hrefs contain the server's internal name, so only path and query are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// `Rel`.
    pub rel: Option<String>,
    /// Path and query of `Href`.
    pub href: Option<String>,
    /// `Name`.
    pub name: Option<String>,
    /// `Type`.
    pub kind: Option<String>,
}

/// A reference to a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// The GUID in lower case, without the URN.
    pub uid: Option<String>,
    /// The plan's name.
    pub name: Option<String>,
    /// The links.
    pub links: Vec<Link>,
}

/// `CloudFailoverSession`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Session {
    /// The GUID in lower case, without `urn:veeam:CloudFailoverSession:`.
    pub uid: Option<String>,
    /// The plan's name, which is not unique.
    pub name: Option<String>,
    /// `JobType`: `FailoverPlan`.
    pub job_type: Option<String>,
    /// `JobUid`: the plan's id in lower case, without the URN. May be missing.
    pub job_uid: Option<String>,
    /// Time of the start; `None` for never.
    pub creation_time: Option<DateTime<Utc>>,
    /// Time of the end; `None` while it is running.
    pub end_time: Option<DateTime<Utc>>,
    /// The state.
    pub state: Option<State>,
    /// The result.
    pub result: Option<Outcome>,
    /// The progress, 0 to 100. It may be 0 for a finished session, so it does not indicate completion.
    pub progress: Option<f64>,
    /// The failure message; may be missing even after a failure.
    pub failure_message: Option<String>,
    /// The backup server (`Links/Link[@Rel='Up']`).
    pub server: Option<Server>,
    /// The tasks, one for each virtual machine.
    pub tasks: Vec<Task>,
    /// All links.
    pub links: Vec<Link>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// The backup server that a session ran on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// The GUID at the end of the link.
    pub uid: Option<String>,
    /// The name or address.
    pub name: Option<String>,
}

/// One virtual machine of a session (`CloudFailoverTasks`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Task {
    /// The name of the machine.
    pub vm_name: Option<String>,
    /// The replica point that it starts from (`Name` of `VmReplicaPointLink`).
    pub replica_point: Option<Link>,
    /// Time of the start.
    pub creation_time: Option<DateTime<Utc>>,
    /// Time of the end; `None` while it is running.
    pub end_time: Option<DateTime<Utc>>,
    /// The state.
    pub state: Option<State>,
    /// The result.
    pub result: Option<Outcome>,
    /// The progress, 0 to 100.
    pub progress: Option<f64>,
    /// The failure message.
    pub failure_message: Option<String>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// `State`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// Not yet working.
    Starting,
    /// Being stopped.
    Stopping,
    /// Running.
    Working,
    /// Ended.
    Stopped,
    /// A value that is not in the contract, unmodified.
    Other(String),
}

impl State {
    /// The values of the contract.
    pub(super) const KNOWN: [Self; 4] =
        [Self::Starting, Self::Stopping, Self::Working, Self::Stopped];

    /// The name in the contract.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Starting => "Starting",
            Self::Stopping => "Stopping",
            Self::Working => "Working",
            Self::Stopped => "Stopped",
            Self::Other(word) => word,
        }
    }
}

/// `Result`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Still running.
    None,
    /// Everything succeeded.
    Success,
    /// Parts of it failed.
    Warning,
    /// It failed.
    Failed,
    /// A value that is not in the contract, unmodified.
    Other(String),
}

impl Outcome {
    /// The values of the contract.
    pub(super) const KNOWN: [Self; 4] = [Self::None, Self::Success, Self::Warning, Self::Failed];

    /// The name in the contract.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::None => "None",
            Self::Success => "Success",
            Self::Warning => "Warning",
            Self::Failed => "Failed",
            Self::Other(word) => word,
        }
    }
}

/// The result of a log-on.
#[derive(Clone, PartialEq, Eq)]
pub struct LogOn {
    /// The value of the header `X-RestSvcSessionId` for every further request; a secret.
    pub session_id: String,
    /// The id for logging off.
    pub logon_id: Option<String>,
}

impl std::fmt::Debug for LogOn {
    /// Omits the session id, which is a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogOn").finish_non_exhaustive()
    }
}
