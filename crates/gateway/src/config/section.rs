//! Reads one table of the file, key by key. A wrong type, a missing key or an unknown key becomes a fault with
//! its position, and reading continues. Independent of the meaning of keys.

use super::TOP_LEVEL_KEYS;
use super::fault::Collector;
use super::text::control_character;
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its position in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

pub(super) struct Section<'a> {
    /// The prefix of each fault's text, such as `connection "em": `.
    label: String,
    table: &'a DeTable<'a>,
    /// The position of the table, used for faults about missing keys.
    start: usize,
    /// The keys that were read or allowed. All others are unknown.
    requested: RefCell<Vec<String>>,
    faults: &'a Collector<'a>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        label: String,
        table: &'a DeTable<'a>,
        span: &Range<usize>,
        faults: &'a Collector<'a>,
    ) -> Self {
        Self {
            label,
            table,
            start: span.start,
            requested: RefCell::default(),
            faults,
        }
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }

    pub(super) fn fault(&self, at: usize, text: &str) {
        self.faults.add(at, format!("{}{text}", self.label));
    }

    /// Reports a warning about the key's value. The file is still accepted.
    pub(super) fn warn(&self, at: usize, key: &str, text: &str) {
        self.faults.warn(at, format!("{}{key}: {text}", self.label));
    }

    /// Reports a fault of the key's value.
    pub(super) fn wrong(&self, at: usize, key: &str, text: &str) {
        self.fault(at, &format!("{key}: {text}"));
    }

    fn raw(&self, key: &str) -> Option<(Range<usize>, &'a Spanned<DeValue<'a>>)> {
        self.requested.borrow_mut().push(key.to_owned());
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some((name.span(), value))
    }

    /// The position of the key, if it exists.
    pub(super) fn key(&self, key: &str) -> Option<usize> {
        self.raw(key).map(|(span, _)| span.start)
    }

    fn type_fault(&self, key: &str, value: &Spanned<DeValue<'a>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.wrong(
            value.span().start,
            key,
            &format!("must be {wanted}, not {} {found}", article(found)),
        );
    }

    /// The text of a key, if it exists. It must not be empty or contain a control character.
    pub(super) fn text(&self, key: &str) -> Option<Located<&'a str>> {
        let (_, value) = self.raw(key)?;
        let at = value.span().start;
        match value.get_ref().as_str() {
            None => self.type_fault(key, value, "a text in quotes"),
            Some(text) if text.trim().is_empty() => self.wrong(at, key, "must not be empty"),
            Some(value) => match control_character(value) {
                Some(why) => self.wrong(at, key, &why),
                None => return Some(Located { value, at }),
            },
        }
        None
    }

    /// The text of a key that has to exist.
    pub(super) fn required(&self, key: &str) -> Option<Located<&'a str>> {
        self.need(key);
        self.text(key)
    }

    /// Reports a fault if the key is missing.
    pub(super) fn need(&self, key: &str) {
        if self.raw(key).is_none() {
            self.fault(self.start, &format!("`{key}` is missing"));
        }
    }

    /// The value for the text of a key, which has to be one of the known words.
    pub(super) fn one_of<T: Copy>(&self, key: &str, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let words = || known.iter().map(|(word, _)| *word);
        let found = known.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let list: Vec<String> = words().map(|word| format!("{word:?}")).collect();
            let hint = nearest(text.value, words())
                .map(|near| format!("; did you mean {near:?}?"))
                .unwrap_or_default();
            let why = format!("{:?} is not one of {}{hint}", text.value, list.join(", "));
            self.wrong(text.at, key, &why);
        }
        found.map(|(_, value)| *value)
    }

    /// Like [`Self::one_of`], for a key that has to exist.
    pub(super) fn required_one_of<T: Copy>(&self, key: &str, known: &[(&str, T)]) -> Option<T> {
        self.need(key);
        self.one_of(key, known)
    }

    /// An integer within limits.
    pub(super) fn number(&self, key: &str, limits: Range<u64>) -> Option<u64> {
        let (_, value) = self.raw(key)?;
        let wanted = format!("a whole number from {} to {}", limits.start, limits.end - 1);
        match value.get_ref().as_integer() {
            None => self.type_fault(key, value, &wanted),
            Some(number) => {
                let parsed = u64::from_str_radix(number.as_str(), number.radix()).ok();
                match parsed.filter(|parsed| limits.contains(parsed)) {
                    Some(parsed) => return Some(parsed),
                    None => self.wrong(value.span().start, key, &format!("must be {wanted}")),
                }
            }
        }
        None
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let (_, value) = self.raw(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.type_fault(key, value, "true or false");
        }
        flag
    }

    /// A list of texts. Empty if the key is missing.
    pub(super) fn texts(&self, key: &str) -> Vec<Located<&'a str>> {
        let Some((_, value)) = self.raw(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.type_fault(key, value, "a list of texts: [\"…\"]");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(value) => match control_character(value) {
                    Some(why) => self.wrong(item.span().start, key, &why),
                    None => texts.push(Located {
                        value,
                        at: item.span().start,
                    }),
                },
                None => self.type_fault(key, item, "a list of texts: [\"…\"]"),
            }
        }
        texts
    }

    /// A list of non-empty texts. The list must not be empty either, but the key may be missing. `remedy` ends the
    /// fault about an empty list.
    pub(super) fn filled_texts(&self, key: &str, remedy: &str) -> Vec<Located<&'a str>> {
        if let Some(at) = self.key(key)
            && self.is_empty_list(key)
        {
            self.wrong(at, key, &format!("must not be empty: {remedy}"));
        }
        let (filled, empty): (Vec<_>, Vec<_>) = self
            .texts(key)
            .into_iter()
            .partition(|text| !text.value.trim().is_empty());
        for text in empty {
            self.wrong(text.at, key, "must not hold an empty text");
        }
        filled
    }

    /// Treats these keys as known, for a section whose other faults hide which keys belong to it.
    pub(super) fn allow(&self, keys: &[&str]) {
        let keys = keys.iter().map(|key| (*key).to_owned());
        self.requested.borrow_mut().extend(keys);
    }

    /// Reports each of these keys that exists, because it does not belong here. `why` follows the key's name.
    pub(super) fn refuse(&self, keys: &[&str], why: &str) {
        for key in keys {
            if self.table.iter().any(|(name, _)| name.get_ref() == *key)
                && let Some(at) = self.key(key)
            {
                self.fault(at, &format!("`{key}` {why}"));
            }
        }
    }

    /// Whether the key holds an empty list.
    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        let list = self
            .raw(key)
            .and_then(|(_, value)| value.get_ref().as_array());
        list.is_some_and(|list| list.is_empty())
    }

    /// A table within this one. Its key is appended to the label.
    pub(super) fn table(&self, key: &str) -> Option<Section<'a>> {
        let (_, value) = self.raw(key)?;
        match value.get_ref().as_table() {
            Some(table) => {
                let label = format!("{}{key}: ", self.label);
                Some(Section::new(label, table, &value.span(), self.faults))
            }
            None => {
                let is_top = self.label.is_empty();
                let wanted = is_top.then(|| format!("written as [{key}]"));
                self.type_fault(key, value, wanted.as_deref().unwrap_or("a table: { … }"));
                None
            }
        }
    }

    /// The tables of `[[key]]`, each labelled with the value of its key `name`, or with its number.
    pub(super) fn tables(&self, key: &str, name: &str) -> Vec<Section<'a>> {
        let Some((_, value)) = self.raw(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.type_fault(key, value, &format!("written as [[{key}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let Some(table) = item.get_ref().as_table() else {
                self.type_fault(key, item, &format!("written as [[{key}]]"));
                continue;
            };
            let value = table.iter().find(|(key, _)| key.get_ref() == name);
            let label = match value.and_then(|(_, value)| value.get_ref().as_str()) {
                Some(name) => format!("{key} {name:?}: "),
                None => format!("{key} {}: ", index + 1),
            };
            sections.push(Section::new(label, table, &item.span(), self.faults));
        }
        sections
    }

    /// Ends reading. Reports every key that was not read as unknown.
    pub(super) fn finish(self) {
        self.finish_below(&[]);
    }

    /// The same for a table within another one, whose keys may follow its header by mistake.
    pub(super) fn finish_in(self, parent: &Self) {
        self.finish_below(&parent.requested.borrow());
    }

    fn finish_below(self, of_parent: &[String]) {
        let requested = self.requested.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if requested.iter().any(|known| known == name) {
                continue;
            }
            let hint = if TOP_LEVEL_KEYS.contains(&name) {
                "; move it to the top of the file: a key below a [table] belongs to that table"
                    .to_owned()
            } else if of_parent.iter().any(|known| known == name) {
                "; move it above this table: a key below a [table] belongs to that table".to_owned()
            } else {
                nearest(name, requested.iter().map(String::as_str))
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default()
            };
            self.fault(key.span().start, &format!("unknown key `{name}`{hint}"));
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// The known word that is most similar to the given one, if it is similar enough.
fn nearest<'w>(given: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    known
        .map(|word| (strsim::levenshtein(&given.to_lowercase(), word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_the_known_word_and_an_unrelated_one_does_not() {
        let known = ["base_url", "ca_file", "title"];
        for (given, expected) in [
            ("base_ulr", Some("base_url")),
            ("baseurl", Some("base_url")),
            ("Title", Some("title")),
            ("cafile", Some("ca_file")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known.into_iter()), expected, "{given}");
        }
    }
}
