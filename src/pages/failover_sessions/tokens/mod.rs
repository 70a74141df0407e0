//! The query builder's tree: comparisons as tokens, in groups of which all or any have to hold. Every
//! node has a number of its own that never changes, for keyed rendering. Pure; it does not draw, and
//! every operation is total: a number that is not there changes nothing.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub use tree::Tree;
pub use words::{choices, field_label, is_time, op_word, usual_op};

use vendors::veeam::{Condition, Field, Filter, Op};

/// The number of a node in its tree.
pub type Id = u32;

/// How many groups may stand inside of each other below the outermost: as deep as a filter's text may
/// go and still be read back.
pub const DEEPEST: usize = 32;

/// How the nodes of a group go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// All of them (`;`).
    All,
    /// Any of them (`,`).
    Any,
}

impl Join {
    /// As it is shown between two nodes.
    #[must_use]
    pub fn between(self) -> &'static str {
        match self {
            Self::All => "and",
            Self::Any => "or",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::All => Self::Any,
            Self::Any => Self::All,
        }
    }
}

/// One comparison, perhaps not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: Id,
    /// What is compared.
    pub field: Field,
    /// How.
    pub op: Op,
    /// With what; `None` until someone gives it. An empty text that came in a filter (`Name==""`) is
    /// a value: it is kept and sent.
    pub value: Option<String>,
}

/// Nodes that go together. None is empty but the outermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub id: Id,
    /// All or any.
    pub join: Join,
    /// What it holds, in the order in which it is written.
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
    /// Its number.
    #[must_use]
    pub fn id(&self) -> Id {
        match self {
            Self::Token(token) => token.id,
            Self::Group(group) => group.id,
        }
    }
}

impl Group {
    /// This group or one within it.
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

    /// How many groups stand around a node within this group, itself among them; none around the group itself.
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

    /// The group that a node stands in, and where.
    fn home(&mut self, id: Id) -> Option<(&mut Self, usize)> {
        if let Some(at) = self.nodes.iter().position(|node| node.id() == id) {
            return Some((self, at));
        }
        self.nodes.iter_mut().find_map(|node| match node {
            Node::Group(inner) => inner.home(id),
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

    /// What stays and is next to a node, unless nothing stays in this group.
    fn beside(&self, id: Id) -> Option<Id> {
        let holds = |node: &Node| match node {
            Node::Group(inner) => inner.depth(id).is_some(),
            Node::Token(token) => token.id == id,
        };
        let at = self.nodes.iter().position(holds)?;
        let within = match self.nodes.get(at) {
            Some(Node::Group(inner)) => inner.beside(id),
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
    /// The comparison, once it has a value.
    #[must_use]
    pub fn condition(&self) -> Option<Condition> {
        self.value.clone().map(|value| Condition {
            field: self.field,
            op: self.op,
            value,
        })
    }

    /// What is wrong with it in one sentence: it has no value and is left out, or what
    /// [`Condition::warning`] says.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        match self.condition() {
            Some(condition) => condition.warning(),
            None => Some(format!(
                "{} has no value yet and is ignored.",
                field_label(self.field)
            )),
        }
    }

    /// The token in words, as it is read to people: `Result at least Warning`.
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

    /// Which of the field's choices the value is, whatever its case.
    #[must_use]
    pub fn choice(&self) -> Option<&'static str> {
        let value = self.value.as_deref()?;
        let mut words = choices(self.field).iter().copied();
        words.find(|word| word.eq_ignore_ascii_case(value))
    }

    /// The comparisons to offer: those that make sense, and the one that it has, where someone typed
    /// one that does not.
    #[must_use]
    pub fn ops(&self) -> Vec<Op> {
        let mut offered = self.field.ops().to_vec();
        if !offered.contains(&self.op) {
            offered.push(self.op);
        }
        offered
    }
}
