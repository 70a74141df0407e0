//! Reads a saved or copied response: from a file, a terminal, or the vendor's documentation. It is more lenient than
//! for live responses, because people may have edited the text.

use super::decode::page_of;
use super::node::Node;
use super::types::Page;
use crate::json;

/// Reads a saved response in any form: XML or JSON in any casing, after a byte-order mark or response headers; a query
/// result, a collection, references, or a single session.
///
/// # Errors
/// One sentence about the part that cannot be read.
pub fn read_saved(bytes: &[u8]) -> Result<Page, String> {
    let body = saved_body(bytes)?;
    let body = body.as_str();
    let strict = Node::parse(body.as_bytes());
    let node = match strict {
        // Copying turns some spaces into no-break spaces, which XML parsers reject between attributes.
        Err(_) if body.starts_with('<') => Node::parse(body.replace('\u{A0}', " ").as_bytes()),
        other => other,
    };
    page_of(&node?)
}

/// The body of a saved response, without any text before it.
///
/// # Errors
/// The encoding is not supported.
pub fn saved_body(bytes: &[u8]) -> Result<String, String> {
    text(bytes).map(|text| body(&text).to_owned())
}

/// Decodes UTF-8, or the UTF-16 that some Windows shells write when they redirect output.
fn text(bytes: &[u8]) -> Result<String, String> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => {
            let text = std::str::from_utf8(json::without_bom(bytes));
            return text
                .map(str::to_owned)
                .map_err(|error| format!("the text is not UTF-8: {error}"));
        }
    };
    let units = bytes.chunks_exact(2).skip(1);
    let units: Vec<u16> = units.map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).map_err(|_| "the text is not UTF-16".to_owned())
}

/// The body after response headers or after a heading of a copied page.
fn body(text: &str) -> &str {
    let text = text.trim();
    let headers = text.starts_with("HTTP/");
    let text = match ["\r\n\r\n", "\n\n"]
        .into_iter()
        .find_map(|gap| text.split_once(gap))
    {
        Some((_, body)) if headers => json_or_xml(body.trim_start_matches('\u{FEFF}')),
        _ => json_or_xml(text),
    };
    text.trim()
}

fn json_or_xml(text: &str) -> &str {
    match text.find(['<', '{']) {
        // A list of objects is not a saved response, but the error should name it.
        Some(at) if text[..at].trim() != "[" => &text[at..],
        _ => text,
    }
}
