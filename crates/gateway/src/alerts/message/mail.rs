//! The text of an e-mail: plain text without markup.

use super::Message;
use super::words::{facts, headline, line, moment, sentence};

/// The maximum length of a subject, in characters. Mail programs show no more.
const MAX_SUBJECT_LENGTH: usize = 200;

/// The subject: a single line.
pub(crate) fn mail_subject(message: &Message) -> String {
    line(&headline(message), MAX_SUBJECT_LENGTH)
}

/// The body of the e-mail.
pub(crate) fn mail_text(message: &Message) -> String {
    let mut text = format!("{}\n\n{}\n", headline(message), sentence(message));
    for (index, (title, value)) in facts(message).iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        text.push_str(&format!("{gap}{title}: {value}\n"));
    }
    if let Some(link) = &message.link {
        text.push_str(&format!("\nOpen in Failover Console: {link}\n"));
    }
    // `-- ` starts the signature, which mail programs show separately.
    format!("{text}\n-- \nFailover Console, {}\n", moment(message.at))
}
