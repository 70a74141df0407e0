//! The text of an HTTP status, for responses without a readable body.

/// The status text, or the number.
pub(crate) fn words(status: u16) -> String {
    let words = match status {
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => return format!("HTTP status {status}"),
    };
    words.to_owned()
}

/// The message of a body that is not an error object: the body if it is plain text and not HTML, else the status text.
pub(crate) fn text_or_words(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(crate::json::without_bom(body));
    let text = text.trim();
    let plain = !matches!(text, "" | "null")
        && !text.starts_with(['<', '{', '[', '"'])
        && !text.contains('\u{FFFD}');
    if plain {
        text.chars().take(300).collect()
    } else {
        words(status)
    }
}
