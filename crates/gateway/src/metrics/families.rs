//! Metric families as values, and their text. They are created for every scrape, so that ages are current and no series
//! of a removed connection remains.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric as _, MetricEncoder, NoLabelSet, prometheus_text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;

/// The media type of [`Families::text`].
pub(crate) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The prefix of every metric name.
const PREFIX: &str = "failover_console";

/// The maximum length of a label's value, in characters.
const MAX_VALUE_LENGTH: usize = 128;

/// Labels in the order in which they are written.
pub(super) type Labels = Vec<(&'static str, String)>;

/// The value of one series.
#[derive(Debug)]
pub(super) enum Value {
    /// A count.
    Whole(u64),
    /// A measurement, such as a number of seconds.
    Real(f64),
    /// Observations in buckets.
    Histogram(Histogram),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(u64::try_from(value).unwrap_or(u64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(u64::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<Histogram> for Value {
    fn from(histogram: Histogram) -> Self {
        Self::Histogram(histogram)
    }
}

/// One metric with all its series.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    series: Vec<(Labels, Value)>,
}

impl Family {
    /// A value that goes up and down. `name` is without the common prefix.
    pub(super) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Gauge)
    }

    /// A count that only grows. `_total` is added to its name.
    pub(super) fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Counter)
    }

    /// Observations in buckets.
    pub(super) fn histogram(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, MetricType::Histogram)
    }

    fn new(name: &'static str, help: &'static str, kind: MetricType) -> Self {
        let series = Vec::new();
        Self {
            name,
            help,
            kind,
            series,
        }
    }

    pub(super) fn add(&mut self, labels: Labels, value: impl Into<Value>) {
        self.series.push((labels, value.into()));
    }
}

/// Metrics in the order in which they are written.
#[derive(Debug)]
pub(crate) struct Families(pub(super) Vec<Family>);

impl Families {
    /// Appends other families.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The names as in the text, including families without a series.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<String> {
        let name = |family: &Family| {
            let end = if family.kind == MetricType::Counter {
                "_total"
            } else {
                ""
            };
            format!("{PREFIX}_{}{end}", family.name)
        };
        self.0.iter().map(name).collect()
    }

    /// The text that Prometheus reads, version 0.0.4.
    pub(crate) fn text(self) -> String {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_text::encode(&mut text, &registry);
        text
    }
}

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.0 {
            if family.series.is_empty() {
                continue;
            }
            let mut metric =
                encoder.encode_descriptor(family.name, family.help, None, family.kind)?;
            for (labels, value) in &family.series {
                write(value, family.kind, metric.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

fn write(value: &Value, kind: MetricType, mut encoder: MetricEncoder<'_>) -> fmt::Result {
    match (value, kind) {
        (Value::Histogram(histogram), _) => histogram.encode(encoder),
        (Value::Whole(count), MetricType::Counter) => {
            encoder.encode_counter::<NoLabelSet, _, u64>(count, None)
        }
        (Value::Real(number), MetricType::Counter) => {
            encoder.encode_counter::<NoLabelSet, _, u64>(number, None)
        }
        (Value::Whole(count), _) => encoder.encode_gauge(count),
        (Value::Real(number), _) => encoder.encode_gauge(number),
    }
}

/// A valid value for a label: cut to the maximum length, and without control characters, which some parsers of the
/// text do not support.
pub(super) fn label(text: &str) -> String {
    let printable = |letter: char| {
        if letter.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            letter
        }
    };
    let mut letters = text.chars().map(printable);
    let mut value: String = letters.by_ref().take(MAX_VALUE_LENGTH - 1).collect();
    match (letters.next(), letters.next()) {
        (None, _) => {}
        (Some(last), None) => value.push(last),
        (Some(_), Some(_)) => value.push('…'),
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_printable() {
        let long = "é".repeat(200);
        for (text, expected) in [
            ("Kiln 2", "Kiln 2".to_owned()),
            ("", String::new()),
            (
                "a\u{1b}[2J\nb\0",
                "a\u{fffd}[2J\u{fffd}b\u{fffd}".to_owned(),
            ),
            (&long[..2 * 127], "é".repeat(127)),
            (&long[..2 * 128], "é".repeat(128)),
            (&long[..2 * 129], format!("{}…", "é".repeat(127))),
        ] {
            assert_eq!(label(text), expected);
        }
    }

    #[test]
    fn families_are_written_with_prefix_help_and_type() {
        let mut gauge = Family::gauge("temperature_celsius", "How warm.");
        gauge.add(vec![("room", r#"a "\ b"#.to_owned())], f64::INFINITY);
        gauge.add(Vec::new(), 2.5);
        let mut counter = Family::counter("calls", "Calls.");
        counter.add(Vec::new(), 3_u64);
        let empty = Family::gauge("nothing", "Left out.");
        let families = Families(vec![gauge, empty]).and(Families(vec![counter]));
        assert_eq!(
            families.text(),
            "# HELP failover_console_temperature_celsius How warm.\n\
             # TYPE failover_console_temperature_celsius gauge\n\
             failover_console_temperature_celsius{room=\"a \\\"\\\\ b\"} +Inf\n\
             failover_console_temperature_celsius 2.5\n\
             # HELP failover_console_calls_total Calls.\n\
             # TYPE failover_console_calls_total counter\n\
             failover_console_calls_total 3\n"
        );
    }
}
