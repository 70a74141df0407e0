//! The content of a response before it becomes XML or JSON: the links and references of both.

use super::model::Shown;
use super::query::Paging;
use axum::http::StatusCode;

/// The content of a response.
#[derive(Debug)]
pub(super) enum Content<'a> {
    Query {
        sessions: Vec<Shown<'a>>,
        entities: bool,
        paging: Paging,
    },
    Collection {
        sessions: Vec<Shown<'a>>,
        entities: bool,
    },
    Session {
        session: Shown<'a>,
        entity: bool,
    },
    LoggedOn {
        id: &'a str,
        username: &'a str,
    },
    Error {
        status: StatusCode,
        message: &'a str,
    },
}

/// A link of a response.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) rel: &'static str,
    pub(super) kind: Option<&'static str>,
    pub(super) href: String,
    pub(super) name: Option<String>,
}

/// Builds addresses with the name that the server uses for itself.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    /// Host and port.
    pub(super) server: String,
}

impl Addresses {
    pub(super) fn at(&self, path: &str) -> String {
        format!("https://{}/api/{path}", self.server)
    }

    pub(super) fn reference(&self, shown: &Shown<'_>) -> String {
        self.at(&format!("cloud/failoverSessions/{}", shown.session.uid))
    }

    pub(super) fn entity(&self, shown: &Shown<'_>) -> String {
        format!("{}?format=Entity", self.reference(shown))
    }

    /// The links to the backup server and to the same session in the other format.
    pub(super) fn links(&self, shown: &Shown<'_>, entity: bool) -> [Link; 2] {
        let session = shown.session;
        let (kind, href) = if entity {
            ("CloudFailoverSessionReference", self.reference(shown))
        } else {
            ("CloudFailoverSession", self.entity(shown))
        };
        [
            Link {
                rel: "Up",
                kind: Some("BackupServerReference"),
                href: self.at(&format!("backupServers/{}", session.server.uid)),
                name: Some(session.server.name.clone()),
            },
            Link {
                rel: "Alternate",
                kind: Some(kind),
                href,
                name: Some(session.name.clone()),
            },
        ]
    }

    pub(super) fn paging(&self, paging: &Paging) -> Vec<Link> {
        let links = paging.links.iter();
        links
            .map(|(rel, query)| Link {
                rel,
                kind: None,
                href: self.at(&format!("query?{query}")),
                name: None,
            })
            .collect()
    }

    /// The links of a log-on response.
    pub(super) fn logged_on(&self, id: &str) -> Vec<Link> {
        let link = |rel, kind, path: &str| Link {
            rel,
            kind: Some(kind),
            href: self.at(path),
            name: None,
        };
        vec![
            link(
                "Down",
                "CloudFailoverSessionReferenceList",
                "cloud/failoverSessions",
            ),
            link("Related", "QueryResult", "query"),
            link("Delete", "LogonSession", &format!("logonSessions/{id}")),
        ]
    }
}

/// A UID as a URN.
pub(super) fn urn(shown: &Shown<'_>) -> String {
    format!("urn:veeam:CloudFailoverSession:{}", shown.session.uid)
}
