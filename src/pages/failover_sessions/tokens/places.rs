//! Where nodes stand: moving them, and putting them into groups and out of them.

use super::tree::path_in;
use super::{DEEPEST, Group, Id, Node, Tree};

impl Tree {
    /// Moves a node before the one in front of it, within its group.
    pub fn move_up(&mut self, id: Id) -> bool {
        let Some((home, at)) = self.home(id) else {
            return false;
        };
        let before = at.checked_sub(1);
        before.map(|before| home.nodes.swap(before, at)).is_some()
    }

    /// Moves a node behind the next one, within its group.
    pub fn move_down(&mut self, id: Id) -> bool {
        let Some((home, at)) = self.home(id).filter(|(home, at)| at + 1 < home.nodes.len()) else {
            return false;
        };
        home.nodes.swap(at, at + 1);
        true
    }

    /// Puts a node into a group of its own, which goes together the other way than the group around
    /// it. For the outermost group, all that it holds: something else can then stand beside it.
    pub fn wrap(&mut self, id: Id) -> bool {
        let inner = self.number();
        if id == self.root.id {
            if self.root.nodes.is_empty() || self.root.levels() >= DEEPEST {
                return false;
            }
            let nodes = std::mem::take(&mut self.root.nodes);
            let join = self.root.join;
            self.root.nodes = vec![Node::Group(Group {
                id: inner,
                join,
                nodes,
            })];
            self.root.join = join.other();
            return true;
        }
        let Some((depth, (home, at))) = path_in(&self.root, id)
            .map(|path| path.len())
            .zip(self.home(id))
        else {
            return false;
        };
        let node = home.nodes.get(at);
        if node.is_none_or(|node| depth + node.levels() > DEEPEST) {
            return false;
        }
        let node = home.nodes.remove(at);
        let group = Group {
            id: inner,
            join: home.join.other(),
            nodes: vec![node],
        };
        home.nodes.insert(at, Node::Group(group));
        true
    }

    /// Puts what a group holds in its place. A token, and the outermost group, cannot be unwrapped.
    pub fn unwrap(&mut self, group: Id) -> bool {
        let Some((home, at)) = self.home(group) else {
            return false;
        };
        match home.nodes.remove(at) {
            Node::Group(group) => {
                home.nodes.splice(at..at, group.nodes);
                true
            }
            token @ Node::Token(_) => {
                home.nodes.insert(at, token);
                false
            }
        }
    }
}
