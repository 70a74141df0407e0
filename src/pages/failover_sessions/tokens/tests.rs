//! The tree against filters, and each operation.

use super::{DEEPEST, Id, Join, Tree, choices, op_word};
use vendors::veeam::{Field, Filter, Op};

const NOBODY: Id = 999_999;

fn filter(text: &str) -> Filter {
    Filter::parse(text).expect("a filter")
}

fn tree(text: &str) -> Tree {
    Tree::from_filter(Some(&filter(text)))
}

/// The tokens that are left out because they have no value yet, in their order.
fn incomplete(tree: &Tree) -> Vec<Id> {
    let tokens = tree.root().tokens().into_iter();
    let unfinished = tokens.filter(|token| token.value.is_none());
    unfinished.map(|token| token.id).collect()
}

/// What is wrong with which token, in their order.
fn complaints(tree: &Tree) -> Vec<(Id, String)> {
    let tokens = tree.root().tokens().into_iter();
    tokens
        .filter_map(|token| Some((token.id, token.complaint()?)))
        .collect()
}

fn text(tree: &Tree) -> String {
    tree.to_filter()
        .map(|filter| filter.to_string())
        .unwrap_or_default()
}

/// The number of the nth node within the outermost group.
fn nth(tree: &Tree, at: usize) -> Id {
    tree.root().nodes[at].id()
}

#[test]
fn a_filter_becomes_tokens_and_the_same_filter_again() {
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
fn one_comparison_stands_in_the_outermost_group_and_any_of_stays_any_of() {
    let one = tree("Result==Failed");
    assert_eq!((one.root().join, one.root().nodes.len()), (Join::All, 1));
    let any = tree("Result==Failed,State==Working");
    assert_eq!((any.root().join, any.root().nodes.len()), (Join::Any, 2));
}

#[test]
fn empty_lists_become_no_empty_groups() {
    let hollow = Filter::All(vec![Filter::Any(vec![Filter::All(Vec::new())])]);
    assert_eq!(Tree::from_filter(Some(&hollow)), Tree::default());
}

#[test]
fn a_token_without_a_value_is_left_out_and_listed() {
    let mut tree = tree("Result==Failed");
    let id = tree.add_token(0, Field::Name).expect("the root is there");
    assert_eq!(text(&tree), "Result==Failed");
    assert_eq!(incomplete(&tree), [id]);
    assert_eq!(
        complaints(&tree),
        [(id, "Plan has no value yet and is ignored.".to_owned())]
    );
    tree.set_value(id, "Web Shop");
    assert_eq!(text(&tree), "Result==Failed;Name==\"Web Shop\"");
    assert!(incomplete(&tree).is_empty() && complaints(&tree).is_empty());
    tree.set_value(id, "");
    assert_eq!(incomplete(&tree), [id]);
}

#[test]
fn what_the_service_would_not_take_is_said_beside_its_token() {
    let tree = tree("Result==Red;State>Working;CreationTime>=yesterday");
    let ids: Vec<Id> = complaints(&tree).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [nth(&tree, 0), nth(&tree, 1), nth(&tree, 2)]);
}

#[test]
fn blanks_are_cut_off_where_they_cannot_be_meant() {
    let mut tree = tree("Result==Failed;Name==x");
    let (result, name) = (nth(&tree, 0), nth(&tree, 1));
    tree.set_value(result, " Warning ");
    tree.set_value(name, " x ");
    assert_eq!(text(&tree), "Result==Warning;Name==\" x \"");
    tree.set_value(result, "  ");
    assert_eq!(incomplete(&tree), [result]);
}

#[test]
fn a_new_field_keeps_the_value_that_it_takes_and_an_operator_that_it_has() {
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
        let token = tree.token(id).expect("still there");
        assert!(field.ops().contains(&token.op), "{before}");
    }
}

#[test]
fn an_operator_that_makes_no_sense_is_not_taken_but_one_that_came_is_offered() {
    let mut tree = tree("State>Working");
    let id = nth(&tree, 0);
    tree.set_op(id, Op::Less);
    assert_eq!(text(&tree), "State>Working");
    let offered = tree.token(id).expect("there").ops();
    assert_eq!(offered, [Op::Equal, Op::NotEqual, Op::Greater]);
    tree.set_op(id, Op::NotEqual);
    assert_eq!(text(&tree), "State!=Working");
}

#[test]
fn a_group_vanishes_with_its_last_node_and_the_outermost_stays() {
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
fn the_focus_goes_beside_what_is_removed() {
    let tree = tree("Name==a;(Result==Failed,State==Working)");
    let tokens: Vec<Id> = tree.root().tokens().iter().map(|token| token.id).collect();
    assert_eq!(tree.beside(tokens[0]), nth(&tree, 1));
    assert_eq!(tree.beside(tokens[1]), tokens[2]);
    assert_eq!(tree.beside(tokens[2]), tokens[1]);
    let mut alone = tree.clone();
    alone.remove(tokens[1]);
    assert_eq!(alone.beside(tokens[2]), tokens[0]);
    alone.remove(tokens[2]);
    assert_eq!(alone.beside(tokens[0]), alone.root().id);
}

#[test]
fn wrapping_alone_changes_no_meaning_and_unwrapping_undoes_it() {
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
fn all_and_any_are_switched() {
    let mut tree = tree("Name==a;Result==Failed");
    tree.set_join(0, Join::Any);
    assert_eq!(text(&tree), "Name==a,Result==Failed");
}

#[test]
fn the_deepest_tree_is_read_back_and_nothing_goes_deeper() {
    let mut tree = tree("Name==a;Result==Failed");
    let mut group = 0;
    for level in 0..=DEEPEST {
        let Some(id) = tree.add_group(group, Field::State) else {
            assert_eq!(level, DEEPEST);
            break;
        };
        tree.set_value(id, "Working");
        let beside = tree.root().tokens().iter().map(|token| token.id).max();
        assert_eq!(beside, Some(id));
        // The group has the number behind its token's.
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
fn an_unknown_number_changes_nothing() {
    let mut tree = tree("Name==a;Result==Failed");
    let before = tree.clone();
    assert_eq!(tree.add_token(NOBODY, Field::Name), None);
    assert_eq!(tree.add_group(NOBODY, Field::Name), None);
    assert!(!tree.wrap(NOBODY));
    tree.remove(NOBODY);
    tree.unwrap(NOBODY);
    tree.set_field(NOBODY, Field::Uid);
    tree.set_op(NOBODY, Op::NotEqual);
    tree.set_value(NOBODY, "x");
    tree.set_join(NOBODY, Join::Any);
    assert_eq!(tree.beside(NOBODY), tree.root().id);
    assert_eq!(tree.root(), before.root());
}

#[test]
fn tokens_are_said_in_words() {
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
fn words_of_a_field_tell_its_operators_apart() {
    for field in Field::ALL {
        let mut words: Vec<&str> = Op::ALL.iter().map(|op| op_word(field, *op)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Op::ALL.len(), "{field:?}");
    }
    assert_eq!(choices(Field::State).len(), 4);
    assert!(choices(Field::Name).is_empty());
}
