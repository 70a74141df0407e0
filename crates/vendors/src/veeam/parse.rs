//! A filter read back from its text, with the place and what was expected when it cannot be.

use super::field::{Field, Op};
use super::filter::{Condition, Filter};
use std::fmt;

/// Parentheses may be this deep; more is a mistake, and would cost stack.
const DEEPEST: usize = 32;

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The character that cannot be read, counted from 1.
    pub position: usize,
    /// What was expected there.
    pub expected: String,
    /// What stood there; empty at the end of the text.
    pub found: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = if self.found.is_empty() {
            "the filter ends"
        } else {
            &self.found
        };
        write!(
            f,
            "At character {}: expected {}, found {found}.",
            self.position, self.expected
        )
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads a filter. `;` binds as tightly as `,` here, because the service documents neither: where
    /// both meet without parentheses the text is refused.
    ///
    /// # Errors
    /// The place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
            doubled: false,
        };
        let filter = parser.list()?;
        parser.blanks();
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(parser.error("`;`, `,` or the end of the filter")),
        }
    }

    /// Whether a filter's text holds doubled quotes in a way that can be read in two ways, such as
    /// `Name==""Backup""`.
    #[must_use]
    pub fn is_ambiguous(text: &str) -> bool {
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
            doubled: false,
        };
        let _ = parser.list();
        parser.doubled
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    /// A value began with two quotes and did not end there.
    doubled: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn error(&self, expected: &str) -> FilterError {
        let rest = self.chars.iter().skip(self.at).take(20);
        let found: String = rest.take_while(|char| !char.is_whitespace()).collect();
        let found = if found.is_empty() {
            String::new()
        } else {
            format!("`{found}`")
        };
        FilterError {
            position: self.at + 1,
            expected: expected.to_owned(),
            found,
        }
    }

    fn list(&mut self) -> Result<Filter, FilterError> {
        let mut items = vec![self.item()?];
        let mut sign = None;
        loop {
            self.blanks();
            let Some(next @ (';' | ',')) = self.peek() else {
                break;
            };
            if sign.is_some_and(|sign| sign != next) {
                return Err(self.error("parentheses where `;` (and) meets `,` (or)"));
            }
            sign = Some(next);
            self.at += 1;
            items.push(self.item()?);
        }
        Ok(match (sign, items.pop()) {
            (None, Some(only)) => only,
            (sign, last) => {
                items.extend(last);
                if sign == Some(',') {
                    Filter::Any(items)
                } else {
                    Filter::All(items)
                }
            }
        })
    }

    fn item(&mut self) -> Result<Filter, FilterError> {
        self.blanks();
        if self.peek() != Some('(') {
            return self.condition().map(Filter::Condition);
        }
        if self.depth == DEEPEST {
            return Err(self.error("no more than 32 parentheses inside of each other"));
        }
        self.at += 1;
        self.depth += 1;
        let list = self.list()?;
        self.depth -= 1;
        self.blanks();
        if self.peek() != Some(')') {
            return Err(self.error("`)`"));
        }
        self.at += 1;
        Ok(list)
    }

    fn condition(&mut self) -> Result<Condition, FilterError> {
        let start = self.at;
        let name: String = self.chars[start..]
            .iter()
            .take_while(|char| char.is_ascii_alphabetic())
            .collect();
        let Some(field) = Field::from_name(&name) else {
            let names = Field::ALL.map(Field::name).join(", ");
            return Err(self.error(&format!("a field ({names}) or `(`")));
        };
        self.at += name.len();
        self.blanks();
        let op = self.op()?;
        self.blanks();
        Ok(Condition {
            field,
            op,
            value: self.value()?,
        })
    }

    fn op(&mut self) -> Result<Op, FilterError> {
        let next = |at: usize| self.chars.get(self.at + at).copied();
        let (op, length) = match (next(0), next(1)) {
            (Some('='), Some('=')) => (Op::Equal, 2),
            (Some('!'), Some('=')) => (Op::NotEqual, 2),
            (Some('>'), Some('=')) => (Op::GreaterOrEqual, 2),
            (Some('<'), Some('=')) => (Op::LessOrEqual, 2),
            (Some('>'), _) => (Op::Greater, 1),
            (Some('<'), _) => (Op::Less, 1),
            _ => return Err(self.error("one of == != > >= < <=")),
        };
        self.at += length;
        Ok(op)
    }

    fn value(&mut self) -> Result<String, FilterError> {
        match self.peek() {
            Some('"') => self.quoted(),
            _ => self.bare(),
        }
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            match self.peek() {
                None => {
                    let open = Self {
                        chars: self.chars.clone(),
                        at: start,
                        depth: 0,
                        doubled: false,
                    };
                    return Err(FilterError {
                        expected: "a closing quote".to_owned(),
                        ..open.error("")
                    });
                }
                Some('"') => {
                    self.at += 1;
                    if self.peek() != Some('"') {
                        break;
                    }
                    self.at += 1;
                    value.push('"');
                }
                Some(char) => {
                    self.at += 1;
                    value.push(char);
                }
            }
        }
        self.blanks();
        if !matches!(self.peek(), None | Some(';' | ',' | ')')) {
            // `""Backup""`: an empty value, or a quoted one that begins with a quote?
            self.doubled |= value.is_empty();
            return Err(self.error("`;`, `,`, `)` or the end after a closing quote"));
        }
        Ok(value)
    }

    /// Dates, addresses and URNs were seen without quotes: a bare value goes on to what ends it.
    fn bare(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        while self.peek().is_some_and(|char| {
            !matches!(
                char,
                ';' | ',' | '(' | ')' | '"' | '=' | '<' | '>' | '!' | '&'
            ) && !char.is_whitespace()
        }) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error("a value, in straight quotes unless it is one word"));
        }
        Ok(self.chars[start..self.at].iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::{Field, Op};
    use super::super::filter::Filter;
    use proptest::prelude::*;

    fn filters() -> impl Strategy<Value = Filter> {
        let fields = prop::sample::select(Field::ALL.to_vec());
        let ops = prop::sample::select(Op::ALL.to_vec());
        let condition = (fields, ops, "\\PC{0,12}")
            .prop_map(|(field, op, value)| Filter::condition(field, op, value));
        condition.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::All),
                prop::collection::vec(inner, 0..4).prop_map(Filter::Any),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_filter_survives_being_written(filter in filters()) {
            if let Some(filter) = filter.normalised() {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }

        #[test]
        fn no_value_escapes_its_quotes(value in any::<String>()) {
            let filter = Filter::condition(Field::Name, Op::Equal, value);
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }

        #[test]
        fn no_value_escapes_its_quotes_among_others(value in "[\"();,&=<>! A-Za-z0-9_%-]{0,20}") {
            let conditions = vec![Filter::condition(Field::Name, Op::Equal, value), Filter::condition(Field::Result, Op::Equal, "Failed")];
            let filter = Filter::All(conditions);
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[\\PC\"();,=]{0,80}") {
            let _ = Filter::parse(&text);
            let _ = Filter::is_ambiguous(&text);
        }

        #[test]
        fn what_is_read_is_written_the_same_for_ever(text in "(Name|State)(==|!=)[a-z\"]{0,8}([;,](Name|UID)==\"?[a-f0-9]{1,4}\"?){0,3}") {
            if let Ok(filter) = Filter::parse(&text) {
                let once = filter.to_string();
                prop_assert_eq!(Filter::parse(&once).map(|filter| filter.to_string()), Ok(once));
            }
        }
    }

    #[test]
    fn errors_point_at_the_place_and_say_what_was_expected() {
        for (text, position, expected) in [
            ("", 1, "a field"),
            ("Colour==red", 1, "a field"),
            ("Result", 7, "one of =="),
            ("Result=Failed", 7, "one of =="),
            ("Result==", 9, "a value"),
            ("Result==Failed;", 16, "a field"),
            ("Result==Failed Name==x", 16, "the end"),
            ("(Result==Failed", 16, "`)`"),
            ("Name==\"open", 7, "a closing quote"),
            ("Name==a;State==b,Type==c", 17, "parentheses"),
            ("Name==\"\"Backup\"\"", 9, "after a closing quote"),
            ("Ünder==1", 1, "a field"),
        ] {
            let error = Filter::parse(text).expect_err(text);
            assert_eq!(error.position, position, "{text}: {error}");
            assert!(error.expected.contains(expected), "{text}: {error}");
        }
        let deep = "(".repeat(40) + "Name==x" + &")".repeat(40);
        assert!(Filter::parse(&deep).is_err_and(|error| error.expected.contains("32")));
    }

    #[test]
    fn parentheses_stand_wherever_and_meets_or() {
        let failed = || Filter::condition(Field::Result, Op::GreaterOrEqual, "Warning");
        let working = || Filter::condition(Field::State, Op::Equal, "Working");
        let since = Filter::condition(
            Field::CreationTime,
            Op::GreaterOrEqual,
            "2026-11-15T00:00:00Z",
        );
        let filter = Filter::All(vec![Filter::Any(vec![failed(), working()]), since]);
        assert_eq!(
            filter.to_string(),
            "(Result>=Warning,State==Working);CreationTime>=\"2026-11-15T00:00:00Z\""
        );
    }
}
