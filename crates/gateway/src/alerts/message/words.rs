//! The texts that all formats share. Each vendor text becomes a single line of limited length here; each format escapes
//! it against its own markup.

use super::{Message, Occasion};
use crate::hidden_characters::is_bidi_control;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{Alarm, Since};
use health::words::span;

/// The maximum length of a name, in characters.
pub(super) const NAME: usize = 200;

/// The maximum length of a sentence, in characters.
pub(super) const SENTENCE: usize = 1_000;

/// The text as one line: without line breaks and bidirectional controls, and truncated with `…` to `limit` characters.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut characters = text
        .trim_matches(|c: char| breaks(c) || c.is_whitespace())
        .chars()
        .filter(|c| !is_bidi_control(*c))
        .map(|c| if breaks(c) { ' ' } else { c });
    let mut line: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// The headline, such as `Critical: CRUDE-01 (Plant A): No primary`.
pub(super) fn headline(message: &Message) -> String {
    let Message {
        alarm,
        connection,
        occasion,
        ..
    } = message;
    let (name, connection) = (line(&alarm.name, NAME), line(connection, NAME));
    let suffix = if name == connection {
        String::new()
    } else {
        format!(" ({connection})")
    };
    let what = format!("{name}{suffix}: {}", line(&alarm.word, NAME));
    let what = match message.others.len() + message.omitted {
        0 => what,
        others => format!("{} alarms, the worst of them {what}", others + 1),
    };
    let severity = alarm.severity.word();
    match occasion {
        Occasion::Began => format!("{severity}: {what}"),
        Occasion::Worse => format!("Worse: {severity}: {what}"),
        Occasion::Reminder => format!("Still open for {}: {severity}: {what}", duration(message)),
        Occasion::Ended => format!("Ended: {what}"),
        Occasion::Unwatched => format!("No longer watched: {what}"),
        Occasion::Test => format!("Test: {what}"),
    }
}

/// Whether this is the last message about the alarm.
fn is_over(occasion: Occasion) -> bool {
    matches!(occasion, Occasion::Ended | Occasion::Unwatched)
}

/// The sentence that describes the alarm.
pub(super) fn sentence(message: &Message) -> String {
    let sentence = line(&message.alarm.sentence, SENTENCE);
    if is_over(message.occasion) {
        format!("It was: {sentence}")
    } else {
        sentence
    }
}

/// Further facts as pairs of title and value.
pub(super) fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let Message {
        alarm,
        occasion,
        connection,
        ..
    } = message;
    if *occasion == Occasion::Test {
        return Vec::new();
    }
    let mut facts = Vec::new();
    let is_over = is_over(*occasion);
    let advice = line(&alarm.advice, SENTENCE);
    if !is_over && !advice.is_empty() {
        facts.push(("What to do", advice));
    }
    let since = match alarm.since {
        Since::Reported(_) => "Since",
        Since::Observed(_) => "Seen since",
    };
    facts.push((since, moment(alarm.since.at())));
    if is_over {
        let end = format!(
            "{}, after {}",
            moment(last_moment(message)),
            duration(message)
        );
        let name = if *occasion == Occasion::Ended {
            "Ended"
        } else {
            "Watched until"
        };
        facts.push((name, end));
    }
    facts.push(("Connection", line(connection, NAME)));
    if !message.others.is_empty() {
        facts.push(("Others", others(message)));
    }
    facts
}

/// The further alarms, in one line.
fn others(message: &Message) -> String {
    let one = |alarm: &Alarm| {
        let (name, word) = (line(&alarm.name, NAME), line(&alarm.word, NAME));
        format!("{name}: {word}")
    };
    let mut list: Vec<String> = message.others.iter().map(one).collect();
    if message.omitted > 0 {
        list.push(format!("and {} more", message.omitted));
    }
    list.join("; ")
}

/// The severity that decides the message's colour: normal for an alarm that has ended.
pub(super) fn shade(message: &Message) -> Severity {
    match message.occasion {
        Occasion::Ended | Occasion::Test => Severity::Normal,
        Occasion::Unwatched => Severity::Unknown,
        Occasion::Began | Occasion::Worse | Occasion::Reminder => message.alarm.severity,
    }
}

pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The end of the alarm, or the creation of the message if it is still open.
fn last_moment(message: &Message) -> DateTime<Utc> {
    message.until.unwrap_or(message.at)
}

/// The alarm's duration until then.
fn duration(message: &Message) -> String {
    span(last_moment(message).signed_duration_since(message.alarm.since.at()))
}
