//! Checks that JSON is unambiguous. Parsers differ in which of two equal keys they use, so the vendor could read a body
//! differently than the gateway that checked and recorded it. Comments, trailing commas, a byte order mark, encodings
//! other than UTF-8 and unpaired surrogates are invalid JSON, and are rejected by the parser.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// The maximum length of a key in an error, in characters.
const MAX_QUOTED: usize = 60;

/// Checks that the bytes are one JSON value without duplicate keys.
///
/// # Errors
/// The fault and its position, without any value of the body.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = AnyValue.deserialize(&mut reader);
    read.and_then(|()| reader.end())
        .map_err(|error| error.to_string())
}

/// Visits any value and discards it.
struct AnyValue;

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
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
        while items.next_element_seed(AnyValue)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                let quoted: String = key.chars().take(MAX_QUOTED).collect();
                return Err(A::Error::custom(format_args!(
                    "the key {quoted:?} is given twice"
                )));
            }
            keys.insert(key);
            entries.next_value_seed(AnyValue)?;
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
    fn unambiguous_json_is_accepted() {
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
    fn ambiguous_or_invalid_json_is_rejected_with_a_message() {
        let cases: [(&[u8], &str); 18] = [
            (
                br#"{"Role":1,"Role":2}"#,
                r#"the key "Role" is given twice"#,
            ),
            // The same key, with an escape.
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
        fn a_duplicate_key_at_any_depth_is_rejected(
            value in value(), key in any::<String>(), depth in 0_usize..20,
        ) {
            let text = value.to_string();
            prop_assert_eq!(check(text.as_bytes()), Ok(()));
            let key = Value::from(key);
            let twice = format!("{}{{{key}:{text},{key}:{text}}}{}", "[".repeat(depth), "]".repeat(depth));
            prop_assert!(check(twice.as_bytes()).is_err_and(|error| error.contains("is given twice")));
        }

        #[test]
        fn accepted_json_can_be_parsed_by_serde_json(bytes in proptest::collection::vec(
            prop_oneof![
                8 => proptest::sample::select(b"{}[]\",:\\ \n0123456789.-+eEtrufalsn".to_vec()),
                1 => any::<u8>(),
            ],
            0..40,
        )) {
            if check(&bytes).is_ok() {
                let parsed: Value = serde_json::from_slice(&bytes).expect("the strict check accepts less");
                prop_assert_eq!(check(parsed.to_string().as_bytes()), Ok(()));
            }
        }
    }
}
