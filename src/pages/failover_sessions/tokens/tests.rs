//! The tree's conversion to filters, and each operation.

use super::{Id, Join, MAX_DEPTH, Tree, choices, op_word};
use vendors::veeam::{Field, Filter, Op};

const UNKNOWN: Id = 999_999;

fn filter(text: &str) -> Filter {
    Filter::parse(text).expect("a filter")
}

fn tree(text: &str) -> Tree {
    Tree::from_filter(Some(&filter(text)))
}

/// The tokens without a value, which the filter leaves out, in their order.
fn incomplete(tree: &Tree) -> Vec<Id> {
    let tokens = tree.root().tokens().into_iter();
    let unfinished = tokens.filter(|token| token.value.is_none());
    unfinished.map(|token| token.id).collect()
}

/// The tokens with problems, in their order.
fn problems(tree: &Tree) -> Vec<(Id, String)> {
    let tokens = tree.root().tokens().into_iter();
    tokens
        .filter_map(|token| Some((token.id, token.problem()?)))
        .collect()
}

fn text(tree: &Tree) -> String {
    tree.to_filter()
        .map(|filter| filter.to_string())
        .unwrap_or_default()
}

/// The id of the nth node in the outermost group.
fn nth(tree: &Tree, at: usize) -> Id {
    tree.root().nodes[at].id()
}

#[test]
fn a_filter_round_trips_through_tokens() {
    for written in [
        "Result==Failed",
        "Result==failed",
        "Result==Failed;Name==dbserver01",
        "Result==Failed,State==Working",
        "(Result>=Warning,State==Working);CreationTime>=\"2026-11-15T00:00:00Z\"",
        "(Type==FailoverPlan;State==Working),(Type==FailoverPlan;Result==None)",
        "Name==\"A \"\"B\"\" & C\";(Result==Success,(State==Working;Type==FailoverPlan))",
        "FailureMessage!=\"\"",
    ] {
        assert_eq!(text(&tree(written)), written);
    }
    assert_eq!(Tree::from_filter(None).to_filter(), None);
}

#[test]
fn the_outermost_group_takes_its_join_from_the_filter() {
    let one = tree("Result==Failed");
    assert_eq!((one.root().join, one.root().nodes.len()), (Join::All, 1));
    let any = tree("Result==Failed,State==Working");
    assert_eq!((any.root().join, any.root().nodes.len()), (Join::Any, 2));
}

#[test]
fn empty_lists_become_no_empty_groups() {
    let empty = Filter::All(vec![Filter::Any(vec![Filter::All(Vec::new())])]);
    assert_eq!(Tree::from_filter(Some(&empty)), Tree::default());
}

#[test]
fn a_token_without_a_value_is_left_out_of_the_filter() {
    let mut tree = tree("Result==Failed");
    let id = tree.add_token(0, Field::Name).expect("the root exists");
    assert_eq!(text(&tree), "Result==Failed");
    assert_eq!(incomplete(&tree), [id]);
    assert_eq!(
        problems(&tree),
        [(id, "Plan has no value yet and is ignored.".to_owned())]
    );
    tree.set_value(id, "Web Shop");
    assert_eq!(text(&tree), "Result==Failed;Name==\"Web Shop\"");
    assert!(incomplete(&tree).is_empty() && problems(&tree).is_empty());
    tree.set_value(id, "");
    assert_eq!(incomplete(&tree), [id]);
}

#[test]
fn a_condition_that_the_service_would_reject_is_a_problem_of_its_token() {
    let tree = tree("Result==Red;State>Working;CreationTime>=yesterday");
    let ids: Vec<Id> = problems(&tree).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [nth(&tree, 0), nth(&tree, 1), nth(&tree, 2)]);
}

#[test]
fn values_other_than_texts_are_trimmed() {
    let mut tree = tree("Result==Failed;Name==x");
    let (result, name) = (nth(&tree, 0), nth(&tree, 1));
    tree.set_value(result, " Warning ");
    tree.set_value(name, " x ");
    assert_eq!(text(&tree), "Result==Warning;Name==\" x \"");
    tree.set_value(result, "  ");
    assert_eq!(incomplete(&tree), [result]);
}

#[test]
fn a_new_field_keeps_the_value_and_the_operator_if_it_accepts_them() {
    let guid = "7445e6ce-86f5-4171-b909-dac209c66563";
    for (before, field, after) in [
        (
            "Name==shop",
            Field::BackupServerName,
            "BackupServerName==shop",
        ),
        ("Name!=shop", Field::FailureMessage, "FailureMessage!=shop"),
        ("Name==shop", Field::Result, ""),
        ("Name==Failed", Field::Result, "Result==Failed"),
        ("Result>=Failed", Field::Name, ""),
        ("Result>=None", Field::State, ""),
        ("State!=Working", Field::Type, "Type!=FailoverPlan"),
        (
            "CreationTime<\"2026-11-15\"",
            Field::EndTime,
            "EndTime<\"2026-11-15T00:00:00Z\"",
        ),
        ("CreationTime<\"2026-11-15\"", Field::Name, ""),
        (
            "Name==\"2026-11-15\"",
            Field::CreationTime,
            "CreationTime>=\"2026-11-15\"",
        ),
        (
            &format!("UID=={guid}"),
            Field::BackupServerUid,
            &format!("BackupServerUid=={guid}"),
        ),
        (
            &format!("UID=={guid}"),
            Field::Name,
            &format!("Name==\"{guid}\""),
        ),
    ] {
        let mut tree = tree(before);
        let id = nth(&tree, 0);
        tree.set_field(id, field);
        assert_eq!(text(&tree), after, "{before}");
        let token = tree.token(id).expect("it still exists");
        assert!(field.ops().contains(&token.op), "{before}");
    }
}

#[test]
fn an_unsupported_operator_cannot_be_chosen_but_a_typed_one_stays_offered() {
    let mut tree = tree("State>Working");
    let id = nth(&tree, 0);
    tree.set_op(id, Op::Less);
    assert_eq!(text(&tree), "State>Working");
    let offered = tree.token(id).expect("a token").ops();
    assert_eq!(offered, [Op::Equal, Op::NotEqual, Op::Greater]);
    tree.set_op(id, Op::NotEqual);
    assert_eq!(text(&tree), "State!=Working");
}

#[test]
fn a_group_is_removed_with_its_last_node_except_the_outermost() {
    let mut tree = tree("Name==a;(Result==Failed,(State==Working;Type==FailoverPlan))");
    let tokens: Vec<Id> = tree.root().tokens().iter().map(|token| token.id).collect();
    for (removed, rest) in [
        (tokens[2], "Name==a;(Result==Failed,Type==FailoverPlan)"),
        (tokens[1], "Name==a;Type==FailoverPlan"),
        (tokens[3], "Name==a"),
        (tokens[0], ""),
    ] {
        tree.remove(removed);
        assert_eq!(text(&tree), rest);
    }
    assert!(tree.root().nodes.is_empty());
}

#[test]
fn the_focus_moves_to_the_neighbour_of_a_removed_node() {
    let tree = tree("Name==a;(Result==Failed,State==Working)");
    let tokens: Vec<Id> = tree.root().tokens().iter().map(|token| token.id).collect();
    assert_eq!(tree.neighbour(tokens[0]), nth(&tree, 1));
    assert_eq!(tree.neighbour(tokens[1]), tokens[2]);
    assert_eq!(tree.neighbour(tokens[2]), tokens[1]);
    let mut rest = tree.clone();
    rest.remove(tokens[1]);
    assert_eq!(rest.neighbour(tokens[2]), tokens[0]);
    rest.remove(tokens[2]);
    assert_eq!(rest.neighbour(tokens[0]), rest.root().id);
}

#[test]
fn wrapping_keeps_the_filter_and_unwrapping_undoes_it() {
    let mut tree = tree("Name==a;Result==Failed");
    let before = tree.clone();
    let id = nth(&tree, 1);
    assert!(tree.wrap(id));
    assert_eq!(text(&tree), text(&before));
    let group = nth(&tree, 1);
    let other = tree.add_token(group, Field::State).expect("a group");
    tree.set_value(other, "Working");
    assert_eq!(text(&tree), "Name==a;(Result==Failed,State==Working)");
    tree.unwrap(id);
    assert_eq!(text(&tree), "Name==a;(Result==Failed,State==Working)");
    tree.unwrap(group);
    assert_eq!(text(&tree), "Name==a;Result==Failed;State==Working");
}

#[test]
fn a_group_switches_between_all_and_any() {
    let mut tree = tree("Name==a;Result==Failed");
    tree.set_join(0, Join::Any);
    assert_eq!(text(&tree), "Name==a,Result==Failed");
}

#[test]
fn a_tree_of_maximum_depth_parses_and_cannot_become_deeper() {
    let mut tree = tree("Name==a;Result==Failed");
    let mut group = 0;
    for level in 0..=MAX_DEPTH {
        let Some(id) = tree.add_group(group, Field::State) else {
            assert_eq!(level, MAX_DEPTH);
            break;
        };
        tree.set_value(id, "Working");
        let newest = tree.root().tokens().iter().map(|token| token.id).max();
        assert_eq!(newest, Some(id));
        // The group has the id after its token's.
        group = id + 1;
        let other = tree.add_token(group, Field::Name).expect("it is a group");
        tree.set_value(other, "b");
    }
    let written = text(&tree);
    assert_eq!(filter(&written).to_string(), written);
    let innermost = tree.root().tokens().last().map(|token| token.id);
    assert!(!tree.wrap(innermost.expect("a token")));
}

#[test]
fn an_unknown_id_changes_nothing() {
    let mut tree = tree("Name==a;Result==Failed");
    let before = tree.clone();
    assert_eq!(tree.add_token(UNKNOWN, Field::Name), None);
    assert_eq!(tree.add_group(UNKNOWN, Field::Name), None);
    assert!(!tree.wrap(UNKNOWN));
    tree.remove(UNKNOWN);
    tree.unwrap(UNKNOWN);
    tree.set_field(UNKNOWN, Field::Uid);
    tree.set_op(UNKNOWN, Op::NotEqual);
    tree.set_value(UNKNOWN, "x");
    tree.set_join(UNKNOWN, Join::Any);
    assert_eq!(tree.neighbour(UNKNOWN), tree.root().id);
    assert_eq!(tree.root(), before.root());
}

#[test]
fn tokens_are_described_in_words() {
    for (written, description) in [
        ("Result>=warning", "Result at least Warning"),
        ("Result<Warning", "Result better than Warning"),
        ("State!=Stopped", "State is not Stopped"),
        ("State>Postponed", "State greater than Postponed"),
        ("Name==\"Web Shop\"", "Plan is Web Shop"),
        (
            "FailureMessage!=\"\"",
            "Failure message is not an empty text",
        ),
        (
            "CreationTime>\"2026-11-15\"",
            "Started after 2026-11-15T00:00:00Z",
        ),
        (
            "EndTime<=\"2026-11-15\"",
            "Ended at or before 2026-11-15T00:00:00Z",
        ),
    ] {
        let tree = tree(written);
        let token = tree.token(nth(&tree, 0)).expect("a token");
        assert_eq!(token.description(), description);
    }
}

#[test]
fn the_operators_of_a_field_have_different_labels() {
    for field in Field::ALL {
        let mut words: Vec<&str> = Op::ALL.iter().map(|op| op_word(field, *op)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Op::ALL.len(), "{field:?}");
    }
    assert_eq!(choices(Field::State).len(), 4);
    assert!(choices(Field::Name).is_empty());
}
