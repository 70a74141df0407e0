//! From the tree to types.

use super::node::Node;
use super::types::{Link, Outcome, Page, Paging, Reference, Server, Session, State, Task};
use crate::call::Answer;
use crate::json;
use chrono::{DateTime, Utc};

/// What may stand at the root of an answer.
const SESSIONS: &str = "CloudFailoverSessions";

fn time(node: &Node, name: &str) -> Result<Option<DateTime<Utc>>, String> {
    let Some(text) = node.text_of(name) else {
        return Ok(None);
    };
    json::time(&text).ok_or_else(|| {
        format!(
            "{name}: expected a date-time, found `{}`",
            text.chars().take(60).collect::<String>()
        )
    })
}

fn number(node: &Node, name: &str) -> Result<Option<f64>, String> {
    let Some(text) = node.text_of(name) else {
        return Ok(None);
    };
    let number: Option<f64> = text.trim().parse().ok();
    number
        .filter(|number| number.is_finite())
        .map(Some)
        .ok_or_else(|| format!("{name}: expected a number, found `{text}`"))
}

fn whole(node: &Node, name: &str) -> Result<u32, String> {
    let Some(text) = node.text_of(name) else {
        return Ok(0);
    };
    text.trim()
        .parse()
        .map_err(|_| format!("{name}: expected a whole number, found `{text}`"))
}

/// The GUID of a bare UID or of a URN, in lower case.
fn guid(uid: &str) -> String {
    uid.rsplit(':').next().unwrap_or(uid).to_ascii_lowercase()
}

/// Path and query of a link: its host is the server's own idea of its name.
fn local(href: &str) -> String {
    let after_scheme = href.split_once("://").map(|(_, rest)| rest);
    match after_scheme {
        Some(rest) => rest
            .find('/')
            .map_or_else(|| "/".to_owned(), |at| rest[at..].to_owned()),
        None => href.to_owned(),
    }
}

fn link(node: &Node) -> Link {
    Link {
        rel: node.text_of("Rel"),
        href: node.text_of("Href").as_deref().map(local),
        name: node.text_of("Name"),
        kind: node.text_of("Type"),
    }
}

fn links(node: &Node) -> Vec<Link> {
    node.get("Links")
        .map(|links| links.items("Link").into_iter().map(link).collect())
        .unwrap_or_default()
}

/// The last segment of a link's path.
fn tail(href: &str) -> Option<String> {
    let path = href.split('?').next().unwrap_or(href);
    path.rsplit('/')
        .next()
        .filter(|tail| !tail.is_empty())
        .map(str::to_ascii_lowercase)
}

fn state(node: &Node) -> Option<State> {
    let word = node.text_of("State")?;
    Some(match word.to_ascii_lowercase().as_str() {
        "starting" => State::Starting,
        "stopping" => State::Stopping,
        "working" => State::Working,
        "stopped" => State::Stopped,
        _ => State::Other(word),
    })
}

fn result(node: &Node) -> Option<Outcome> {
    let word = node.text_of("Result")?;
    Some(match word.to_ascii_lowercase().as_str() {
        "none" => Outcome::None,
        "success" => Outcome::Success,
        "warning" => Outcome::Warning,
        "failed" => Outcome::Failed,
        _ => Outcome::Other(word),
    })
}

fn task(node: &Node) -> Result<Task, String> {
    Ok(Task {
        vm_name: node.text_of("VmName"),
        replica_point: node
            .get("VmReplicaPointLink")
            .filter(|link| !link.is_empty())
            .map(link),
        creation_time: time(node, "CreationTimeUTC")?,
        end_time: time(node, "EndTimeUTC")?,
        state: state(node),
        result: result(node),
        progress: number(node, "Progress")?,
        failure_message: node.text_of("FailureMessage"),
    })
}

fn session(node: &Node) -> Result<Session, String> {
    let links = links(node);
    let up = links.iter().find(|link| {
        link.rel
            .as_deref()
            .is_some_and(|rel| rel.eq_ignore_ascii_case("Up"))
    });
    let server = up.map(|up| Server {
        uid: up.href.as_deref().and_then(tail),
        name: up.name.clone(),
    });
    // The list and each of its items have the same name: only direct children are tasks.
    let tasks = node
        .get("CloudFailoverTasks")
        .map(|tasks| tasks.items("CloudFailoverTasks"))
        .unwrap_or_default();
    Ok(Session {
        uid: node.text_of("UID").as_deref().map(guid),
        name: node.text_of("Name"),
        job_type: node.text_of("JobType"),
        creation_time: time(node, "CreationTimeUTC")?,
        end_time: time(node, "EndTimeUTC")?,
        state: state(node),
        result: result(node),
        progress: number(node, "Progress")?,
        failure_message: node.text_of("FailureMessage"),
        server,
        tasks: tasks.into_iter().map(task).collect::<Result<_, _>>()?,
        links,
    })
}

fn sessions(list: &Node) -> Result<Vec<Session>, String> {
    let items = match list.items("CloudFailoverSession") {
        // JSON has an object of the list's own name in between.
        items if items.is_empty() => list.items(SESSIONS),
        items => items,
    };
    let numbered = items.into_iter().enumerate();
    numbered
        .map(|(at, node)| session(node).map_err(|problem| format!("session {}: {problem}", at + 1)))
        .collect()
}

fn references(list: &Node) -> Vec<Reference> {
    let items = match list.items("Ref") {
        items if items.is_empty() => list.items("Refs"),
        items => items,
    };
    let reference = |node: &Node| Reference {
        uid: node.text_of("UID").as_deref().map(guid),
        name: node.text_of("Name"),
        links: links(node),
    };
    items.into_iter().map(reference).collect()
}

fn paging(node: &Node) -> Result<Paging, String> {
    Ok(Paging {
        page: whole(node, "PageNum")?,
        size: whole(node, "PageSize")?,
        pages: whole(node, "PagesCount")?,
        links: links(node),
    })
}

/// A page, whatever stands at the root: a query's result, references, a collection, or one session.
pub(super) fn page_of(root: &Node) -> Result<Page, String> {
    let is = |name: &str| root.name.eq_ignore_ascii_case(name);
    if is("Error") {
        return Err("an error stands where sessions were expected".to_owned());
    }
    let is_session =
        is("CloudFailoverSession") || (root.get("UID").is_some() && root.get("State").is_some());
    if is_session {
        return Ok(Page {
            sessions: vec![session(root)?],
            ..Page::default()
        });
    }
    let paging = root
        .get("PagingInfo")
        .filter(|paging| !paging.is_empty())
        .map(paging)
        .transpose()?;
    if is("EntityReferences") {
        return Ok(Page {
            references: references(root),
            paging,
            ..Page::default()
        });
    }
    if is(SESSIONS) {
        return Ok(Page {
            sessions: sessions(root)?,
            paging,
            ..Page::default()
        });
    }
    let known = ["Entities", "Refs", "PagingInfo", SESSIONS]
        .iter()
        .any(|name| root.get(name).is_some());
    if !is("QueryResult") && !known {
        let found = if root.name.is_empty() {
            "something else"
        } else {
            &root.name
        };
        return Err(format!(
            "expected a query result or sessions, found {found}"
        ));
    }
    let list = root
        .get("Entities")
        .and_then(|entities| entities.get(SESSIONS))
        .or_else(|| root.get(SESSIONS));
    Ok(Page {
        sessions: list.map(sessions).transpose()?.unwrap_or_default(),
        references: root.get("Refs").map(references).unwrap_or_default(),
        paging,
    })
}

pub(super) fn page(answer: &Answer) -> Result<Page, String> {
    page_of(&Node::parse(&answer.body)?)
}

pub(super) fn one(answer: &Answer) -> Result<Session, String> {
    let page = page(answer)?;
    let number = page.sessions.len();
    let mut sessions = page.sessions.into_iter();
    match (sessions.next(), number) {
        (Some(session), 1) => Ok(session),
        _ => Err(format!("expected one session, found {number}")),
    }
}
