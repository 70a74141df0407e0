//! Parses XML into the tree. Namespaces and prefixes are ignored. Declared entities are never expanded, so that a
//! document type can neither read files nor exhaust memory. An unknown entity and a lone `&` are kept literally, so
//! that they do not make the document unreadable.

use super::node::Node;
use crate::json::MAX_VALUES;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The maximum depth of elements. A real response has seven.
const MAX_DEPTH: usize = 64;

/// The maximum number of attributes of an element, because each is compared with all others. A real element has ten.
const MAX_ATTRIBUTES: usize = 1000;

/// Parses a complete body.
pub(super) fn parse(body: &[u8]) -> Result<Node, String> {
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    let mut tree = Tree::default();
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| error.to_string());
        match event.and_then(|event| tree.take(event)) {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => return Err(format!("the body is not XML: {problem} (at byte {at})")),
        }
    }
    let root = tree.root.filter(|_| tree.open.is_empty());
    root.ok_or("the body is not XML: its first element is not closed".to_owned())
}

/// The open elements, outermost first, and the root after it has been closed.
#[derive(Default)]
struct Tree {
    open: Vec<Node>,
    root: Option<Node>,
    /// The number of elements and attributes.
    count: usize,
}

impl Tree {
    /// Handles an event; returns `false` at the end.
    fn take(&mut self, event: Event<'_>) -> Result<bool, String> {
        match event {
            Event::Start(_) if self.open.len() == MAX_DEPTH => {
                return Err(format!("elements more than {MAX_DEPTH} deep"));
            }
            Event::Start(start) => {
                let node = self.element(&start)?;
                self.open.push(node);
            }
            Event::Empty(start) => {
                let node = self.element(&start)?;
                self.close(node);
            }
            Event::End(_) => {
                if let Some(node) = self.open.pop() {
                    self.close(node);
                }
            }
            Event::Text(text) => self.append(&text.xml10_content()),
            Event::CData(text) => self.append(&text),
            Event::GeneralRef(name) => match resolve(&name) {
                Some(character) => self.append(character.encode_utf8(&mut [0; 4])),
                None => self.append(&format!("&{};", &*name)),
            },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Node, String> {
        let node = element(start)?;
        self.count += 1 + node.fields.len();
        if self.count > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} elements and attributes"));
        }
        Ok(node)
    }

    fn append(&mut self, text: &str) {
        if let Some(node) = self.open.last_mut() {
            node.text.get_or_insert_default().push_str(text);
        }
    }

    /// Closes a node and removes white space around its text.
    fn close(&mut self, mut node: Node) {
        let trimmed = node.text.as_deref().map(str::trim);
        node.text = trimmed.filter(|text| !text.is_empty()).map(str::to_owned);
        match self.open.last_mut() {
            Some(parent) => parent.fields.push((node.name.clone(), node)),
            None => {
                self.root.get_or_insert(node);
            }
        }
    }
}

/// An element's name and attributes, without namespace declarations and XML Schema's instance attributes, whose prefix
/// usually is `xsi`, or `i` from .NET's serializers.
fn element(start: &BytesStart<'_>) -> Result<Node, String> {
    let mut node = Node {
        name: start.local_name().as_ref().to_owned(),
        ..Node::default()
    };
    for (index, attribute) in start.attributes().enumerate() {
        if index == MAX_ATTRIBUTES {
            return Err(format!(
                "an element of more than {MAX_ATTRIBUTES} attributes"
            ));
        }
        let attribute = attribute.map_err(|error| error.to_string())?;
        let full: &str = attribute.key.as_ref();
        let name = attribute.key.local_name().as_ref().to_owned();
        let is_of_schema = name != full && matches!(name.as_str(), "nil" | "type");
        let is_declared = full == "xmlns" || full.starts_with("xmlns:");
        if is_declared || is_of_schema || full.starts_with("xsi:") {
            continue;
        }
        let text = unescape(&attribute.value);
        node.fields.push((name.clone(), Node::leaf(name, text)));
    }
    Ok(node)
}

/// Resolves the predefined entities and character references of an attribute value.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        // Search only up to the next `&`, so that many unterminated ones do not take quadratic time.
        let end = after.find(['&', ';']).unwrap_or_default();
        let (name, remaining) = after.split_at(end);
        let known = remaining
            .strip_prefix(';')
            .and_then(|remaining| Some((resolve(name)?, remaining)));
        let (character, remaining) = known.unwrap_or(('&', after));
        text.push(character);
        rest = remaining;
    }
    text.push_str(rest);
    text
}

/// The character of a predefined entity or a character reference.
fn resolve(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_VALUES, parse};

    #[test]
    fn too_many_elements_and_attributes_are_rejected() {
        for (body, expected) in [
            (
                format!("<a b=\"\">{}", "<c d='' e=''/>".repeat(MAX_VALUES / 3)),
                "more than 2000000 elements",
            ),
            (
                (0..200_000).fold("<a".to_owned(), |text, n| text + &format!(" n{n}=''")) + "/>",
                "more than 1000 attributes",
            ),
        ] {
            let body = format!("<r>{body}");
            let problem = parse(body.as_bytes()).expect_err("too many");
            assert!(problem.contains(expected), "{problem}");
        }
        let body = format!("<r>{}</r>", "<a/>".repeat(1000));
        assert_eq!(
            parse(body.as_bytes()).map(|node| node.fields.len()),
            Ok(1000)
        );
    }
}
