//! Decodes the tree to types: sessions, references, pages. The content decides what a body is, because
//! an import may be a query result, a collection or a single session.

use super::node::Node;
use super::types::{Page, Paging, Reference, Server, Session, Task};
use super::values::{count, link, links, number, result, state, tail, time, uid};
use crate::call::Answer;

/// The list of sessions; may also be the root of a response.
const SESSIONS: &str = "CloudFailoverSessions";

/// The prefix of every session type in the contract, including references.
const SESSION: &str = "CloudFailoverSession";

fn task(node: &Node) -> Result<Task, String> {
    Ok(Task {
        vm_name: node.text_of("VmName"),
        replica_point: node.get("VmReplicaPointLink").map(link),
        creation_time: time(node, "CreationTimeUTC")?,
        end_time: time(node, "EndTimeUTC")?,
        state: state(node),
        result: result(node),
        progress: number(node, "Progress")?,
        failure_message: node.text_of("FailureMessage"),
    })
}

fn session(node: &Node) -> Result<Session, String> {
    if node.fields.is_empty() {
        return Err(format!("expected a session, found {}", node.sketch()));
    }
    let links = links(node);
    let is_up = |rel: &str| rel.eq_ignore_ascii_case("Up");
    let mut ups = links.iter();
    let up = ups.find(|link| link.rel.as_deref().is_some_and(is_up));
    let server = up.map(|up| Server {
        uid: up.href.as_deref().and_then(tail),
        name: up.name.clone(),
    });
    // The list and each of its items have the same name: only direct children are tasks.
    let tasks = node.get("CloudFailoverTasks");
    let tasks = tasks.map(|list| list.items("CloudFailoverTasks"));
    Ok(Session {
        uid: uid(node),
        name: node.text_of("Name"),
        job_type: node.text_of("JobType"),
        creation_time: time(node, "CreationTimeUTC")?,
        end_time: time(node, "EndTimeUTC")?,
        state: state(node),
        result: result(node),
        progress: number(node, "Progress")?,
        failure_message: node.text_of("FailureMessage"),
        server,
        tasks: numbered(tasks.unwrap_or_default(), "task", task)?,
        links,
    })
}

/// Reads the items of a list; an error names the item.
fn numbered<T>(
    items: Vec<&Node>,
    what: &str,
    read: impl Fn(&Node) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let items = items.into_iter().enumerate();
    let read = |(at, node)| read(node).map_err(|problem| format!("{what} {}: {problem}", at + 1));
    items.map(read).collect()
}

fn sessions(list: &Node) -> Result<Vec<Session>, String> {
    let mut items = list.items(SESSION);
    if items.is_empty() {
        // JSON has an additional object with the list's own name.
        items = list.items(SESSIONS);
    }
    numbered(items, "session", session)
}

fn references(list: &Node) -> Result<Vec<Reference>, String> {
    let mut items = list.items("Ref");
    if items.is_empty() {
        items = list.items("Refs");
    }
    numbered(items, "reference", |node| {
        let kind = node.text_of("Type").unwrap_or_else(|| SESSION.to_owned());
        if !kind.starts_with(SESSION) {
            return Err(format!("expected a {SESSION}Reference, found a {kind}"));
        }
        Ok(Reference {
            uid: uid(node),
            name: node.text_of("Name"),
            links: links(node),
        })
    })
}

fn paging(node: &Node) -> Result<Paging, String> {
    Ok(Paging {
        page: count(node, "PageNum")?,
        size: count(node, "PageSize")?,
        pages: count(node, "PagesCount")?,
        links: links(node),
    })
}

/// Whether the root is one session. JSON has no element name, but a type.
fn is_session(root: &Node) -> bool {
    match root.text_of("Type") {
        _ if !root.name.is_empty() => root.name.eq_ignore_ascii_case(SESSION),
        Some(kind) => kind.eq_ignore_ascii_case(SESSION) && root.has("UID"),
        None => root.has("UID") && root.has("State"),
    }
}

/// The sessions of `Entities`. It has one list for each type; only sessions are valid here.
fn entities(entities: &Node) -> Result<Vec<Session>, String> {
    if let Some(list) = entities.get(SESSIONS) {
        return sessions(list);
    }
    let mut others = entities.fields.iter().filter(|(_, node)| !node.is_empty());
    match others.next() {
        Some((other, _)) => Err(format!("expected {SESSIONS}, found {other}")),
        None if entities.text().is_some() => Err(format!(
            "Entities: expected lists, found {}",
            entities.sketch()
        )),
        None => Ok(Vec::new()),
    }
}

/// A page from any root: a query result, references, a collection, or one session.
pub(super) fn page_of(root: &Node) -> Result<Page, String> {
    let is = |name: &str| root.name.eq_ignore_ascii_case(name);
    if is("Error") {
        return Err("expected sessions, found an error".to_owned());
    }
    let mut page = Page::default();
    if is_session(root) {
        page.sessions = vec![session(root)?];
        return Ok(page);
    }
    page.paging = root.get("PagingInfo").map(paging).transpose()?;
    if is("EntityReferences") {
        page.references = references(root)?;
    } else if is(SESSIONS) {
        page.sessions = sessions(root)?;
    } else if is("QueryResult") || (root.name.is_empty() && is_result(root)) {
        page.references = root.get("Refs").map_or(Ok(Vec::new()), references)?;
        page.sessions = match root.get(SESSIONS) {
            Some(list) => sessions(list)?,
            None => root.get("Entities").map_or(Ok(Vec::new()), entities)?,
        };
    } else {
        let found = if root.name.is_empty() {
            root.sketch()
        } else {
            format!("`{}`", root.name)
        };
        return Err(format!(
            "expected a query's result or sessions, found {found}"
        ));
    }
    Ok(page)
}

/// Whether JSON without a name is a query result, references or a collection.
fn is_result(root: &Node) -> bool {
    let known = ["Entities", "Refs", "PagingInfo", SESSIONS];
    known.into_iter().any(|name| root.has(name))
}

/// Reads the response of a query or of the collection.
pub(super) fn page(answer: &Answer) -> Result<Page, String> {
    page_of(&Node::parse(&answer.body)?)
}

/// Reads the response for one session.
pub(super) fn one(answer: &Answer) -> Result<Session, String> {
    let mut sessions = page(answer)?.sessions;
    match (sessions.pop(), sessions.len()) {
        (Some(session), 0) => Ok(session),
        (None, _) => Err("expected one session, found none".to_owned()),
        (Some(_), others) => Err(format!("expected one session, found {}", others + 1)),
    }
}
