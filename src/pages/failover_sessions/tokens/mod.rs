//! The query builder's tree: comparisons as tokens, in groups of which all or any must hold. Every node has a permanent
//! id for keyed rendering. Pure. Operations never fail: an unknown id changes nothing.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub use tree::Tree;
pub use words::{choices, default_op, field_label, is_time, op_word};

use vendors::veeam::{Condition, Field, Filter, Op};

/// The id of a node in its tree.
pub type Id = u32;

/// Maximum nesting of groups below the outermost one, so that the parser accepts the filter's text.
pub const MAX_DEPTH: usize = 32;

/// Whether all or any nodes of a group must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// All nodes must hold (`;`).
    All,
    /// Any node must hold (`,`).
    Any,
}

impl Join {
    /// The word between two nodes.
    #[must_use]
    pub fn between(self) -> &'static str {
        match self {
            Self::All => "and",
            Self::Any => "or",
        }
    }

    /// The opposite.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::All => Self::Any,
            Self::Any => Self::All,
        }
    }
}

/// One comparison, which may not have a value yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token's id.
    pub id: Id,
    /// The field that is compared.
    pub field: Field,
    /// The operator.
    pub op: Op,
    /// The value; `None` until the user enters one. An empty text from a filter (`Name==""`) is a value, which is kept
    /// and sent.
    pub value: Option<String>,
}

/// A group of nodes. Only the outermost one may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's id.
    pub id: Id,
    /// Whether all or any nodes must hold.
    pub join: Join,
    /// The nodes, in the order of the filter.
    pub nodes: Vec<Node>,
}

/// A token or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// One comparison.
    Token(Token),
    /// A group.
    Group(Group),
}

impl Node {
    /// The node's id.
    #[must_use]
    pub fn id(&self) -> Id {
        match self {
            Self::Token(token) => token.id,
            Self::Group(group) => group.id,
        }
    }
}

impl Group {
    /// The group with an id: this one or one within it.
    #[must_use]
    pub fn group(&self, id: Id) -> Option<&Self> {
        if self.id == id {
            return Some(self);
        }
        self.nodes.iter().find_map(|node| match node {
            Node::Group(inner) => inner.group(id),
            Node::Token(_) => None,
        })
    }

    /// Every token of the group and of its groups, in their order.
    #[must_use]
    pub fn tokens(&self) -> Vec<&Token> {
        let mut tokens = Vec::new();
        for node in &self.nodes {
            match node {
                Node::Token(token) => tokens.push(token),
                Node::Group(group) => tokens.extend(group.tokens()),
            }
        }
        tokens
    }

    fn to_filter(&self) -> Filter {
        let item = |node: &Node| match node {
            Node::Token(token) => token.condition().map(Filter::Condition),
            Node::Group(group) => Some(group.to_filter()),
        };
        let items = self.nodes.iter().filter_map(item).collect();
        match self.join {
            Join::All => Filter::All(items),
            Join::Any => Filter::Any(items),
        }
    }

    /// The number of groups around a node, including this one; zero for this group itself. `None` for an unknown id.
    fn depth(&self, id: Id) -> Option<usize> {
        if self.id == id {
            return Some(0);
        }
        self.nodes.iter().find_map(|node| match node {
            Node::Group(inner) => Some(inner.depth(id)? + 1),
            Node::Token(token) => (token.id == id).then_some(1),
        })
    }

    fn group_mut(&mut self, id: Id) -> Option<&mut Self> {
        if self.id == id {
            return Some(self);
        }
        self.nodes.iter_mut().find_map(|node| match node {
            Node::Group(inner) => inner.group_mut(id),
            Node::Token(_) => None,
        })
    }

    /// The group that contains a node, and the node's index in it.
    fn parent_of(&mut self, id: Id) -> Option<(&mut Self, usize)> {
        if let Some(at) = self.nodes.iter().position(|node| node.id() == id) {
            return Some((self, at));
        }
        self.nodes.iter_mut().find_map(|node| match node {
            Node::Group(inner) => inner.parent_of(id),
            Node::Token(_) => None,
        })
    }

    fn remove(&mut self, id: Id) {
        self.nodes.retain_mut(|node| match node {
            _ if node.id() == id => false,
            Node::Group(inner) => {
                inner.remove(id);
                !inner.nodes.is_empty()
            }
            Node::Token(_) => true,
        });
    }

    /// The nearest node that remains when a node is removed; `None` if this group becomes empty.
    fn neighbour(&self, id: Id) -> Option<Id> {
        let holds = |node: &Node| match node {
            Node::Group(inner) => inner.depth(id).is_some(),
            Node::Token(token) => token.id == id,
        };
        let at = self.nodes.iter().position(holds)?;
        let within = match self.nodes.get(at) {
            Some(Node::Group(inner)) => inner.neighbour(id),
            _ => None,
        };
        let before = at.checked_sub(1).and_then(|at| self.nodes.get(at));
        let sibling = self.nodes.get(at + 1).or(before);
        within.or(sibling.map(Node::id))
    }

    fn unwrap(&mut self, id: Id) {
        let nodes = std::mem::take(&mut self.nodes).into_iter();
        let unwrapped = nodes.flat_map(|node| match node {
            Node::Group(inner) if inner.id == id => inner.nodes,
            Node::Group(mut inner) => {
                inner.unwrap(id);
                vec![Node::Group(inner)]
            }
            Node::Token(_) => vec![node],
        });
        self.nodes = unwrapped.collect();
    }
}

impl Token {
    /// The comparison; `None` without a value.
    #[must_use]
    pub fn condition(&self) -> Option<Condition> {
        self.value.clone().map(|value| Condition {
            field: self.field,
            op: self.op,
            value,
        })
    }

    /// The problem with the token in one sentence: a missing value, or the [`Condition::warning`].
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match self.condition() {
            Some(condition) => condition.warning(),
            None => Some(format!(
                "{} has no value yet and is ignored.",
                field_label(self.field)
            )),
        }
    }

    /// The accessible description: `Result at least Warning`.
    #[must_use]
    pub fn description(&self) -> String {
        let value = match self.value.as_deref() {
            None => "…",
            Some("") => "an empty text",
            Some(value) => self.choice().unwrap_or(value),
        };
        let (field, op) = (field_label(self.field), op_word(self.field, self.op));
        format!("{field} {op} {value}")
    }

    /// The field's choice that equals the value regardless of case.
    #[must_use]
    pub fn choice(&self) -> Option<&'static str> {
        let value = self.value.as_deref()?;
        let mut words = choices(self.field).iter().copied();
        words.find(|word| word.eq_ignore_ascii_case(value))
    }

    /// The operators to offer: those of the field, and the current one, which may be a typed one that the field lacks.
    #[must_use]
    pub fn ops(&self) -> Vec<Op> {
        let mut offered = self.field.ops().to_vec();
        if !offered.contains(&self.op) {
            offered.push(self.op);
        }
        offered
    }
}
