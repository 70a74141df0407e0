//! Parses a query from a URL, as in documentation, an address bar or a script. It is lenient if the meaning is clear,
//! with a warning if the result may not be intended.

use super::field::Field;
use super::filter::{Condition, Filter};
use super::query::{Format, Query, Sort};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// A query parsed from pasted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// The query.
    pub query: Query,
    /// Warnings about unintended results, one sentence each.
    pub warnings: Vec<String>,
}

impl Query {
    /// Parses a URL of the query service, or only the text after its `?`, percent-encoded or not. Missing values are
    /// those of [`Query::default`], except the format: without one, the service returns references.
    ///
    /// # Errors
    /// One sentence about the part that cannot be read.
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

/// The text after the `?` of a URL. `&amp;` from copied XML is unescaped.
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
    /// The parameters so far in lower case; both sort parameters count as one.
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
        // `Type==x` is a comparison outside its filter, not the parameter `type`.
        let Some(known) = found.filter(|_| !raw.starts_with('=')) else {
            self.stray(part);
            return Ok(());
        };
        self.once(if known == "sortasc" || known == "sortdesc" {
            "sort"
        } else {
            known
        });
        // Form encoding writes a space as a plus, and quotes and colons as escapes. If there is an unescaped quote or
        // colon or an escaped space, the text is not form-encoded and a plus is literal.
        let is_form = known == "filter"
            && raw.contains('%')
            && !raw.contains(['"', ':'])
            && !raw.contains("%20");
        let raw = if is_form {
            Cow::Owned(raw.replace('+', " "))
        } else {
            Cow::Borrowed(raw)
        };
        let value = percent_decode_str(&raw).decode_utf8();
        let value = value.map_err(|_| format!("{name}: not UTF-8 once decoded"))?;
        match known {
            "type" if value.eq_ignore_ascii_case("CloudFailoverSession") => {}
            "type" => return Err(format!("type: “{value}” is not CloudFailoverSession")),
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
                "“{name}” is given more than once: the last one applies."
            ));
        }
        self.seen.push(name);
    }

    /// Warns about a part that is not a parameter.
    fn stray(&mut self, part: &str) {
        self.warn(if self.seen.contains(&"filter") {
            format!(
                "“&{part}” follows the filter: an unescaped & ends it. Use ; for “and”, or %26 inside a value."
            )
        } else {
            format!("“{part}” is not a parameter of the query and is ignored.")
        });
    }

    fn format(&mut self, value: &str) {
        let known = ["Entities", "Entity"].map(|known| value.eq_ignore_ascii_case(known));
        if known.contains(&true) {
            self.query.format = Format::Entities;
        } else if !value.is_empty() {
            self.warn(format!(
                "format: “{value}” is not Entities: the response contains references."
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
            let hint = if cut {
                " An unescaped & ends the filter: use %26 inside a value."
            } else {
                ""
            };
            format!("filter: {error}{hint}")
        })?;
        for value in doubled {
            self.warn(format!(
                "Doubled quotes are ambiguous: \"\"{value}\"\" is read as the value {value}. \
                 Use one \" around a value, and two for a \" inside it."
            ));
        }
        let warnings = filter
            .conditions()
            .into_iter()
            .filter_map(Condition::warning);
        self.warnings.extend(warnings);
        self.query.filter = Some(filter);
        Ok(())
    }
}

fn sort(name: &str, value: &str, descending: bool) -> Result<Sort, String> {
    let field =
        Field::from_name(value).ok_or_else(|| format!("{name}: there is no field “{value}”"))?;
    Ok(Sort { field, descending })
}

fn number(name: &str, value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{name}: “{value}” is not a number over 0"))
}
