//! Reads JSON. Through a value of no type first: the reader of a text is then in the program once, and not once for
//! each type that is read, which was half of the console's first visit.

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
};
use serde_json::{Error, Map, Value};

/// Reads a text as one value.
///
/// # Errors
/// What is wrong with it.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    T::deserialize(Typed(&value(text)?))
}

#[inline(never)]
fn value(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text)
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
            Value::Number(_) => Unexpected::Other("number"),
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(Error::invalid_type(found, visitor))
    }
}

/// The fields of an object.
fn fields<'v>(
    object: &'v Map<String, Value>,
) -> MapDeserializer<'v, impl Iterator<Item = (&'v str, Typed<'v>)>, Error> {
    MapDeserializer::new(
        object
            .iter()
            .map(|(name, value)| (name.as_str(), Typed(value))),
    )
}

/// What holds no other value is read as `Value` does.
macro_rules! as_value {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
            self.0.$method(visitor)
        })*
    };
}

impl<'v> Deserializer<'v> for Typed<'v> {
    type Error = Error;

    as_value! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier
        deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(Typed))),
            _ => self.wrong(&visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'v>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(object) => visitor.visit_map(fields(object)),
            _ => self.wrong(&visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Object(object) => visitor.visit_enum(MapAccessDeserializer::new(fields(object))),
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
            ("{\"name\":1}", "expected a string"),
            ("{}", "missing field `name`"),
            ("[\"a\"]", "invalid type: sequence, expected struct Part"),
            ("null", "invalid type: null, expected struct Part"),
        ] {
            let error = read::<Part>(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
