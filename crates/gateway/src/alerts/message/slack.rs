//! JSON for the incoming webhooks of Slack and Mattermost. Their markup differs, and Mattermost's cannot be switched
//! off, so characters that are markup in either are replaced by similar ones.

use super::Message;
use super::words::{facts, headline, sentence, shade};
use health::Severity;
use serde_json::{Value, json};

/// Facts with at most this many characters are shown side by side.
const MAX_SHORT_LENGTH: usize = 40;

/// The zero width space, which separates two characters invisibly.
const SEPARATOR: char = '\u{200b}';

/// The message as JSON for an incoming webhook of Slack or Mattermost.
pub(crate) fn slack_json(message: &Message) -> Value {
    let headline = escaped(&headline(message));
    let fields: Vec<Value> = facts(message)
        .into_iter()
        .map(|(title, value)| {
            json!({
                "title": title,
                "short": value.chars().count() <= MAX_SHORT_LENGTH,
                "value": escaped(&value),
            })
        })
        .collect();
    let mut attachment = json!({
        "color": colour(shade(message)),
        "fallback": headline,
        "text": escaped(&sentence(message)),
        "fields": fields,
        "mrkdwn_in": [],
    });
    if let Some(link) = &message.link {
        attachment["title"] = json!("Open in Failover Console");
        attachment["title_link"] = json!(link);
    }
    json!({ "text": headline, "mrkdwn": false, "attachments": [attachment] })
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#c62828",
        Severity::Warning => "#ef6c00",
        Severity::Moving => "#1565c0",
        Severity::Unknown | Severity::Off => "#757575",
        Severity::Normal => "#2e7d32",
    }
}

/// Escapes a text so that it is shown literally, mentions nobody and holds no links with a different label.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let after = characters.peek();
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '*' => escaped.push('∗'),
            '`' => escaped.push('ˋ'),
            '~' => escaped.push('∼'),
            // Within a word it is not markup, and it is kept because people copy resource names.
            '_' if is_of_word(before) && is_of_word(after.copied()) => escaped.push('_'),
            '_' => escaped.push('ˍ'),
            '@' => escaped.extend(['@', SEPARATOR]),
            '(' if before == Some(']') => escaped.extend([SEPARATOR, '(']),
            // At the beginning it would be a heading, a list item or a quotation.
            '#' | '-' | '+' | '|' if before.is_none() => escaped.extend([SEPARATOR, c]),
            c => escaped.push(c),
        }
        before = Some(c);
    }
    escaped
}

fn is_of_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}
