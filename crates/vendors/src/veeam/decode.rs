//! Decodes the tree to types: sessions, references, pages. The content determines the kind of a body, because an import
//! may be a query result, a collection or a single session.

use super::node::{Fields, Node};
use super::types::{Page, Paging, Reference, Server, Session, Task};
use super::values::{count, link, links, number, plan_id, result, state, tail, time, uid};
use crate::call::Answer;
use crate::unreadable::{LeftOut, Unread, counted};

/// The list of sessions, which may also be the root of a response.
const SESSIONS: &str = "CloudFailoverSessions";

/// The prefix of every session type in the contract, including references.
const SESSION: &str = "CloudFailoverSession";

/// The paging information of a query result.
const PAGING: &str = "PagingInfo";

/// The lists that a query result may contain.
const LISTS: [&str; 3] = ["Entities", "Refs", SESSIONS];

fn task(node: &Node) -> Option<Task> {
    let unread = Unread::default();
    let fields = fields_of(node, &unread)?;
    Some(Task {
        vm_name: fields.text("VmName"),
        replica_point: fields.within("VmReplicaPointLink", link),
        creation_time: time(fields, "CreationTimeUTC"),
        end_time: time(fields, "EndTimeUTC"),
        state: state(fields),
        result: result(fields),
        progress: number(fields, "Progress"),
        failure_message: fields.text("FailureMessage"),
        unreadable: unread.take(),
    })
}

fn fields_of<'a>(node: &'a Node, unread: &'a Unread) -> Option<Fields<'a>> {
    (!node.fields.is_empty() && !node.list).then_some(Fields { node, unread })
}

fn session(node: &Node) -> Option<Session> {
    let unread = Unread::default();
    let fields = fields_of(node, &unread)?;
    let links = links(fields);
    let is_up = |rel: &str| rel.eq_ignore_ascii_case("Up");
    let mut ups = links.iter();
    let up = ups.find(|link| link.rel.as_deref().is_some_and(is_up));
    let server = up.map(|up| Server {
        uid: up.href.as_deref().and_then(tail),
        name: up.name.clone(),
    });
    Some(Session {
        uid: uid(fields),
        name: fields.text("Name"),
        job_type: fields.text("JobType"),
        job_uid: plan_id(fields),
        creation_time: time(fields, "CreationTimeUTC"),
        end_time: time(fields, "EndTimeUTC"),
        state: state(fields),
        result: result(fields),
        progress: number(fields, "Progress"),
        failure_message: fields.text("FailureMessage"),
        server,
        // The list and its items have the same name; only direct children are tasks.
        tasks: fields.list("CloudFailoverTasks", "CloudFailoverTasks", task),
        links,
        unreadable: unread.take(),
    })
}

/// The items of a list, by the first of `names` that has any. The last of them is the list's own name: JSON has an
/// additional object with this name. A list with other content is an error, not an empty list.
fn items<'a>(list: &'a Node, names: [&str; 2]) -> Result<Vec<&'a Node>, String> {
    let [one, own] = names;
    let unexpected = |found: &str| Err(format!("{own}: expected {one}, found {found}"));
    if let Some(word) = list
        .get(own)
        .filter(|inner| !list.list && inner.text().is_some())
    {
        return unexpected(&word.sketch());
    }
    for name in names {
        let items = list.items(name);
        if !items.is_empty() {
            return Ok(items);
        }
    }
    let is_known = names.into_iter().any(|name| list.has(name));
    let is_other = |node: &Node| !node.is_empty() && (!is_known || !node.fields.is_empty());
    let mut fields = list.fields.iter();
    match fields.find(|(_, node)| is_other(node)) {
        Some((name, _)) => unexpected(name),
        None if list.text().is_some() => unexpected(&list.sketch()),
        None => Ok(Vec::new()),
    }
}

fn sessions(list: &Node) -> Result<(Vec<Session>, LeftOut), String> {
    let items = items(list, [SESSION, SESSIONS])?;
    let read = items.into_iter().map(session);
    Ok(counted(read, |session| session.uid.as_deref()))
}

fn references(list: &Node) -> Result<(Vec<Reference>, LeftOut), String> {
    let items = items(list, ["Ref", "Refs"])?;
    let kind = |node: &Node| node.text_of("Type").unwrap_or_else(|| SESSION.to_owned());
    // A list of references to other objects is an error.
    let others = items.iter().map(|node| kind(node));
    let others: Vec<String> = others.filter(|kind| !kind.starts_with(SESSION)).collect();
    if let (Some(kind), true) = (others.first(), others.len() == items.len()) {
        return Err(format!("expected a {SESSION}Reference, found a {kind}"));
    }
    let read = items.into_iter().map(|node| {
        let unread = Unread::default();
        let fields = fields_of(node, &unread)?;
        Some(Reference {
            uid: uid(fields),
            name: fields.text("Name"),
            links: links(fields),
        })
    });
    Ok(counted(read, |reference| reference.uid.as_deref()))
}

fn paging(node: &Node) -> Paging {
    let unread = Unread::default();
    let fields = Fields {
        node,
        unread: &unread,
    };
    Paging {
        page: count(fields, "PageNum").unwrap_or(0),
        size: count(fields, "PageSize").unwrap_or(0),
        pages: count(fields, "PagesCount"),
        links: links(fields),
    }
}

/// Whether the root is a single session. JSON has a type instead of an element name.
fn is_session(root: &Node) -> bool {
    match root.text_of("Type") {
        _ if !root.name.is_empty() => root.name.eq_ignore_ascii_case(SESSION),
        Some(kind) => kind.eq_ignore_ascii_case(SESSION) && root.has("UID"),
        None => root.has("UID") && root.has("State"),
    }
}

/// The sessions of `Entities`, which has one list for each type. Only sessions are valid here.
fn entities(entities: &Node) -> Result<(Vec<Session>, LeftOut), String> {
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
        None => Ok(<_>::default()),
    }
}

/// Reads a page from any root: a query result, references, a collection, or a single session.
pub(super) fn page_of(root: &Node) -> Result<Page, String> {
    let is = |name: &str| root.name.eq_ignore_ascii_case(name);
    if is("Error") {
        return Err("expected sessions, found an error".to_owned());
    }
    let mut page = Page::default();
    if is_session(root) {
        page.sessions.extend(session(root));
        return Ok(page);
    }
    page.paging = root.get(PAGING).map(paging);
    if is("EntityReferences") {
        (page.references, page.left_out) = references(root)?;
    } else if is(SESSIONS) {
        (page.sessions, page.left_out) = sessions(root)?;
    } else if is("QueryResult") || (root.name.is_empty() && is_result(root)) {
        // Without any list, the result is unknown. But version 9.5 omits empty lists that later versions write as null:
        // without other content and further pages, the query found nothing.
        let pages = page.paging.as_ref().and_then(|paging| paging.pages);
        let is_metadata = |name: &str| {
            [PAGING, "Links"]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name))
        };
        let mut fields = root.fields.iter();
        let found_nothing = pages.is_some_and(|pages| pages <= 1)
            && fields.all(|(name, node)| node.fields.is_empty() || is_metadata(name));
        if !found_nothing && !LISTS.iter().any(|name| root.has(name)) {
            return Err(format!(
                "expected {}, found none of them",
                LISTS.join(" or ")
            ));
        }
        let none = || Ok(<_>::default());
        (page.references, page.left_out) = root.get("Refs").map_or_else(none, references)?;
        let (read, left_out) = match root.get(SESSIONS) {
            Some(list) => sessions(list)?,
            None => root.get("Entities").map_or(Ok(<_>::default()), entities)?,
        };
        page.sessions = read;
        page.left_out += left_out;
    } else {
        let found = if root.name.is_empty() {
            root.sketch()
        } else {
            format!("`{}`", root.name)
        };
        return Err(format!(
            "expected a query result or sessions, found {found}"
        ));
    }
    Ok(page)
}

/// Whether a JSON root is a query result, references or a collection.
fn is_result(root: &Node) -> bool {
    root.has(PAGING) || LISTS.iter().any(|name| root.has(name))
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
