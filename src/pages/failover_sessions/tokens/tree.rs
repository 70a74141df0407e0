//! Adding, removing and changing nodes of the tree, each by its number.

use super::{DEEPEST, Group, Id, Join, Node, Token, choices, is_time, ops, usual_op};
use vendors::veeam::{Condition, Field, FieldKind, Op};

/// Groups and tokens, as they are being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub(super) root: Group,
    pub(super) next: Id,
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

    /// Adds an unfinished token at the end of a group.
    pub fn add_token(&mut self, group: Id, field: Field) -> Option<Id> {
        let path = self.group_path(group)?;
        let token = self.fresh(field);
        let id = token.id();
        self.group_at(&path)?.nodes.push(token);
        Some(id)
    }

    /// Adds a group with one unfinished token at the end of a group; the new one goes together the
    /// other way. Gives the token's number. Nothing below [`DEEPEST`] groups.
    pub fn add_group(&mut self, group: Id, field: Field) -> Option<Id> {
        let path = self.group_path(group)?;
        if path.len() >= DEEPEST {
            return None;
        }
        let token = self.fresh(field);
        let (inner, id) = (self.number(), token.id());
        let group = self.group_at(&path)?;
        group.nodes.push(Node::Group(Group {
            id: inner,
            join: group.join.other(),
            nodes: vec![token],
        }));
        Some(id)
    }

    /// Removes a token or a whole group; a group that becomes empty goes with it. Gives whether
    /// anything changed, as every operation from here on does.
    pub fn remove(&mut self, id: Id) -> bool {
        let Some(mut path) = path_in(&self.root, id) else {
            return false;
        };
        while let Some(at) = path.pop() {
            let Some(home) = self.group_at(&path) else {
                return false;
            };
            home.nodes.remove(at);
            if !home.nodes.is_empty() {
                break;
            }
        }
        true
    }

    /// Removes everything.
    pub fn clear(&mut self) -> bool {
        let changed = !self.root.nodes.is_empty();
        self.root.nodes.clear();
        changed
    }

    /// Where the focus goes when a node is about to be removed: to the node behind it, else before
    /// it, else beside the groups that vanish with it, at last to the outermost group.
    #[must_use]
    pub fn beside(&self, id: Id) -> Option<Id> {
        let mut path = path_in(&self.root, id)?;
        while let Some(at) = path.pop() {
            let home = group_in(&self.root, &path)?;
            let behind = home.nodes.get(at + 1);
            let before = at.checked_sub(1).and_then(|at| home.nodes.get(at));
            if let Some(node) = behind.or(before) {
                return Some(node.id());
            }
        }
        Some(self.root.id)
    }

    /// Changes a token's field. A comparison that the new field does not have becomes `==`, and `==`
    /// becomes "at or after" where a time comes in for something else. The value stays where the new
    /// field takes it, but times and choices never become texts.
    pub fn set_field(&mut self, id: Id, field: Field) -> bool {
        self.edit(id, |token| {
            let old = token.field;
            token.field = field;
            let turns_time = is_time(field) && !is_time(old);
            if !ops(field).contains(&token.op) || (turns_time && token.op == Op::Equal) {
                token.op = usual_op(field);
            }
            token.value = token.value.take().filter(|value| fits(old, field, value));
            if let ([only], None) = (choices(field), &token.value) {
                token.value = Some((*only).to_owned());
            }
        })
    }

    /// Changes a token's comparison, where it makes sense for the field.
    pub fn set_op(&mut self, id: Id, op: Op) -> bool {
        self.edit(id, |token| {
            if ops(token.field).contains(&op) {
                token.op = op;
            }
        })
    }

    /// Changes a token's value; empty takes it away. Blanks around anything but a text are cut off.
    pub fn set_value(&mut self, id: Id, value: &str) -> bool {
        self.edit(id, |token| {
            let value = match token.field.kind() {
                FieldKind::Text => value,
                _ => value.trim(),
            };
            token.value = (!value.is_empty()).then(|| value.to_owned());
        })
    }

    /// Whether all or any of a group have to hold.
    pub fn set_join(&mut self, group: Id, join: Join) -> bool {
        let Some(path) = self.group_path(group) else {
            return false;
        };
        let group = self.group_at(&path).filter(|group| group.join != join);
        group.map(|group| group.join = join).is_some()
    }

    /// The next number. Gaps are harmless.
    pub(super) fn number(&mut self) -> Id {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        id
    }

    fn fresh(&mut self, field: Field) -> Node {
        let value = match choices(field) {
            [only] => Some((*only).to_owned()),
            _ => None,
        };
        Node::Token(Token {
            id: self.number(),
            field,
            op: usual_op(field),
            value,
        })
    }

    fn edit(&mut self, id: Id, change: impl FnOnce(&mut Token)) -> bool {
        let node = self.home(id).and_then(|(home, at)| home.nodes.get_mut(at));
        let Some(Node::Token(token)) = node else {
            return false;
        };
        let before = token.clone();
        change(token);
        *token != before
    }

    fn group_path(&self, group: Id) -> Option<Vec<usize>> {
        if group == self.root.id {
            return Some(Vec::new());
        }
        path_in(&self.root, group).filter(|path| group_in(&self.root, path).is_some())
    }

    pub(super) fn group_at(&mut self, path: &[usize]) -> Option<&mut Group> {
        path.iter().try_fold(&mut self.root, |group, at| {
            match group.nodes.get_mut(*at)? {
                Node::Group(group) => Some(group),
                Node::Token(_) => None,
            }
        })
    }

    /// The group that a node stands in, and where; nothing for the outermost group.
    pub(super) fn home(&mut self, id: Id) -> Option<(&mut Group, usize)> {
        let mut path = path_in(&self.root, id)?;
        let at = path.pop()?;
        Some((self.group_at(&path)?, at))
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

/// The places, from the outermost group inwards, that lead to a node.
pub(super) fn path_in(group: &Group, id: Id) -> Option<Vec<usize>> {
    group.nodes.iter().enumerate().find_map(|(at, node)| {
        if node.id() == id {
            return Some(vec![at]);
        }
        let Node::Group(inner) = node else {
            return None;
        };
        let mut path = path_in(inner, id)?;
        path.insert(0, at);
        Some(path)
    })
}

fn group_in<'a>(root: &'a Group, path: &[usize]) -> Option<&'a Group> {
    path.iter()
        .try_fold(root, |group, at| match group.nodes.get(*at)? {
            Node::Group(group) => Some(group),
            Node::Token(_) => None,
        })
}
