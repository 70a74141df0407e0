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
    /// What else it held.
    pub left_out: LeftOut,
}

impl Page {
    /// Whether there may be more: the page is full, and nothing says whether another one follows.
    #[must_use]
    pub fn is_open_ended(&self, size: u32) -> bool {
        let says_nothing = |paging: &Paging| paging.pages.is_none() && paging.links.is_empty();
        let held = self.sessions.len() + self.references.len() + self.left_out.count();
        self.paging.as_ref().is_none_or(says_nothing) && held >= size as usize
    }
}

/// `PagingInfo`. There is no total count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paging {
    /// From 1.
    pub page: u32,
    /// Rows for each page.
    pub size: u32,
    /// The number of pages, where it can be read.
    pub pages: Option<u32>,
    /// First, Previous, Next, Last.
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

    /// The number of the last page: what the server says, or where its link to the last one leads. `None` where it
    /// says neither.
    #[must_use]
    pub fn last(&self) -> Option<u32> {
        self.pages.or_else(|| self.linked("Last"))
    }

    /// Whether a page follows this one, as far as the server says.
    #[must_use]
    pub fn has_next(&self, page: u32) -> bool {
        let furthest = self.last().or_else(|| self.linked("Next"));
        furthest.is_some_and(|furthest| furthest > page)
    }
}

/// `Link`. Hrefs contain the server's own name for itself, so only path and query are kept.
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
    /// The GUID, lower case, without the URN.
    pub uid: Option<String>,
    /// The plan's name.
    pub name: Option<String>,
    /// Its links.
    pub links: Vec<Link>,
}

/// `CloudFailoverSession`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Session {
    /// The GUID, lower case, without `urn:veeam:CloudFailoverSession:`.
    pub uid: Option<String>,
    /// The plan's name; not unique.
    pub name: Option<String>,
    /// `JobType`: `FailoverPlan`.
    pub job_type: Option<String>,
    /// `JobUid`: which plan it is a run of, in lower case, without the URN. May be missing.
    pub job_uid: Option<String>,
    /// When it started; `None` for never.
    pub creation_time: Option<DateTime<Utc>>,
    /// When it ended; `None` while it runs.
    pub end_time: Option<DateTime<Utc>>,
    /// Whether it runs.
    pub state: Option<State>,
    /// How it ended.
    pub result: Option<Outcome>,
    /// 0 to 100; may be 0 on a finished session, so never derive completion from it.
    pub progress: Option<f64>,
    /// Why it failed; may be missing even then.
    pub failure_message: Option<String>,
    /// The backup server (`Links/Link[@Rel='Up']`).
    pub server: Option<Server>,
    /// One for each virtual machine.
    pub tasks: Vec<Task>,
    /// All links.
    pub links: Vec<Link>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
}

/// The backup server that a session ran on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// The GUID at the end of the link.
    pub uid: Option<String>,
    /// Its name or address.
    pub name: Option<String>,
}

/// One virtual machine of a session (`CloudFailoverTasks`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Task {
    /// The machine.
    pub vm_name: Option<String>,
    /// The replica point that it starts from (`Name` of `VmReplicaPointLink`).
    pub replica_point: Option<Link>,
    /// When it started.
    pub creation_time: Option<DateTime<Utc>>,
    /// When it ended; `None` while it runs.
    pub end_time: Option<DateTime<Utc>>,
    /// Whether it runs.
    pub state: Option<State>,
    /// How it ended.
    pub result: Option<Outcome>,
    /// 0 to 100.
    pub progress: Option<f64>,
    /// Why it failed.
    pub failure_message: Option<String>,
    /// What of it could not be read.
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
    /// A word that is not in the contract, unmodified.
    Other(String),
}

impl State {
    /// Those of the contract.
    pub(super) const KNOWN: [Self; 4] =
        [Self::Starting, Self::Stopping, Self::Working, Self::Stopped];

    /// The vendor's word.
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
    /// All went well.
    Success,
    /// Parts of it did not go well.
    Warning,
    /// It failed.
    Failed,
    /// A word that is not in the contract, unmodified.
    Other(String),
}

impl Outcome {
    /// Those of the contract.
    pub(super) const KNOWN: [Self; 4] = [Self::None, Self::Success, Self::Warning, Self::Failed];

    /// The vendor's word.
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
    /// For the header `X-RestSvcSessionId` of every further request. A secret.
    pub session_id: String,
    /// For logging off.
    pub logon_id: Option<String>,
}

impl std::fmt::Debug for LogOn {
    /// Without the session id, which is a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogOn").finish_non_exhaustive()
    }
}
