//! XML and JSON as one small tree, so that there is one decoder for both.
//!
//! A node has fields (attributes and child elements, or JSON properties), found in any case, and text.
//! Null, absent and empty are the same.

use crate::json;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

/// Elements inside of each other; a real answer has seven.
const DEEPEST: usize = 64;

/// A node of the tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    /// The element's name, without its prefix; empty in JSON.
    pub(super) name: String,
    text: Option<String>,
    fields: Vec<(String, Node)>,
    /// Whether it was a list in JSON: then its fields are its items.
    list: bool,
}

impl Node {
    /// Reads a body by its first character, not by what the headers claim.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let body = json::without_bom(body);
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Err("the body is empty where an answer was expected".to_owned()),
            Some(b'<') => xml(body),
            Some(_) => Ok(Self::of_json(String::new(), json::parse(body)?)),
        }
    }

    fn of_json(name: String, value: Value) -> Self {
        match value {
            Value::Null => Self {
                name,
                ..Self::default()
            },
            Value::Object(map) => {
                let fields = map
                    .into_iter()
                    .map(|(key, value)| (key.clone(), Self::of_json(key, value)));
                Self {
                    name,
                    fields: fields.collect(),
                    ..Self::default()
                }
            }
            // A list is a node whose items all have its own name, as in the vendor's XML.
            Value::Array(items) => {
                let fields = items
                    .into_iter()
                    .map(|item| (name.clone(), Self::of_json(name.clone(), item)))
                    .collect();
                Self {
                    name,
                    fields,
                    list: true,
                    ..Self::default()
                }
            }
            Value::String(text) => Self {
                name,
                text: Some(text),
                ..Self::default()
            },
            other => Self {
                name,
                text: Some(other.to_string()),
                ..Self::default()
            },
        }
    }

    /// The first field of a name, in any case.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, node)| node)
    }

    /// The items of a list: its direct children of this name in XML, where a list may be called as its
    /// items are; all there are in JSON, whether or not an object of the list's own name stands between.
    pub(super) fn items(&self, name: &str) -> Vec<&Self> {
        if self.list {
            return self
                .fields
                .iter()
                .map(|(_, node)| node)
                .filter(|node| !node.is_empty())
                .collect();
        }
        let children = self
            .fields
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        children
            .flat_map(|(_, node)| {
                if node.list {
                    node.items(name)
                } else {
                    vec![node]
                }
            })
            .collect()
    }

    /// Whether the node says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_none() && self.fields.is_empty()
    }

    /// The node's own text, when there is some.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.is_empty())
    }

    /// The text of a field.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Self::text).map(ToOwned::to_owned)
    }

    /// The names and texts of the fields that are texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .filter_map(|(key, node)| node.text().map(|text| (key.as_str(), text)))
    }
}

fn xml(body: &[u8]) -> Result<Node, String> {
    let text =
        std::str::from_utf8(body).map_err(|error| format!("the body is not UTF-8: {error}"))?;
    let mut reader = Reader::from_str(text);
    let broken = |error: &dyn std::fmt::Display, at: u64| {
        format!("the body is not XML: {error} (at byte {at})")
    };
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let at = reader.buffer_position();
        match reader.read_event().map_err(|error| broken(&error, at))? {
            Event::Start(start) => {
                if open.len() == DEEPEST {
                    return Err(format!("the body has elements more than {DEEPEST} deep"));
                }
                open.push(element(&start).map_err(|error| broken(&error, at))?);
            }
            Event::Empty(start) => close(
                element(&start).map_err(|error| broken(&error, at))?,
                &mut open,
                &mut root,
            ),
            Event::End(_) => {
                if let Some(node) = open.pop() {
                    close(node, &mut open, &mut root);
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text),
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let character = resolve(name).ok_or_else(|| {
                    format!("the body is not XML: &{name}; means nothing (at byte {at})")
                })?;
                append(&mut open, &character);
            }
            // No entity is ever declared or expanded: a document type is passed over.
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err("the body is not XML: it ends before its first element does".to_owned()),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Node, String> {
    let mut node = Node {
        name: start.local_name().as_ref().to_owned(),
        ..Node::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.local_name().as_ref().to_owned();
        let text = unescape(&attribute.value)?;
        node.fields.push((
            key.clone(),
            Node {
                name: key,
                text: Some(text),
                ..Node::default()
            },
        ));
    }
    Ok(node)
}

/// The predefined entities and character references of an attribute's value.
fn unescape(raw: &str) -> Result<String, String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let end = after.find(';').ok_or("a bare & in an attribute")?;
        let character = resolve(&after[..end]).ok_or_else(|| {
            format!(
                "a bare & in an attribute, before `{}`",
                after.chars().take(20).collect::<String>()
            )
        })?;
        text.push_str(&character);
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

/// What stands for an entity's name; only the predefined ones and character references.
fn resolve(name: &str) -> Option<String> {
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some(character.to_string())
}

/// White space between elements is no text; inside of a text it is kept.
fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        match &mut node.text {
            Some(held) => held.push_str(text),
            None if !text.trim().is_empty() => node.text = Some(text.to_owned()),
            None => {}
        }
    }
}

fn close(mut node: Node, open: &mut [Node], root: &mut Option<Node>) {
    if let Some(text) = &mut node.text {
        text.truncate(text.trim_end().len());
    }
    match open.last_mut() {
        Some(parent) => parent.fields.push((node.name.clone(), node)),
        None => {
            root.get_or_insert(node);
        }
    }
}
