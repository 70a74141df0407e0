//! An answer that someone saved or copied: from a file, or from the vendor's documentation.

use super::decode::page_of;
use super::node::Node;
use super::types::Page;
use crate::json;

/// Reads a saved answer in any of its shapes: XML or JSON of any casing; a query's result, a
/// collection, references, or one session.
///
/// # Errors
/// One sentence on what cannot be read.
pub fn read_saved(bytes: &[u8]) -> Result<Page, String> {
    let bytes = json::without_bom(bytes);
    let is_xml = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    if !is_xml {
        return page_of(&Node::parse(bytes)?);
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| format!("the text is not UTF-8: {error}"))?;
    page_of(&Node::parse(repaired(text).as_bytes())?)
}

/// The documentation shows its links with a bare `&` in attributes, which no XML reader takes.
fn repaired(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let name: String = rest
            .chars()
            .take_while(|char| char.is_ascii_alphanumeric() || *char == '#')
            .collect();
        let known =
            matches!(name.as_str(), "amp" | "lt" | "gt" | "quot" | "apos") || name.starts_with('#');
        if !(known && rest[name.len()..].starts_with(';')) {
            out.push_str("amp;");
        }
    }
    out.push_str(rest);
    out
}
