//! Downloads of files that the page itself creates.

use super::times::format_time;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// The time for the browser to start reading the file.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// CSV for a spreadsheet.
    Csv,
    /// JSON for a script.
    Json,
}

impl FileKind {
    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv;charset=utf-8;header=present",
            Self::Json => "application/json",
        }
    }

    /// A file name with a time, such as `activity-2026-11-21T143208Z.csv`. It has no colons, which Windows rejects.
    #[must_use]
    pub fn name(self, of: &str, at: DateTime<Utc>) -> String {
        let extension = match self {
            Self::Csv => "csv",
            Self::Json => "json",
        };
        let at = format_time(at.naive_utc(), "%Y-%m-%dT%H%M%SZ");
        format!("{of}-{at}.{extension}")
    }
}

/// Downloads a text as a file with this name.
pub fn text(name: &str, media_type: &str, text: &str) {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else {
        return;
    };
    let Ok(address) = Url::create_object_url_with_blob(&blob) else {
        return;
    };
    let link = document().create_element("a").ok();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    set_timeout(
        move || {
            let _ = Url::revoke_object_url(&address);
        },
        READ_TIMEOUT,
    );
}

#[cfg(test)]
mod tests {
    use super::FileKind;
    use crate::ui::time_zone::tests::at;

    #[test]
    fn file_names_contain_the_time() {
        for (kind, name) in [
            (FileKind::Csv, "activity-2026-11-21T143208Z.csv"),
            (FileKind::Json, "activity-2026-11-21T143208Z.json"),
        ] {
            assert_eq!(kind.name("activity", at("2026-11-21T14:32:08.9Z")), name);
        }
    }
}
