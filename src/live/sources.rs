//! What every connection holds, polled for as long as the console is open: the top bar, the overview
//! and the lists all show the same answers.

use super::aveva::{Group, Sweep};
use super::{Live, Status, uplynk, veeam};
use leptos::prelude::*;
use std::sync::Arc;
use vendors::uplynk::FailoverGroup;
use vendors::veeam::Page;
use vendors::{Connection, System};

/// The answers of one connection.
#[derive(Clone, Copy)]
pub enum Feed {
    /// AVEVA: every group with its sessions, and how they are asked for.
    Aveva(Live<Vec<Group>>, Sweep),
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
    pub fn aveva(&self) -> impl Iterator<Item = (&Source, Live<Vec<Group>>)> {
        self.0.iter().filter_map(|source| match source.feed {
            Feed::Aveva(live, _) => Some((source, live)),
            _ => None,
        })
    }

    /// Uplynk's.
    pub fn uplynk(&self) -> impl Iterator<Item = (&Source, Live<Vec<FailoverGroup>>)> {
        self.0.iter().filter_map(|source| match source.feed {
            Feed::Uplynk(live) => Some((source, live)),
            _ => None,
        })
    }

    /// Veeam's.
    pub fn veeam(&self) -> impl Iterator<Item = (&Source, Live<Page>)> {
        self.0.iter().filter_map(|source| match source.feed {
            Feed::Veeam(live) => Some((source, live)),
            _ => None,
        })
    }
}

impl Feed {
    fn new(connection: &Connection) -> Self {
        let id = connection.id.clone();
        match &connection.system {
            System::Aveva(base) => {
                let sweep = Sweep::new(id, base.clone());
                Self::Aveva(sweep.live(), sweep)
            }
            System::Uplynk => Self::Uplynk(uplynk::all(id)),
            System::Veeam { accept } => Self::Veeam(veeam::newest(id, *accept)),
        }
    }

    /// How old the answers are, what went wrong, and when they are asked for next.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Aveva(live, _) => live.status,
            Self::Uplynk(live) => live.status,
            Self::Veeam(live) => live.status,
        }
    }

    /// How many things the last good answer held, and what they are called.
    #[must_use]
    pub fn held(self) -> (usize, &'static str) {
        match self {
            Self::Aveva(live, _) => (live.value().map_or(0, |groups| groups.len()), "groups"),
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
}
