//! Reads and writes JSON.

use serde::Serialize;
use vendors::from_json::of_value;
pub use vendors::from_json::{FirstError, FromJson, read};
use vendors::json::value_without;
pub use vendors::json::{Value, moment, number, owned, value};

/// Reads a JSON object with a very long list under the name `list`: first its items one by one, then the object without
/// them. Parsing everything into one `Value` would need many times the memory.
///
/// # Errors
/// As [`read`].
pub fn read_with_list<T: FromJson, Item: FromJson>(
    text: &[u8],
    list: &str,
) -> Result<(T, Vec<Item>), FirstError> {
    let mut items = Ok(Vec::new());
    let mut read = |item: Value<'_>| {
        if let Ok(known) = &mut items {
            match of_value(&item) {
                Ok(item) => known.push(item),
                Err(mut error) => {
                    error.end_list(true, known.len());
                    error.add_field(list);
                    items = Err(error);
                }
            }
        }
    };
    let rest = value_without(text, Some(list), &mut read)?;
    Ok((of_value(&rest)?, items?))
}

/// Serialises a request body. Pass a typed value: serialising a `Value` would add the code for fractions.
pub fn write(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::read_with_list;
    use protocol::{Wall, Walls};

    #[test]
    fn a_long_list_is_read_separately_from_its_object() {
        let walls = |list: &str| format!("{{\"kept\":\"store\",\"walls\":{list},\"more\":[[]]}}");
        let wall = r#"{"id":"a","name":"Hall","paired_by":"ann"}"#;
        let text = walls(&format!("[{wall},{wall}]"));
        let (rest, list) = read_with_list::<Walls, Wall>(text.as_bytes(), "walls").unwrap();
        assert_eq!(
            (rest.kept.as_str(), rest.walls.len(), list.len()),
            ("store", 0, 2)
        );
        assert_eq!(list[1].name, "Hall");
        for (list, words) in [
            (
                format!("[{wall},{{}}]"),
                "walls: [1]: id: expected a text, found nothing",
            ),
            ("{}".to_owned(), "walls: expected a list, found an object"),
            ("[".to_owned(), "expected value"),
        ] {
            let wrong =
                read_with_list::<Walls, Wall>(walls(&list).as_bytes(), "walls").unwrap_err();
            assert!(wrong.to_string().contains(words), "{list}: {wrong}");
        }
    }
}
