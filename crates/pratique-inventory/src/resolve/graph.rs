//! Who depends on whom.
//!
//! Files state requirements by name; which package of the image answers one is found here, by one rule:
//!
//! 1. **Who can answer.** A package of the same kind with that name, as its ecosystem compares names; for the
//!    distribution's packages also one that provides it. Where the requirement states the version that was
//!    chosen, only that version answers.
//! 2. **Who is near.** An installed npm package sees what lies in the `node_modules` beside and above it, the
//!    nearest first, as Node.js does. Any other language package sees what the same file states, else what lies
//!    in the same place (the directory two above a file: `site-packages`, `specifications`), else everything. A
//!    distribution's package sees those of its own architecture first.
//! 3. All that are equally near answer: to hide a dependency is worse than to name one too many.
//!
//! What nothing answers (`/bin/sh`, a package that is not in the image) has no edge.

use std::collections::{BTreeSet, HashMap};

use crate::{
    fact::Requirement,
    inventory::Inventory,
    package::{Package, PackageKind},
};

/// The dependencies between the packages of an inventory, by their index in [`Inventory::packages`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    dependencies: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
    /// Whether every requirement was looked at. `false` for an inventory of millions of packages that all ask for
    /// each other, which no image is unless it is meant to keep somebody busy.
    pub complete: bool,
}

impl Graph {
    /// On which packages this one depends, sorted.
    pub fn dependencies(&self, index: usize) -> &[usize] {
        self.dependencies.get(index).map_or(&[], Vec::as_slice)
    }

    /// Which packages depend on this one, sorted.
    pub fn dependents(&self, index: usize) -> &[usize] {
        self.dependents.get(index).map_or(&[], Vec::as_slice)
    }

    /// All pairs of who depends on whom, sorted.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let all = self.dependencies.iter().enumerate();
        all.flat_map(|(from, on)| on.iter().map(move |&to| (from, to)))
    }
}

impl Inventory {
    /// Who depends on whom; the rule is described in [`resolve::graph`](crate::resolve::graph).
    pub fn graph(&self) -> Graph {
        /// Candidates that are looked at, in all: some seconds' work.
        const ENOUGH: usize = 50_000_000;
        let packages = &self.packages;
        let index = Index::new(packages);
        let mut graph = Graph {
            dependencies: vec![Vec::new(); packages.len()],
            dependents: vec![Vec::new(); packages.len()],
            complete: true,
        };
        let mut looked_at = 0;
        for (from, package) in packages.iter().enumerate() {
            let mut found = BTreeSet::new();
            for requirement in &package.depends {
                let candidates = index.candidates(package, requirement);
                looked_at += candidates.len();
                if looked_at > ENOUGH {
                    graph.complete = false;
                    return graph;
                }
                let able = candidates.iter().copied().filter(|&to| {
                    to != from
                        && packages.get(to).is_some_and(|other| {
                            requirement.version.as_ref().is_none_or(|version| *version == other.version)
                        })
                });
                found.extend(nearest(packages, package, able.collect()));
            }
            for &to in &found {
                if let Some(dependents) = graph.dependents.get_mut(to) {
                    dependents.push(from);
                }
            }
            if let Some(dependencies) = graph.dependencies.get_mut(from) {
                dependencies.extend(found);
            }
        }
        graph
    }
}

/// Packages by kind and by the names that they answer to.
struct Index {
    by_name: HashMap<(PackageKind, String), Vec<usize>>,
}

impl Index {
    fn new(packages: &[Package]) -> Self {
        let mut by_name: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, package) in packages.iter().enumerate() {
            let kind = family(package.kind);
            let mut add = |name: String| {
                let known = by_name.entry((kind, name)).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            };
            add(normal(kind, &package.full_name()));
            if kind.is_os() {
                provided(package).for_each(|name| add(name.to_owned()));
            }
        }
        Self { by_name }
    }

    fn candidates(&self, from: &Package, requirement: &Requirement) -> &[usize] {
        let kind = family(from.kind);
        let name = normal(kind, &requirement.name);
        self.by_name.get(&(kind, name)).map_or(&[], Vec::as_slice)
    }
}

/// Kinds that ask for each other.
fn family(kind: PackageKind) -> PackageKind {
    match kind {
        PackageKind::JenkinsPlugin => PackageKind::Maven,
        PackageKind::Pecl => PackageKind::Pear,
        PackageKind::GitHubWorkflow => PackageKind::GitHubAction,
        kind => kind,
    }
}

/// A name as its ecosystem compares it.
fn normal(kind: PackageKind, name: &str) -> String {
    match kind {
        // PEP 503: runs of `-`, `_` and `.` are one `-`.
        PackageKind::Python => {
            let mut normal = String::with_capacity(name.len());
            for c in name.chars() {
                match c {
                    '-' | '_' | '.' if normal.ends_with('-') => {}
                    '-' | '_' | '.' => normal.push('-'),
                    c => normal.extend(c.to_lowercase()),
                }
            }
            normal
        }
        PackageKind::NuGet | PackageKind::Composer | PackageKind::Conan => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

/// What `package` provides, without versions: `a (= 1), b` of Debian, `so:libz.so.1=1.3` of Alpine.
fn provided(package: &Package) -> impl Iterator<Item = &str> {
    let stated = package.provides.iter().map(String::as_str);
    let text = package.details.get("provides").filter(|_| package.provides.is_empty());
    let in_text = text.into_iter().flat_map(|text| {
        let between = if package.kind == PackageKind::Deb { ',' } else { ' ' };
        text.split(between)
    });
    stated.chain(in_text).filter_map(|name| {
        let name = name.trim();
        name.split(['=', '<', '>', '~', ' ']).next().filter(|name| !name.is_empty())
    })
}

fn nearest(packages: &[Package], from: &Package, able: Vec<usize>) -> Vec<usize> {
    if able.len() < 2 && from.kind != PackageKind::Npm {
        return able;
    }
    if from.kind.is_os() {
        let same = |&to: &usize| packages.get(to).is_some_and(|other| other.arch == from.arch);
        return prefer(able, same);
    }
    let paths: BTreeSet<&str> = from.locations.iter().filter_map(|l| l.path.as_str()).collect();
    let places = |to: usize| packages.get(to).map(|other| other.locations.as_slice()).unwrap_or_default();
    if from.kind == PackageKind::Npm
        && let Some(seen) = seen_by_node(&paths, &able, packages)
    {
        return seen;
    }
    let in_file =
        |&to: &usize| places(to).iter().any(|l| l.path.as_str().is_some_and(|path| paths.contains(path)));
    if able.iter().any(in_file) {
        return prefer(able, in_file);
    }
    let trees: BTreeSet<&str> = paths.iter().filter_map(|path| tree(path)).collect();
    let in_tree = |&to: &usize| {
        let mut trees_there = places(to).iter().filter_map(|l| tree(l.path.as_str()?));
        trees_there.any(|there| trees.contains(there))
    };
    prefer(able, in_tree)
}

/// Those that are `near`, if any is; else all.
fn prefer(able: Vec<usize>, near: impl Fn(&usize) -> bool) -> Vec<usize> {
    if able.iter().any(&near) { able.into_iter().filter(near).collect() } else { able }
}

/// The directory two above a file.
fn tree(path: &str) -> Option<&str> {
    Some(path.rsplit_once('/')?.0.rsplit_once('/')?.0)
}

/// What an installed npm package finds by Node.js's rule; `None` where none of `able` is found so, or the package is
/// not installed.
fn seen_by_node(paths: &BTreeSet<&str>, able: &[usize], packages: &[Package]) -> Option<Vec<usize>> {
    const FOLDER: &str = "node_modules/";
    // Folder of `node_modules` → who lies directly in it.
    let mut there: HashMap<&str, Vec<usize>> = HashMap::new();
    for &to in able {
        for location in packages.get(to).map(|other| other.locations.as_slice()).unwrap_or_default() {
            let Some(path) = location.path.as_str() else { continue };
            if let Some(at) = path.rfind(FOLDER).filter(|_| path.ends_with("/package.json")) {
                there.entry(path.get(..at).unwrap_or_default()).or_default().push(to);
            }
        }
    }
    let mut seen = BTreeSet::new();
    for path in paths.iter().filter(|path| path.ends_with("package.json")) {
        let mut folder = path.strip_suffix("package.json").unwrap_or(path);
        loop {
            if let Some(found) = there.get(folder) {
                seen.extend(found);
                break;
            }
            let Some((above, _)) = folder.trim_end_matches('/').rsplit_once('/') else {
                seen.extend(there.get("").into_iter().flatten());
                break;
            };
            folder = folder.get(..=above.len()).unwrap_or_default();
        }
    }
    (!seen.is_empty()).then(|| seen.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use pratique_image::ImagePath;

    use super::*;
    use crate::package::Location;

    fn package(kind: PackageKind, name: &str, version: &str, path: &str, depends: &[&str]) -> Package {
        Package {
            kind,
            name: name.into(),
            version: version.into(),
            locations: vec![Location { path: ImagePath::new(path).unwrap(), inside: String::new() }],
            depends: depends
                .iter()
                .map(|text| match text.split_once('@') {
                    Some((name, version)) => Requirement::exactly(name, version),
                    None => (*text).into(),
                })
                .collect(),
            ..Package::default()
        }
    }

    fn edges(packages: Vec<Package>) -> Vec<(usize, usize)> {
        let graph = Inventory { packages, ..Inventory::default() }.graph();
        assert!(graph.complete);
        for (from, to) in graph.edges() {
            assert!(graph.dependents(to).contains(&from));
        }
        graph.edges().collect()
    }

    #[test]
    fn npm_sees_what_node_sees() {
        let npm =
            |name, version, path, depends: &[&str]| package(PackageKind::Npm, name, version, path, depends);
        let found = edges(vec![
            npm("a", "1", "app/node_modules/a/package.json", &["b"]),
            npm("b", "1", "app/node_modules/b/package.json", &[]),
            npm("b", "2", "app/node_modules/c/node_modules/b/package.json", &[]),
            npm("c", "1", "app/node_modules/c/package.json", &["b", "a"]),
            npm("d", "1", "app/node_modules/c/node_modules/@s/d/package.json", &["b"]),
            npm("e", "1", "node_modules/e/package.json", &["b@2"]),
        ]);
        assert_eq!(found, [(0, 1), (3, 0), (3, 2), (4, 2), (5, 2)]);
    }

    #[test]
    fn others_see_their_file_then_their_place() {
        let py = |name, version, path, depends: &[&str]| {
            package(PackageKind::Python, name, version, path, depends)
        };
        let found = edges(vec![
            py("Flask", "1", "a/site-packages/Flask.dist-info/METADATA", &["zope_interface", "none"]),
            py("zope.interface", "1", "a/site-packages/zope.dist-info/METADATA", &[]),
            py("zope.interface", "2", "b/site-packages/zope.dist-info/METADATA", &["flask"]),
            py("q", "1", "p/poetry.lock", &["zope-interface@2"]),
        ]);
        assert_eq!(found, [(0, 1), (2, 0), (3, 2)]);
    }

    #[test]
    fn distributions_provide() {
        let mut musl = package(PackageKind::Apk, "musl", "1", "lib/apk/db/installed", &[]);
        musl.details.insert("provides".into(), "so:libc.musl-armv7.so.1=1 cmd:ldd=1.2".into());
        let mut mta = package(PackageKind::Deb, "exim4", "4", "var/lib/dpkg/status", &[]);
        mta.provides = vec!["mail-transport-agent".into()];
        let found = edges(vec![
            musl,
            package(PackageKind::Apk, "zlib", "1", "lib/apk/db/installed", &["so:libc.musl-armv7.so.1"]),
            mta,
            package(PackageKind::Deb, "cron", "1", "var/lib/dpkg/status", &["mail-transport-agent", "musl"]),
        ]);
        assert_eq!(found, [(1, 0), (3, 2)]);
    }
}
