//! The tree of folders that a lock file describes, and who finds whom in it.
//!
//! Node.js looks for a package in `node_modules` of the folder of who asks, then in that of each folder above it
//! (its documentation, "Modules: CommonJS modules", section "Loading from node_modules folders").

use std::collections::HashMap;

use crate::{Fact, Stated, fact::Requirement};

/// The names that a folder asks for.
#[derive(Default)]
pub(super) struct Asks {
    /// As whatever it is.
    pub(super) always: Vec<String>,
    /// If it is the project: for development, and as a peer.
    pub(super) besides: Vec<String>,
}

/// Folders, in the order in which the file has them.
#[derive(Default)]
pub(super) struct Tree(Vec<Folder>);

struct Folder {
    path: String,
    asks: Asks,
    /// `None` for the project's own.
    stated: Option<Stated>,
}

impl Tree {
    /// Adds a folder.
    pub(super) fn place(&mut self, path: String, asks: Asks, stated: Option<Stated>) {
        self.0.push(Folder { path, asks, stated });
    }

    /// The packages, each with what it asks for and gets.
    pub(super) fn into_facts(self) -> Vec<Fact> {
        let known: HashMap<&str, usize> =
            self.0.iter().enumerate().map(|(at, folder)| (folder.path.as_str(), at)).collect();
        let mut direct = vec![false; self.0.len()];
        let mut has_root = false;
        let mut depends = Vec::with_capacity(self.0.len());
        for Folder { path, asks, stated } in &self.0 {
            if stated.is_none() {
                has_root = true;
                for at in asks.always.iter().chain(&asks.besides).filter_map(|name| find(&known, path, name))
                {
                    if let Some(direct) = direct.get_mut(at) {
                        *direct = true;
                    }
                }
                depends.push(Vec::new());
                continue;
            }
            let all: Vec<Requirement> = asks
                .always
                .iter()
                .map(|name| match find(&known, path, name).and_then(|at| self.0.get(at)?.stated.as_ref()) {
                    // An address instead of a version is no version.
                    Some(found) if !found.version.is_empty() => {
                        Requirement::exactly(&found.name, &found.version)
                    }
                    Some(found) => found.name.as_str().into(),
                    None => name.as_str().into(),
                })
                .collect();
            depends.push(all);
        }
        let folders = self.0.into_iter().zip(depends).zip(direct);
        folders
            .filter_map(|((folder, depends), direct)| {
                let stated = folder.stated?;
                Some(Fact::Package(Box::new(Stated {
                    depends,
                    direct: has_root.then_some(direct),
                    ..stated
                })))
            })
            .collect()
    }
}

/// Longest path from which packages are looked for, in bytes. Each step up is a look-up of the whole path, and a
/// stranger's may have any number of steps; npm's own have a dozen.
pub(super) const LONGEST_PATH: usize = 1024;

/// The folder that `name` leads to from the folder at `path`.
fn find(known: &HashMap<&str, usize>, path: &str, name: &str) -> Option<usize> {
    let mut path = if path.len() <= LONGEST_PATH { path } else { "" };
    loop {
        let slash = if path.is_empty() { "" } else { "/" };
        if let Some(at) = known.get(&*format!("{path}{slash}node_modules/{name}")) {
            return Some(*at);
        }
        if path.is_empty() {
            return None;
        }
        // The folder that this one lies in; one of the project's own lies in the root.
        path = path
            .rfind("node_modules/")
            .and_then(|at| path.get(..at))
            .unwrap_or_default()
            .trim_end_matches('/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_in_every_folder_above() {
        let folders =
            ["node_modules/a", "node_modules/b/node_modules/a", "w/node_modules/a", "node_modules/c"];
        let known: HashMap<&str, usize> = folders.iter().enumerate().map(|(at, path)| (*path, at)).collect();
        for (path, name, want) in [
            ("", "a", Some(0)),
            ("node_modules/c", "a", Some(0)),
            ("node_modules/b", "a", Some(1)),
            ("node_modules/b/node_modules/a", "a", Some(1)),
            ("node_modules/b/node_modules/@s/x", "c", Some(3)),
            ("w", "a", Some(2)),
            ("w", "c", Some(3)),
            ("w/node_modules/a", "c", Some(3)),
            ("w", "d", None),
        ] {
            assert_eq!(find(&known, path, name), want, "{path}: {name}");
        }
    }
}
