//! `pnpm-lock.yaml`, versions 5.0 to 9.0.
//!
//! Follows pnpm's repository, `@pnpm/lockfile.types` and `@pnpm/dependency-path`, and its documentation of
//! `pnpm-lock.yaml` in "Working with Git". What the versions call a package:
//!
//! | version | written by | key of `packages` | with peers |
//! | --- | --- | --- | --- |
//! | 5.0 – 5.4 | pnpm 3 – 7 | `/@s/name/1.0.0` | `/name/1.0.0_react@17.0.2` |
//! | 6.0, 6.1 | pnpm 8 | `/@s/name@1.0.0` | `/name@1.0.0(react@17.0.2)` |
//! | 9.0 | pnpm 9, 10 | `@s/name@1.0.0` | `name@1.0.0(react@17.0.2)`, in `snapshots` |
//!
//! One package stands there once for each set of peers it is used with; it is one package here. What comes from
//! elsewhere than the registry has an address for a key (`github.com/u/r/commit`, `name@https://…`), and its name
//! and version as fields. What a project asks for names the key in full only where name and key differ: an alias
//! is `ms-old: /ms/0.7.1`, then `/ms@0.7.1`, then `ms@0.7.1`.
//!
//! `dev` and `optional` are fields up to 6.1. Since 9.0 only `optional` is: what is for development follows from
//! what the importers ask for. `link:` and folders are the project's own and are not stated. pnpm 11 writes a
//! document of its own tools in front of the project's: all documents are read.

use std::{collections::HashMap, fmt};

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    super::{
        needs::{Graph, Need, Role},
        origin,
        yaml::{self, Pairs},
    },
    LONGEST_NAME, is_name,
    origin::repository,
};
use crate::{
    Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable, fact::Requirement,
};

/// Packages that `pnpm-lock.yaml` pins, or says are installed.
pub struct PnpmLock;

const FORMAT: &str = "pnpm-lock.yaml";

impl Cataloger for PnpmLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/pnpm-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/pnpm-lock.yaml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        // pnpm keeps a copy of what it installed in `node_modules/.pnpm/lock.yaml`. What of it is there has a
        // `package.json`.
        file.path.file_name() == b"pnpm-lock.yaml"
            && file.path.components().all(|part| part != b"node_modules")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = yaml::text(file)?;
        let mut reading = Reading::nothing();
        for lock in yaml::documents::<Option<Lock>>(&text, FORMAT)?.into_iter().flatten() {
            lock.state(file.limits.records, &mut reading);
        }
        Ok(reading)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    #[serde(default)]
    importers: Pairs<Importer>,
    // Not flattened from an `Importer`: that would keep all else in memory in between, and versions as numbers.
    #[serde(default)]
    dependencies: Pairs<Reference>,
    #[serde(default)]
    dev_dependencies: Pairs<Reference>,
    #[serde(default)]
    optional_dependencies: Pairs<Reference>,
    #[serde(default)]
    packages: Pairs<Package>,
    /// Since 9.0: what the packages ask for, once for each set of peers.
    #[serde(default)]
    snapshots: Pairs<Package>,
}

/// What one project of a workspace asks for; before there were workspaces, and for one project, at the top.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Importer {
    dependencies: Pairs<Reference>,
    dev_dependencies: Pairs<Reference>,
    optional_dependencies: Pairs<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    resolution: Resolution,
    dependencies: Pairs<Reference>,
    optional_dependencies: Pairs<Reference>,
    dev: Option<bool>,
    optional: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resolution {
    tarball: Option<String>,
    directory: Option<IgnoredAny>,
    repo: Option<String>,
    commit: Option<String>,
}

/// What was chosen: a version or a key; since 6.0, for what a project asks for, `version` beside `specifier`.
#[derive(Default)]
struct Reference(String);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a version, or a mapping with one")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Reference, E> {
                Ok(Reference(text.to_owned()))
            }

            // No version of npm's is a number, but one that is must not cost the file.
            fn visit_f64<E: Error>(self, number: f64) -> Result<Reference, E> {
                Ok(Reference(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Reference, E> {
                Ok(Reference(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Reference, E> {
                Ok(Reference(number.to_string()))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Reference, E> {
                Ok(Reference::default())
            }

            fn visit_unit<E: Error>(self) -> Result<Reference, E> {
                Ok(Reference::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Reference, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Reference::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reference, A::Error> {
                let mut version = String::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "version" {
                        version = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Reference(version))
            }
        }

        from.deserialize_any(Any)
    }
}

/// Name and version by a key of any version of the format, without peers; none for addresses.
fn name_and_version(key: &str) -> Option<(&str, &str)> {
    let path = key.strip_prefix('/').unwrap_or(key);
    let path = path.split('(').next().unwrap_or(path);
    let scope = usize::from(path.starts_with('@'));
    if let Some(at) = path.get(scope..)?.find('@').map(|at| at + scope) {
        let (name, version) = (path.get(..at)?, path.get(at + 1..)?);
        // Up to 5.4 an `@` stands in the peers only, behind the version: `name/1.0.0_react@17.0.2`.
        if is_name(name) && version.starts_with(|c: char| c.is_ascii_digit()) {
            return Some((name, version));
        }
    }
    let (name, version) = path.rsplit_once('/')?;
    let version = version.split('_').next().unwrap_or(version);
    // Another registry's host stands before the name: `registry.example.org/@s/name/1.0.0`.
    let name = match name.split_once('/') {
        Some((host, rest)) if !name.starts_with('@') && host.contains('.') => rest,
        _ => name,
    };
    (is_name(name) && version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.'))
        .then_some((name, version))
}

/// A package before it is stated.
struct Locked {
    name: String,
    version: String,
    place: Option<(&'static str, String)>,
    dev: Option<bool>,
    optional: bool,
}

impl Package {
    /// `None` for a folder of the project's own.
    fn locked(&self, key: &str) -> Result<Option<Locked>, &'static str> {
        let Resolution { tarball, directory, repo, commit } = &self.resolution;
        if directory.is_some() {
            return Ok(None);
        }
        let by_key = name_and_version(key);
        let scope = usize::from(key.starts_with('@'));
        let address = key.get(scope..).and_then(|key| key.find('@')).map(|at| at + scope);
        let name = match (&self.name, by_key, address) {
            (Some(name), ..) => name.as_str(),
            (None, Some((name, _)), _) => name,
            (None, None, Some(at)) => key.get(..at).unwrap_or_default(),
            (None, None, None) => return Err("neither its key nor a field names it"),
        };
        if !is_name(name) {
            return Err("its name is none that npm allows");
        }
        let place = match (repo, tarball) {
            (Some(repo), _) => {
                Some((origin::VCS_URL, origin::vcs_url("git", repo, commit.as_deref().unwrap_or_default())))
            }
            (None, Some(tarball)) if by_key.is_none() => match repository(tarball) {
                Some(place) => Some((origin::VCS_URL, place)),
                None if tarball.starts_with("file:") => None,
                None => Some((origin::DOWNLOAD_URL, origin::without_credentials(tarball))),
            },
            _ => None,
        };
        let version = self.version.as_deref().or(by_key.map(|(_, version)| version)).unwrap_or_default();
        if version.is_empty() && place.is_none() && tarball.is_none() {
            return Err("it has neither a version nor an address");
        }
        Ok(Some(Locked {
            name: name.to_owned(),
            version: version.to_owned(),
            place,
            dev: self.dev,
            optional: self.optional,
        }))
    }
}

/// Finds the package behind a reference.
struct Index<'l>(HashMap<&'l str, usize>);

impl Index<'_> {
    fn find(&self, name: &str, Reference(reference): &Reference) -> Option<usize> {
        let known = |key: &str| self.0.get(key).copied();
        known(&format!("{name}@{reference}"))
            .or_else(|| known(&format!("/{name}@{reference}")))
            .or_else(|| known(&format!("/{name}/{reference}")))
            .or_else(|| known(reference))
            // A registry's host may stand in front, or the alias be written without the first slash.
            .or_else(|| known(&format!("/{reference}")))
    }
}

impl Lock {
    fn state(self, most: usize, reading: &mut Reading) {
        // What 9.0 splits in two is one here: a snapshot, with the fields of the package it is one of.
        let fields: HashMap<&str, &Package> =
            self.packages.0.iter().map(|(key, package)| (key.as_str(), package)).collect();
        let split = !self.snapshots.0.is_empty();
        let entries = if split { &self.snapshots.0 } else { &self.packages.0 };
        let mut locked = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            if locked.len() == most {
                reading.problem(format!("only {most} of its packages were read"));
                break;
            }
            let base = base_key(key);
            let package = if split { fields.get(base).copied().unwrap_or(entry) } else { entry };
            let one = package.locked(base).unwrap_or_else(|why| {
                let key: String = key.chars().take(LONGEST_NAME).collect();
                reading.problem(format!("packages[{key:?}]: {why}"));
                None
            });
            locked.push(one.map(|one| Locked { optional: one.optional || entry.optional, ..one }));
        }
        let index =
            Index(entries.iter().zip(0..locked.len()).map(|((key, _), at)| (key.as_str(), at)).collect());
        let roles = self.roles(entries, &index, locked.len());

        // The same package with other peers is the same package.
        let mut known: HashMap<(String, String, Option<String>), usize> = HashMap::new();
        let mut found: Vec<Stated> = Vec::new();
        for (at, ((_, entry), one)) in entries.iter().zip(&locked).enumerate() {
            let Some(one) = one else { continue };
            let role = roles.as_ref().and_then(|roles| roles.get(at)).copied();
            let asks = entry.dependencies.0.iter().chain(&entry.optional_dependencies.0);
            let depends = asks.map(|(name, reference)| {
                match index.find(name, reference).and_then(|to| locked.get(to)?.as_ref()) {
                    Some(to) => Requirement::exactly(&to.name, &to.version),
                    None => name.as_str().into(),
                }
            });
            let development = one.dev.unwrap_or_else(|| role.is_some_and(|role| role.development));
            let optional = one.optional || role.is_some_and(|role| role.optional);
            let identity =
                (one.name.clone(), one.version.clone(), one.place.as_ref().map(|(_, place)| place.clone()));
            if let Some(stated) = known.get(&identity).and_then(|at| found.get_mut(*at)) {
                stated.depends.extend(depends);
                stated.development &= development;
                stated.optional &= optional;
                stated.direct = stated.direct.zip(role).map(|(direct, role)| direct || role.direct);
                continue;
            }
            known.insert(identity, found.len());
            found.push(Stated {
                kind: PackageKind::Npm,
                name: one.name.clone(),
                version: one.version.clone(),
                development,
                optional,
                locked_only: true,
                direct: role.map(|role| role.direct),
                depends: depends.collect(),
                details: one.place.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
                ..Stated::default()
            });
        }
        reading.facts.extend(found.into_iter().map(|stated| Fact::Package(Box::new(stated))));
    }

    /// Why each entry is there; `None` where the file does not say what the project asks for.
    fn roles(&self, entries: &[(String, Package)], index: &Index<'_>, count: usize) -> Option<Vec<Role>> {
        let mut graph = Graph::new(count);
        let alone = [(&self.dependencies, &self.dev_dependencies, &self.optional_dependencies)];
        let importers = self.importers.0.iter().map(|(_, importer)| {
            (&importer.dependencies, &importer.dev_dependencies, &importer.optional_dependencies)
        });
        for (always, development, optional) in importers.chain(alone) {
            for (asks, need) in
                [(always, Need::Always), (development, Need::Development), (optional, Need::Optional)]
            {
                for to in asks.0.iter().filter_map(|(name, reference)| index.find(name, reference)) {
                    graph.root(to, need);
                }
            }
        }
        if !graph.has_roots() {
            return None;
        }
        for (from, (_, entry)) in entries.iter().enumerate().take(count) {
            for (asks, optional) in [(&entry.dependencies, false), (&entry.optional_dependencies, true)] {
                for to in asks.0.iter().filter_map(|(name, reference)| index.find(name, reference)) {
                    graph.ask(from, to, optional);
                }
            }
        }
        Some(graph.roles())
    }
}

/// A key without the peers that are written in brackets.
fn base_key(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

#[cfg(test)]
mod tests;
