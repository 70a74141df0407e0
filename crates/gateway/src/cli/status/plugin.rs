//! The text of a Nagios or Icinga plugin: one line with the state and performance data, then a line for each alarm.
//! Pure.

use super::printable::printable;
use super::report::{OpenAlarm, Report, Source, State};
use health::words::{ago, span};

/// The report.
pub(super) fn as_plugin_text(report: &Report) -> String {
    let Report {
        state,
        totals: _,
        maintained,
        unread,
        sources,
        alarms,
    } = report;
    let [critical, warning, unknown] = report.counts();
    let all = counted(report.resources(), "resource");
    let connections = counted(sources.len(), "connection");
    let maintained = match maintained {
        0 => String::new(),
        some => format!(", {some} in maintenance"),
    };
    let source_texts: Vec<String> = sources.iter().map(source).collect();
    let mut lines = vec![format!(
        "{}: {critical} critical, {warning} warning, {unknown} unknown of {all} and {connections}{maintained}; {} | {}",
        state.name(),
        source_texts.join(", "),
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

fn counted(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// The reason why the state is unknown.
pub(super) fn failure_as_plugin_text(why: &str) -> String {
    format!("{}: {}", State::Unknown.name(), plain(why))
}

/// A printable text without `|`, which starts performance data.
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
    if let Some(label) = alarm.handling_label() {
        line.push_str(&format!(", {label}"));
    }
    line.push_str(&format!(": {} for {}.", alarm.word, span(*lasts)));
    for sentence in [&alarm.sentence, &alarm.advice] {
        if !sentence.is_empty() {
            line.push_str(&format!(" {sentence}"));
        }
    }
    plain(&line)
}

/// Performance data: `label=value`, with `s` after seconds. A connection that was never read has no age.
fn performance(report: &Report) -> String {
    let [critical, warning, unknown] = report.counts();
    let alarms = report.alarms.iter();
    let alarms = alarms.filter(|open| open.alarm.maintenance.is_none());
    let mut parts: Vec<String> = [
        ("critical", critical),
        ("warning", warning),
        ("unknown", unknown),
        ("maintenance", report.maintained),
        ("resources", report.resources()),
        ("alarms", alarms.count()),
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
