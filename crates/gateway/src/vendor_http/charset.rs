//! Converts text answers in other encodings to UTF-8. The encoding is given by a byte order mark, the header's charset
//! or the XML declaration, in this order. Undecodable bytes become U+FFFD. Must never change bytes that are UTF-8
//! already.

use super::Answer;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The number of bytes in which the XML declaration must end.
const DECLARATION: usize = 256;

impl Answer {
    /// Converts the answer to UTF-8, and adjusts its header and its XML declaration.
    pub(crate) fn into_utf8(mut self) -> Self {
        if self.headers.contains_key(header::CONTENT_ENCODING) {
            // The compression is unknown, so the body is not text.
            return self;
        }
        let declared = charset(&self.headers);
        let is_utf8 = std::str::from_utf8(&self.body).is_ok();
        let encoding = match Encoding::for_bom(&self.body) {
            Some((encoding, _)) => encoding,
            None => of_bytes(&self.body)
                .or(declared.filter(|declared| *declared != UTF_8))
                .or_else(|| of_declaration(&self.body).filter(|_| declared.is_none() || !is_utf8))
                .unwrap_or(UTF_8),
        };
        if encoding == UTF_8 && is_utf8 {
            return self;
        }
        let (text, ..) = encoding.decode(&self.body);
        self.body = Bytes::from(declare_utf8(text.into_owned()));
        if let Some(media_type) = with_utf8(&self.headers) {
            self.headers.insert(header::CONTENT_TYPE, media_type);
        }
        self
    }
}

/// The charset of the header, if it is a known one.
fn charset(headers: &HeaderMap) -> Option<&'static Encoding> {
    let media_type = headers.get(header::CONTENT_TYPE)?.as_bytes();
    let media_type = String::from_utf8_lossy(media_type);
    let mut parameters = media_type.split(';').skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
}

/// UTF-16 without a byte order mark: JSON and XML begin with an ASCII character, half of which is zero.
fn of_bytes(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0, low, ..] if *low != 0 => Some(UTF_16BE),
        [low, 0, ..] if *low != 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// The encoding of the XML declaration, if it is a known one.
fn of_declaration(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(DECLARATION)];
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let (from, to) = declared_encoding(&head)?;
    match Encoding::for_label(&head.as_bytes()[from..to]) {
        // The declaration was read as ASCII, so the text cannot be UTF-16.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => None,
        other => other,
    }
}

/// The position of the value of `encoding` in a text that starts with an XML declaration.
fn declared_encoding(text: &str) -> Option<(usize, usize)> {
    let text = &text[..text.find("?>")?];
    if !text.trim_start().starts_with("<?xml") {
        return None;
    }
    let at = text.find("encoding")? + "encoding".len();
    let from = at + text[at..].find(['"', '\''])? + 1;
    let quote = text[..from].chars().next_back()?;
    Some((from, from + text[from..].find(quote)?))
}

/// The text with its declaration, if any, changed to UTF-8.
fn declare_utf8(mut text: String) -> String {
    if let Some((from, to)) = declared_encoding(&text) {
        text.replace_range(from..to, "utf-8");
    }
    text
}

/// The media type with its charset replaced, if it has one.
fn with_utf8(headers: &HeaderMap) -> Option<HeaderValue> {
    let media_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let parts: Vec<&str> = media_type.split(';').map(str::trim).collect();
    let is_charset = |part: &&str| {
        part.get(..8)
            .is_some_and(|name| name.eq_ignore_ascii_case("charset="))
    };
    if !parts.iter().any(is_charset) {
        return None;
    }
    let parts = parts.iter().map(|part| {
        if is_charset(part) {
            "charset=utf-8"
        } else {
            part
        }
    });
    HeaderValue::try_from(parts.collect::<Vec<_>>().join("; ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use proptest::prelude::*;
    use tokio::time::Instant;

    fn read(media_type: &str, body: &[u8]) -> (String, String) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        let answer = Answer {
            status: StatusCode::OK,
            headers,
            body: Bytes::copy_from_slice(body),
            at: Instant::now(),
        }
        .into_utf8();
        let media_type = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        (
            media_type.to_owned(),
            String::from_utf8_lossy(&answer.body).into_owned(),
        )
    }

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{text}")
            .encode_utf16()
            .flat_map(|unit| match little {
                true => unit.to_le_bytes(),
                false => unit.to_be_bytes(),
            })
            .collect()
    }

    #[test]
    fn declared_encodings_are_decoded() {
        let json = r#"{"name":"Müller €"}"#;
        let windows = b"{\"name\":\"M\xfcller \x80\"}";
        for (media_type, body, expected) in [
            (
                "application/json",
                json.as_bytes().to_vec(),
                "application/json",
            ),
            (
                "application/json; charset=utf-8",
                json.as_bytes().to_vec(),
                "application/json; charset=utf-8",
            ),
            (
                "application/json;charset=\"Windows-1252\"",
                windows.to_vec(),
                "application/json; charset=utf-8",
            ),
            (
                "application/json; CHARSET=iso-8859-1; v=2",
                windows.to_vec(),
                "application/json; charset=utf-8; v=2",
            ),
            (
                "application/json",
                utf16(json, true, true),
                "application/json",
            ),
            (
                "application/json",
                utf16(json, false, true),
                "application/json",
            ),
            (
                "application/json",
                utf16(json, true, false),
                "application/json",
            ),
            (
                "application/json",
                utf16(json, false, false),
                "application/json",
            ),
            (
                "application/json; charset=utf-16",
                utf16(json, false, true),
                "application/json; charset=utf-8",
            ),
            // A byte order mark overrides the header.
            (
                "application/json; charset=iso-8859-1",
                utf16(json, true, true),
                "application/json; charset=utf-8",
            ),
        ] {
            let (found, text) = read(media_type, &body);
            assert_eq!(
                (found.as_str(), text.as_str()),
                (expected, json),
                "{media_type}"
            );
        }
    }

    #[test]
    fn an_xml_declaration_is_applied_and_changed_to_utf_8() {
        let xml = |encoding: &str, name: &str| {
            format!(
                "<?xml version=\"1.0\" encoding={encoding} ?>\n<Session Name=\"{name}\" encoding=\"x\"/>"
            )
        };
        let expected = |quoted: &str| xml(quoted, "Müller €");
        let windows = |encoding: &str| {
            encoding_rs::WINDOWS_1252
                .encode(&xml(encoding, "Müller €"))
                .0
                .into_owned()
        };
        for (media_type, body, quoted) in [
            ("application/xml", windows("\"windows-1252\""), "\"utf-8\""),
            ("application/xml", windows("'ISO-8859-1'"), "'utf-8'"),
            // The charset of the header comes first, unless the bytes disprove it.
            (
                "text/xml; charset=windows-1252",
                windows("\"utf-8\""),
                "\"utf-8\"",
            ),
            (
                "text/xml; charset=utf-8",
                windows("\"windows-1252\""),
                "\"utf-8\"",
            ),
            (
                "text/xml; charset=utf-8",
                xml("\"windows-1252\"", "Müller €").into_bytes(),
                "\"windows-1252\"",
            ),
            (
                "application/xml",
                utf16(&xml("\"utf-16\"", "Müller €"), true, true),
                "\"utf-8\"",
            ),
            (
                "application/xml",
                utf16(&xml("\"utf-16\"", "Müller €"), false, false),
                "\"utf-8\"",
            ),
            // Declares UTF-16 but is not.
            (
                "application/xml",
                xml("\"utf-16\"", "Müller €").into_bytes(),
                "\"utf-16\"",
            ),
            (
                "application/xml",
                xml("\"no-such\"", "Müller €").into_bytes(),
                "\"no-such\"",
            ),
        ] {
            assert_eq!(read(media_type, &body).1, expected(quoted), "{media_type}");
        }
    }

    #[test]
    fn undecodable_bytes_are_replaced() {
        let (_, text) = read("application/json", b"[\"M\xfcller\", \"x\"]");
        assert_eq!(text, "[\"M\u{fffd}ller\", \"x\"]");
        let (_, text) = read("application/json; charset=no-such", b"\"\xff\"");
        assert_eq!(text, "\"\u{fffd}\"");
        let (_, text) = read("application/json; charset=utf-16le", b"[\0]\0\xff");
        assert_eq!(text, "[]\u{fffd}");
    }

    proptest! {
        #[test]
        fn the_result_is_utf_8_and_utf_8_is_not_changed(
            body in proptest::collection::vec(any::<u8>(), 0..64),
            media_type in "(application/json|text/xml)(; ?charset=\"?(utf-8|utf-16|windows-1252|iso-8859-1|shift_jis|x)\"?)?",
            text in "\\{\"[^\\x00]{0,20}\"\\}",
        ) {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, media_type.parse().unwrap());
            let at = Instant::now();
            let answer = |body: Vec<u8>, headers| Answer {
                status: StatusCode::OK, headers, body: body.into(), at,
            }.into_utf8();
            let decoded = answer(body, headers);
            prop_assert!(std::str::from_utf8(&decoded.body).is_ok());
            let same = answer(text.clone().into_bytes(), HeaderMap::new());
            prop_assert_eq!(same.body, text.into_bytes());
        }
    }
}
