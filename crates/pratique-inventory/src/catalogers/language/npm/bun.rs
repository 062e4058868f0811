//! `bun.lock`: what Bun 1.2 and later lock, as JSON with trailing commas.
//!
//! Follows Bun's documentation, "Lockfile", and what its writer puts there (`src/install/lockfile/bun.lock.zig`):
//! `workspaces` with what each project asks for, and `packages` by the path below `node_modules` that a package
//! would have (`chalk/supports-color` lies in `chalk`). An entry is a list that begins with `name@resolution`; its
//! object of dependencies comes second, or third behind the registry:
//!
//! * from a registry `["a@1.0.0", "", {…}, "sha512-…"]`,
//! * from version control `["a@github:user/repository#commit", {…}, "…"]`,
//! * an archive `["a@https://…/a.tgz", {…}, "…"]`,
//! * the project's own `["a@workspace:packages/a"]`, which is not stated.
//!
//! `bun.lockb`, which older versions wrote, is an image of Bun's memory and is not read: that is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pratique_image::EntryHeader;
use serde::Deserialize;
use serde_json::Value;

use super::{
    super::{
        needs::{Graph, Need},
        origin,
    },
    LONGEST_NAME, is_name, jsonc,
    origin::repository,
};
use crate::{
    Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable, fact::Requirement,
};

/// Packages that `bun.lock` pins.
pub struct BunLock;

/// Longest lock file that is read, in bytes: ten thousand packages take 2 MB.
const LONGEST: u64 = 32 << 20;
const FORMAT: &str = "bun.lock";

impl Cataloger for BunLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/bun-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/bun.lock", "**/bun.lockb"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"bun.lock" | b"bun.lockb")
            && file.path.components().all(|part| part != b"node_modules")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        if file.path().file_name() == b"bun.lockb" {
            reading.problem(
                "the binary lock file of Bun is not read: have `bun install --save-text-lockfile` write bun.lock",
            );
            return Ok(reading);
        }
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let lock: Lock = serde_json::from_str(&jsonc::to_json(&text))
            .map_err(|error| Unreadable::malformed(FORMAT, error))?;
        lock.state(file.limits.records, &mut reading);
        Ok(reading)
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    workspaces: BTreeMap<String, Workspace>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Workspace {
    name: String,
    dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
    optional_peers: BTreeSet<String>,
}

/// What an entry says of its dependencies.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Info {
    dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
    optional_peers: BTreeSet<String>,
    bundled: bool,
}

struct Entry<'l> {
    path: &'l str,
    name: &'l str,
    version: &'l str,
    place: Option<(&'static str, String)>,
    info: Info,
}

/// What the first element of an entry says: `None` for the project's own.
type Identity<'l> = Option<(&'l str, &'l str, Option<(&'static str, String)>)>;

fn identity(id: &str) -> Result<Identity<'_>, &'static str> {
    let scope = usize::from(id.starts_with('@'));
    let at = id.get(scope..).and_then(|rest| rest.find('@')).ok_or("it has no resolution")? + scope;
    let (name, resolution) = (id.get(..at).unwrap_or_default(), id.get(at + 1..).unwrap_or_default());
    let archive = [".tgz", ".tar.gz", ".tar"].iter().any(|ending| resolution.ends_with(ending));
    let own = ["workspace:", "link:", "file:", "root:"].iter().any(|own| resolution.starts_with(own));
    if own && !archive {
        return Ok(None);
    }
    if !is_name(name) {
        return Err("its name is none that npm allows");
    }
    if let Some(place) = repository(resolution) {
        return Ok(Some((name, "", Some((origin::VCS_URL, place)))));
    }
    if resolution.starts_with("https:") || resolution.starts_with("http:") {
        let place = origin::without_credentials(resolution);
        return Ok(Some((name, "", Some((origin::DOWNLOAD_URL, place)))));
    }
    if own || archive {
        return Ok(Some((name, "", None)));
    }
    let version = resolution.strip_prefix("npm:").unwrap_or(resolution);
    if version.is_empty() { Err("it has no version") } else { Ok(Some((name, version, None))) }
}

/// The path of the package that `path` lies in: `chalk` for `chalk/@s/a`.
fn parent(path: &str) -> Option<&str> {
    let (above, _) = path.rsplit_once('/')?;
    match above.rsplit_once('/') {
        Some((higher, scope)) if scope.starts_with('@') => Some(higher),
        None if above.starts_with('@') => None,
        _ => Some(above),
    }
}

/// Longest path from which packages are looked for, in bytes: no file could lie at a longer one.
const LONGEST_PATH: usize = 4096;

/// The entry that `name` leads to from the package at `path`, as Node.js would find it.
fn find(known: &HashMap<&str, usize>, path: &str, name: &str) -> Option<usize> {
    let mut path = Some(path).filter(|path| path.len() <= LONGEST_PATH);
    while let Some(at) = path {
        if let Some(found) = known.get(&*format!("{at}/{name}")) {
            return Some(*found);
        }
        path = parent(at);
    }
    known.get(name).copied()
}

impl Lock {
    fn state(&self, most: usize, reading: &mut Reading) {
        let mut entries = Vec::new();
        for (path, parts) in &self.packages {
            if entries.len() == most {
                reading.problem(format!("only {most} of its packages were read"));
                break;
            }
            let id = parts.first().and_then(Value::as_str).ok_or("it does not begin with a name");
            match id.and_then(identity) {
                Ok(Some((name, version, place))) => {
                    let info = parts.iter().find(|part| part.is_object()).cloned().unwrap_or_default();
                    let info = serde_json::from_value(info).unwrap_or_default();
                    entries.push(Entry { path, name, version, place, info });
                }
                Ok(None) => {}
                Err(why) => {
                    let path: String = path.chars().take(LONGEST_NAME).collect();
                    reading.problem(format!("packages[{path:?}]: {why}"));
                }
            }
        }
        let known: HashMap<&str, usize> = entries.iter().enumerate().map(|(at, e)| (e.path, at)).collect();
        let mut graph = Graph::new(entries.len());
        for workspace in self.workspaces.values() {
            for (asks, need) in [
                (&workspace.dependencies, Need::Always),
                (&workspace.dev_dependencies, Need::Development),
                (&workspace.optional_dependencies, Need::Optional),
                (&workspace.peer_dependencies, Need::Always),
            ] {
                for name in asks.keys() {
                    let need = if workspace.optional_peers.contains(name) { Need::Optional } else { need };
                    if let Some(to) = find(&known, &workspace.name, name) {
                        graph.root(to, need);
                    }
                }
            }
        }
        let mut depends = Vec::with_capacity(entries.len());
        for (from, Entry { path, info, .. }) in entries.iter().enumerate() {
            let mut asked: Vec<Requirement> = Vec::new();
            for (asks, peers, optional) in [
                (&info.dependencies, false, false),
                (&info.optional_dependencies, false, true),
                (&info.peer_dependencies, true, false),
            ] {
                for name in asks.keys() {
                    let to = find(&known, path, name);
                    if let Some(to) = to {
                        graph.ask(from, to, optional || info.optional_peers.contains(name));
                    }
                    match to.and_then(|to| entries.get(to)) {
                        Some(to) => asked.push(Requirement::exactly(to.name, to.version)),
                        // A peer that nobody brought is not asked for.
                        None if peers => {}
                        None => asked.push(name.as_str().into()),
                    }
                }
            }
            depends.push(asked);
        }
        let roles = graph.has_roots().then(|| graph.roles());
        for (at, (entry, depends)) in entries.into_iter().zip(depends).enumerate() {
            let role = roles.as_ref().and_then(|roles| roles.get(at)).copied();
            let mut stated = Stated {
                kind: PackageKind::Npm,
                name: entry.name.to_owned(),
                version: entry.version.to_owned(),
                locked_only: true,
                development: role.is_some_and(|role| role.development),
                optional: role.is_some_and(|role| role.optional),
                direct: role.map(|role| role.direct),
                depends,
                ..Stated::default()
            };
            stated.details.extend(entry.place.map(|(key, value)| (key.to_owned(), value)));
            if entry.info.bundled {
                stated.details.insert("bundled".into(), "true".into());
            }
            reading.facts.push(Fact::Package(Box::new(stated)));
        }
    }
}

#[cfg(test)]
mod tests;
