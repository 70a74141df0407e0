//! Reads and writes JSON. Reading goes through a value of no type first: the reader of a text is then in the program
//! once, and not once for each type that is read, which was half of the console's first visit.

use serde::Serialize;
use serde::de::value::{MapAccessDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
    Unexpected, Visitor,
};
use serde_json::{Number, Value, map};
use std::fmt;
use vendors::json::value_without;
pub use vendors::json::{moment, number, value};

/// Reads a text as one value.
///
/// # Errors
/// What is wrong with it.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    let value = value(text).map_err(de::Error::custom)?;
    T::deserialize(Typed(&value))
}

/// Reads a text in which an object holds very many items under a name. They are read one by one, and the object
/// without them.
///
/// # Errors
/// As [`read`].
pub fn read_around<T: DeserializeOwned, Item: DeserializeOwned>(
    text: &[u8],
    list: &str,
) -> Result<(T, Vec<Item>), Error> {
    let mut items = Ok(Vec::new());
    let mut read = |item: Value| {
        if let Ok(known) = &mut items {
            match Item::deserialize(Typed(&item)) {
                Ok(item) => known.push(item),
                Err(error) => items = Err(error),
            }
        }
    };
    let rest = value_without(text, Some(list), &mut read).map_err(de::Error::custom)?;
    Ok((T::deserialize(Typed(&rest))?, items?))
}

/// Writes the body of a request. Of a type of its own: a `Value` would bring the writer of fractions.
pub fn write(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

/// What is wrong with a text. An error of `serde_json` would quote a number that stands in the wrong place, and for that
/// bring 10 kB of tables to the first visit.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self(words.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(format!("{} where {expected} is expected", kind(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(format!("{} that is not {expected}", kind(&found)))
    }

    // Every structure names these once for each field: as calls, their formatting is in the program once.
    #[cold]
    #[inline(never)]
    fn missing_field(field: &'static str) -> Self {
        Self(format!("missing field `{field}`"))
    }

    #[cold]
    #[inline(never)]
    fn duplicate_field(field: &'static str) -> Self {
        Self(format!("duplicate field `{field}`"))
    }
}

/// What was found, without itself.
fn kind(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Unit => "null",
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) | Unexpected::Char(_) => "a string",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

/// A value that gives a structure its fields by name only. `Value` by itself would take them from a list, too, for which
/// the program holds as much code again.
#[derive(Clone, Copy)]
struct Typed<'v>(&'v Value);

impl<'v> Typed<'v> {
    fn wrong<T>(self, visitor: &impl Visitor<'v>) -> Result<T, Error> {
        let found = match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(_) => Unexpected::Signed(0),
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(de::Error::invalid_type(found, visitor))
    }
}

fn visit_number<'v, V: Visitor<'v>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// The fields of an object, as serde asks for them: once for each field of each structure. As calls that are not inlined,
/// all fields of one type share one.
struct Fields<'v> {
    rest: map::Iter<'v>,
    value: &'v Value,
}

impl<'v> Fields<'v> {
    fn of(object: &'v map::Map<String, Value>) -> Self {
        Self {
            rest: object.iter(),
            value: &Value::Null,
        }
    }

    #[inline(never)]
    fn next_name(&mut self) -> Option<&'v str> {
        let (name, value) = self.rest.next()?;
        self.value = value;
        Some(name)
    }
}

impl<'v> MapAccess<'v> for Fields<'v> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'v>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let name = self.next_name();
        let name = name.map(|name| seed.deserialize(StrDeserializer::new(name)));
        name.transpose()
    }

    #[inline(never)]
    fn next_value_seed<V: DeserializeSeed<'v>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Typed(self.value))
    }
}

impl<'de> Deserializer<'de> for Typed<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(Typed))),
            Value::Object(object) => visitor.visit_map(Fields::of(object)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf identifier unit unit_struct seq tuple
        tuple_struct map
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(object) => visitor.visit_map(Fields::of(object)),
            _ => self.wrong(&visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Object(object) => {
                visitor.visit_enum(MapAccessDeserializer::new(Fields::of(object)))
            }
            _ => self.wrong(&visitor),
        }
    }
}

impl<'v> IntoDeserializer<'v, Error> for Typed<'v> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Part {
        name: String,
        #[serde(default)]
        size: Option<u8>,
        #[serde(flatten)]
        kind: Kind,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Kind {
        Plain,
        Of { parts: Vec<Part> },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Choice {
        Nothing,
        One(i64),
        Two {
            a: (f64, bool),
            b: BTreeMap<String, ()>,
        },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Word(String),
        List(Vec<Choice>),
    }

    #[test]
    fn what_serde_json_reads_by_itself_is_read_alike() {
        for text in [
            r#"{"name":"a","kind":"plain","size":7,"more":[1,{}]}"#,
            r#"{"name":"a","kind":"of","parts":[{"name":"b","size":null,"kind":"plain"}]}"#,
        ] {
            let expected: Part = serde_json::from_str(text).unwrap();
            assert_eq!(read::<Part>(text.as_bytes()).unwrap(), expected);
        }
        for text in [
            "\"x\"",
            "[]",
            r#"["Nothing",{"One":-3},{"Two":{"a":[0.5,true],"b":{"c":null}}}]"#,
        ] {
            let expected: Any = serde_json::from_str(text).unwrap();
            assert_eq!(read::<Any>(text.as_bytes()).unwrap(), expected);
            let expected = serde_json::from_str::<Vec<Choice>>(text).ok();
            assert_eq!(read::<Vec<Choice>>(text.as_bytes()).ok(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, words) in [
            ("{", "EOF"),
            ("{\"name\":1}", "a number where a string is expected"),
            ("{}", "missing field `name`"),
            ("[\"a\"]", "an array where struct Part is expected"),
            ("null", "null where struct Part is expected"),
        ] {
            let error = read::<Part>(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
