//! Reads JSON for serde. In place of `serde_json`'s reader, which is copied into the program once for each type
//! that is read, half of the console's first visit: here only a few calls are, and everything else is code that all
//! types share.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use std::borrow::Cow;
use std::fmt;

/// How deeply lists and objects may lie in one another, so that the browser's stack is enough.
const DEEPEST: usize = 128;

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl Error {
    #[cold]
    #[inline(never)]
    fn new(what: &str, name: &str) -> Self {
        Self([what, name].concat())
    }
}

/// Short, because the words that serde has for these are written by code of each type.
impl de::Error for Error {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self(what.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new("a value is of another type", "")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new("a value is out of range", "")
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::new("a list has another length", "")
    }

    fn unknown_variant(word: &str, _: &'static [&'static str]) -> Self {
        Self::new("unknown word ", word)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new("missing field ", name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new("duplicate field ", name)
    }
}

/// Reads a text as one value.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    let mut reader = Reader::new(text)?;
    let value = T::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| reader.at_its_place(error))
}

/// A text, and how far it is read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// A number as it is written.
enum Number {
    Whole(u64),
    Negative(i64),
    Other(f64),
}

impl<'t> Reader<'t> {
    fn new(text: &'t [u8]) -> Result<Self, Error> {
        match std::str::from_utf8(text) {
            Ok(text) => Ok(Self {
                text,
                at: 0,
                depth: 0,
            }),
            Err(_) => Err(Error::new("the text is not UTF-8", "")),
        }
    }

    #[cold]
    fn at_its_place(&self, error: Error) -> Error {
        Error(format!("{error} at byte {}", self.at))
    }

    fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Error::new("more text after the value", "")),
        }
    }

    /// The next byte that is no space, which stays where it is.
    #[inline(never)]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Goes past a byte, if it is the next one.
    fn goes_past(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline(never)]
    fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.goes_past(byte) {
            Ok(())
        } else {
            Err(Error::new(
                "expected ",
                char::from(byte).encode_utf8(&mut [0; 4]),
            ))
        }
    }

    #[inline(never)]
    fn word(&mut self, word: &str) -> Result<(), Error> {
        self.peek();
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Error::new("expected ", word))
        }
    }

    /// Goes past `null`, if it is next.
    #[inline(never)]
    fn null(&mut self) -> Result<bool, Error> {
        match self.peek() {
            Some(b'n') => self.word("null").map(|()| true),
            _ => Ok(false),
        }
    }

    #[inline(never)]
    fn flag(&mut self) -> Result<bool, Error> {
        match self.peek() {
            Some(b't') => self.word("true").map(|()| true),
            _ => self.word("false").map(|()| false),
        }
    }

    #[inline(never)]
    fn text(&mut self) -> Result<Cow<'t, str>, Error> {
        self.expect(b'"')?;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let length = rest
                .bytes()
                .position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
            let Some(length) = length else {
                return Err(Error::new("a text does not end", ""));
            };
            text += &rest[..length];
            self.at += length + 1;
            match rest.as_bytes()[length] {
                b'"' => return Ok(text),
                b'\\' => text.to_mut().push(self.escaped()?),
                _ => return Err(Error::new("a control character in a text", "")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Error> {
        let letter = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        Ok(match letter {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.four_digits()?;
                // A character beyond the first 65,536 is written as two.
                if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.four_digits()?.wrapping_sub(0xdc00);
                    if low >= 0x400 {
                        return Err(Error::new("half a character in a text", ""));
                    }
                    code = 0x1_0000 + ((code - 0xd800) << 10) + low;
                }
                return char::from_u32(code)
                    .ok_or_else(|| Error::new("half a character in a text", ""));
            }
            _ => return Err(Error::new("an unknown escape in a text", "")),
        })
    }

    fn four_digits(&mut self) -> Result<u32, Error> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        self.at += 4;
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| Error::new("an unknown escape in a text", ""))
    }

    /// Exact where a number has at most 15 digits and an exponent that numbers of a status have; every other is
    /// as close as a few products come.
    #[inline(never)]
    #[expect(
        clippy::cast_precision_loss,
        reason = "whole numbers below 2^53 are exact, and more digits say nothing more"
    )]
    fn number(&mut self) -> Result<Number, Error> {
        let wrong = || Error::new("expected a value", "");
        self.peek();
        let is_negative = self.goes_past(b'-');
        let first = self.at;
        let (mut whole, mut is_small) = (0_u64, true);
        let mut exponent = 0_i32;
        let mut add = |digit: u8, whole: &mut u64| {
            let more = whole
                .checked_mul(10)
                .and_then(|whole| whole.checked_add(u64::from(digit)));
            is_small &= more.is_some();
            *whole = more.unwrap_or(*whole);
            more.is_some()
        };
        while let Some(digit) = self.digit() {
            if !add(digit, &mut whole) {
                exponent = exponent.saturating_add(1);
            }
        }
        let digits = self.at - first;
        if digits == 0 || (digits > 1 && self.text.as_bytes()[first] == b'0') {
            return Err(wrong());
        }
        let mut is_whole = true;
        if self.text.as_bytes().get(self.at) == Some(&b'.') {
            self.at += 1;
            is_whole = false;
            let first = self.at;
            while let Some(digit) = self.digit() {
                if add(digit, &mut whole) {
                    exponent = exponent.saturating_sub(1);
                }
            }
            if self.at == first {
                return Err(wrong());
            }
        }
        if let Some(b'e' | b'E') = self.text.as_bytes().get(self.at) {
            self.at += 1;
            is_whole = false;
            let sign = self.text.as_bytes().get(self.at).copied();
            self.at += usize::from(matches!(sign, Some(b'+' | b'-')));
            let first = self.at;
            let mut more = 0_i32;
            while let Some(digit) = self.digit() {
                more = more.saturating_mul(10).saturating_add(i32::from(digit));
            }
            if self.at == first {
                return Err(wrong());
            }
            let more = if sign == Some(b'-') { -more } else { more };
            exponent = exponent.saturating_add(more);
        }
        if is_whole && is_small {
            if !is_negative {
                return Ok(Number::Whole(whole));
            }
            // -0 is a number with a point to serde_json too.
            if whole > 0
                && let Ok(number) = i64::try_from(-i128::from(whole))
            {
                return Ok(Number::Negative(number));
            }
        }
        let mut number = whole as f64;
        // Beyond, it is nothing or infinite.
        let (mut power, mut base) = (exponent.unsigned_abs().min(400), 10.0);
        let mut factor = 1.0;
        while power > 0 {
            if power & 1 == 1 {
                factor *= base;
            }
            base *= base;
            power >>= 1;
        }
        if whole == 0 {
            number = 0.0;
        } else if exponent < 0 {
            number /= factor;
        } else {
            number *= factor;
        }
        if number.is_infinite() {
            return Err(Error::new("a number is out of range", ""));
        }
        Ok(Number::Other(if is_negative { -number } else { number }))
    }

    fn digit(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        self.at += 1;
        Some(digit)
    }

    /// Goes past a value that nobody wants.
    #[inline(never)]
    fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'"') => self.text().map(drop),
            Some(b't' | b'f') => self.flag().map(drop),
            Some(b'n') => self.null().map(drop),
            Some(b'[') => {
                let mut items = self.begin(b'[', b']')?;
                while items.goes_on()? {
                    items.reader.skip()?;
                }
                Ok(())
            }
            Some(b'{') => {
                let mut items = self.begin(b'{', b'}')?;
                while items.goes_on()? {
                    items.reader.text()?;
                    items.reader.expect(b':')?;
                    items.reader.skip()?;
                }
                Ok(())
            }
            _ => self.number().map(drop),
        }
    }

    #[inline(never)]
    fn begin(&mut self, opening: u8, closing: u8) -> Result<Items<'_, 't>, Error> {
        self.expect(opening)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Error::new("lists lie too deeply in one another", ""));
        }
        Ok(Items {
            reader: self,
            closing,
            is_first: true,
            is_over: false,
        })
    }
}

/// The items of a list, or the fields of an object.
struct Items<'r, 't> {
    reader: &'r mut Reader<'t>,
    closing: u8,
    is_first: bool,
    is_over: bool,
}

impl Items<'_, '_> {
    /// Whether there is another one; goes past what stands before it, or past the end.
    #[inline(never)]
    fn goes_on(&mut self) -> Result<bool, Error> {
        if self.reader.goes_past(self.closing) {
            self.reader.depth -= 1;
            self.is_over = true;
            return Ok(false);
        }
        if !std::mem::replace(&mut self.is_first, false) {
            self.reader.expect(b',')?;
        }
        Ok(true)
    }

    /// Fails where something is left that the type does not take.
    fn end(&mut self) -> Result<(), Error> {
        if self.is_over || !self.goes_on()? {
            return Ok(());
        }
        Err(Error::new("a list has another length", ""))
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.is_over || !self.goes_on()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.is_over || !self.goes_on()? {
            return Ok(None);
        }
        seed.deserialize(Key(self.reader)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.reader.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// The name of a field: always a text.
struct Key<'r, 't>(&'r mut Reader<'t>);

impl<'de> Deserializer<'de> for Key<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&self.0.text()?)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A variant of an enum: its word alone, or an object of one field whose name is the word.
struct Variant<'r, 't> {
    reader: &'r mut Reader<'t>,
    has_content: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let word = seed.deserialize(Key(&mut *self.reader))?;
        if self.has_content {
            self.reader.expect(b':')?;
        }
        Ok((word, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.has_content {
            self.reader.word("null")
        } else {
            Ok(())
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.reader.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.reader.deserialize_map(visitor)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'"') => self.deserialize_str(visitor),
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            Some(b'n') => self.deserialize_unit(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b'{') => self.deserialize_map(visitor),
            _ => self.deserialize_f64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.flag()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.number()? {
            Number::Whole(number) => visitor.visit_u64(number),
            Number::Negative(number) => visitor.visit_i64(number),
            Number::Other(number) => visitor.visit_f64(number),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.null()? {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut items = self.begin(b'[', b']')?;
        let value = visitor.visit_seq(&mut items)?;
        items.end().map(|()| value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut items = self.begin(b'{', b'}')?;
        let value = visitor.visit_map(&mut items)?;
        items.end().map(|()| value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let has_content = self.goes_past(b'{');
        let value = visitor.visit_enum(Variant {
            reader: &mut *self,
            has_content,
        })?;
        if has_content {
            self.expect(b'}')?;
        }
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit_struct tuple_struct identifier
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, read};
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Boxed(u8),
        Named { at: i64 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Thing {
        kind: Kind,
        #[serde(default)]
        share: Option<f64>,
        pair: (u8, String),
    }

    #[test]
    fn types_are_read_as_serde_json_reads_them() {
        for text in [
            r#"{"kind":"plain","pair":[1,"a"]}"#,
            r#" { "kind" : {"boxed": 7 } , "share":-1.25e2,"pair":[1,"\u00e9\ud83d\ude00\n"] } "#,
            r#"{"kind":{"named":{"at":-5}},"share":null,"pair":[1,"a"],"more":[{"x":[true,null]}]}"#,
            r#"{"kind":"other","pair":[1,"a"]}"#,
            r#"{"kind":"boxed","pair":[1,"a"]}"#,
            r#"{"kind":{"boxed":300},"pair":[1,"a"]}"#,
            r#"{"kind":{"boxed":1,"plain":2},"pair":[1,"a"]}"#,
            r#"{"kind":"plain","pair":[1,"a",2]}"#,
            r#"{"kind":"plain","pair":[1]}"#,
            r#"{"kind":"plain","kind":"plain","pair":[1,"a"]}"#,
            r#"{"kind":"plain","pair":[1,"a"]"#,
            r#"{"pair":[1,"a"]}"#,
            "[]",
        ] {
            let expected = serde_json::from_str::<Thing>(text);
            assert_eq!(read::<Thing>(text.as_bytes()).ok(), expected.ok(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = read::<Thing>(br#"{"kind":"plain"}"#);
        assert_eq!(
            error,
            Err(Error("missing field pair at byte 16".to_owned()))
        );
        let deep = "[".repeat(200);
        assert!(read::<Value>(deep.as_bytes()).is_err());
    }

    #[test]
    fn numbers_of_few_digits_are_exact() {
        for text in [
            "0",
            "-0",
            "42.5",
            "99.99",
            "0.1",
            "1e3",
            "-1.5E-7",
            "123456789.123456",
            "1e22",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            let expected: Value = serde_json::from_str(text).expect("a number");
            assert_eq!(read::<Value>(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["01", "1.", ".5", "1e", "-", "1e999", "+1", "NaN"] {
            assert!(read::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1_000_000_i32..1_000_000).prop_map(|number| json!(f64::from(number) / 64.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in values(), pretty in any::<bool>()) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            prop_assert_eq!(read::<Value>(text.as_bytes()), Ok(value));
        }

        #[test]
        fn what_serde_json_does_not_read_is_an_error(text in "[\\[\\]{}\",:0-9eE.+\\-\\\\u ntrfalse]{0,24}") {
            let expected = serde_json::from_str::<Value>(&text);
            prop_assert_eq!(read::<Value>(text.as_bytes()).is_ok(), expected.is_ok(), "{}", text);
        }
    }
}
