//! Every route as a type. Links are created and parsed only here. An id may contain any character, so each segment is
//! encoded once and decoded once.

use health::inventory::{Kind, ResourceKey};
use percent_encoding::percent_decode_str;
use std::sync::OnceLock;
use vendors::operation::percent_encoded;

/// The value of `?connection=` for all connections. No connection can have this id.
pub const ALL_CONNECTIONS: &str = "*";

/// The value of `?action=` on the page of a slicer group that moves the focus to the button of the slate.
pub const LEAVE_SLATE: &str = "leave-slate";

/// The base path below which the gateway serves the console.
static BASE: OnceLock<String> = OnceLock::new();

/// Sets the base path of the console, such as `/failover`. Call it once, before anything is shown.
pub fn set_base(base: String) {
    // A second call changes nothing, so that existing links stay valid.
    let _ = BASE.set(base);
}

/// The address of one of the gateway's own paths, which starts with a slash.
#[must_use]
pub fn address(path: &str) -> String {
    format!("{}{path}", base())
}

fn base() -> &'static str {
    BASE.get().map_or("", String::as_str)
}

/// The part of a path below the base path. `None` for a path of another application on the same host.
fn below<'p>(base: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(base)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of a resource below its list. Browsers resolve segments that are exactly `.` or `..`, so a resource with
/// such an id has no address. They keep dots beside an encoded slash.
fn below_list(list: &str, connection: &str, id: &str) -> String {
    let (connection, id) = (percent_encoded(connection), percent_encoded(id));
    format!("/{list}/{connection}/{id}")
}

/// A page of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Overview,
    /// `/groups`
    Groups,
    /// `/groups/{connection}/{group}`
    Group {
        /// The connection's id.
        connection: String,
        /// The group's id.
        group: String,
    },
    /// `/slicers`
    Slicers,
    /// `/slicers/{connection}/{group}`
    SlicerGroup {
        /// The connection's id.
        connection: String,
        /// The group's id.
        group: String,
    },
    /// `/failover-sessions`
    FailoverSessions,
    /// `/failover-sessions/{connection}/{guid}`
    FailoverSession {
        /// The connection's id.
        connection: String,
        /// The session's GUID.
        uid: String,
    },
    /// `/activity`
    Activity,
    /// `/report`
    Report,
    /// `/connections`
    Connections,
    /// `/wall`
    Wall,
    /// `/sign-in`
    SignIn,
    /// Any other path.
    NotFound,
}

impl Route {
    /// The page of a resource.
    #[must_use]
    pub fn of(resource: &ResourceKey) -> Self {
        let (connection, id) = (resource.connection.clone(), resource.id.clone());
        match resource.kind {
            Kind::Connection => Self::Connections,
            Kind::FailoverGroup => Self::Group {
                connection,
                group: id,
            },
            Kind::SlicerGroup => Self::SlicerGroup {
                connection,
                group: id,
            },
            Kind::FailoverSession => Self::FailoverSession {
                connection,
                uid: id,
            },
        }
    }

    /// Whether this is the page of a resource.
    #[must_use]
    pub fn is_of(&self, resource: &ResourceKey) -> bool {
        match self {
            Self::FailoverSession { connection, uid } => resource.is_same(&ResourceKey {
                kind: Kind::FailoverSession,
                connection: connection.clone(),
                id: uid.clone(),
            }),
            page => *page == Self::of(resource),
        }
    }

    /// Parses the path of a URL, percent-encoded as the browser reports it.
    #[must_use]
    pub fn parse(path: &str) -> Self {
        below(base(), path).map_or(Self::NotFound, Self::parse_below)
    }

    fn parse_below(path: &str) -> Self {
        let decoded: Option<Vec<String>> = path
            .trim_matches('/')
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8().ok().map(Into::into))
            .collect();
        let Some(parts) = decoded else {
            return Self::NotFound;
        };
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts[..] {
            [""] => Self::Overview,
            ["groups"] => Self::Groups,
            ["groups", connection, group] => Self::Group {
                connection: connection.to_owned(),
                group: group.to_owned(),
            },
            ["slicers"] => Self::Slicers,
            ["slicers", connection, group] => Self::SlicerGroup {
                connection: connection.to_owned(),
                group: group.to_owned(),
            },
            ["failover-sessions"] => Self::FailoverSessions,
            ["failover-sessions", connection, uid] => Self::FailoverSession {
                connection: connection.to_owned(),
                uid: uid.to_owned(),
            },
            ["activity"] => Self::Activity,
            ["report"] => Self::Report,
            ["connections"] => Self::Connections,
            ["wall"] => Self::Wall,
            ["sign-in"] => Self::SignIn,
            _ => Self::NotFound,
        }
    }

    /// The address for a link.
    #[must_use]
    pub fn href(&self) -> String {
        address(&self.path())
    }

    /// The address of the failover sessions of all connections.
    #[must_use]
    pub fn all_sessions() -> String {
        format!(
            "{}?connection={ALL_CONNECTIONS}",
            Self::FailoverSessions.href()
        )
    }

    fn path(&self) -> String {
        match self {
            Self::Overview | Self::NotFound => "/".to_owned(),
            Self::Group { connection, group } => below_list("groups", connection, group),
            Self::SlicerGroup { connection, group } => below_list("slicers", connection, group),
            Self::FailoverSession { connection, uid } => {
                below_list("failover-sessions", connection, uid)
            }
            list => format!("/{}", list.page()),
        }
    }

    /// The kind of page, which is the key of its preferences, and the path of pages without ids.
    #[must_use]
    pub fn page(&self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Groups => "groups",
            Self::Group { .. } => "group",
            Self::Slicers => "slicers",
            Self::SlicerGroup { .. } => "slicer-group",
            Self::FailoverSessions => "failover-sessions",
            Self::FailoverSession { .. } => "failover-session",
            Self::Activity => "activity",
            Self::Report => "report",
            Self::Connections => "connections",
            Self::Wall => "wall",
            Self::SignIn => "sign-in",
            Self::NotFound => "not-found",
        }
    }

    /// The rail entry of this page.
    #[must_use]
    pub fn section(&self) -> Option<Self> {
        match self {
            Self::Overview
            | Self::Groups
            | Self::Slicers
            | Self::FailoverSessions
            | Self::Activity
            | Self::Connections
            | Self::Wall => Some(self.clone()),
            Self::Group { .. } => Some(Self::Groups),
            Self::SlicerGroup { .. } => Some(Self::Slicers),
            Self::FailoverSession { .. } => Some(Self::FailoverSessions),
            Self::Report => Some(Self::Activity),
            Self::SignIn | Self::NotFound => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, below};
    use health::inventory::{Kind, ResourceKey};
    use proptest::prelude::*;

    #[test]
    fn each_path_is_parsed_to_its_page() {
        for (path, route) in [
            ("/", Route::Overview),
            ("/groups", Route::Groups),
            ("/groups/", Route::Groups),
            ("/slicers", Route::Slicers),
            ("/failover-sessions", Route::FailoverSessions),
            ("/activity", Route::Activity),
            ("/report", Route::Report),
            ("/connections", Route::Connections),
            ("/wall", Route::Wall),
            ("/wall/2", Route::NotFound),
            ("/sign-in", Route::SignIn),
            ("/groups/plant-a", Route::NotFound),
            ("/Groups", Route::NotFound),
            ("/groups/plant-a/%FF", Route::NotFound),
            (
                "/groups/plant-a/a%2Fb",
                Route::Group {
                    connection: "plant-a".into(),
                    group: "a/b".into(),
                },
            ),
        ] {
            assert_eq!(Route::parse(path), route, "{path}");
        }
    }

    #[test]
    fn a_page_matches_its_resource_and_a_session_page_at_any_connection() {
        let of = |kind, connection: &str| ResourceKey {
            kind,
            connection: connection.to_owned(),
            id: "7".to_owned(),
        };
        for (path, kind, expected) in [
            ("/groups/a/7", Kind::FailoverGroup, [true, false]),
            ("/groups/a/7", Kind::SlicerGroup, [false, false]),
            ("/slicers/a/7", Kind::SlicerGroup, [true, false]),
            (
                "/failover-sessions/a/7",
                Kind::FailoverSession,
                [true, true],
            ),
            (
                "/failover-sessions/a/7",
                Kind::FailoverGroup,
                [false, false],
            ),
            (
                "/failover-sessions/a/8",
                Kind::FailoverSession,
                [false, false],
            ),
            ("/connections", Kind::Connection, [true, true]),
        ] {
            let found =
                ["a", "b"].map(|connection| Route::parse(path).is_of(&of(kind, connection)));
            assert_eq!(found, expected, "{path} {kind:?}");
        }
    }

    #[test]
    fn only_paths_below_the_base_path_are_pages() {
        for (base, path, expected) in [
            ("", "/", Some("/")),
            ("", "/groups", Some("/groups")),
            ("/failover", "/failover", Some("")),
            ("/failover", "/failover/", Some("/")),
            (
                "/failover",
                "/failover/groups/a/b%2Fc",
                Some("/groups/a/b%2Fc"),
            ),
            ("/failover", "/failovers", None),
            ("/failover", "/groups", None),
            ("/a/b", "/a/b/wall", Some("/wall")),
            ("/a/b", "/a/wall", None),
        ] {
            assert_eq!(below(base, path), expected, "{base} {path}");
        }
    }

    #[test]
    fn an_id_with_dots_beside_slashes_has_an_address() {
        for (id, path) in [
            ("./", "/groups/plant-a/.%2F"),
            ("/..", "/groups/plant-a/%2F.."),
            ("a/../b", "/groups/plant-a/a%2F..%2Fb"),
        ] {
            let route = Route::Group {
                connection: "plant-a".into(),
                group: id.into(),
            };
            assert_eq!(route.href(), path);
            assert_eq!(Route::parse(path), route);
        }
    }

    proptest! {
        #[test]
        fn a_link_is_parsed_to_its_page(connection in "[a-z-]{1,12}", id in "\\PC{1,24}") {
            prop_assume!(id != "." && id != "..");
            for route in [
                Route::Group { connection: connection.clone(), group: id.clone() },
                Route::SlicerGroup { connection: connection.clone(), group: id.clone() },
                Route::FailoverSession { connection: connection.clone(), uid: id.clone() },
            ] {
                prop_assert_eq!(Route::parse(&route.href()), route);
            }
        }
    }
}
