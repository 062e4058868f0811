//! `deno.lock`, versions 2 to 5.
//!
//! Follows Deno's documentation, "Modules and dependencies", section on the lock file, and the crate that reads
//! it (`deno_lockfile`). Two kinds of packages stand there, and the addresses of single modules (`remote`), which
//! are no packages:
//!
//! | version | npm | JSR |
//! | --- | --- | --- |
//! | 2 | `npm.packages`, `npm.specifiers` | – |
//! | 3 | `packages.npm`, `packages.specifiers` | `packages.jsr` |
//! | 4, 5 | `npm`, `specifiers` | `jsr` |
//!
//! A key of npm's may have the peers behind the version: `a@1.0.0_react@18.2.0`. What a package asks for is an
//! object of name and key up to version 3, then a list of names, with the version only where several are locked.
//!
//! JSR has no purl type. Its packages are published to npm's clients as `@jsr/SCOPE__NAME`, and that is the name
//! they are stated with; their own (`@std/path`) is the detail `jsr`.
//!
//! What the project asks for is in `workspace`, since version 3, and in version 2 all specifiers are that.

use std::collections::{BTreeMap, HashMap};

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{
    super::{
        document,
        needs::{Graph, Need},
    },
    LONGEST_NAME, is_name,
};
use crate::{
    Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable, fact::Requirement,
};

/// Packages that `deno.lock` pins.
pub struct DenoLock;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "deno.lock";

impl Cataloger for DenoLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/deno-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/deno.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"deno.lock" && file.path.components().all(|part| part != b"node_modules")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let lock: Lock = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        lock.state(file.limits.records, &mut reading);
        Ok(reading)
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    specifiers: BTreeMap<String, String>,
    #[serde(default)]
    jsr: BTreeMap<String, Locked>,
    npm: Option<Npm>,
    packages: Option<Packages>,
    #[serde(default)]
    workspace: Member,
}

/// `packages` of version 3.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Packages {
    specifiers: BTreeMap<String, String>,
    jsr: BTreeMap<String, Locked>,
    npm: BTreeMap<String, Locked>,
}

/// `npm`: of version 2, or the packages themselves. No package is called `packages` without a version.
#[derive(Deserialize)]
#[serde(untagged)]
enum Npm {
    Two {
        #[serde(default)]
        specifiers: BTreeMap<String, String>,
        packages: BTreeMap<String, Locked>,
    },
    Four(BTreeMap<String, Locked>),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Locked {
    dependencies: Asks,
    optional_dependencies: Asks,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Asks {
    /// Folder, and the key that was chosen.
    Chosen(BTreeMap<String, String>),
    /// Names, keys or specifiers.
    Named(Vec<String>),
}

impl Default for Asks {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

impl Asks {
    fn keys(&self) -> Vec<&str> {
        match self {
            Self::Chosen(chosen) => chosen.values().map(String::as_str).collect(),
            Self::Named(named) => named.iter().map(String::as_str).collect(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Member {
    dependencies: Vec<String>,
    package_json: Manifest,
    members: BTreeMap<String, Member>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest {
    dependencies: Vec<String>,
}

/// Name and version of `name@version_peer@version`.
fn split(key: &str) -> Option<(&str, &str)> {
    let scope = usize::from(key.starts_with('@'));
    let at = key.get(scope..)?.find('@')? + scope;
    let version = key.get(at + 1..)?;
    // Versions of npm have no `_`.
    Some((key.get(..at)?, version.split('_').next().unwrap_or(version)))
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Registry {
    Npm,
    Jsr,
}

/// Registry and the rest of `npm:name@^1`, `jsr:@s/name@1`.
fn specifier(text: &str) -> Option<(Registry, &str)> {
    let npm = text.strip_prefix("npm:").map(|rest| (Registry::Npm, rest));
    // `jsr:/@s/name` is the older spelling.
    npm.or_else(|| text.strip_prefix("jsr:").map(|rest| (Registry::Jsr, rest.trim_start_matches('/'))))
}

struct Entry<'l> {
    registry: Registry,
    name: &'l str,
    version: &'l str,
    locked: &'l Locked,
}

impl Entry<'_> {
    /// The name under which npm's clients know it.
    fn npm_name(&self) -> String {
        match (self.registry, self.name.strip_prefix('@').and_then(|name| name.split_once('/'))) {
            (Registry::Jsr, Some((scope, name))) => format!("@jsr/{scope}__{name}"),
            _ => self.name.to_owned(),
        }
    }
}

/// Finds entries by what asks for them.
struct Index<'l> {
    keys: HashMap<(Registry, &'l str), usize>,
    /// Names of which one version is locked.
    names: HashMap<(Registry, &'l str), Option<usize>>,
    specifiers: HashMap<&'l str, &'l str>,
}

impl Index<'_> {
    /// By a specifier (`npm:a@^1`, `jsr:@s/a`), or by what it was resolved to (a version, or a key with registry).
    fn by_specifier(&self, text: &str) -> Option<usize> {
        let (registry, wanted) = specifier(text)?;
        let chosen = self.specifiers.get(text).copied();
        let name = split(wanted).map_or(wanted, |(name, _)| name);
        let key = match chosen {
            Some(chosen) => match specifier(chosen) {
                Some((_, key)) => key.to_owned(),
                None => format!("{name}@{chosen}"),
            },
            None => wanted.to_owned(),
        };
        self.by_key(registry, &key)
    }

    fn by_key(&self, registry: Registry, key: &str) -> Option<usize> {
        let known = self.keys.get(&(registry, key)).copied();
        known.or_else(|| self.names.get(&(registry, key)).copied().flatten())
    }

    /// What a package of `registry` asks for by `text`.
    fn asked(&self, registry: Registry, text: &str) -> Option<usize> {
        if specifier(text).is_some() { self.by_specifier(text) } else { self.by_key(registry, text) }
    }
}

impl Lock {
    fn state(&self, most: usize, reading: &mut Reading) {
        let nothing = BTreeMap::new();
        let three = self.packages.as_ref();
        let (npm, npm_specifiers) = match &self.npm {
            Some(Npm::Two { specifiers, packages }) => (packages, Some(specifiers)),
            Some(Npm::Four(packages)) => (packages, None),
            None => (three.map_or(&nothing, |three| &three.npm), None),
        };
        let jsr = three.map_or(&self.jsr, |three| &three.jsr);
        let specifiers = npm_specifiers.or(three.map(|three| &three.specifiers)).unwrap_or(&self.specifiers);

        let mut entries = Vec::new();
        let mut index = Index {
            keys: HashMap::new(),
            names: HashMap::new(),
            specifiers: specifiers
                .iter()
                .map(|(wanted, chosen)| (wanted.as_str(), chosen.as_str()))
                .collect(),
        };
        let all = npm.iter().map(|entry| (Registry::Npm, entry));
        for (registry, (key, locked)) in all.chain(jsr.iter().map(|entry| (Registry::Jsr, entry))) {
            if entries.len() == most {
                reading.problem(format!("only {most} of its packages were read"));
                break;
            }
            let named = split(key).filter(|(name, version)| is_name(name) && !version.is_empty());
            let Some((name, version)) = named else {
                let key: String = key.chars().take(LONGEST_NAME).collect();
                reading.problem(format!("{key:?} is no name with a version"));
                continue;
            };
            index.keys.insert((registry, key), entries.len());
            let alone = entries.len();
            index.names.entry((registry, name)).and_modify(|at| *at = None).or_insert(Some(alone));
            entries.push(Entry { registry, name, version, locked });
        }

        let mut graph = Graph::new(entries.len());
        let mut open = vec![&self.workspace];
        while let Some(member) = open.pop() {
            open.extend(member.members.values());
            for wanted in member.dependencies.iter().chain(&member.package_json.dependencies) {
                if let Some(to) = index.by_specifier(wanted) {
                    graph.root(to, Need::Always);
                }
            }
        }
        for (wanted, chosen) in npm_specifiers.into_iter().flatten() {
            if let Some(to) = index.by_key(Registry::Npm, chosen).or_else(|| index.by_specifier(wanted)) {
                graph.root(to, Need::Always);
            }
        }
        let mut depends = Vec::with_capacity(entries.len());
        for (from, entry) in entries.iter().enumerate() {
            let mut asked: Vec<Requirement> = Vec::new();
            for (asks, optional) in
                [(&entry.locked.dependencies, false), (&entry.locked.optional_dependencies, true)]
            {
                for text in asks.keys() {
                    let to = index.asked(entry.registry, text);
                    if let Some(to) = to {
                        graph.ask(from, to, optional);
                    }
                    let name = || {
                        let text = specifier(text).map_or(text, |(_, rest)| rest);
                        split(text).map_or(text, |(name, _)| name)
                    };
                    asked.push(match to.and_then(|to| entries.get(to)) {
                        Some(to) => Requirement::exactly(to.npm_name(), to.version),
                        None => name().into(),
                    });
                }
            }
            depends.push(asked);
        }
        let roles = graph.has_roots().then(|| graph.roles());
        for (at, (entry, depends)) in entries.iter().zip(depends).enumerate() {
            let role = roles.as_ref().and_then(|roles| roles.get(at)).copied();
            let mut stated = Stated {
                kind: PackageKind::Npm,
                name: entry.npm_name(),
                version: entry.version.to_owned(),
                locked_only: true,
                optional: role.is_some_and(|role| role.optional),
                direct: role.map(|role| role.direct),
                depends,
                ..Stated::default()
            };
            if entry.registry == Registry::Jsr {
                stated.details.insert("jsr".into(), entry.name.to_owned());
            }
            reading.facts.push(Fact::Package(Box::new(stated)));
        }
    }
}

#[cfg(test)]
mod tests;
