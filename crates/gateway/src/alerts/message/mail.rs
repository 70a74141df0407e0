//! The words of an e-mail: plain text, in which nothing is markup.

use super::Message;
use super::words::{facts, headline, line, moment, sentence};

/// The longest subject, in characters: more is shown nowhere.
const MAX_SUBJECT_LENGTH: usize = 200;

/// The subject, which is one line.
pub(crate) fn mail_subject(message: &Message) -> String {
    line(&headline(message), MAX_SUBJECT_LENGTH)
}

/// The text.
pub(crate) fn mail_text(message: &Message) -> String {
    let mut text = format!("{}\n\n{}\n", headline(message), sentence(message));
    for (place, (title, value)) in facts(message).iter().enumerate() {
        let gap = if place == 0 { "\n" } else { "" };
        text.push_str(&format!("{gap}{title}: {value}\n"));
    }
    if let Some(link) = &message.link {
        text.push_str(&format!("\nOpen in Failover Console: {link}\n"));
    }
    // What follows is the signature, which mail programs show apart.
    format!("{text}\n-- \nFailover Console, {}\n", moment(message.at))
}
