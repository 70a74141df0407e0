//! The tree from a filter, and the filter that a tree says.

use super::{Group, Join, Node, Token, Tree};
use vendors::veeam::Filter;

impl Tree {
    /// The tree of a filter; of none, all of nothing.
    #[must_use]
    pub fn from_filter(filter: Option<&Filter>) -> Self {
        let mut tree = Self::default();
        // In normal form no list is empty, so no group will be.
        if let Some(filter) = filter.cloned().and_then(Filter::normalised) {
            if let Filter::Any(_) = filter {
                tree.root.join = Join::Any;
            }
            tree.root.nodes = tree.nodes(filter.items());
        }
        tree
    }

    /// What the finished tokens say, without needless nesting; `None` when that is nothing. Tokens
    /// without a value are left out.
    #[must_use]
    pub fn to_filter(&self) -> Option<Filter> {
        description(&self.root).normalised()
    }

    /// Whether the tree says this filter: then it can stay as it is, with its numbers and its
    /// unfinished tokens, when the URL comes to hold the filter.
    #[must_use]
    pub fn says(&self, filter: Option<&Filter>) -> bool {
        self.to_filter() == filter.cloned().and_then(Filter::normalised)
    }

    fn nodes(&mut self, items: &[Filter]) -> Vec<Node> {
        items.iter().map(|item| self.node(item)).collect()
    }

    fn node(&mut self, filter: &Filter) -> Node {
        let id = self.number();
        let join = match filter {
            Filter::Condition(condition) => {
                return Node::Token(Token {
                    id,
                    field: condition.field,
                    op: condition.op,
                    value: Some(condition.value.clone()),
                });
            }
            Filter::All(_) => Join::All,
            Filter::Any(_) => Join::Any,
        };
        Node::Group(Group {
            id,
            join,
            nodes: self.nodes(filter.items()),
        })
    }
}

fn description(group: &Group) -> Filter {
    let item = |node: &Node| match node {
        Node::Token(token) => token.condition().map(Filter::Condition),
        Node::Group(group) => Some(description(group)),
    };
    let items = group.nodes.iter().filter_map(item).collect();
    match group.join {
        Join::All => Filter::All(items),
        Join::Any => Filter::Any(items),
    }
}
