//! The text of a plugin for Nagios and Icinga: one line with the state and performance data, then a line
//! for each alarm. Pure.

use super::printable::printable;
use super::report::{OpenAlarm, Report, Source, State};
use health::words::{ago, span};

/// What needs attention.
pub(super) fn as_plugin_text(report: &Report) -> String {
    let Report {
        state,
        totals,
        unread,
        sources,
        alarms,
    } = report;
    let all = totals.all();
    let noun = if all == 1 { "resource" } else { "resources" };
    let sources_in_words: Vec<String> = sources.iter().map(source).collect();
    let mut lines = vec![format!(
        "{}: {} critical, {} warning, {} unknown of {all} {noun}; {} | {}",
        state.word(),
        totals.critical,
        totals.warning,
        totals.unknown + totals.stale,
        sources_in_words.join(", "),
        performance(report),
    )];
    lines.extend(alarms.iter().map(alarm));
    match unread {
        0 => {}
        1 => lines.push("1 resource has not been read yet.".to_owned()),
        some => lines.push(format!("{some} resources have not been read yet.")),
    }
    let limits = sources.iter().filter_map(|source| {
        let limit = source.connection.limit.as_deref()?;
        Some(format!("{}: {}", plain(title(source)), plain(limit)))
    });
    lines.extend(limits);
    lines.join("\n")
}

/// Why nothing is known.
pub(super) fn failure_as_plugin_text(why: &str) -> String {
    format!("{}: {}", State::Unknown.word(), plain(why))
}

/// Printable, and without the sign that begins performance data.
fn plain(text: &str) -> String {
    printable(text).replace('|', "¦")
}

fn title(source: &Source) -> &str {
    &source.connection.connection.title
}

fn source(source: &Source) -> String {
    let age = source.age.map_or_else(|| "never read".to_owned(), ago);
    format!("{} {} {age}", plain(title(source)), source.freshness.word())
}

fn alarm(open: &OpenAlarm) -> String {
    let OpenAlarm {
        alarm,
        connection,
        lasts,
        last_known,
    } = open;
    let mut line = format!(
        "{} {}",
        alarm.severity.key().to_ascii_uppercase(),
        alarm.name
    );
    if let Some(title) = connection {
        line.push_str(&format!(" ({title})"));
    }
    if let Some(age) = last_known {
        line.push_str(&format!(", last known, {}", ago(*age)));
    }
    if let Some(care) = alarm.handling_label() {
        line.push_str(&format!(", {care}"));
    }
    line.push_str(&format!(": {} for {}.", alarm.word, span(*lasts)));
    for sentence in [&alarm.sentence, &alarm.advice] {
        if !sentence.is_empty() {
            line.push_str(&format!(" {sentence}"));
        }
    }
    plain(&line)
}

/// `label=value`, with `s` behind seconds. What was never read has no age.
fn performance(report: &Report) -> String {
    let totals = &report.totals;
    let mut parts: Vec<String> = [
        ("critical", totals.critical),
        ("warning", totals.warning),
        ("unknown", totals.unknown + totals.stale),
        ("resources", totals.all()),
        ("alarms", report.alarms.len()),
    ]
    .map(|(label, count)| format!("{label}={count}"))
    .into();
    parts.extend(report.sources.iter().filter_map(|source| {
        let seconds = source.age?.num_seconds();
        let id = &source.connection.connection.id;
        let id: String = id
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .collect();
        Some(format!("age_{id}={seconds}s"))
    }));
    parts.join(" ")
}
