//! The filter grammar of Veeam's query service: formatting, parsing and quoting.

use proptest::prelude::*;
use vendors::veeam::{Condition, Field, Filter, Op, Query};

fn is(field: Field, op: Op, value: &str) -> Filter {
    Filter::condition(field, op, value)
}

fn any_condition() -> impl Strategy<Value = Filter> {
    let fields = prop::sample::select(Field::ALL.to_vec());
    let ops = prop::sample::select(Op::ALL.to_vec());
    // Words, GUIDs, and texts with many of the grammar's own characters.
    let values = prop_oneof![
        "[A-Za-z0-9_]{1,8}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[\"();,&=<>! A-Za-z0-9_%+#-]{0,16}",
        "\\PC{0,12}",
        any::<String>(),
    ];
    (fields, ops, values).prop_map(|(field, op, value)| Filter::condition(field, op, value))
}

/// Any tree, including empty lists, lists of one, and lists nested in lists of their own kind.
fn any_filter() -> impl Strategy<Value = Filter> {
    any_condition().prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::All),
            prop::collection::vec(inner, 0..4).prop_map(Filter::Any),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_formatted_filter_parses_to_its_normal_form(filter in any_filter()) {
        let text = filter.to_string();
        match filter.normalised() {
            None => prop_assert_eq!(text, ""),
            Some(normal) => {
                prop_assert_eq!(Filter::parse(&text), Ok(normal.clone()));
                prop_assert_eq!(normal.clone().normalised(), Some(normal));
            }
        }
    }

    #[test]
    fn no_value_breaks_out_of_its_quotes(value in any::<String>(), before in any_condition(), after in any_condition()) {
        let alone = is(Field::Name, Op::Equal, &value);
        prop_assert_eq!(Filter::parse(&alone.to_string()), Ok(alone.clone()));
        let among = Filter::Any(vec![before, alone, after]);
        prop_assert_eq!(Filter::parse(&among.to_string()), Ok(among));
    }

    #[test]
    fn no_value_breaks_out_of_the_query_string(value in any::<String>()) {
        let query = Query { filter: Some(is(Field::FailureMessage, Op::NotEqual, &value)), ..Query::default() };
        let text = query.to_text();
        prop_assert_eq!(text.matches(['&', '=']).count(), 11, "exactly six parameters: {}", text);
        prop_assert_eq!(Query::from_text(&text).map(|pasted| (pasted.query, pasted.warnings)), Ok((query, vec![])));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), near in "[NameUIDtR\"();,=<>!& \u{A0}-]{0,60}") {
        for text in [text, near] {
            let _ = Filter::parse(&text);
            let _ = Query::from_text(&text);
            let _ = Query::from_text(&format!("filter={text}"));
        }
    }

    #[test]
    fn parsing_and_formatting_is_stable(text in "\\(?(name|State)(==|!=|<=) ?[a-z\"]{0,8}\\)?([;,]\\(?(Name|UID)>\"?[a-f0-9:]{1,4}\"?\\)?){0,3}") {
        if let Ok(filter) = Filter::parse(&text) {
            let once = filter.to_string();
            prop_assert_eq!(Filter::parse(&once), Ok(filter));
        }
    }

    #[test]
    fn a_valid_pasted_filter_is_read_strictly(filter in any_filter()) {
        if let Some(normal) = filter.normalised() {
            let text = format!("filter={}", normal.to_string().replace('%', "%25").replace('&', "%26"));
            let read = Query::from_text(&text).map(|pasted| pasted.query.filter);
            prop_assert_eq!(read, Ok(Some(normal)));
        }
    }
}

#[test]
fn parentheses_are_written_where_and_meets_or() {
    let failed = || is(Field::Result, Op::GreaterOrEqual, "Warning");
    let working = || is(Field::State, Op::Equal, "Working");
    let time = "2026-11-15T00:00:00Z".parse().expect("a time");
    let since = || Filter::time(Field::CreationTime, Op::GreaterOrEqual, time);
    for (filter, text) in [
        (
            Filter::All(vec![failed(), working()]),
            "Result>=Warning;State==Working",
        ),
        (
            Filter::Any(vec![failed(), working()]),
            "Result>=Warning,State==Working",
        ),
        (
            Filter::All(vec![Filter::Any(vec![failed(), working()]), since()]),
            "(Result>=Warning,State==Working);CreationTime>=\"2026-11-15T00:00:00Z\"",
        ),
        (
            Filter::Any(vec![working(), Filter::All(vec![failed(), since()])]),
            "State==Working,(Result>=Warning;CreationTime>=\"2026-11-15T00:00:00Z\")",
        ),
        (
            Filter::All(vec![
                Filter::All(vec![failed(), working()]),
                Filter::Any(vec![since()]),
            ]),
            "Result>=Warning;State==Working;CreationTime>=\"2026-11-15T00:00:00Z\"",
        ),
        (
            Filter::All(vec![Filter::Any(vec![]), working()]),
            "State==Working",
        ),
        (Filter::All(vec![Filter::Any(vec![])]), ""),
    ] {
        assert_eq!(filter.to_string(), text);
    }
}

#[test]
fn values_are_quoted_except_words_and_guids_of_uid_fields() {
    for (value, written) in [
        ("Failed", "Name==Failed"),
        ("dbserver01_a", "Name==dbserver01_a"),
        (
            "7445e6ce-86f5-4171-b909-dac209c66563",
            "Name==\"7445e6ce-86f5-4171-b909-dac209c66563\"",
        ),
        (
            "7445e6ce-86f5-4171-b909",
            "Name==\"7445e6ce-86f5-4171-b909\"",
        ),
        ("", "Name==\"\""),
        ("a b", "Name==\"a b\""),
        ("172.24.31.67", "Name==\"172.24.31.67\""),
        ("\"", "Name==\"\"\"\""),
        ("x\";Result==Failed", "Name==\"x\"\";Result==Failed\""),
        ("Ä", "Name==\"Ä\""),
    ] {
        assert_eq!(is(Field::Name, Op::Equal, value).to_string(), written);
    }
    let guid = "7445e6ce-86f5-4171-b909-dac209c66563";
    for field in [Field::Uid, Field::BackupServerUid] {
        let written = format!("{}=={guid}", field.name());
        assert_eq!(is(field, Op::Equal, guid).to_string(), written);
    }
}

#[test]
fn spaces_case_and_redundant_parentheses_are_ignored() {
    let expected =
        Filter::parse("Name==\"a b\";(Result==Failed,State==Working)").expect("a filter");
    for text in [
        " name == \"a b\" ; ( RESULT==Failed , state==Working ) ",
        "((Name==\"a b\"));((Result==Failed),(State==Working))",
        "\tName==\"a b\";\n(Result==Failed,State==Working)",
    ] {
        assert_eq!(Filter::parse(text), Ok(expected.clone()), "{text}");
    }
}

#[test]
fn a_time_without_a_zone_is_sent_as_utc() {
    for (text, written) in [
        (
            "CreationTime>=2025-02-18T14:16:31",
            "CreationTime>=\"2025-02-18T14:16:31Z\"",
        ),
        (
            "EndTime<\"2025-02-18T14:16:31.5\"",
            "EndTime<\"2025-02-18T14:16:31.5Z\"",
        ),
        (
            "EndTime<\"2025-02-18T14:16:31Z\"",
            "EndTime<\"2025-02-18T14:16:31Z\"",
        ),
        (
            "EndTime<\"2025-02-18T14:16:31+02:00\"",
            "EndTime<\"2025-02-18T14:16:31+02:00\"",
        ),
        ("EndTime>2019-06-30", "EndTime>\"2019-06-30T00:00:00Z\""),
        ("EndTime>2019-06-31", "EndTime>\"2019-06-31\""),
        ("EndTime>soon", "EndTime>soon"),
        ("Name==2025-02-18T14:16:31", "Name==\"2025-02-18T14:16:31\""),
    ] {
        let filter = Filter::parse(text).expect(text);
        assert_eq!(filter.to_string(), written);
    }
}

#[test]
fn errors_have_the_position_and_the_expected_text() {
    for (text, position, expected, found) in [
        ("", 1, "a field (UID, Name,", ""),
        ("Colour==red", 1, "a field", "Colour"),
        ("Result", 7, "one of ==", ""),
        ("Result=Failed", 7, "one of ==", "="),
        ("Result==", 9, "a value", ""),
        ("Result==Failed;", 16, "a field", ""),
        ("Result==Failed;;Name==x", 16, "a field", ";"),
        (
            "State==Working&Result==None",
            15,
            "write “;” for “and”",
            "&",
        ),
        ("Name==ABC Company", 11, "in quotes", "Company"),
        ("(Result==Failed", 16, "“)”", ""),
        ("Result==Failed)", 15, "the end", ")"),
        ("()", 2, "a field", ")"),
        ("Name==\"open", 7, "a closing quote", "\"open"),
        ("Name==a;State==b,Type==c", 17, "parentheses", ","),
        ("Name==\"\"Backup\"\"", 9, "after a closing quote", "Backup"),
        ("Name==“ABC”", 7, "straight double quotes", "“ABC”"),
        ("Name=='ABC'", 7, "straight double quotes", "'ABC'"),
        ("Ünder==1", 1, "a field", "Ünder"),
        ("Name==ä;Ü==1", 9, "a field", "Ü"),
    ] {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(
            (error.position, error.found.as_str()),
            (position, found),
            "{text}: {error}"
        );
        assert!(error.expected.contains(expected), "{text}: {error}");
    }
    for (text, sentence) in [
        ("Result==", ", but the filter ends."),
        ("Name==a b", ", found “b”."),
        ("Result= Failed", ", found “=”."),
        ("Result Failed", ", found “Failed”."),
    ] {
        let error = Filter::parse(text).expect_err(text).to_string();
        assert!(error.starts_with("At character "), "{error}");
        assert!(error.ends_with(sentence), "{error}");
    }
}

#[test]
fn parentheses_may_be_nested_32_deep() {
    let deep = |depth| "(".repeat(depth) + "Name==x" + &")".repeat(depth);
    assert_eq!(
        Filter::parse(&deep(32)),
        Ok(is(Field::Name, Op::Equal, "x"))
    );
    assert!(Filter::parse(&deep(33)).is_err_and(|error| error.position == 33));
    assert!(Filter::parse(&"(".repeat(1_000_000)).is_err());
    let beside = vec!["(Name==x)"; 100].join(";");
    let many = Filter::parse(&beside).map(|filter| filter.items().len());
    assert_eq!(many, Ok(100), "only the depth is limited");
}

#[test]
fn only_ordered_fields_have_order_comparisons() {
    for field in Field::ALL {
        let ordered = matches!(field, Field::CreationTime | Field::EndTime | Field::Result);
        let expected: &[Op] = if ordered {
            &Op::ALL
        } else {
            &[Op::Equal, Op::NotEqual]
        };
        assert_eq!(field.ops(), expected, "{field:?}");
        assert_eq!(Field::from_name(&field.name().to_lowercase()), Some(field));
    }
}

#[test]
fn comparisons_that_make_no_sense_have_warnings() {
    for (text, warning) in [
        (
            "State>Working",
            Some("State has no order: use == or !=, not >."),
        ),
        ("Name<a", Some("Name has no order")),
        (
            "State==Running",
            Some("Starting or Stopping or Working or Stopped, not “Running”"),
        ),
        ("Result>=warning", None),
        ("Result==None", None),
        ("Type==FailoverPlan", None),
        ("UID==12", Some("a GUID, not “12”")),
        (
            "UID==\"urn:veeam:CloudFailoverSession:475420ee-d045-4493-9869-0a970e08f6f9\"",
            None,
        ),
        (
            "BackupServerUid==475420EE-d045-4493-9869-0a970e08f6f9",
            None,
        ),
        (
            "UID==\"urn:other:475420ee-d045-4493-9869-0a970e08f6f9\"",
            Some("a GUID"),
        ),
        (
            "CreationTime>yesterday",
            Some("a UTC date-time such as 2026-11-21T08:00:00Z"),
        ),
        (
            "CreationTime>\"2025-02-18T14:16:31+02:00\"",
            Some("a UTC date-time"),
        ),
        ("CreationTime>=2025-02-18T14:16:31", None),
        ("CreationTime>=2025-02-18T14:16:31.1234567Z", None),
        ("EndTime>2019-06-30", None),
        ("FailureMessage!=\"\"", None),
    ] {
        let filter = Filter::parse(text).expect(text);
        let found = filter.conditions().into_iter().find_map(Condition::warning);
        match warning {
            None => assert_eq!(found, None, "{text}"),
            Some(words) => assert!(
                found.as_deref().is_some_and(|found| found.contains(words)),
                "{text}: {found:?}"
            ),
        }
    }
}
