//! A log of the requests that reached the simulated systems, for tests. It stores no headers, bodies
//! or signatures, so it contains no credentials.

use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::VecDeque;

/// The maximum number of entries; the oldest are dropped first.
const MAX_ENTRIES: usize = 5_000;

/// One request that reached a system.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// The simulated time.
    pub(crate) at: DateTime<Utc>,
    pub(crate) connection: &'static str,
    pub(crate) method: String,
    /// The path as it was sent, still encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) operation: Option<&'static str>,
    /// `null` when a fault reset the connection.
    pub(crate) status: Option<u16>,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    /// The number of requests since the log was last cleared.
    total: usize,
}

impl Log {
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.total += 1;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// `{"total", "requests"}`; `total` counts the dropped ones too.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({ "total": self.total, "requests": self.entries })
    }
}

/// The query without its signature.
pub(crate) fn without_signature(query: &str) -> String {
    let rest = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && !["msg", "sig"].contains(&name)
    });
    rest.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_removed_from_the_query() {
        assert_eq!(without_signature("msg=eA&skip=2&sig=728073&b"), "skip=2&b");
    }

    #[test]
    fn the_oldest_entries_are_dropped_first_and_still_counted() {
        let mut log = Log::default();
        for index in 0..MAX_ENTRIES + 3 {
            log.push(Entry {
                at: DateTime::UNIX_EPOCH,
                connection: "em",
                method: "GET".to_owned(),
                path: format!("/{index}"),
                query: String::new(),
                operation: None,
                status: Some(200),
            });
        }
        let json = log.json();
        assert_eq!(json["total"], MAX_ENTRIES + 3);
        assert_eq!(json["requests"].as_array().unwrap().len(), MAX_ENTRIES);
        assert_eq!(json["requests"][0]["path"], "/3");
        log.clear();
        assert_eq!(log.json()["total"], 0);
    }
}
