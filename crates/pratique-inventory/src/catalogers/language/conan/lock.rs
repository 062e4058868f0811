//! `conan.lock`: the recipes that a C or C++ project was resolved to.
//!
//! Follows Conan's reference, "Lockfiles", in both of its shapes:
//!
//! * Conan 1 (`version` 0.1 to 0.4): `graph_lock.nodes`, a graph. A node refers to its recipe in `ref` or,
//!   before 0.4, to its package in `pref`, and names others in `requires` and `build_requires`. The node of
//!   the project itself, mostly `0`, has no reference or only the path of its conanfile.
//! * Conan 2 (`version` 0.5): flat lists `requires`, `build_requires`, `python_requires`, `config_requires`,
//!   without edges.
//!
//! What is only needed to build (`build_requires`, the context `build`) is marked as development.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{super::document, Reference};
use crate::{Cataloger, CatalogerId, File, Reading, Stated, Unreadable};

/// Recipes that `conan.lock` pins.
pub struct ConanLock;

/// Longest file that is read, in bytes: one of Conan 1 repeats all options in every node, real ones reach 1
/// MB.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "conan.lock";

#[derive(Deserialize)]
struct Lock {
    graph_lock: Option<Graph>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    build_requires: Vec<String>,
    #[serde(default)]
    python_requires: Vec<String>,
    #[serde(default)]
    config_requires: Vec<String>,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "ref")]
    recipe: Option<String>,
    #[serde(rename = "pref")]
    package: Option<String>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    build_requires: Vec<String>,
    context: Option<String>,
}

impl Node {
    fn reference(&self) -> Option<Reference<'_>> {
        Reference::parse(self.recipe.as_deref().or(self.package.as_deref())?)
    }
}

impl Cataloger for ConanLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/conan-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/conan.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"conan.lock"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        let mut packages = Vec::new();
        if let Some(graph) = &lock.graph_lock {
            packages.extend(of_graph(graph));
        }
        let lists = [
            (&lock.requires, false),
            (&lock.build_requires, true),
            (&lock.python_requires, true),
            (&lock.config_requires, true),
        ];
        for (list, development) in lists {
            for reference in list {
                match Reference::parse(reference) {
                    Some(reference) => packages.push(Stated { development, ..reference.stated() }),
                    None => reading.problem(format!("`{reference}` is no reference with a version")),
                }
            }
        }
        reading.extend(packages, file.limits);
        Ok(reading)
    }
}

/// The nodes of Conan 1. The project asks for what its own node requires; where there is no such node (a lock
/// made for a reference), for what no other node does.
fn of_graph(graph: &Graph) -> Vec<Stated> {
    let edges = |node: &'_ Node| [node.requires.clone(), node.build_requires.clone()].concat();
    let built: BTreeSet<&String> = graph.nodes.values().flat_map(|node| &node.build_requires).collect();
    let projects = || graph.nodes.values().filter(|node| node.reference().is_none());
    let asked: BTreeSet<String> = if projects().next().is_some() {
        projects().flat_map(edges).collect()
    } else {
        let required: BTreeSet<String> = graph.nodes.values().flat_map(edges).collect();
        graph.nodes.keys().filter(|id| !required.contains(*id)).cloned().collect()
    };
    let package = |(id, node): (&String, &Node)| {
        let mut stated = node.reference()?.stated();
        stated.direct = Some(asked.contains(id));
        stated.development = node.context.as_deref() == Some("build") || built.contains(id);
        let requires = edges(node);
        let targets = requires.iter().filter_map(|id| graph.nodes.get(id)?.reference());
        stated.depends = targets.map(|target| target.requirement()).collect();
        Some(stated)
    };
    graph.nodes.iter().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const V1: &str = r#"{"graph_lock": {"nodes": {
        "0": {"path": "conanfile.py", "requires": ["1"], "build_requires": ["3"]},
        "1": {"ref": "mfast/1.2.2@u/c#c6f6", "requires": ["2", "9"], "context": "host"},
        "2": {"pref": "zlib/1.2.12#c67c:9d1f#7cd3"},
        "3": {"ref": "cmake/3.20.0", "context": "build"}}}, "version": "0.4"}"#;
    const V2: &str = r#"{"version": "0.5", "requires": ["a/1.0#83d4%1675.07", "b/2.0@u/c"],
        "build_requires": ["cmake/3.20.0"], "python_requires": ["c/[>1]"]}"#;

    #[test]
    fn graphs() {
        let found = trial::packages(&ConanLock, "conan.lock", V1);
        assert_eq!(trial::ids(&found), ["mfast 1.2.2", "zlib 1.2.12", "cmake 3.20.0"]);
        assert_eq!(found.iter().map(|p| p.direct).collect::<Vec<_>>(), [Some(true), Some(false), Some(true)]);
        assert_eq!(found.iter().map(|p| p.development).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(trial::depends(&found[0]), ["zlib 1.2.12"]);
        assert_eq!((found[0].namespace.as_deref(), &*found[0].details["channel"]), (Some("u"), "c"));
    }

    #[test]
    fn lists() {
        let reading = trial::read(&ConanLock, "conan.lock", V2);
        assert_eq!(reading.problems, ["`c/[>1]` is no reference with a version"]);
        assert_eq!(reading.names(), ["a 1.0", "b 2.0", "cmake 3.20.0"]);
        let found: Vec<_> = reading.packages().collect();
        assert!(found[2].development && !found[0].development);
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&ConanLock, "conan.lock", V1);
        trial::keeps_to_the_limit(&ConanLock, "conan.lock", V1);
    }
}
