//! A small tree for XML and JSON, so that one decoder handles both.
//!
//! A node has text and fields: attributes and child elements, or JSON properties. Field names are
//! case-insensitive. Null, absent and empty are the same. The tree does not interpret fields.

use super::xml;
use crate::json;
use crate::json::Value;
use crate::unreadable::Unread;
use std::collections::HashSet;

/// A node of the tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    /// The element's name without its prefix; empty at the root of JSON.
    pub(super) name: String,
    /// The text; never only whitespace.
    pub(super) text: Option<String>,
    /// Attributes and children in document order.
    pub(super) fields: Vec<(String, Node)>,
    /// Whether it is a JSON list, whose fields are its items.
    pub(super) list: bool,
}

impl Node {
    /// Parses a body as XML or JSON, depending on its first character; headers are ignored.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let body = json::without_bom(body);
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Err("the body is empty where a response was expected".to_owned()),
            Some(b'<') => xml::parse(body),
            Some(_) => json::parse(body, |value| Ok(Self::of_json("", value))),
        }
    }

    /// A node that consists of a text, such as an attribute.
    pub(super) fn leaf(name: String, text: String) -> Self {
        let text = Some(text);
        Self {
            name,
            text,
            ..Self::default()
        }
    }

    fn of_json(name: &str, value: &Value<'_>) -> Self {
        let mut node = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                // Of repeated names the last counts.
                let mut known = HashSet::new();
                let fields = fields.as_vec().iter().rev();
                let fields = fields.filter(|(key, _)| known.insert(&**key));
                let fields = fields
                    .map(|(key, value)| (key.0.clone().into_owned(), Self::of_json(key, value)));
                node.fields = fields.collect();
                node.fields.reverse();
            }
            // The items of a list have the list's own name, as in the vendor's XML.
            Value::Array(items) => {
                let item = |item| (name.to_owned(), Self::of_json(name, item));
                node.fields = items.iter().map(item).collect();
                node.list = true;
            }
            Value::Str(text) => node.text = Some(text.clone().into_owned()),
            Value::Bool(_) | Value::Number(_) => node.text = Some(json::raw(value)),
        }
        node
    }

    /// The first non-empty field with this case-insensitive name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let named = |(key, _): &&(String, Self)| key.eq_ignore_ascii_case(name);
        let mut fields = self.fields.iter().filter(named).map(|(_, node)| node);
        fields.find(|node| !node.is_empty())
    }

    /// Whether a field with this name exists, even an empty one.
    pub(super) fn has(&self, name: &str) -> bool {
        let mut keys = self.fields.iter().map(|(key, _)| key);
        keys.any(|key| key.eq_ignore_ascii_case(name))
    }

    /// The items of a list. In XML these are its direct children with this name, which may be the name of the list
    /// itself. In JSON these are all items, with or without an intermediate object with the list's name.
    pub(super) fn items(&self, name: &str) -> Vec<&Self> {
        let mut items = Vec::new();
        for (key, node) in &self.fields {
            if node.is_empty() || !(self.list || key.eq_ignore_ascii_case(name)) {
                continue;
            }
            if node.list {
                items.extend(node.items(name));
            } else {
                items.push(node);
            }
        }
        items
    }

    /// Whether the node has neither text nor a non-empty field.
    pub(super) fn is_empty(&self) -> bool {
        self.text().is_none() && self.fields.iter().all(|(_, node)| node.is_empty())
    }

    /// The node's own text, if it is not empty.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.is_empty())
    }

    /// The text of a field; `None` if it is not a text.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Self::text).map(ToOwned::to_owned)
    }

    /// A short description of the value for an error.
    pub(super) fn sketch(&self) -> String {
        match self.text() {
            Some(text) => format!("`{}`", text.chars().take(60).collect::<String>()),
            None if self.list => "a list".to_owned(),
            None if self.is_empty() => "nothing".to_owned(),
            None => "an object".to_owned(),
        }
    }

    /// The value as it is written in the response; for anything but a text, all texts within it.
    fn raw(&self) -> String {
        let fields = self.fields.iter().filter(|(_, node)| !node.is_empty());
        let within = fields.map(|(key, node)| match node.raw() {
            raw if self.list => raw,
            raw => format!("{key}: {raw}"),
        });
        let parts: Vec<String> = self
            .text()
            .map(str::to_owned)
            .into_iter()
            .chain(within)
            .collect();
        parts.join(", ")
    }

    /// The names and texts of all text fields.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .filter_map(|(key, node)| node.text().map(|text| (key.as_str(), text)))
    }
}

/// The fields of one item. A field that cannot be read counts as absent and is added to `unread`.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) node: &'a Node,
    pub(super) unread: &'a Unread,
}

impl<'a> Fields<'a> {
    /// Reads a field.
    pub(super) fn field<T>(
        self,
        name: &str,
        read: impl FnOnce(&'a Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.node.get(name)?;
        let got = read(node);
        if got.is_none() {
            self.unread.add(name, &node.raw());
        }
        got
    }

    /// Reads a field from its text.
    pub(super) fn read<T>(self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.field(name, |node| read(node.text()?.trim()))
    }

    /// A nested object. The names of its unreadable fields include its own name.
    pub(super) fn within<T>(self, name: &str, read: impl FnOnce(Fields<'_>) -> T) -> Option<T> {
        let node = self.field(name, |node| (!node.fields.is_empty()).then_some(node))?;
        let unread = Unread::default();
        let got = read(Fields {
            node,
            unread: &unread,
        });
        self.unread.absorb(name, &unread);
        Some(got)
    }

    /// The unmodified text of a field.
    pub(super) fn text(self, name: &str) -> Option<String> {
        self.field(name, |node| node.text().map(ToOwned::to_owned))
    }

    /// A list. An item that `read` cannot read counts as an unreadable field.
    pub(super) fn list<T>(
        self,
        name: &str,
        item: &str,
        read: impl Fn(&'a Node) -> Option<T>,
    ) -> Vec<T> {
        let items = self.field(name, |node| {
            let items = node.items(item);
            (!items.is_empty()).then_some(items)
        });
        let items = items.unwrap_or_default().into_iter().enumerate();
        let read = items.filter_map(|(index, node)| {
            let got = read(node);
            if got.is_none() {
                self.unread.add(&format!("{name}[{index}]"), &node.raw());
            }
            got
        });
        read.collect()
    }
}
