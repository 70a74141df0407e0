//! The tree from a filter, the filter that it says, and each change of it.

use super::{DEEPEST, Group, Id, Join, Node, Token, choices, is_time, usual_op};
use vendors::veeam::{Condition, Field, FieldKind, Filter, Op};

/// Groups and tokens, as they are being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: Group,
    next: Id,
}

impl Default for Tree {
    /// All of nothing yet.
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

    /// What the finished tokens say, without needless nesting; `None` when that is nothing. Tokens
    /// without a value are left out.
    #[must_use]
    pub fn to_filter(&self) -> Option<Filter> {
        self.root.to_filter().normalised()
    }

    /// Whether the tree says this filter: then it can stay as it is, with its numbers and its
    /// unfinished tokens, when the URL comes to hold the filter.
    #[must_use]
    pub fn says(&self, filter: Option<&Filter>) -> bool {
        self.to_filter() == filter.cloned().and_then(Filter::normalised)
    }

    /// The outermost group. It is the only one that may be empty, and cannot be removed.
    #[must_use]
    pub fn root(&self) -> &Group {
        &self.root
    }

    /// A token by its number.
    #[must_use]
    pub fn token(&self, id: Id) -> Option<&Token> {
        let mut tokens = self.root.tokens().into_iter();
        tokens.find(|token| token.id == id)
    }

    /// Adds an unfinished token at the end of a group. Gives its number.
    pub fn add_token(&mut self, group: Id, field: Field) -> Option<Id> {
        let token = self.fresh(field);
        let id = token.id;
        let group = self.root.group_mut(group)?;
        group.nodes.push(Node::Token(token));
        Some(id)
    }

    /// Adds a group with one unfinished token at the end of a group; the new one goes together the
    /// other way. Gives the token's number. Nothing below [`DEEPEST`] groups.
    pub fn add_group(&mut self, group: Id, field: Field) -> Option<Id> {
        if self.root.depth(group)? >= DEEPEST {
            return None;
        }
        let token = self.fresh(field);
        let (inner, id) = (self.number(), token.id);
        let group = self.root.group_mut(group)?;
        group.nodes.push(Node::Group(Group {
            id: inner,
            join: group.join.other(),
            nodes: vec![Node::Token(token)],
        }));
        Some(id)
    }

    /// Removes a token or a whole group; a group that becomes empty goes with it.
    pub fn remove(&mut self, id: Id) {
        self.root.remove(id);
    }

    /// Where the focus goes when a node is about to be removed: to the node behind it, else before
    /// it, else beside the groups that vanish with it, at last to the outermost group.
    #[must_use]
    pub fn beside(&self, id: Id) -> Id {
        self.root.beside(id).unwrap_or(self.root.id)
    }

    /// Changes a token's field. A comparison that the new field does not have becomes `==`, and `==`
    /// becomes "at or after" where a time comes in for something else. The value stays where the new
    /// field takes it, but times and choices never become texts.
    pub fn set_field(&mut self, id: Id, field: Field) {
        self.edit(id, |token| {
            let old = token.field;
            token.field = field;
            let turns_time = is_time(field) && !is_time(old);
            if !field.ops().contains(&token.op) || (turns_time && token.op == Op::Equal) {
                token.op = usual_op(field);
            }
            let value = token.value.take().filter(|value| fits(old, field, value));
            token.value = value.or_else(|| only_choice(field));
        });
    }

    /// Changes a token's comparison, where it makes sense for the field.
    pub fn set_op(&mut self, id: Id, op: Op) {
        self.edit(id, |token| {
            if token.field.ops().contains(&op) {
                token.op = op;
            }
        });
    }

    /// Changes a token's value; empty takes it away. Blanks around anything but a text are cut off.
    pub fn set_value(&mut self, id: Id, value: &str) {
        self.edit(id, |token| {
            let value = match token.field.kind() {
                FieldKind::Text => value,
                _ => value.trim(),
            };
            token.value = (!value.is_empty()).then(|| value.to_owned());
        });
    }

    /// Whether all or any of a group have to hold.
    pub fn set_join(&mut self, group: Id, join: Join) {
        if let Some(group) = self.root.group_mut(group) {
            group.join = join;
        }
    }

    /// Puts a token into a group of its own, which goes together the other way than the group around it. Gives whether
    /// there was room for it.
    pub fn wrap(&mut self, token: Id) -> bool {
        let id = self.number();
        if self.root.depth(token).is_none_or(|depth| depth > DEEPEST) {
            return false;
        }
        let Some((home, at)) = self.root.home(token) else {
            return false;
        };
        let join = home.join.other();
        let nodes = vec![home.nodes.remove(at)];
        home.nodes
            .insert(at, Node::Group(Group { id, join, nodes }));
        true
    }

    /// Puts what a group holds in its place. The outermost group cannot be unwrapped.
    pub fn unwrap(&mut self, group: Id) {
        self.root.unwrap(group);
    }

    /// The next number. Gaps are harmless.
    fn number(&mut self) -> Id {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        id
    }

    fn fresh(&mut self, field: Field) -> Token {
        Token {
            id: self.number(),
            field,
            op: usual_op(field),
            value: only_choice(field),
        }
    }

    fn edit(&mut self, id: Id, change: impl FnOnce(&mut Token)) {
        let home = self.root.home(id);
        if let Some(Node::Token(token)) = home.and_then(|(home, at)| home.nodes.get_mut(at)) {
            change(token);
        }
    }
}

/// The value of a field that takes no other.
fn only_choice(field: Field) -> Option<String> {
    match choices(field) {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

/// Whether a value that stood with one field may stay with another.
fn fits(old: Field, new: Field, value: &str) -> bool {
    let taken = Condition {
        field: new,
        op: Op::Equal,
        value: value.to_owned(),
    };
    let loses_meaning = new.kind() == FieldKind::Text
        && matches!(old.kind(), FieldKind::Time | FieldKind::Choice(_));
    !loses_meaning && taken.warning().is_none()
}
