//! Responses as XML, with element and attribute names as in the vendor's examples.

use super::content::{Addresses, Content, Link, urn};
use super::field::JOB_TYPE;
use super::model::{Moment, Shown, Task, format_time};
use super::query::Paging;

const NAMESPACE: &str = "http://www.veeam.com/ent/v1.0";

#[derive(Debug)]
struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: Option<String>,
    children: Vec<Element>,
}

impl Element {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            text: None,
            children: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    fn with_children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// A child element with text; omitted without text.
    fn text(self, name: &'static str, text: Option<impl ToString>) -> Self {
        let child = text.map(|text| Self {
            text: Some(text.to_string()),
            ..Self::new(name)
        });
        self.with_children(child)
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
        if self.text.is_none() && self.children.is_empty() {
            out.push_str(" />");
            return;
        }
        out.push('>');
        out.push_str(&escaped(self.text.as_deref().unwrap_or_default()));
        for child in &self.children {
            child.write(out);
        }
        out.push_str(&format!("</{}>", self.name));
    }
}

/// Escapes text for elements and attributes. Characters that XML does not allow become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML parsers replace these with spaces in attributes, unless they are escaped.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(one))),
            '\0'..='\x1f' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            other => out.push(other),
        }
    }
    out
}

/// The complete document.
pub(super) fn document(content: &Content<'_>, addresses: &Addresses) -> String {
    let mut root = match content {
        Content::Query {
            sessions,
            entities,
            paging,
        } => {
            let list = if *entities {
                let list = entities_of(sessions, addresses);
                Element::new("Entities").with_children([list])
            } else {
                let references = sessions
                    .iter()
                    .map(|shown| reference("Ref", shown, addresses));
                Element::new("Refs").with_children(references)
            };
            Element::new("QueryResult").with_children([list, paging_info(paging, addresses)])
        }
        Content::Collection {
            sessions,
            entities: true,
        } => entities_of(sessions, addresses),
        Content::Collection {
            sessions,
            entities: false,
        } => {
            let references = sessions
                .iter()
                .map(|shown| reference("Ref", shown, addresses));
            Element::new("EntityReferences").with_children(references)
        }
        Content::Session {
            session,
            entity: true,
        } => entity(session, addresses),
        Content::Session {
            session,
            entity: false,
        } => reference("EntityRef", session, addresses),
        Content::LoggedOn { id, username } => {
            let links = addresses.logged_on(id);
            Element::new("LogonSession")
                .with("Type", "LogonSession")
                .with("Href", addresses.at(&format!("logonSessions/{id}")))
                .with_children([self::links(&links)])
                .text("UserName", Some(username))
                .text("SessionId", Some(id))
        }
        Content::Error { status, message } => Element::new("Error")
            .with("Message", message)
            .with("StatusCode", status.as_u16()),
    };
    root.attributes.insert(0, ("xmlns", NAMESPACE.to_owned()));
    let mut out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned();
    root.write(&mut out);
    out
}

fn entities_of(sessions: &[Shown<'_>], addresses: &Addresses) -> Element {
    let entities = sessions.iter().map(|shown| entity(shown, addresses));
    Element::new("CloudFailoverSessions").with_children(entities)
}

fn link(name: &'static str, link: &Link) -> Element {
    let mut element = Element::new(name).with("Rel", link.rel);
    if let Some(kind) = link.kind {
        element = element.with("Type", kind);
    }
    element = element.with("Href", &link.href);
    match &link.name {
        Some(name) => element.with("Name", name),
        None => element,
    }
}

fn links(links: &[Link]) -> Element {
    Element::new("Links").with_children(links.iter().map(|one| link("Link", one)))
}

fn reference(name: &'static str, shown: &Shown<'_>, addresses: &Addresses) -> Element {
    Element::new(name)
        .with("Type", "CloudFailoverSessionReference")
        .with("Href", addresses.reference(shown))
        .with("Name", &shown.session.name)
        .with("UID", urn(shown))
        .with_children([links(&addresses.links(shown, false))])
}

/// The common elements of sessions and tasks; missing values have no element.
fn moment(element: Element, creation: chrono::DateTime<chrono::Utc>, moment: &Moment) -> Element {
    element
        .text("CreationTimeUTC", Some(format_time(creation)))
        .text("EndTimeUTC", moment.end.map(format_time))
        .text("State", Some(moment.state.name()))
        .text("Result", Some(moment.outcome.name()))
        .text("Progress", Some(moment.progress))
        .text("FailureMessage", moment.message.as_ref())
}

fn entity(shown: &Shown<'_>, addresses: &Addresses) -> Element {
    let session = shown.session;
    let element = Element::new("CloudFailoverSession")
        .with("Type", "CloudFailoverSession")
        .with("Href", addresses.entity(shown))
        .with("Name", &session.name)
        .with("UID", urn(shown))
        .with_children([links(&addresses.links(shown, true))])
        .text("JobType", Some(JOB_TYPE));
    let tasks = shown.tasks.iter().map(|(one, at)| task(one, at, addresses));
    // The list and each of its items have the same name.
    moment(element, session.run.creation, &shown.moment)
        .with_children([Element::new("CloudFailoverTasks").with_children(tasks)])
}

fn task(task: &Task, at: &Moment, addresses: &Addresses) -> Element {
    let point = Link {
        rel: "Related",
        kind: Some("CloudVmReplicaPointReference"),
        href: addresses.at(&format!("cloud/vmReplicaPoints/{}", task.point_uid)),
        name: Some(task.point_name.clone()),
    };
    let element = Element::new("CloudFailoverTasks")
        .with("VmName", &task.vm)
        .with_children([link("VmReplicaPointLink", &point)]);
    moment(element, task.run.creation, at)
}

fn paging_info(paging: &Paging, addresses: &Addresses) -> Element {
    Element::new("PagingInfo")
        .with("PagesCount", paging.pages)
        .with("PageSize", paging.page_size)
        .with("PageNum", paging.page)
        .with_children([links(&addresses.paging(paging))])
}
