//! JSON for a Microsoft Teams workflow: an adaptive card. Vendor texts are in `TextRun` elements, because Teams does
//! not interpret Markdown in them, as it does in `TextBlock` and `FactSet`.

use super::Message;
use super::words::{facts, headline, sentence, shade};
use health::Severity;
use serde_json::{Value, json};

/// The message as JSON for the webhook of a Teams workflow.
pub(crate) fn teams_json(message: &Message) -> Value {
    let headline = headline(message);
    let mut body = vec![
        block(&[json!({
            "type": "TextRun",
            "text": headline,
            "size": "Medium",
            "weight": "Bolder",
            "color": colour(shade(message)),
        })]),
        block(&[run(&sentence(message))]),
    ];
    body.extend(facts(message).iter().map(|(title, value)| {
        let title = json!({
            "type": "TextRun",
            "text": format!("{title}: "),
            "weight": "Bolder",
        });
        block(&[title, run(value)])
    }));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": headline,
        "msteams": { "width": "Full" },
        "body": body,
    });
    if let Some(link) = &message.link {
        card["actions"] = json!([{
            "type": "Action.OpenUrl",
            "title": "Open in Failover Console",
            "url": link,
        }]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": card,
        }],
    })
}

fn block(runs: &[Value]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": runs })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": text })
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Attention",
        Severity::Warning => "Warning",
        Severity::Moving => "Accent",
        Severity::Unknown | Severity::Off => "Default",
        Severity::Normal => "Good",
    }
}
