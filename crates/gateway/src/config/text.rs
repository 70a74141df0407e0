//! Rejects texts with control characters, which are always a mistake, and encodings other than UTF-8. Must not repeat
//! the text itself, which may be a secret.

use crate::hidden_characters::is_hidden;
use std::string::FromUtf8Error;

/// The remedy in every fault about a control character.
const ESCAPE: &str = "a backslash in double quotes is an escape: use single quotes";

/// The fault of a text with a control character. `"CORP\nina"` contains a line break.
pub(super) fn control_character(text: &str) -> Option<String> {
    let found = text.chars().find(|c| c.is_control())?;
    let code = u32::from(found);
    Some(format!(
        "holds the control character U+{code:04X}; {ESCAPE}"
    ))
}

/// The fault of a name with a character that cannot be seen.
pub(super) fn hidden_character(text: &str) -> Option<String> {
    let found = text.chars().find(|c| is_hidden(*c))?;
    let code = u32::from(found);
    Some(format!(
        "holds the character U+{code:04X}, which cannot be seen"
    ))
}

/// The parser's message about a key that is given twice.
pub(super) const DUPLICATE: &str = "duplicate key";

/// The tables that may be given several times.
const REPEATED: [&str; 4] = ["connection", "user", "alert", "alert_target"];

/// Whether the line of a position is the header of a table.
pub(super) fn is_header(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].trim_start().starts_with('[')
}

/// The position of the first error about the header of a table.
pub(super) fn first_wrong_header(text: &str, errors: &[toml::de::Error]) -> Option<usize> {
    let positions = errors.iter().filter_map(|error| Some(error.span()?.start));
    positions.filter(|at| is_header(text, *at)).min()
}

/// The parser's message about a part of the file: for an unknown escape, such as in `"CORP\admin"`, and a text without
/// quotes with the remedy; for a duplicate key with its name.
pub(super) fn about_syntax(message: &str, part: Option<&str>, is_header: bool) -> String {
    let message = message.replace('\n', ", ");
    match part {
        Some(key) if message == DUPLICATE && is_header && REPEATED.contains(&key) => {
            format!("`{key}` is given a second time: write each of them as [[{key}]]")
        }
        Some(key) if message == DUPLICATE => {
            format!("`{key}` is given a second time: a key or [table] is given once")
        }
        _ if message.contains("escape") => format!("{message}; {ESCAPE}"),
        _ if ["float", "integer", "datetime"]
            .iter()
            .any(|kind| message.contains(kind)) =>
        {
            format!("{message}; a text needs quotes")
        }
        _ => message,
    }
}

/// Decodes a file's bytes, without a byte order mark.
///
/// # Errors
/// The wrong encoding, as the end of a sentence about the file.
pub(super) fn decoded(mut bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    let is_utf_16 = bytes.starts_with(b"\xFF\xFE")
        || bytes.starts_with(b"\xFE\xFF")
        // Without a mark: one of the two bytes of each letter is zero.
        || (bytes.len() > 1 && (bytes[0] == 0) != (bytes[1] == 0));
    if is_utf_16 {
        return Err("is UTF-16: save it as UTF-8".to_owned());
    }
    String::from_utf8(bytes).map_err(|error: FromUtf8Error| {
        let at = error.utf8_error().valid_up_to() + 1;
        format!("is not UTF-8, from byte {at} on: save it as UTF-8")
    })
}
