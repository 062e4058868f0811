//! Maven projects: what a description says once its parents and properties are put in.
//!
//! Follows Maven's "Introduction to the POM" (inheritance, interpolation) and "Introduction to the Dependency
//! Mechanism" (management, imports). The parent of a project is the file that `relativePath` names (`../pom.xml`
//! where it names none) if that file says that it is the parent, else the description of these coordinates anywhere
//! in the image: another module's, or one of a local repository (`~/.m2/repository`).
//!
//! Everything else lies in repositories of the network. A version that only such a parent or list tells is not
//! guessed: the package is stated without version, the detail `version_from` says who would tell, and each
//! description with such packages is a problem that names them. So is a version range: which version of it is used
//! is decided while building; the range is the detail `requested`.
//!
//! A project states what it asks for itself. What it inherits from a parent the parent states, if it is there.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use pratique_image::ImagePath;

use super::{More, Statement};
use crate::{
    PackageKind, Requirement, Stated,
    catalogers::language::jvm::pom::is_in_repository,
    fact::{Fact, MavenDependency, MavenParent, MavenProject, Problem},
    overlay::{Overlay, Sighting},
};

/// Most ancestors of one project.
const MOST_ANCESTORS: usize = 32;
/// Deepest nesting of lists of versions that import others.
const DEEPEST_IMPORT: usize = 16;
/// Most managed versions that are gone through for all projects of an image together: a thousand modules with the
/// five thousand of Spring Boot's list each are a quarter of it.
const MOST_MANAGED: usize = 20_000_000;
/// Longest value with its properties put in, in bytes, and deepest nesting of these.
const LONGEST_VALUE: usize = 4 << 10;
const DEEPEST_VALUE: usize = 16;
/// Most names in the sentence of a problem.
const MOST_NAMED: usize = 5;
/// Who says so.
const CATALOGER: &str = "language/maven-pom";

/// What the projects of an image ask for, and what of it could not be told.
#[derive(Debug, Default)]
pub(super) struct Projects {
    pub(super) packages: Vec<Used>,
    pub(super) problems: Vec<(usize, Problem)>,
}

/// A package that a project is or asks for.
#[derive(Debug)]
pub(super) struct Used {
    stated: Stated,
    path: ImagePath,
    layer: usize,
}

impl Used {
    pub(super) fn statement(&self) -> Statement<'_> {
        Statement {
            stated: &self.stated,
            path: &self.path,
            layer: self.layer,
            owned_by: None,
            licences: self.stated.licences.clone(),
            more: More::default(),
        }
    }
}

/// Puts the projects of an image together.
pub(super) fn resolve(overlay: &Overlay<'_>) -> Projects {
    let mut found = Projects::default();
    let known = Known::of(overlay);
    for (path, (layer, project)) in &known.by_path {
        if !is_in_repository(path) {
            known.state(path, *layer, project, &mut found);
        }
    }
    found
}

type Coordinates<'a> = (&'a str, &'a str, &'a str);

/// Every project of the image.
struct Known<'a> {
    by_path: BTreeMap<&'a ImagePath, (usize, &'a MavenProject)>,
    /// By what a child names: group, artifact, version.
    by_coordinates: BTreeMap<Coordinates<'a>, &'a ImagePath>,
    /// What is left of [`MOST_MANAGED`].
    left: Cell<usize>,
}

impl<'a> Known<'a> {
    fn of(overlay: &Overlay<'a>) -> Self {
        let left = Cell::new(MOST_MANAGED);
        let mut known = Self { by_path: BTreeMap::new(), by_coordinates: BTreeMap::new(), left };
        for (path, sightings) in overlay.files() {
            let Some(top) = sightings.last() else { continue };
            let projects = Sighting::facts(top).filter_map(|fact| match fact {
                Fact::MavenProject(project) => Some(&**project),
                _ => None,
            });
            for project in projects {
                known.by_path.insert(path, (top.layer, project));
                if let Some(coordinates) = coordinates(project) {
                    known.by_coordinates.entry(coordinates).or_insert(path);
                }
            }
        }
        known
    }

    fn project(&self, path: &ImagePath) -> Option<&'a MavenProject> {
        self.by_path.get(path).map(|(_, project)| *project)
    }

    /// Where the parent's description is.
    fn parent(&self, path: &ImagePath, parent: &'a MavenParent) -> Option<&'a ImagePath> {
        let relative = parent.relative_path.as_deref().unwrap_or("../pom.xml");
        let beside = joined(path, relative).and_then(|found| {
            [found.join("pom.xml").ok(), Some(found)].into_iter().flatten().find_map(|at| {
                let (found, (_, project)) = self.by_path.get_key_value(&at)?;
                is_parent(project, parent).then_some(*found)
            })
        });
        beside.or_else(|| {
            let (group, artifact) = (parent.group.as_deref()?, parent.artifact.as_deref()?);
            self.by_coordinates.get(&(group, artifact, parent.version.as_deref()?)).copied()
        })
    }

    /// The project at `path` and its ancestors, nearest first, and the parent that is nowhere.
    fn lineage(&self, path: &ImagePath) -> (Vec<&'a MavenProject>, Option<&'a MavenParent>) {
        let mut lineage = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = self.by_path.get_key_value(path).map(|(path, _)| *path);
        while let Some(path) = next {
            let Some(project) = self.project(path).filter(|_| seen.insert(path)) else { break };
            lineage.push(project);
            let Some(parent) = &project.parent else { break };
            next = self.parent(path, parent).filter(|_| lineage.len() < MOST_ANCESTORS);
            if next.is_none() {
                return (lineage, Some(parent));
            }
        }
        (lineage, None)
    }

    /// Whether one more managed version may be gone through.
    fn has_room(&self) -> bool {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }

    /// What holds for the project at `path`, lists of versions that it imports included, but for those that have
    /// been `imported` already: what they say would come second.
    fn effective(
        &self,
        path: &ImagePath,
        depth: usize,
        imported: &mut BTreeSet<&'a ImagePath>,
    ) -> Effective<'a> {
        let (lineage, missing) = self.lineage(path);
        let mut effective = Effective { lineage, missing: Vec::new(), managed: BTreeMap::new() };
        let mut imports: Vec<&'a MavenDependency> = Vec::new();
        for managed in effective.lineage.clone().into_iter().flat_map(|project| &project.managed) {
            let is_import = managed.scope.as_deref() == Some("import");
            if is_import {
                imports.push(managed);
            } else if self.has_room()
                && let Some(key) = effective.key(managed)
            {
                let version = managed.version.as_deref().map(|version| effective.value(version));
                let scope = managed.scope.as_deref().map(|scope| effective.value(scope));
                effective.managed.entry(key).or_insert((version.flatten(), scope.flatten()));
            }
        }
        effective.missing.extend(missing.map(|parent| {
            let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "?".into());
            format!("{}:{}:{}", part(&parent.group), part(&parent.artifact), part(&parent.version))
        }));
        for import in imports {
            let (group, artifact) = (effective.value(&import.group), effective.value(&import.artifact));
            let version = import.version.as_deref().and_then(|version| effective.value(version));
            let name = [group.as_deref(), artifact.as_deref(), version.as_deref()];
            let [Some(group), Some(artifact), Some(version)] = name else {
                effective.missing.push(name.map(|part| part.unwrap_or("?")).join(":"));
                continue;
            };
            match self.by_coordinates.get(&(group, artifact, version)) {
                Some(path) if depth < DEEPEST_IMPORT => {
                    if !imported.insert(path) {
                        continue;
                    }
                    let list = self.effective(path, depth + 1, imported);
                    for (key, value) in list.managed {
                        if self.has_room() {
                            effective.managed.entry(key).or_insert(value);
                        }
                    }
                    effective.missing.extend(list.missing);
                }
                _ => effective.missing.push(format!("{group}:{artifact}:{version}")),
            }
        }
        effective.missing.dedup();
        effective
    }

    fn state(&self, path: &ImagePath, layer: usize, project: &'a MavenProject, found: &mut Projects) {
        let effective = self.effective(path, 0, &mut BTreeSet::new());
        let mut depends = Vec::new();
        let mut unknown = Vec::new();
        for dependency in &project.dependencies {
            let (Some(group), Some(artifact)) =
                (effective.value(&dependency.group), effective.value(&dependency.artifact))
            else {
                unknown.push(format!("{}:{}", dependency.group, dependency.artifact));
                continue;
            };
            let stated = effective.stated(dependency, group, artifact);
            let name = format!("{}:{}", stated.namespace.as_deref().unwrap_or_default(), stated.name);
            if stated.version.is_empty() {
                unknown.push(name.clone());
            }
            let version = Some(stated.version.clone()).filter(|version| !version.is_empty());
            depends.push(Requirement { name, version });
            found.packages.push(Used { stated, path: path.clone(), layer });
        }
        depends.sort_unstable();
        depends.dedup();
        if let Some(mut stated) = effective.own() {
            stated.depends = depends;
            found.packages.push(Used { stated, path: path.clone(), layer });
        }
        if !unknown.is_empty() {
            let what = sentence(&unknown, &effective.missing);
            found.problems.push((layer, Problem::lost(path.clone(), Some(CATALOGER), what)));
        }
    }
}

fn sentence(unknown: &[String], missing: &[String]) -> String {
    let list = |names: &[String]| {
        let mut text = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        if let Some(more) = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            let _ = write!(text, " and {more} more");
        }
        text
    };
    let mut what = format!("which version is used of {} is not told by what is in the image", list(unknown));
    if !missing.is_empty() {
        let _ =
            write!(what, ": {} would tell, or not, and lies in a repository of the network", list(missing));
    }
    what.push_str("; scan what was built from it, or bring Maven's local repository into the image");
    what
}

/// Name, type and classifier: what a managed version is for.
type Key = (String, String, String, String);

/// A project with its ancestors.
struct Effective<'a> {
    /// Itself first.
    lineage: Vec<&'a MavenProject>,
    /// Version and scope of what somebody uses.
    managed: BTreeMap<Key, (Option<String>, Option<String>)>,
    /// Descriptions that would say more and are nowhere in the image.
    missing: Vec<String>,
}

impl Effective<'_> {
    fn key(&self, dependency: &MavenDependency) -> Option<Key> {
        let or = |value: &Option<String>, default: &str| {
            value.as_deref().map_or(Some(default.to_owned()), |value| self.value(value))
        };
        Some((
            self.value(&dependency.group)?,
            self.value(&dependency.artifact)?,
            or(&dependency.packaging, "jar")?,
            or(&dependency.classifier, "")?,
        ))
    }

    fn group(&self) -> Option<&str> {
        let own = self.lineage.first()?;
        own.group.as_deref().or_else(|| own.parent.as_ref()?.group.as_deref())
    }

    fn version(&self) -> Option<&str> {
        let own = self.lineage.first()?;
        own.version.as_deref().or_else(|| own.parent.as_ref()?.version.as_deref())
    }

    /// The value of a property, with other properties still in it.
    fn property(&self, name: &str) -> Option<&str> {
        let own = *self.lineage.first()?;
        let parent = own.parent.as_ref();
        // `pom.` and nothing are older spellings of `project.`.
        let field = name.strip_prefix("project.").or_else(|| name.strip_prefix("pom."));
        match field.unwrap_or(name) {
            "groupId" => self.group(),
            "artifactId" => own.artifact.as_deref(),
            "version" => self.version(),
            "parent.groupId" => parent?.group.as_deref(),
            "parent.artifactId" => parent?.artifact.as_deref(),
            "parent.version" => parent?.version.as_deref(),
            _ => self.lineage.iter().find_map(|project| project.properties.get(name)).map(String::as_str),
        }
    }

    /// `text` with its properties put in; `None` where one of them is unknown.
    fn value(&self, text: &str) -> Option<String> {
        let mut value = String::new();
        self.put(text, 0, &mut value)?;
        Some(value).filter(|value| !value.is_empty())
    }

    fn put(&self, text: &str, depth: usize, value: &mut String) -> Option<()> {
        let mut rest = text;
        while let Some((before, from)) = rest.split_once("${") {
            let (name, after) = from.split_once('}')?;
            value.push_str(before);
            if depth >= DEEPEST_VALUE {
                return None;
            }
            self.put(self.property(name.trim())?, depth + 1, value)?;
            rest = after;
        }
        value.push_str(rest);
        (value.len() <= LONGEST_VALUE).then_some(())
    }

    /// The project itself, where it has coordinates.
    fn own(&self) -> Option<Stated> {
        let own = self.lineage.first()?;
        let licences = self.lineage.iter().map(|project| &project.licences).find(|all| !all.is_empty());
        Some(Stated {
            kind: PackageKind::Maven,
            name: self.value(own.artifact.as_deref()?)?,
            version: self.value(self.version()?)?,
            namespace: Some(self.value(self.group()?)?),
            licences: licences.cloned().unwrap_or_default(),
            locked_only: true,
            details: [("origin".to_owned(), "local".to_owned())].into(),
            ..Stated::default()
        })
    }

    fn stated(&self, dependency: &MavenDependency, group: String, artifact: String) -> Stated {
        let managed = self.key(dependency).and_then(|key| self.managed.get(&key));
        let declared = dependency.version.as_deref().map(|version| self.value(version));
        let version = declared.unwrap_or_else(|| managed.and_then(|(version, _)| version.clone()));
        let scope = dependency.scope.as_deref().and_then(|scope| self.value(scope));
        let scope = scope.or_else(|| managed.and_then(|(_, scope)| scope.clone()));
        let mut details = BTreeMap::new();
        let chosen = version.as_deref().and_then(exact).unwrap_or_default().to_owned();
        match version {
            Some(range) if chosen.is_empty() => drop(details.insert("requested".into(), range)),
            Some(_) => {}
            None => {
                let missing = self.missing.first().map_or("none of the files here", String::as_str);
                details.insert("version_from".into(), missing.to_owned());
            }
        }
        let development = scope.as_deref() == Some("test");
        details.extend(scope.filter(|scope| scope != "compile").map(|scope| ("scope".to_owned(), scope)));
        details.extend(dependency.classifier.clone().map(|classifier| ("classifier".to_owned(), classifier)));
        Stated {
            kind: PackageKind::Maven,
            name: artifact,
            version: chosen,
            namespace: Some(group),
            locked_only: true,
            development,
            optional: dependency.optional,
            direct: Some(true),
            details,
            ..Stated::default()
        }
    }
}

/// The one version that is meant: `1.0`, and `[1.0]`. A range and `LATEST` mean none.
fn exact(version: &str) -> Option<&str> {
    let one = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version);
    let meant = !one.contains(['[', ']', '(', ')', ',']) && !matches!(one, "LATEST" | "RELEASE");
    meant.then_some(one)
}

/// The path that `relative` means from the folder of `path`.
fn joined(path: &ImagePath, relative: &str) -> Option<ImagePath> {
    let mut at = path.parent()?;
    if relative.is_empty() {
        return None;
    }
    for part in relative.split(['/', '\\']) {
        at = match part {
            "" | "." => at,
            ".." => at.parent()?,
            name => at.join(name).ok()?,
        };
    }
    Some(at)
}

/// Whether `project` is the one that a child calls its parent. Texts with properties are as good as equal: Maven
/// allows `${revision}` there.
fn is_parent(project: &MavenProject, wanted: &MavenParent) -> bool {
    let same = |own: Option<&str>, wanted: &Option<String>| match (own, wanted) {
        (Some(own), Some(wanted)) => own == wanted || own.contains("${") || wanted.contains("${"),
        _ => true,
    };
    let above = project.parent.as_ref();
    project.artifact == wanted.artifact
        && same(project.group.as_deref().or_else(|| above?.group.as_deref()), &wanted.group)
        && same(project.version.as_deref().or_else(|| above?.version.as_deref()), &wanted.version)
}

fn coordinates(project: &MavenProject) -> Option<Coordinates<'_>> {
    let parent = project.parent.as_ref();
    Some((
        project.group.as_deref().or_else(|| parent?.group.as_deref())?,
        project.artifact.as_deref()?,
        project.version.as_deref().or_else(|| parent?.version.as_deref())?,
    ))
}

#[cfg(test)]
mod tests;
