//! A query read back from an address, as it stands in documentation, in an address bar or in a script.
//! Lenient where the meaning is plain, with a warning where it may not be what the person meant.

use super::field::Field;
use super::filter::{Condition, Filter};
use super::query::{Format, Query, Sort};
use percent_encoding::percent_decode_str;

/// A query read from a text that someone pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// The query.
    pub query: Query,
    /// What may not be what the person meant, a sentence each.
    pub warnings: Vec<String>,
}

impl Query {
    /// Reads an address of the query service, or only the text after its `?`, percent-encoded or not.
    /// What it does not say is as in [`Query::default`], but for the format: without one the service
    /// answers with references.
    ///
    /// # Errors
    /// One sentence on what cannot be read.
    pub fn from_text(text: &str) -> Result<Pasted, String> {
        let mut reading = Reading {
            query: Self {
                format: Format::References,
                ..Self::default()
            },
            warnings: Vec::new(),
            seen: Vec::new(),
        };
        let text = parameters(text);
        let mut parts = text.split('&').filter(|part| !part.is_empty()).peekable();
        while let Some(part) = parts.next() {
            reading.part(part, parts.peek().is_some())?;
        }
        if reading.seen.is_empty() {
            return Err("there is no query: expected type=CloudFailoverSession&…".to_owned());
        }
        Ok(Pasted {
            query: reading.query,
            warnings: reading.warnings,
        })
    }
}

/// The text after the `?` of an address, its `&` unescaped where it was copied out of XML.
fn parameters(text: &str) -> String {
    let text = text.trim();
    let after = match text.split_once('?') {
        Some((before, after)) if !before.contains(['=', '&']) => after,
        _ => text,
    };
    after.replace("&amp;", "&")
}

struct Reading {
    query: Query,
    warnings: Vec<String>,
    /// The parameters so far, in lower case, both sorts as one.
    seen: Vec<&'static str>,
}

impl Reading {
    fn part(&mut self, part: &str, more: bool) -> Result<(), String> {
        let (name, raw) = part.split_once('=').unwrap_or((part, ""));
        let lower = name.to_ascii_lowercase();
        let known = [
            "type", "format", "sortasc", "sortdesc", "pagesize", "page", "filter",
        ];
        let found = known.into_iter().find(|known| *known == lower);
        // `Type==x` is a comparison that fell out of its filter, not the parameter `type`.
        let Some(known) = found.filter(|_| !raw.starts_with('=')) else {
            self.stray(part);
            return Ok(());
        };
        self.once(if known == "sortasc" || known == "sortdesc" {
            "sort"
        } else {
            known
        });
        let value = percent_decode_str(raw).decode_utf8();
        let value = value.map_err(|_| format!("{name}: not UTF-8 once decoded"))?;
        match known {
            "type" if value.eq_ignore_ascii_case("CloudFailoverSession") => {}
            "type" => return Err(format!("type: `{value}` is not CloudFailoverSession")),
            "format" => self.format(&value),
            "sortasc" => self.query.sort = sort(name, &value, false)?,
            "sortdesc" => self.query.sort = sort(name, &value, true)?,
            "pagesize" => self.query.page_size = number(name, &value)?,
            "page" => self.query.page = number(name, &value)?,
            _ => self.filter(&value, more)?,
        }
        Ok(())
    }

    fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    fn once(&mut self, name: &'static str) {
        if self.seen.contains(&name) {
            self.warn(format!(
                "`{name}` is given more than once: the last one counts."
            ));
        }
        self.seen.push(name);
    }

    /// A part that is no parameter.
    fn stray(&mut self, part: &str) {
        self.warn(if self.seen.contains(&"filter") {
            format!(
                "`&{part}` stands after the filter: a raw & ends it. Write ; for “and”, or %26 inside of a value."
            )
        } else {
            format!("`{part}` is no parameter of the query and is left out.")
        });
    }

    fn format(&mut self, value: &str) {
        let known = ["Entities", "Entity"].map(|known| value.eq_ignore_ascii_case(known));
        if known.contains(&true) {
            self.query.format = Format::Entities;
        } else if !value.is_empty() {
            self.warn(format!(
                "format: `{value}` is not Entities: the answer holds references."
            ));
        }
    }

    fn filter(&mut self, value: &str, more: bool) -> Result<(), String> {
        if value.trim().is_empty() {
            self.query.filter = None;
            return Ok(());
        }
        let (filter, doubled) = Filter::parse_pasted(value).map_err(|error| {
            let cut = more && value.matches('"').count() % 2 == 1;
            let why = if cut {
                " A raw & ends the filter: write %26 inside of a value."
            } else {
                ""
            };
            format!("filter: {error}{why}")
        })?;
        for value in doubled {
            self.warn(format!(
                "Doubled quotes can be read in two ways; here \"\"{value}\"\" is taken as the value {value}. \
                 Write one \" around a value, and two for a \" inside of it."
            ));
        }
        let complaints = filter
            .conditions()
            .into_iter()
            .filter_map(Condition::complaint);
        self.warnings.extend(complaints);
        self.query.filter = Some(filter);
        Ok(())
    }
}

fn sort(name: &str, value: &str, descending: bool) -> Result<Sort, String> {
    let field =
        Field::from_name(value).ok_or_else(|| format!("{name}: there is no field `{value}`"))?;
    Ok(Sort { field, descending })
}

fn number(name: &str, value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{name}: `{value}` is not a number over 0"))
}
