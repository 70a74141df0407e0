//! What every connection holds, polled for as long as the console is open: the top bar, the overview
//! and the lists all show the same answers.

use super::{Clock, Live};
use crate::backend::{Arrived, Failure, send};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use health::freshness::Freshness;
use leptos::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use vendors::aveva::{self, ClientSession, GroupConfiguration, GroupStatus};
use vendors::uplynk::{self, FailoverGroup};
use vendors::veeam::{self, Page, Wire};
use vendors::{Connection, System};
use web_sys::AbortController;

/// Groups a request; the service may hold more.
const GROUPS_A_PAGE: u64 = 100;

/// Requests at once for the details of groups: a browser opens six connections to one host.
const AT_ONCE: usize = 6;

/// An AVEVA group with what it holds, or why that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its configuration.
    pub configuration: GroupConfiguration,
    /// Its status and sessions.
    pub detail: Result<Detail, Failure>,
}

/// What a group holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Who is primary, by the service.
    pub status: GroupStatus,
    /// Its sessions.
    pub sessions: Vec<ClientSession>,
}

/// The answers of one connection.
#[derive(Clone, Copy)]
pub enum Feed {
    /// AVEVA: every group with its sessions.
    Aveva(Live<Vec<Group>>),
    /// Uplynk: every group with its slicers.
    Uplynk(Live<Vec<FailoverGroup>>),
    /// Veeam: the newest sessions.
    Veeam(Live<Page>),
}

/// One connection and its answers.
#[derive(Clone)]
pub struct Source {
    /// Which.
    pub connection: Arc<Connection>,
    /// What it answered.
    pub feed: Feed,
}

/// Every connection.
#[derive(Clone)]
pub struct Sources(Arc<Vec<Source>>);

/// Every connection. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_sources() -> Sources {
    expect_context()
}

/// Begins to poll every connection.
pub fn provide(connections: Vec<Connection>) -> Sources {
    let sources = connections.into_iter().map(|connection| {
        let connection = Arc::new(connection);
        Source {
            feed: Feed::new(&connection),
            connection,
        }
    });
    let sources = Sources(Arc::new(sources.collect()));
    provide_context(sources.clone());
    sources
}

impl Sources {
    /// All of them, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The one of this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Source> {
        self.0.iter().find(|source| source.connection.id == id)
    }

    /// AVEVA's.
    pub fn aveva(&self) -> impl Iterator<Item = (&Connection, Live<Vec<Group>>)> {
        self.0.iter().filter_map(|source| match source.feed {
            Feed::Aveva(live) => Some((&*source.connection, live)),
            _ => None,
        })
    }

    /// Uplynk's.
    pub fn uplynk(&self) -> impl Iterator<Item = (&Connection, Live<Vec<FailoverGroup>>)> {
        self.0.iter().filter_map(|source| match source.feed {
            Feed::Uplynk(live) => Some((&*source.connection, live)),
            _ => None,
        })
    }

    /// Veeam's.
    pub fn veeam(&self) -> impl Iterator<Item = (&Connection, Live<Page>)> {
        self.0.iter().filter_map(|source| match source.feed {
            Feed::Veeam(live) => Some((&*source.connection, live)),
            _ => None,
        })
    }
}

impl Feed {
    fn new(connection: &Arc<Connection>) -> Self {
        let id = connection.id.clone();
        match &connection.system {
            System::Aveva(base) => {
                let base = base.clone();
                Self::Aveva(Live::new(move |abort| {
                    groups(id.clone(), base.clone(), abort)
                }))
            }
            System::Uplynk => {
                Self::Uplynk(Live::new(move |abort| slicer_groups(id.clone(), abort)))
            }
            System::Veeam { accept } => {
                let wire = *accept;
                Self::Veeam(Live::new(move |abort| {
                    newest_sessions(id.clone(), wire, abort)
                }))
            }
        }
    }

    /// How old the last good answer is.
    #[must_use]
    pub fn age(self, clock: Clock) -> Option<TimeDelta> {
        match self {
            Self::Aveva(live) => live.age(clock),
            Self::Uplynk(live) => live.age(clock),
            Self::Veeam(live) => live.age(clock),
        }
    }

    /// How far the last good answer can be believed.
    #[must_use]
    pub fn freshness(self, clock: Clock) -> Freshness {
        match self {
            Self::Aveva(live) => live.freshness(clock),
            Self::Uplynk(live) => live.freshness(clock),
            Self::Veeam(live) => live.freshness(clock),
        }
    }

    /// What went wrong since the last good answer.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        match self {
            Self::Aveva(live) => live.failure(),
            Self::Uplynk(live) => live.failure(),
            Self::Veeam(live) => live.failure(),
        }
    }

    /// When the last good answer was asked for.
    #[must_use]
    pub fn asked(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Aveva(live) => live.asked(),
            Self::Uplynk(live) => live.asked(),
            Self::Veeam(live) => live.asked(),
        }
    }

    /// How long until the next poll.
    #[must_use]
    pub fn next_in(self, clock: Clock) -> Option<TimeDelta> {
        match self {
            Self::Aveva(live) => live.next_in(clock),
            Self::Uplynk(live) => live.next_in(clock),
            Self::Veeam(live) => live.next_in(clock),
        }
    }

    /// The vendor's time now, as well as its last answer allows.
    #[must_use]
    pub fn vendor_time(self, clock: Clock) -> DateTime<Utc> {
        match self {
            Self::Aveva(live) => live.vendor_time(clock),
            Self::Uplynk(live) => live.vendor_time(clock),
            Self::Veeam(live) => live.vendor_time(clock),
        }
    }

    /// How many things the last good answer held, and what they are called.
    #[must_use]
    pub fn held(self) -> (usize, &'static str) {
        match self {
            Self::Aveva(live) => (live.value().map_or(0, |groups| groups.len()), "groups"),
            Self::Uplynk(live) => (
                live.value().map_or(0, |groups| groups.len()),
                "slicer groups",
            ),
            Self::Veeam(live) => (
                live.value().map_or(0, |page| page.sessions.len()),
                "newest sessions",
            ),
        }
    }

    /// Asks now.
    pub fn refresh(self) {
        match self {
            Self::Aveva(live) => live.refresh(),
            Self::Uplynk(live) => live.refresh(),
            Self::Veeam(live) => live.refresh(),
        }
    }
}

/// Every group of an AVEVA service, then each one's status and sessions.
async fn groups(
    connection: String,
    base: aveva::Base,
    abort: AbortController,
) -> Result<Arrived<Vec<Group>>, Failure> {
    let mut configurations: Vec<GroupConfiguration> = Vec::new();
    let last = loop {
        let skip = configurations.len() as u64;
        let call = aveva::groups(&base).list(Some(skip), Some(GROUPS_A_PAGE));
        let page = send(&connection, &call, Some(&abort)).await?;
        let got = page.value.items.len() as u64;
        let new: Vec<_> = {
            let known: HashSet<&Option<String>> =
                configurations.iter().map(|group| &group.id).collect();
            page.value
                .items
                .into_iter()
                .filter(|group| !known.contains(&group.id))
                .collect()
        };
        // A short page is the last one whether or not `Total-Count` came along, and so is one that
        // brings nothing new: a service may not know `skip`.
        let end = got < GROUPS_A_PAGE || new.is_empty();
        configurations.extend(new);
        if end {
            break Arrived {
                value: (),
                date: page.date,
                age: page.age,
            };
        }
    };
    let details = configurations.into_iter().map(|configuration| {
        let (connection, base, abort) = (&connection, &base, &abort);
        async move {
            let id = configuration.id.clone().unwrap_or_default();
            let detail = detail(connection, base, &id, abort)
                .await
                .map(|arrived| arrived.value);
            Group {
                configuration,
                detail,
            }
        }
    });
    let value = stream::iter(details).buffered(AT_ONCE).collect().await;
    Ok(Arrived {
        value,
        date: last.date,
        age: last.age,
    })
}

/// A group's status and sessions.
///
/// # Errors
/// As [`send`].
pub async fn detail(
    connection: &str,
    base: &aveva::Base,
    group: &str,
    abort: &AbortController,
) -> Result<Arrived<Detail>, Failure> {
    let status = send(connection, &aveva::groups(base).status(group), Some(abort)).await?;
    let sessions = send(
        connection,
        &aveva::sessions(base, group).list(),
        Some(abort),
    )
    .await?;
    let value = Detail {
        status: status.value,
        sessions: sessions.value,
    };
    Ok(Arrived {
        value,
        date: status.date,
        age: status.age.max(sessions.age),
    })
}

/// Every group of an Uplynk account, whole: a list item without its slicers is asked for by itself.
async fn slicer_groups(
    connection: String,
    abort: AbortController,
) -> Result<Arrived<Vec<FailoverGroup>>, Failure> {
    let list = send(&connection, &uplynk::groups().list(), Some(&abort)).await?;
    let mut value = list.value.items;
    let mut page = 2;
    while list
        .value
        .total
        .is_some_and(|total| total > value.len() as u64)
    {
        let more = send(&connection, &uplynk::groups().page(page), Some(&abort))
            .await?
            .value
            .items;
        let before = value.len();
        let known = |value: &[FailoverGroup], id: &str| value.iter().any(|group| group.id == id);
        for group in more {
            if !known(&value, &group.id) {
                value.push(group);
            }
        }
        if value.len() == before {
            break;
        }
        page += 1;
    }
    for group in &mut value {
        if group.slicers.is_none() || group.channels.is_none() {
            *group = send(&connection, &uplynk::groups().get(&group.id), Some(&abort))
                .await?
                .value;
        }
    }
    Ok(Arrived {
        value,
        date: list.date,
        age: list.age,
    })
}

async fn newest_sessions(
    connection: String,
    wire: Wire,
    abort: AbortController,
) -> Result<Arrived<Page>, Failure> {
    send(
        &connection,
        &veeam::query(&veeam::Query::default(), wire),
        Some(&abort),
    )
    .await
}
