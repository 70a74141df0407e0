//! Conversion between filters and trees, and the changes of a tree.

use super::{Group, Id, Join, MAX_DEPTH, Node, Token, choices, default_op, is_time};
use vendors::veeam::{Condition, Field, FieldKind, Filter, Op};

/// The groups and tokens being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: Group,
    next: Id,
}

impl Default for Tree {
    /// An empty group "all".
    fn default() -> Self {
        let root = Group {
            id: 0,
            join: Join::All,
            nodes: Vec::new(),
        };
        Self { root, next: 1 }
    }
}

impl Tree {
    /// The tree of a filter; the default one for `None`.
    #[must_use]
    pub fn from_filter(filter: Option<&Filter>) -> Self {
        let mut tree = Self::default();
        // A normalised filter has no empty lists, so the tree has no empty groups.
        if let Some(filter) = filter.cloned().and_then(Filter::normalised) {
            if let Filter::Any(_) = filter {
                tree.root.join = Join::Any;
            }
            tree.root.nodes = tree.nodes(filter.items());
        }
        tree
    }

    fn nodes(&mut self, items: &[Filter]) -> Vec<Node> {
        items.iter().map(|item| self.node(item)).collect()
    }

    fn node(&mut self, filter: &Filter) -> Node {
        let id = self.next_id();
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

    /// The normalised filter of the tokens that have a value; `None` if there are none.
    #[must_use]
    pub fn to_filter(&self) -> Option<Filter> {
        self.root.to_filter().normalised()
    }

    /// Whether the tree represents this filter. If so, it keeps its ids and its tokens without a value when the URL
    /// changes to this filter.
    #[must_use]
    pub fn matches(&self, filter: Option<&Filter>) -> bool {
        self.to_filter() == filter.cloned().and_then(Filter::normalised)
    }

    /// The outermost group. It is the only one that may be empty, and cannot be removed.
    #[must_use]
    pub fn root(&self) -> &Group {
        &self.root
    }

    /// The token with an id.
    #[must_use]
    pub fn token(&self, id: Id) -> Option<&Token> {
        let mut tokens = self.root.tokens().into_iter();
        tokens.find(|token| token.id == id)
    }

    /// Adds a new token at the end of a group. Returns its id.
    pub fn add_token(&mut self, group: Id, field: Field) -> Option<Id> {
        let token = self.fresh(field);
        let id = token.id;
        let group = self.root.group_mut(group)?;
        group.nodes.push(Node::Token(token));
        Some(id)
    }

    /// Adds a group with one new token and the opposite join at the end of a group. Returns the token's id; `None` at a
    /// depth of [`MAX_DEPTH`] groups.
    pub fn add_group(&mut self, group: Id, field: Field) -> Option<Id> {
        if self.root.depth(group)? >= MAX_DEPTH {
            return None;
        }
        let token = self.fresh(field);
        let (inner, id) = (self.next_id(), token.id);
        let group = self.root.group_mut(group)?;
        group.nodes.push(Node::Group(Group {
            id: inner,
            join: group.join.other(),
            nodes: vec![Node::Token(token)],
        }));
        Some(id)
    }

    /// Removes a token or a group, and each group that becomes empty.
    pub fn remove(&mut self, id: Id) {
        self.root.remove(id);
    }

    /// The node that takes the focus when a node is removed: the next one, else the previous one, else a neighbour of
    /// the groups that are removed with it, else the outermost group.
    #[must_use]
    pub fn neighbour(&self, id: Id) -> Id {
        self.root.neighbour(id).unwrap_or(self.root.id)
    }

    /// Changes a token's field. The operator becomes the new field's default if the field does not have it, or if it is
    /// `==` and the new field is a time but the old one is not. The value stays if the new field accepts it, but times
    /// and choices never become texts.
    pub fn set_field(&mut self, id: Id, field: Field) {
        self.edit(id, |token| {
            let old = token.field;
            token.field = field;
            let becomes_time = is_time(field) && !is_time(old);
            if !field.ops().contains(&token.op) || (becomes_time && token.op == Op::Equal) {
                token.op = default_op(field);
            }
            let value = token.value.take().filter(|value| fits(old, field, value));
            token.value = value.or_else(|| only_choice(field));
        });
    }

    /// Changes a token's operator if the field has it.
    pub fn set_op(&mut self, id: Id, op: Op) {
        self.edit(id, |token| {
            if token.field.ops().contains(&op) {
                token.op = op;
            }
        });
    }

    /// Changes a token's value; an empty one removes it. Values other than texts are trimmed.
    pub fn set_value(&mut self, id: Id, value: &str) {
        self.edit(id, |token| {
            let value = match token.field.kind() {
                FieldKind::Text => value,
                _ => value.trim(),
            };
            token.value = (!value.is_empty()).then(|| value.to_owned());
        });
    }

    /// Sets whether all or any nodes of a group must hold.
    pub fn set_join(&mut self, group: Id, join: Join) {
        if let Some(group) = self.root.group_mut(group) {
            group.join = join;
        }
    }

    /// Wraps a token in a new group with the opposite join of the group around it. Returns false at maximum depth.
    pub fn wrap(&mut self, token: Id) -> bool {
        let id = self.next_id();
        if self.root.depth(token).is_none_or(|depth| depth > MAX_DEPTH) {
            return false;
        }
        let Some((parent_of, at)) = self.root.parent_of(token) else {
            return false;
        };
        let join = parent_of.join.other();
        let nodes = vec![parent_of.nodes.remove(at)];
        parent_of
            .nodes
            .insert(at, Node::Group(Group { id, join, nodes }));
        true
    }

    /// Replaces a group by its nodes. The outermost group cannot be unwrapped.
    pub fn unwrap(&mut self, group: Id) {
        self.root.unwrap(group);
    }

    /// The next id. Gaps are harmless.
    fn next_id(&mut self) -> Id {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        id
    }

    fn fresh(&mut self, field: Field) -> Token {
        Token {
            id: self.next_id(),
            field,
            op: default_op(field),
            value: only_choice(field),
        }
    }

    fn edit(&mut self, id: Id, change: impl FnOnce(&mut Token)) {
        let parent_of = self.root.parent_of(id);
        if let Some(Node::Token(token)) =
            parent_of.and_then(|(parent_of, at)| parent_of.nodes.get_mut(at))
        {
            change(token);
        }
    }
}

/// The value of a field that has only one choice.
fn only_choice(field: Field) -> Option<String> {
    match choices(field) {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

/// Whether a value may stay when a token's field changes.
fn fits(old: Field, new: Field, value: &str) -> bool {
    let condition = Condition {
        field: new,
        op: Op::Equal,
        value: value.to_owned(),
    };
    let loses_meaning = new.kind() == FieldKind::Text
        && matches!(old.kind(), FieldKind::Time | FieldKind::Choice(_));
    !loses_meaning && condition.warning().is_none()
}
