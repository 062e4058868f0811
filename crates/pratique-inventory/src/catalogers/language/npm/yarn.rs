//! `yarn.lock`, of Yarn 1 ("classic") and of Yarn 2 and later ("Berry", `__metadata` versions 2 to 8).
//!
//! Follows Yarn's documentation, "yarn.lock" and "Protocols", and what the two write ([`super::syml`] reads the
//! lines). Both list *what was asked for* (`a@^1.0.0, a@~1.0.1:`) with *what was chosen* under it.
//!
//! * Classic names the package in what was asked for. Under an alias (`ms-old@npm:ms@0.7.1`) that is the name
//!   behind `npm:`. The project itself is not in the file: nothing tells what it asks for, or what is for
//!   development only.
//! * Berry says `resolution: "ms@npm:0.7.1"`, aliases seen through. Workspaces of the project are entries of
//!   their own, and their dependencies are direct; those for development stand among the others, unmarked. What
//!   is patched (`patch:`, the built-in patches too) is an entry beside the one it patches.
//!
//! Not stated: the project's own (`workspace:`, `link:`, `portal:`, folders by `file:`), which nobody published.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use pratique_image::EntryHeader;

use super::{
    super::{
        needs::{Graph, Need},
        origin,
    },
    LONGEST_NAME, is_name,
    origin::repository,
    syml,
};
use crate::{
    Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable, fact::Requirement,
};

/// Packages that `yarn.lock` pins.
pub struct YarnLock;

/// Longest lock file that is read, in bytes: ten thousand packages take 4 MB.
const LONGEST: u64 = 64 << 20;
const FORMAT: &str = "yarn.lock";

impl Cataloger for YarnLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/yarn-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/yarn.lock"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        // One inside `node_modules` came with a package and says how that was developed.
        file.path.file_name() == b"yarn.lock" && file.path.components().all(|part| part != b"node_modules")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut reading = Reading::nothing();
        let (berry, entries) = entries(&text, file.limits.records, &mut reading);
        if entries.is_empty() && !reading.problems.is_empty() {
            let why = reading.problems.swap_remove(0);
            return Err(Unreadable::malformed(FORMAT, why));
        }
        state(&entries, berry, &mut reading);
        Ok(reading)
    }
}

/// One entry of the file.
#[derive(Default)]
struct Entry<'a> {
    line: usize,
    /// What was asked for: `name@range`.
    patterns: Vec<Cow<'a, str>>,
    version: Cow<'a, str>,
    resolved: Cow<'a, str>,
    resolution: Cow<'a, str>,
    /// What it asks for: name, range, and whether it can do without.
    asks: Vec<(Cow<'a, str>, Cow<'a, str>, bool)>,
    /// Berry: names that are optional among them.
    optional: HashSet<Cow<'a, str>>,
}

/// What a line of the third level belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Dependencies,
    OptionalDependencies,
    DependenciesMeta,
    Other,
}

/// The entries, and whether Berry wrote them.
fn entries<'a>(text: &'a str, most: usize, reading: &mut Reading) -> (bool, Vec<Entry<'a>>) {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let (mut berry, mut skip) = (false, true);
    let mut section = Section::Other;
    let mut meta = Cow::Borrowed("");
    for line in syml::lines(text) {
        let line = match line {
            Ok(line) => line,
            Err(number) => {
                reading.problem(format!("line {number} makes no sense"));
                continue;
            }
        };
        if line.level == 0 {
            let own = line.keys.first().is_some_and(|key| key == "__metadata");
            berry |= own;
            skip = own;
            section = Section::Other;
            if !skip && entries.len() == most {
                reading.problem(format!("only {most} of its packages were read"));
                break;
            }
            if !skip {
                entries.push(Entry { line: line.number, patterns: line.keys, ..Entry::default() });
            }
            continue;
        }
        let Some(entry) = entries.last_mut().filter(|_| !skip) else { continue };
        let Some(key) = line.keys.into_iter().next() else { continue };
        match (line.level, line.value) {
            (1, Some(value)) => match &*key {
                "version" => entry.version = value,
                "resolved" => entry.resolved = value,
                "resolution" => entry.resolution = value,
                _ => {}
            },
            (1, None) => {
                section = match &*key {
                    "dependencies" => Section::Dependencies,
                    "optionalDependencies" => Section::OptionalDependencies,
                    "dependenciesMeta" => Section::DependenciesMeta,
                    _ => Section::Other,
                }
            }
            (2, Some(range)) if section == Section::Dependencies => entry.asks.push((key, range, false)),
            (2, Some(range)) if section == Section::OptionalDependencies => {
                entry.asks.push((key, range, true));
            }
            (2, None) if section == Section::DependenciesMeta => meta = key,
            (3, Some(value))
                if section == Section::DependenciesMeta && key == "optional" && value == "true" =>
            {
                entry.optional.insert(meta.clone());
            }
            _ => {}
        }
    }
    (berry, entries)
}

/// What an entry turned out to be.
enum Kind<'a> {
    Package { name: &'a str, version: &'a str, place: Option<(&'static str, String)> },
    Workspace,
    Own,
}

/// Name and range of `name@range`, scoped or not.
fn split(pattern: &str) -> Option<(&str, &str)> {
    let scope = usize::from(pattern.starts_with('@'));
    let at = pattern.get(scope..)?.find('@')? + scope;
    Some((pattern.get(..at)?, pattern.get(at + 1..)?))
}

impl Entry<'_> {
    fn classic(&self) -> Result<Kind<'_>, &'static str> {
        let pattern = self.patterns.first().ok_or("it has no name")?;
        // A name alone is what old versions wrote for `name@latest`.
        let (name, range) = split(pattern).unwrap_or((pattern, ""));
        let name = match range.strip_prefix("npm:") {
            Some(real) => split(real).map_or(real, |(name, _)| name),
            None => name,
        };
        let archive = [".tgz", ".tar.gz", ".tar"].iter().any(|ending| range.ends_with(ending));
        if range.starts_with("link:") || (range.starts_with("file:") && !archive) {
            return Ok(Kind::Own);
        }
        let place = repository(&self.resolved).map(|place| (origin::VCS_URL, place));
        Ok(Kind::Package { name, version: &self.version, place })
    }

    fn berry(&self) -> Result<Kind<'_>, &'static str> {
        let (name, reference) = split(&self.resolution).ok_or("its resolution is none")?;
        if let Some(version) = reference.strip_prefix("npm:") {
            let version = version.split("::").next().unwrap_or(version);
            return Ok(Kind::Package { name, version, place: None });
        }
        if reference.starts_with("workspace:") {
            return Ok(Kind::Workspace);
        }
        let archive = [".tgz", ".tar.gz", ".tar"].iter().any(|ending| reference.contains(ending));
        let own = ["link:", "portal:"].iter().any(|protocol| reference.starts_with(protocol));
        if own || (reference.starts_with("file:") && !archive) {
            return Ok(Kind::Own);
        }
        let url = reference.starts_with("https:") || reference.starts_with("http:");
        let place = match repository(reference) {
            Some(place) => Some((origin::VCS_URL, place)),
            None if url => Some((origin::DOWNLOAD_URL, origin::without_credentials(reference))),
            None => None,
        };
        Ok(Kind::Package { name, version: &self.version, place })
    }
}

fn state(entries: &[Entry<'_>], berry: bool, reading: &mut Reading) {
    let mut kinds = Vec::with_capacity(entries.len());
    for entry in entries {
        let kind = if berry { entry.berry() } else { entry.classic() };
        let kind = kind.and_then(|kind| match kind {
            Kind::Package { name, .. } if !is_name(name) => Err("its name is none that npm allows"),
            Kind::Package { version: "", .. } => Err("it has no version"),
            kind => Ok(kind),
        });
        kinds.push(kind.map_err(|why| {
            let pattern: String =
                entry.patterns.first().into_iter().flat_map(|p| p.chars()).take(LONGEST_NAME).collect();
            reading.problem(format!("line {}: {pattern:?}: {why}", entry.line));
        }));
    }
    let by_pattern = by_pattern(entries, berry);
    let find = |name: &str, range: &str| -> Option<usize> {
        by_pattern
            .get(&*format!("{name}@{range}"))
            .or_else(|| {
                // Before version 8 ranges of the registry stand without their protocol.
                berry.then(|| by_pattern.get(&*format!("{name}@npm:{range}"))).flatten()
            })
            .copied()
    };
    let mut graph = Graph::new(entries.len());
    let mut depends = vec![Vec::new(); entries.len()];
    for (from, entry) in entries.iter().enumerate() {
        let workspace = matches!(kinds[from], Ok(Kind::Workspace));
        for (name, range, optional) in &entry.asks {
            let optional = *optional || entry.optional.contains(name);
            let to = find(name, range);
            match to {
                Some(to) if workspace => {
                    graph.root(to, if optional { Need::Optional } else { Need::Always });
                }
                Some(to) => graph.ask(from, to, optional),
                None => {}
            }
            depends[from].push(match to.and_then(|to| kinds.get(to)) {
                Some(Ok(Kind::Package { name, version, .. })) => Requirement::exactly(*name, *version),
                _ => name.to_string().into(),
            });
        }
    }
    // Who asks for the original gets what is patched, and nothing else in the file says so.
    let by_resolution: HashMap<&str, usize> =
        entries.iter().enumerate().map(|(at, entry)| (&*entry.resolution, at)).collect();
    for (at, entry) in entries.iter().enumerate().filter(|_| berry) {
        let patch = split(&entry.resolution).and_then(|(_, reference)| reference.strip_prefix("patch:"));
        let original = patch.and_then(|patch| patch.split('#').next()).map(|of| of.replace("%3A", ":"));
        if let Some(original) = original.and_then(|original| by_resolution.get(&*original)) {
            graph.ask(*original, at, false);
        }
    }
    let roles = graph.has_roots().then(|| graph.roles());
    let mut patched: HashMap<(&str, &str), usize> = HashMap::new();
    for (at, (kind, depends)) in kinds.into_iter().zip(depends).enumerate() {
        let Ok(Kind::Package { name, version, place }) = kind else { continue };
        let role = roles.as_ref().and_then(|roles| roles.get(at)).copied();
        if place.is_none() {
            // A patched package stands beside the one it is made of: one package, needed as either is.
            let stated = *patched.entry((name, version)).or_insert(reading.facts.len());
            if let Some(Fact::Package(stated)) = reading.facts.get_mut(stated) {
                stated.optional &= role.is_some_and(|role| role.optional);
                stated.direct = stated.direct.zip(role).map(|(direct, role)| direct || role.direct);
                continue;
            }
        }
        reading.facts.push(Fact::Package(Box::new(Stated {
            kind: PackageKind::Npm,
            name: name.to_owned(),
            version: version.to_owned(),
            locked_only: true,
            optional: role.is_some_and(|role| role.optional),
            direct: role.map(|role| role.direct),
            depends,
            details: place.map(|(key, value)| (key.to_owned(), value)).into_iter().collect(),
            ..Stated::default()
        })));
    }
}

/// Which entry answers to each thing that was asked for.
fn by_pattern<'e>(entries: &'e [Entry<'_>], berry: bool) -> HashMap<&'e str, usize> {
    let mut by_pattern = HashMap::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        for pattern in &entry.patterns {
            if berry {
                // One string with all of them.
                by_pattern.extend(pattern.split(',').map(|pattern| (pattern.trim(), at)));
            } else {
                by_pattern.insert(&**pattern, at);
            }
        }
    }
    by_pattern
}

#[cfg(test)]
mod tests;
