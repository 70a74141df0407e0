//! Reads JSON that has one meaning only. Readers differ in which of two equal keys they take, so a body that the
//! gateway checks or records could be another to the vendor. Comments, trailing commas, a byte order mark, another
//! encoding than UTF-8 and single halves of surrogates are no JSON, and refused by the same reader.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// How much of a key an error quotes, in characters.
const QUOTED: usize = 60;

/// Whether these bytes are one JSON value in which no object holds a key twice.
///
/// # Errors
/// What is wrong and where, in words without any value of the body.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Anything.deserialize(&mut reader);
    read.and_then(|()| reader.end())
        .map_err(|error| error.to_string())
}

/// Any value, of which nothing is kept.
struct Anything;

impl<'de> DeserializeSeed<'de> for Anything {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Anything {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Anything)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                let quoted: String = key.chars().take(QUOTED).collect();
                return Err(A::Error::custom(format_args!(
                    "the key {quoted:?} is given twice"
                )));
            }
            keys.insert(key);
            entries.next_value_seed(Anything)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn json_with_one_meaning_is_accepted() {
        for text in [
            "null",
            " {} ",
            "[]",
            "-0.5e-3",
            r#""\ud83d\ude00 Müller""#,
            r#"{"a":{"a":1},"b":[{"a":1},{"a":2}],"A":null,"":true}"#,
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused_in_words() {
        let cases: [(&[u8], &str); 18] = [
            (
                br#"{"Role":1,"Role":2}"#,
                r#"the key "Role" is given twice"#,
            ),
            // The same key, written in another way.
            (
                br#"{"Role":1,"\u0052ole":2}"#,
                r#"the key "Role" is given twice"#,
            ),
            (
                br#"[{"x":{"a":1,"b":2,"a":1}}]"#,
                r#"the key "a" is given twice"#,
            ),
            (b"\xef\xbb\xbf{}", "expected value"),
            (b"\xff\xfe{\0}\0", "expected value"),
            (b"{\0}\0", "key must be a string"),
            (b"// x\n{}", "expected value"),
            (b"{/* x */}", "key must be a string"),
            (b"[1,]", "trailing comma"),
            (br#"{"a":1,}"#, "trailing comma"),
            (b"{'a':1}", "key must be a string"),
            (b"{a:1}", "key must be a string"),
            (b"{} {}", "trailing characters"),
            (b"NaN", "expected value"),
            (b"01", "invalid number"),
            (b"\"\xff\"", "unicode"),
            (br#""\ud800""#, "unexpected end of hex escape"),
            (b"1e999", "number out of range"),
        ];
        for (bytes, words) in cases {
            let text = String::from_utf8_lossy(bytes);
            let error = check(bytes).expect_err(&text);
            assert!(error.contains(words), "{text}: {error}");
        }
        let deep = "[".repeat(100_000);
        assert!(check(deep.as_bytes()).is_err());
        let long = format!("{{\"{0}\":1,\"{0}\":1}}", "k".repeat(10_000));
        assert!(check(long.as_bytes()).is_err_and(|error| error.len() < 200));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_once_is_accepted_and_a_repeated_key_anywhere_is_not(
            value in value(), key in any::<String>(), depth in 0_usize..20,
        ) {
            let text = value.to_string();
            prop_assert_eq!(check(text.as_bytes()), Ok(()));
            let key = Value::from(key);
            let twice = format!("{}{{{key}:{text},{key}:{text}}}{}", "[".repeat(depth), "]".repeat(depth));
            prop_assert!(check(twice.as_bytes()).is_err_and(|error| error.contains("is given twice")));
        }

        #[test]
        fn what_is_accepted_is_the_same_to_a_reader_that_keeps_it(bytes in proptest::collection::vec(
            prop_oneof![
                8 => proptest::sample::select(b"{}[]\",:\\ \n0123456789.-+eEtrufalsn".to_vec()),
                1 => any::<u8>(),
            ],
            0..40,
        )) {
            if check(&bytes).is_ok() {
                let kept: Value = serde_json::from_slice(&bytes).expect("a strict reader takes less");
                prop_assert_eq!(check(kept.to_string().as_bytes()), Ok(()));
            }
        }
    }
}
