//! The words that all forms share. Each text of a vendor becomes one line here, and no longer than people read; how
//! it is kept from being markup is a matter of each form.

use super::{Message, Occasion};
use crate::identity::is_bidi_control;
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{Alarm, Since};
use health::words::span;

/// The longest name, in characters.
pub(super) const NAME: usize = 200;

/// The longest sentence, in characters.
pub(super) const SENTENCE: usize = 1_000;

/// The text as one line: without characters that break lines or turn the direction of text, and cut with `…` where
/// it has more than `limit` characters.
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

/// What it is about, in one line: `Critical: CRUDE-01 (Plant A): No primary`.
pub(super) fn headline(message: &Message) -> String {
    let Message {
        alarm,
        connection,
        occasion,
        ..
    } = message;
    let (name, connection) = (line(&alarm.name, NAME), line(connection, NAME));
    let of = if name == connection {
        String::new()
    } else {
        format!(" ({connection})")
    };
    let what = format!("{name}{of}: {}", line(&alarm.word, NAME));
    let what = match message.others.len() + message.omitted {
        0 => what,
        others => format!("{} alarms, the worst of them {what}", others + 1),
    };
    let severity = alarm.severity.word();
    match occasion {
        Occasion::Began => format!("{severity}: {what}"),
        Occasion::Worse => format!("Worse: {severity}: {what}"),
        Occasion::Reminder => format!("Still open for {}: {severity}: {what}", lasts(message)),
        Occasion::Ended => format!("Ended: {what}"),
        Occasion::Unwatched => format!("No longer watched: {what}"),
        Occasion::Test => format!("Test: {what}"),
    }
}

/// Whether nothing more comes of the alarm.
fn is_over(occasion: Occasion) -> bool {
    matches!(occasion, Occasion::Ended | Occasion::Unwatched)
}

/// What is wrong, or was.
pub(super) fn sentence(message: &Message) -> String {
    let sentence = line(&message.alarm.sentence, SENTENCE);
    if is_over(message.occasion) {
        format!("It was: {sentence}")
    } else {
        sentence
    }
}

/// What else there is to know, each with what it is called.
pub(super) fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let Message {
        alarm,
        occasion,
        connection,
        at,
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
        let end = format!("{}, after {}", moment(*at), lasts(message));
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

/// How bad it looks: what has ended is well.
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

/// How long the alarm has lasted when the message was made.
fn lasts(message: &Message) -> String {
    span(message.at.signed_duration_since(message.alarm.since.at()))
}
