//! Parses a filter from text. Whether a comparison makes sense for its field is checked by [`Condition::warning`].

use super::field::{Field, FieldKind, Op};
use super::filter::{Condition, Filter};
use crate::json;
use std::fmt;

/// The maximum depth of parentheses, to limit the stack.
const MAX_DEPTH: usize = 32;

/// The error for a text that is not a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The position of the unexpected character, from 1.
    pub position: usize,
    /// The expected text.
    pub expected: String,
    /// The text found there; empty at the end of the filter.
    pub found: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "At character {}: expected {}, ",
            self.position, self.expected
        )?;
        match self.found.as_str() {
            "" => f.write_str("but the filter ends."),
            word => write!(f, "found “{word}”."),
        }
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Parses a filter to the normal form of [`Filter::normalised`]. Field names are case-insensitive, values are
    /// quoted or bare. A time without a zone is UTC and gets a `Z`; a date means its first moment. The service
    /// documents no precedence of `;` over `,`, so a text that mixes both without parentheses is rejected.
    ///
    /// # Errors
    /// The position and the expected text.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Parser::new(text).filter()
    }

    /// Parses a pasted filter. Doubled quotes, as in `Name==""Backup""`, are read as `Name=="Backup"` and returned.
    pub(super) fn parse_pasted(text: &str) -> Result<(Self, Vec<String>), FilterError> {
        let mut parser = Parser::new(text);
        parser.doubled = Some(Vec::new());
        let filter = parser.filter()?;
        Ok((filter, parser.doubled.unwrap_or_default()))
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    /// The values between doubled quotes, if these are accepted.
    doubled: Option<Vec<String>>,
}

impl Parser {
    fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
            doubled: None,
        }
    }

    fn filter(&mut self) -> Result<Filter, FilterError> {
        let filter = self.list()?;
        self.skip_whitespace();
        match self.peek(0) {
            None => Ok(filter),
            Some('&') => self.expected(
                "“;”, “,” or the end of the filter (write “;” for “and”; a value with & needs quotes)",
            ),
            Some(_) => self.expected(
                "“;”, “,” or the end of the filter (put a value of several words in quotes)",
            ),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn skip_whitespace(&mut self) {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T, FilterError> {
        Err(FilterError {
            position: self.at + 1,
            expected: what.to_owned(),
            found: self.word(),
        })
    }

    /// The word at the current position: an operator, a single delimiter, or the text up to the next of these.
    fn word(&self) -> String {
        let rest = self.chars.iter().skip(self.at).copied();
        match self.peek(0) {
            Some(first) if is_op(first) => rest.take_while(|char| is_op(*char)).collect(),
            Some(first) if ends_word(first) => first.to_string(),
            _ => rest.take_while(|char| !ends_word(*char)).collect(),
        }
    }

    fn list(&mut self) -> Result<Filter, FilterError> {
        let mut items = vec![self.item()?];
        let mut sign = None;
        loop {
            self.skip_whitespace();
            let Some(next @ (';' | ',')) = self.peek(0) else {
                break;
            };
            if sign.is_some_and(|sign| sign != next) {
                return self.expected("parentheses where “;” (and) meets “,” (or)");
            }
            sign = Some(next);
            self.at += 1;
            items.push(self.item()?);
        }
        Ok(match sign {
            Some(',') => Filter::Any(items).joined(),
            _ => Filter::All(items).joined(),
        })
    }

    fn item(&mut self) -> Result<Filter, FilterError> {
        self.skip_whitespace();
        if self.peek(0) != Some('(') {
            return self.condition().map(Filter::Condition);
        }
        if self.depth == MAX_DEPTH {
            return self.expected("no more than 32 nested parentheses");
        }
        self.at += 1;
        self.depth += 1;
        let list = self.list()?;
        self.depth -= 1;
        self.skip_whitespace();
        if self.peek(0) != Some(')') {
            return self.expected("“;”, “,” or “)”");
        }
        self.at += 1;
        Ok(list)
    }

    fn condition(&mut self) -> Result<Condition, FilterError> {
        let rest = self.chars.iter().skip(self.at);
        let name: String = rest.take_while(|char| char.is_ascii_alphabetic()).collect();
        let Some(field) = Field::from_name(&name) else {
            let names = Field::ALL.map(Field::name).join(", ");
            return self.expected(&format!("a field ({names}) or “(”"));
        };
        self.at += name.len();
        self.skip_whitespace();
        let op = self.op()?;
        self.skip_whitespace();
        let mut value = match self.peek(0) {
            Some('"') => self.quoted()?,
            _ => self.bare()?,
        };
        if field.kind() == FieldKind::Time {
            let mut ends = ["Z", "T00:00:00Z"].into_iter();
            let end = ends.find(|end| json::moment(&format!("{value}{end}")).is_some());
            value.push_str(end.unwrap_or_default());
        }
        Ok(Condition { field, op, value })
    }

    fn op(&mut self) -> Result<Op, FilterError> {
        let op = match (self.peek(0), self.peek(1)) {
            (Some('='), Some('=')) => Op::Equal,
            (Some('!'), Some('=')) => Op::NotEqual,
            (Some('>'), Some('=')) => Op::GreaterOrEqual,
            (Some('<'), Some('=')) => Op::LessOrEqual,
            (Some('>'), _) => Op::Greater,
            (Some('<'), _) => Op::Less,
            _ => return self.expected("one of == != > >= < <="),
        };
        self.at += op.sign().len();
        Ok(op)
    }

    /// A quoted value, in which `""` is an escaped `"`.
    fn quoted(&mut self) -> Result<String, FilterError> {
        if let Some(value) = self.between_doubled_quotes() {
            return Ok(value);
        }
        let start = self.at;
        let mut value = String::new();
        loop {
            self.at += 1;
            match (self.peek(0), self.peek(1)) {
                (None, _) => {
                    return Err(FilterError {
                        position: start + 1,
                        expected: "a closing quote (\") after the value".to_owned(),
                        found: self.chars.iter().skip(start).collect(),
                    });
                }
                (Some('"'), Some('"')) => {
                    value.push('"');
                    self.at += 1;
                }
                (Some('"'), _) => break,
                (Some(char), _) => value.push(char),
            }
        }
        self.at += 1;
        self.skip_whitespace();
        if !matches!(self.peek(0), None | Some(';' | ',' | ')')) {
            return self.expected("“;”, “,”, “)” or the end after a closing quote");
        }
        Ok(value)
    }

    /// A value in doubled quotes: `""Backup""`, which strictly is an empty value followed by more text.
    fn between_doubled_quotes(&mut self) -> Option<String> {
        let doubled = self.doubled.as_mut()?;
        let rest = self.chars.get(self.at..)?.strip_prefix(&['"', '"'])?;
        let length = rest.windows(2).position(|pair| pair == ['"', '"'])?;
        let is_value = |char: &char| !matches!(char, '"' | ';' | ',' | '(' | ')');
        let value: String = rest.iter().take(length).collect();
        let ends = matches!(rest.get(length + 2), None | Some(';' | ',' | ')'));
        if value.trim().is_empty() || !ends || !rest.iter().take(length).all(is_value) {
            return None;
        }
        self.at += length + 4;
        doubled.push(value.clone());
        Some(value)
    }

    /// An unquoted value up to a delimiter. Dates, addresses and URNs occur without quotes.
    fn bare(&mut self) -> Result<String, FilterError> {
        let rest = self.chars.iter().skip(self.at).copied();
        let value: String = rest.take_while(|char| !ends_word(*char)).collect();
        if value.is_empty() {
            return self.expected("a value, in straight quotes unless it is a single word");
        }
        if value.starts_with(['“', '”', '„', '«', '»', '‘', '’', '\'', '`']) {
            return self.expected("straight double quotes (\") around the value");
        }
        self.at += value.chars().count();
        Ok(value)
    }
}

/// Whether the character is part of an operator.
fn is_op(char: char) -> bool {
    "=!<>&".contains(char)
}

/// Whether an unquoted word ends before this character.
fn ends_word(char: char) -> bool {
    is_op(char) || "(),;\"".contains(char) || char.is_whitespace()
}
