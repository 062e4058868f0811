//! Why a package is locked: what the project asks for, and what follows from that.
//!
//! Many lock files say what the project asks for, and what each package asks for, but not which packages are
//! there for development or for something optional only. That follows from reachability:
//!
//! * *development*: reached from what is asked for in development, and from nothing else;
//! * *optional*: every way to it goes through something optional;
//! * *direct*: the project itself asks for it.
//!
//! What is not reached at all (a lock file that was not pruned) is told to be neither.

/// How a project asks for a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// In every installation.
    Always,
    /// Where it can be had, or where the user of the project asks for more: optional dependencies, extras.
    Optional,
    /// To develop the project.
    Development,
}

/// What is known of one package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Role {
    /// Only development needs it.
    pub(super) development: bool,
    /// All that needs it can do without.
    pub(super) optional: bool,
    /// The project itself asks for it.
    pub(super) direct: bool,
}

/// Packages by number, and what asks for what.
#[derive(Debug, Default)]
pub(super) struct Graph {
    asks: Vec<Vec<(usize, bool)>>,
    roots: Vec<(usize, Need)>,
}

impl Graph {
    /// A graph of `count` packages without requirements.
    pub(super) fn new(count: usize) -> Self {
        Self { asks: vec![Vec::new(); count], roots: Vec::new() }
    }

    /// Notes that package `from` asks for `to`, optionally or not.
    pub(super) fn ask(&mut self, from: usize, to: usize, optional: bool) {
        if let Some(asks) = self.asks.get_mut(from) {
            asks.push((to, optional));
        }
    }

    /// Notes that the project asks for `to`.
    pub(super) fn root(&mut self, to: usize, need: Need) {
        self.roots.push((to, need));
    }

    /// Whether anything is known of what the project asks for.
    pub(super) fn has_roots(&self) -> bool {
        !self.roots.is_empty()
    }

    /// The role of each package, by its number.
    pub(super) fn roles(&self) -> Vec<Role> {
        let from = |needs: &[Need]| -> Vec<usize> {
            self.roots.iter().filter(|(_, need)| needs.contains(need)).map(|(to, _)| *to).collect()
        };
        let needed = self.reached(from(&[Need::Always]), false);
        let shipped = self.reached(from(&[Need::Always, Need::Optional]), true);
        let developed = self.reached(from(&[Need::Development]), true);
        let needed_to_develop = self.reached(from(&[Need::Development]), false);
        let mut roles: Vec<_> = (0..self.asks.len())
            .map(|i| {
                let development = !shipped[i] && developed[i];
                let optional = if development { !needed_to_develop[i] } else { shipped[i] && !needed[i] };
                Role { development, optional, direct: false }
            })
            .collect();
        for (to, _) in &self.roots {
            if let Some(role) = roles.get_mut(*to) {
                role.direct = true;
            }
        }
        roles
    }

    /// Which packages are reached from `open`, with the optional ways or without them.
    fn reached(&self, mut open: Vec<usize>, optional_too: bool) -> Vec<bool> {
        let mut reached = vec![false; self.asks.len()];
        while let Some(at) = open.pop() {
            match reached.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let asks = self.asks[at].iter().filter(|(_, optional)| optional_too || !optional);
            open.extend(asks.map(|(to, _)| *to).filter(|to| !reached.get(*to).unwrap_or(&true)));
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_why_a_package_is_there() {
        // 0 → 1 (optional) → 2; 3 → 2, 3 → 4; 5 → 6 (optional); 7 by nobody; a circle of 4 and 8.
        let mut graph = Graph::new(9);
        for (from, to, optional) in [
            (0, 1, true),
            (1, 2, false),
            (3, 2, false),
            (3, 4, false),
            (4, 8, false),
            (8, 4, false),
            (5, 6, true),
        ] {
            graph.ask(from, to, optional);
        }
        graph.root(0, Need::Always);
        graph.root(3, Need::Development);
        graph.root(5, Need::Optional);
        graph.root(99, Need::Always);
        let told: Vec<_> = graph.roles().iter().map(|r| (r.development, r.optional, r.direct)).collect();
        assert_eq!(
            told,
            [
                (false, false, true),
                (false, true, false),
                (false, true, false),
                (true, false, true),
                (true, false, false),
                (false, true, true),
                (false, true, false),
                (false, false, false),
                (true, false, false),
            ]
        );
    }
}
