//! Reads the JSON that this project's own programs write. Each structure lists its fields once, and reading a field is
//! one call. serde's derived code for reading would add 15 kB (brotli) to the console's first visit.

pub use crate::json::Value;
use crate::json::{to_owned, to_owned_map, value};
use chrono::{DateTime, Utc};
use serde_json::Map;
use serde_json_borrow::ObjectAsVec;
use std::borrow::Cow;
use std::fmt;

/// A type that can be read from a JSON value.
pub trait FromJson: Sized {
    /// Reads the value. If that fails, `error` has the reason and the result is a placeholder that must not be used.
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self;
}

/// Reads a JSON text.
///
/// # Errors
/// The first error and its field.
pub fn read<T: FromJson>(text: &[u8]) -> Result<T, FirstError> {
    match value(text) {
        Ok(value) => of_value(&value),
        Err(error) => Err(FirstError(Some(error))),
    }
}

/// Reads a JSON value.
///
/// # Errors
/// As [`read`].
pub fn of_value<T: FromJson>(value: &Value<'_>) -> Result<T, FirstError> {
    let mut error = FirstError::default();
    let read = T::from_json(value, &mut error);
    if error.0.is_none() {
        Ok(read)
    } else {
        Err(error)
    }
}

/// The first error in a value, if any, with its place: "alarms: [2]: severity: expected …, found a number".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstError(Option<String>);

impl fmt::Display for FirstError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl std::error::Error for FirstError {}

impl From<String> for FirstError {
    fn from(error: String) -> Self {
        Self(Some(error))
    }
}

impl FirstError {
    /// Records that a value is not the expected one, unless an earlier error was recorded.
    #[cold]
    #[inline(never)]
    pub fn note(&mut self, found: &Value<'_>, expected: &str) {
        if self.0.is_some() {
            return;
        }
        let found = match found {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Str(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.0 = Some(format!("expected {expected}, found {found}"));
    }

    /// Adds the name of the field that contains the error.
    #[cold]
    #[inline(never)]
    pub fn add_field(&mut self, name: &str) {
        if let Some(words) = &mut self.0 {
            *words = format!("{name}: {words}");
        }
    }

    /// Ends a list: adds the index of the item that contains the error, if there was none before.
    #[inline(never)]
    pub fn end_list(&mut self, had_no_error: bool, index: usize) {
        if let Some(words) = self.0.as_mut().filter(|_| had_no_error) {
            *words = format!("[{index}]: {words}");
        }
    }

    /// The known value with this key. For any other key, records an error and returns the first value as a placeholder.
    pub fn word<T: Copy>(
        &mut self,
        value: &Value<'_>,
        words: &[T],
        key: fn(T) -> &'static str,
    ) -> T {
        let text = value.as_str();
        let mut all = words.iter().copied();
        let Some(known) = all.find(|word| Some(key(*word)) == text) else {
            self.note(value, "a known value");
            return words[0];
        };
        known
    }
}

/// The name and content of an enum variant: the only field of an object, or a string for a variant without content.
#[must_use]
pub fn named<'v>(value: &'v Value<'v>) -> (&'v str, &'v Value<'v>) {
    match value {
        Value::Str(name) => return (name, &Value::Null),
        Value::Object(object) => {
            let mut fields = object.iter();
            if let (Some((name, content)), None) = (fields.next(), fields.next()) {
                return (name, content);
            }
        }
        _ => {}
    }
    ("", value)
}

/// The fields of an object.
pub struct Fields<'v, 'w> {
    object: Option<&'v ObjectAsVec<'v>>,
    error: &'w mut FirstError,
}

impl<'v, 'w> Fields<'v, 'w> {
    /// The fields of a value, which must be an object.
    #[must_use]
    pub fn of(value: &'v Value<'v>, error: &'w mut FirstError) -> Self {
        let object = value.as_object();
        if object.is_none() {
            error.note(value, "an object");
        }
        Self { object, error }
    }

    fn get(&self, name: &str) -> &'v Value<'v> {
        let fields = self.object.map_or(&[][..], |object| object.as_vec());
        // Of repeated names the last counts.
        let found = fields.iter().rev().find(|(key, _)| **key == *name);
        found.map_or(&Value::Null, |(_, value)| value)
    }

    /// Reads a field, which must exist unless its type accepts null.
    // Not inlined, so that all fields of one type share the code.
    #[inline(never)]
    pub fn read<T: FromJson>(&mut self, name: &str) -> T {
        let had_no_error = self.error.0.is_none();
        let read = T::from_json(self.get(name), self.error);
        if had_no_error && self.error.0.is_some() {
            self.error.add_field(name);
        }
        read
    }

    /// Reads a field that may be missing.
    #[inline(never)]
    pub fn read_or_default<T: FromJson + Default>(&mut self, name: &str) -> T {
        match self.get(name) {
            Value::Null => T::default(),
            _ => self.read(name),
        }
    }
}

/// Implements [`FromJson`] for a type.
///
/// A structure lists its fields. A field marked `or default` may be missing, as may an `Option`; `as` gives its name in
/// JSON; `is` gives the value of a field that is not in JSON. An enumeration lists the keys of its variants. A variant
/// with content is an object whose only field is named by the key.
///
/// ```
/// use vendors::{from_json, from_json::read};
///
/// #[derive(Debug, PartialEq, Clone, Copy)]
/// enum Size { Small, Large }
/// from_json! { enum Size { Small = "small", Large = "large" } }
///
/// #[derive(Debug, PartialEq)]
/// enum From { Here, Shop(String) }
/// from_json! { enum From { Here = "here", Shop(_) = "shop" } }
///
/// #[derive(Debug, PartialEq)]
/// struct Parcel { size: Size, from: From, weight: u8, note: Option<String>, kind: String, is_seen: bool }
/// from_json! { struct Parcel { size, from, weight or default, note, kind as "type", is_seen is false } }
///
/// let parcel: Parcel = read(br#"{"size":"large","from":{"shop":"Kiosk"},"type":"x"}"#).unwrap();
/// let from = From::Shop("Kiosk".to_owned());
/// let expected = Parcel { size: Size::Large, from, weight: 0, note: None, kind: "x".to_owned(), is_seen: false };
/// assert_eq!(parcel, expected);
/// let error = read::<Parcel>(br#"{"size":"huge","from":"here","type":"x"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "size: expected a known value, found a text");
/// let parcels = br#"[{"size":"large","from":"here","type":"x"},{"size":"large","from":1,"type":"x"}]"#;
/// let error = read::<Vec<Parcel>>(parcels).unwrap_err();
/// assert_eq!(error.to_string(), "[1]: from: expected a known value, found a number");
/// let error = read::<Vec<Vec<u8>>>(b"[[1],[2,-3],4]").unwrap_err();
/// assert_eq!(error.to_string(), "[1]: [1]: expected a whole number, found a number");
/// ```
#[macro_export]
macro_rules! from_json {
    (struct $type:ty {
        $($field:ident $(as $name:literal)? $(or $default:ident)? $(is $fixed:expr)?),* $(,)?
    }) => {
        impl $crate::from_json::FromJson for $type {
            fn from_json(
                value: &$crate::from_json::Value<'_>,
                error: &mut $crate::from_json::FirstError,
            ) -> Self {
                let mut fields = $crate::from_json::Fields::of(value, error);
                Self {
                    $($field: $crate::from_json!(
                        @field fields $field $(as $name)? $(or $default)? $(is $fixed)?
                    )),*
                }
            }
        }
    };
    (enum $type:ty { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $crate::from_json::FromJson for $type {
            fn from_json(
                value: &$crate::from_json::Value<'_>,
                error: &mut $crate::from_json::FirstError,
            ) -> Self {
                let words = [$((Self::$variant, $word)),*];
                error.word(value, &words, |(_, word)| word).0
            }
        }
    };
    (enum $type:ty {
        $first:ident $(($held:tt))? = $begin:literal
        $(, $variant:ident $(($content:tt))? = $word:literal)* $(,)?
    }) => {
        impl $crate::from_json::FromJson for $type {
            fn from_json(
                value: &$crate::from_json::Value<'_>,
                error: &mut $crate::from_json::FirstError,
            ) -> Self {
                let (word, content) = $crate::from_json::named(value);
                match word {
                    $($word => $crate::from_json!(@variant $variant $(($content))? content error),)*
                    _ => {
                        if word != $begin {
                            error.note(value, "a known value");
                        }
                        $crate::from_json!(@variant $first $(($held))? content error)
                    }
                }
            }
        }
    };
    (@field $fields:ident $field:ident) => { $fields.read(stringify!($field)) };
    (@field $fields:ident $field:ident as $name:literal) => { $fields.read($name) };
    (@field $fields:ident $field:ident or default) => { $fields.read_or_default(stringify!($field)) };
    (@field $fields:ident $field:ident as $name:literal or default) => { $fields.read_or_default($name) };
    (@field $fields:ident $field:ident is $fixed:expr) => { $fixed };
    (@variant $variant:ident $content:ident $error:ident) => { Self::$variant };
    (@variant $variant:ident (_) $content:ident $error:ident) => {
        Self::$variant($crate::from_json::FromJson::from_json($content, $error))
    };
}

/// Implements serde's `Deserialize` through [`FromJson`], for programs whose size does not matter.
#[macro_export]
macro_rules! deserialize_from_json {
    ($($type:ty),* $(,)?) => {$(
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <$crate::from_json::Value<'de> as ::serde::Deserialize>::deserialize(deserializer)?;
                $crate::from_json::of_value(&value).map_err(<D::Error as ::serde::de::Error>::custom)
            }
        }
    )*};
}

impl FromJson for serde_json::Value {
    fn from_json(value: &Value<'_>, _: &mut FirstError) -> Self {
        to_owned(value)
    }
}

impl FromJson for Map<String, serde_json::Value> {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let object = value.as_object().map(to_owned_map);
        object.unwrap_or_else(|| {
            error.note(value, "an object");
            Self::new()
        })
    }
}

impl FromJson for String {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        if let Value::Str(text) = value {
            return text.clone().into_owned();
        }
        error.note(value, "a text");
        Self::new()
    }
}

impl FromJson for Cow<'static, str> {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        String::from_json(value, error).into()
    }
}

impl FromJson for bool {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        if let Value::Bool(is) = value {
            return *is;
        }
        error.note(value, "a boolean");
        false
    }
}

impl FromJson for f64 {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        value.as_f64().unwrap_or_else(|| {
            error.note(value, "a number");
            0.0
        })
    }
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl FromJson for $type {
            fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
                let unsigned = value.as_u64().and_then(|number| number.try_into().ok());
                let number = unsigned.or_else(|| value.as_i64()?.try_into().ok());
                number.unwrap_or_else(|| {
                    error.note(value, "a whole number");
                    0
                })
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, u64, usize, i64);

/// Milliseconds since 1970.
impl FromJson for DateTime<Utc> {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let at = value.as_i64().and_then(Self::from_timestamp_millis);
        at.unwrap_or_else(|| {
            error.note(value, "a time in milliseconds");
            Self::UNIX_EPOCH
        })
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        (!value.is_null()).then(|| T::from_json(value, error))
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        Self::new(T::from_json(value, error))
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let Value::Array(list) = value else {
            error.note(value, "a list");
            return Self::new();
        };
        let (had_no_error, mut index) = (error.0.is_none(), 0_usize);
        let items = list.iter().map(|item| {
            let item = T::from_json(item, error);
            // Counts up to the first error, without a branch for each type.
            index += usize::from(error.0.is_none());
            item
        });
        let items = items.collect();
        error.end_list(had_no_error, index);
        items
    }
}
