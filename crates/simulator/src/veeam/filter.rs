//! The `filter` of a query: parsed into a tree and evaluated for each session. `;` is AND and `,` is
//! OR. AND binds tighter; the vendor does not document this.

use super::field::{Field, Value};
use super::model::Shown;
use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Compare(Field, Operator, Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Longer operators first, because `>` is a prefix of `>=`.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

impl Operator {
    /// Whether a session matches. A missing value matches only `!=`.
    fn holds(self, has: Option<&Value>, wants: &Value) -> bool {
        let order = has.map(|has| has.cmp(wants));
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
        }
    }
}

impl Filter {
    pub(super) fn matches(&self, shown: &Shown<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(shown)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(shown)),
            Self::Compare(field, operator, wants) => {
                operator.holds(field.of(shown).as_ref(), wants)
            }
        }
    }

    /// Parses a percent-decoded filter.
    ///
    /// # Errors
    /// The server's message, with the token that it could not parse.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            text,
            at: 0,
            depth: 0,
        };
        let filter = reader.any()?;
        match reader.peek() {
            None => Ok(filter),
            Some(_) => Err(reader.unexpected("the end of the filter, ';' or ','")),
        }
    }
}

/// The maximum number of nested parentheses.
const MAX_DEPTH: usize = 50;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is not a space.
    fn peek(&mut self) -> Option<char> {
        let spaces = self.rest().len() - self.rest().trim_start().len();
        self.at += spaces;
        self.rest().chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn unexpected(&mut self, wanted: &str) -> String {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(_) => {
                let word = |one: char| one.is_alphanumeric() || "_-.:".contains(one);
                let rest = self.rest();
                let length = rest.find(|one| !word(one)).unwrap_or(rest.len());
                let length = length.max(rest.chars().next().map_or(0, char::len_utf8));
                format!("'{}'", &rest[..length])
            }
        };
        let place = self.text[..self.at].chars().count() + 1;
        format!("The filter cannot be read: expected {wanted}, found {found} at character {place}.")
    }

    fn any(&mut self) -> Result<Filter, String> {
        self.list(',', Self::all, Filter::Any)
    }

    fn all(&mut self) -> Result<Filter, String> {
        self.list(';', Self::part, Filter::All)
    }

    fn list(
        &mut self,
        separator: char,
        part: impl Fn(&mut Self) -> Result<Filter, String>,
        join: impl Fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, String> {
        let first = part(self)?;
        if self.peek() != Some(separator) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.eat(separator) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn part(&mut self) -> Result<Filter, String> {
        if !self.eat('(') {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!(
                "The filter has more than {MAX_DEPTH} nested parentheses."
            ));
        }
        let inner = self.any()?;
        if !self.eat(')') {
            return Err(self.unexpected("')', ';' or ','"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Filter, String> {
        let name = self.word(|one| one.is_ascii_alphanumeric() || one == '_');
        if name.is_empty() {
            return Err(self.unexpected("a field or '('"));
        }
        let field = Field::named(name)?;
        self.peek();
        let rest = self.rest();
        let Some((sign, operator)) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign))
        else {
            return Err(self.unexpected("one of == != > >= < <="));
        };
        self.at += sign.len();
        let value = if self.peek() == Some('"') {
            field.value(&self.quoted()?, true)?
        } else {
            let bare = self.word(|one| one.is_alphanumeric() || "_-.:".contains(one));
            if bare.is_empty() {
                return Err(self.unexpected("a value"));
            }
            field.value(bare, false)?
        };
        Ok(Filter::Compare(field, *operator, value))
    }

    /// Skips spaces, then returns the characters up to the first that does not belong.
    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        self.peek();
        let rest = self.rest();
        let length = rest.find(|one| !belongs(one)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Parses a value in quotes; two quotes inside it are one.
    fn quoted(&mut self) -> Result<String, String> {
        let mut value = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, one)) = characters.next() {
            match (one, characters.peek()) {
                ('"', Some((_, '"'))) => {
                    value.push('"');
                    characters.next();
                }
                ('"', _) => {
                    self.at += at + 1;
                    return Ok(value);
                }
                _ => value.push(one),
            }
        }
        Err(format!(
            "The filter cannot be read: the quotes of {} are not closed.",
            self.rest()
        ))
    }
}
