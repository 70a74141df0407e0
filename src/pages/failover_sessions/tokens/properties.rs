//! Properties that hold for any filter and any sequence of operations.

use super::{Group, Id, Join, Node, Tree};
use proptest::prelude::*;
use vendors::veeam::{Field, Filter, Op};

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("Failed".to_owned()),
        Just("2026-11-21T08:00:00Z".to_owned()),
    ]
}

fn any_field() -> impl Strategy<Value = Field> {
    proptest::sample::select(Field::ALL.to_vec())
}

fn any_op() -> impl Strategy<Value = Op> {
    proptest::sample::select(Op::ALL.to_vec())
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let leaf = (any_field(), any_op(), any_value())
        .prop_map(|(field, op, value)| Filter::condition(field, op, value));
    leaf.prop_recursive(4, 24, 4, |inner| {
        let list = proptest::collection::vec(inner, 0..4);
        (any::<bool>(), list).prop_map(|(all, items)| match all {
            true => Filter::All(items),
            false => Filter::Any(items),
        })
    })
}

type Step = (u8, Id, Field, Op, String);

fn any_step() -> impl Strategy<Value = Step> {
    (0_u8..11, 0_u32..40, any_field(), any_op(), any_value())
}

fn apply(tree: &mut Tree, (what, id, field, op, value): &Step) {
    match what {
        0 | 1 => drop(tree.add_token(*id, *field)),
        2 => drop(tree.add_group(*id, *field)),
        3 => tree.remove(*id),
        4 => tree.set_field(*id, *field),
        5 => tree.set_op(*id, *op),
        6 | 7 => tree.set_value(*id, value),
        8 => tree.set_join(*id, [Join::All, Join::Any][value.len() % 2]),
        9 => drop(tree.wrap(*id)),
        _ => tree.unwrap(*id),
    }
}

/// Every id in a group. Asserts that no inner group is empty.
fn ids(group: &Group) -> Vec<Id> {
    let of = |node: &Node| match node {
        Node::Token(token) => vec![token.id],
        Node::Group(inner) => {
            assert!(!inner.nodes.is_empty(), "an empty group remains");
            ids(inner)
        }
    };
    let inner = group.nodes.iter().flat_map(of);
    std::iter::once(group.id).chain(inner).collect()
}

proptest! {
    #[test]
    fn a_tree_matches_the_filter_that_it_was_made_from(filter in any_filter()) {
        let tree = Tree::from_filter(Some(&filter));
        prop_assert_eq!(tree.to_filter(), filter.clone().normalised());
        prop_assert!(tree.matches(Some(&filter)));
        let again = Tree::from_filter(tree.to_filter().as_ref());
        prop_assert_eq!(again.to_filter(), tree.to_filter());
    }

    #[test]
    fn ids_stay_unique_and_the_filter_parses_after_any_operations(
        filter in any_filter(),
        steps in proptest::collection::vec(any_step(), 0..60),
    ) {
        let mut tree = Tree::from_filter(Some(&filter));
        for step in &steps {
            let before = tree.clone();
            apply(&mut tree, step);
            let mut ids = ids(tree.root());
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), all);
            for token in before.root().tokens() {
                let kept = tree.token(token.id).is_some();
                prop_assert!(kept || step.0 == 3, "only `remove` removes tokens");
            }
        }
        match tree.to_filter() {
            Some(filter) => prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter)),
            None => prop_assert!(tree.root().tokens().iter().all(|token| token.value.is_none())),
        }
    }
}
