//! Normalises the path and the query of a request: each is decoded once, validated and encoded again, so that every
//! server on the way interprets them in the same way.

use crate::problem::{Kind, Problem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use vendors::Operation;
use vendors::operation::is_addressable;

/// Everything except RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The decoded segments of a raw path without its leading slash.
///
/// # Errors
/// Bad request if the path is not percent-encoded UTF-8 or contains a NUL. Not found if a client, a proxy or a
/// server might interpret it as the path of a parent.
pub(crate) fn segments(raw: &str) -> Result<Vec<String>, Problem> {
    raw.split('/')
        .map(|part| {
            let segment = decode(part, "the path")?;
            // An empty segment matches no operation.
            if segment.is_empty() || is_addressable(&segment) {
                Ok(segment)
            } else {
                Err(no_such_operation())
            }
        })
        .collect()
}

/// The problem for a path that is not in the contract.
pub(super) fn no_such_operation() -> Problem {
    Problem::new(
        Kind::NotFound,
        "the gateway relays no vendor operation with this path",
    )
}

/// Encodes decoded segments as a path.
pub(super) fn encode(segments: &[String]) -> String {
    segments.iter().fold(String::new(), |path, segment| {
        path + "/" + &vendors::operation::segment(segment)
    })
}

/// The query to send. It contains only parameters of the operation, each once and with a value of the contract.
///
/// # Errors
/// A bad request that names the parameter.
pub(super) fn query(raw: &str, operation: &Operation) -> Result<String, Problem> {
    let mut seen = Vec::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode_form(name)?, decode_form(value)?);
        let Some(parameter) = operation.query.iter().find(|known| known.name == name) else {
            return Err(bad(format!(
                "{name:?} is not a query parameter of the operation \"{}\"",
                operation.name
            )));
        };
        if !parameter.accepts(&value) {
            return Err(bad(format!(
                "the query parameter {name:?} of the operation \"{}\" does not take this value",
                operation.name
            )));
        }
        if seen.iter().any(|(other, _)| *other == name) {
            return Err(bad(format!("the query parameter {name:?} is given twice")));
        }
        seen.push((name, value));
    }
    let is_given = |name: &str| seen.iter().any(|(given, _)| given == name);
    let mut needed = operation
        .query
        .iter()
        .filter(|parameter| parameter.required);
    if let Some(missing) = needed.find(|parameter| !is_given(parameter.name)) {
        return Err(bad(format!(
            "the operation \"{}\" needs the query parameter {:?}",
            operation.name, missing.name
        )));
    }
    let encode = |text: &str| utf8_percent_encode(text, QUERY).to_string();
    let pairs: Vec<String> = seen
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    Ok(pairs.join("&"))
}

/// Decodes a part of a query, in which browsers encode a space as a plus.
fn decode_form(text: &str) -> Result<String, Problem> {
    decode(&text.replace('+', " "), "the query")
}

fn decode(text: &str, place: &str) -> Result<String, Problem> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !(bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
                && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit))
    });
    if broken {
        return Err(bad(format!(
            "{place} holds a % without two hexadecimal digits"
        )));
    }
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| bad(format!("{place} is not UTF-8 after decoding")))?;
    if decoded.contains('\0') {
        return Err(bad(format!("{place} holds a NUL")));
    }
    Ok(decoded.into_owned())
}

fn bad(detail: String) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vendors::{Method, Parameter, Values, aveva, uplynk, veeam};

    #[test]
    fn segments_are_decoded_once_and_encoded_in_one_form() {
        for (raw, decoded, path) in [
            ("groups/a", vec!["groups", "a"], "/groups/a"),
            ("%67roups/a%2Fb", vec!["groups", "a/b"], "/groups/a%2Fb"),
            ("a%252Fb", vec!["a%2Fb"], "/a%252Fb"),
            ("a+b%20c", vec!["a+b c"], "/a%2Bb%20c"),
            ("a//b/", vec!["a", "", "b", ""], "/a//b/"),
            ("HOST-01.OpcUa", vec!["HOST-01.OpcUa"], "/HOST-01.OpcUa"),
            ("...", vec!["..."], "/..."),
            ("%C3%A9%23%3F%22", vec!["é#?\""], "/%C3%A9%23%3F%22"),
            ("a\"<>", vec!["a\"<>"], "/a%22%3C%3E"),
            (
                "1/..%5C%C3%96l..x",
                vec!["1", "..\\Öl..x"],
                "/1/..%5C%C3%96l..x",
            ),
        ] {
            let segments = segments(raw).unwrap();
            assert_eq!(segments, decoded, "{raw}");
            assert_eq!(encode(&segments), path, "{raw}");
        }
    }

    #[test]
    fn invalid_encodings_are_bad_requests_and_parent_paths_are_not_found() {
        for (raw, kind) in [
            ("%", Kind::BadRequest),
            ("a%2", Kind::BadRequest),
            ("%zz", Kind::BadRequest),
            ("a%00b", Kind::BadRequest),
            ("%ff", Kind::BadRequest),
            ("%c0%ae%c0%ae", Kind::BadRequest),
            ("%ed%a0%80", Kind::BadRequest),
            ("..", Kind::NotFound),
            (".", Kind::NotFound),
            ("a/%2e%2E/b", Kind::NotFound),
            ("a/.%2e/b", Kind::NotFound),
            ("x%2f..%2fy", Kind::NotFound),
            ("..%2fx", Kind::NotFound),
            ("x%2f.%2fy", Kind::NotFound),
        ] {
            assert_eq!(segments(raw).unwrap_err().kind, kind, "{raw}");
        }
    }

    const FILTER_AND_PAGE: &[Parameter] = &[
        Parameter::optional("filter", Values::Text),
        Parameter::optional("page", Values::Number(1)),
    ];

    #[test]
    fn only_listed_parameters_are_relayed_once_each_and_re_encoded() {
        let operation = Operation {
            name: "query",
            method: Method::Get,
            path: "/q",
            query: FILTER_AND_PAGE,
        };
        for (raw, expected) in [
            ("", Ok("")),
            ("page=2", Ok("page=2")),
            ("page", Err("does not take")),
            ("filter", Ok("filter=")),
            ("&page=2&", Ok("page=2")),
            (
                "p%61ge=2&filter=Name==%22A+B%22",
                Ok("page=2&filter=Name%3D%3D%22A%20B%22"),
            ),
            ("filter=a%26page%3D3", Ok("filter=a%26page%3D3")),
            ("filter=a%2Bb", Ok("filter=a%2Bb")),
            ("msg=x", Err("\"msg\"")),
            ("Page=2", Err("\"Page\"")),
            ("page=1&page=2", Err("twice")),
            ("page=%", Err("hexadecimal")),
            ("page=%00", Err("NUL")),
        ] {
            match (query(raw, &operation), expected) {
                (Ok(query), Ok(expected)) => assert_eq!(query, expected, "{raw}"),
                (Err(problem), Err(words)) => {
                    assert_eq!(problem.kind, Kind::BadRequest);
                    assert!(problem.detail.contains(words), "{raw}: {}", problem.detail);
                }
                (outcome, _) => panic!("{raw}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn a_veeam_query_is_limited_to_cloud_failover_sessions() {
        let good = "type=CloudFailoverSession";
        for (raw, words) in [
            ("", "needs the query parameter \"type\""),
            ("format=Entities", "needs the query parameter \"type\""),
            ("type=Job", "\"type\" of the operation"),
            ("type=", "does not take"),
            ("type=cloudfailoversession", "does not take"),
            ("type=CloudFailoverSession,Job", "does not take"),
            ("type=CloudFailoverSession%20", "does not take"),
            ("type=CloudFailoverSession&type=Job", "does not take"),
            ("type=CloudFailoverSession&format=Entity", "\"format\""),
            ("type=CloudFailoverSession&sortAsc=Password", "\"sortAsc\""),
            ("type=CloudFailoverSession&pageSize=0", "\"pageSize\""),
            ("type=CloudFailoverSession&page=-1", "\"page\""),
            ("type=CloudFailoverSession&page=%2B1", "\"page\""),
            ("type=CloudFailoverSession&page=99999999999", "\"page\""),
            ("type=CloudFailoverSession&expand=all", "\"expand\""),
        ] {
            let problem = query(raw, &veeam::operations::QUERY).unwrap_err();
            assert_eq!(problem.kind, Kind::BadRequest, "{raw}");
            assert!(problem.detail.contains(words), "{raw}: {}", problem.detail);
        }
        for more in [
            "",
            "&format=Entities&sortDesc=EndTime&pageSize=1&page=1&filter=x%3D%3D1",
        ] {
            let raw = format!("{good}{more}");
            assert_eq!(query(&raw, &veeam::operations::QUERY).unwrap(), raw);
        }
    }

    fn operations() -> Vec<&'static Operation> {
        let aveva = aveva::operations::OF_GROUPS
            .into_iter()
            .chain(aveva::operations::OF_SESSIONS);
        let others = uplynk::operations::ALL
            .iter()
            .copied()
            .chain(veeam::operations::ALL);
        aveva.chain(others).collect()
    }

    /// Names and values of the contracts, similar ones, and arbitrary ones.
    fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
        let name = prop_oneof![
            4 => prop::sample::select(vec![
                "type", "format", "sortAsc", "sortDesc", "pageSize", "page", "filter", "skip", "count",
            ])
            .prop_map(str::to_owned),
            1 => prop::sample::select(vec!["Type", "v", "msg", "sig", "type ", ""]).prop_map(str::to_owned),
            1 => ".{0,8}",
        ];
        let value = prop_oneof![
            3 => prop::sample::select(vec![
                "CloudFailoverSession", "Job", "Entities", "Entity", "Name", "name", "1", "0", "01", "-1", "1e3", "",
            ])
            .prop_map(str::to_owned),
            1 => any::<u64>().prop_map(|number| number.to_string()),
            1 => ".{0,12}",
        ];
        prop::collection::vec((name, value), 0..5)
    }

    proptest! {
        /// Every relayed query contains only parameters and values of the contract, and is exactly the requested one.
        #[test]
        fn a_relayed_query_has_only_the_contracts_parameters_and_values(
            operation in prop::sample::select(operations()),
            pairs in pairs(),
        ) {
            let encode = |text: &str| utf8_percent_encode(text, QUERY).to_string();
            let raw: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            let known = |name: &str| operation.query.iter().find(|known| known.name == name);
            let twice = |at: usize| pairs[..at].iter().any(|(name, _)| *name == pairs[at].0);
            let is_of_contract = pairs.iter().enumerate().all(|(at, (name, value))| {
                let fits = known(name).is_some_and(|parameter| match parameter.values {
                    Values::Number(least) => {
                        value.bytes().all(|byte| byte.is_ascii_digit())
                            && value.parse::<u32>().is_ok_and(|number| number >= least)
                    }
                    Values::Words(words) => words.contains(&value.as_str()),
                    Values::Text => true,
                });
                fits && !twice(at) && !value.contains('\0')
            });
            let has_type = pairs.iter().any(|pair| *pair == ("type".into(), "CloudFailoverSession".into()));
            let is_complete = *operation != veeam::operations::QUERY || has_type;
            match query(&raw.join("&"), operation) {
                Ok(sent) => {
                    prop_assert!(is_of_contract && is_complete, "{sent}");
                    prop_assert_eq!(sent, raw.join("&"));
                }
                Err(problem) => {
                    prop_assert!(!(is_of_contract && is_complete), "{}", problem.detail);
                    prop_assert_eq!(problem.kind, Kind::BadRequest);
                }
            }
        }
    }
}
