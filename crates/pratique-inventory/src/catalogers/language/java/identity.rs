//! What a Java archive is called: group, artifact and version.
//!
//! Nothing in the format says so. In this order:
//!
//! 1. **Maven's records** (`META-INF/maven/GROUP/ARTIFACT/pom.properties`, or `pom.xml` alone). Each is a
//!    package. The one whose artifact the file's name begins with, or whose artifact the manifest calls the
//!    archive, is the archive itself; the others have been merged into it. Group and artifact missing in a
//!    record are those of its folder.
//! 2. **The file's name and the manifest**, when no record is the archive itself. Artifact is the name up to
//!    the version (`ARTIFACT-1.2.3.jar`), Scala's `_2.11` is part of it. The version is the name's; without
//!    one there it is the manifest's `Plugin-Version`, `Implementation-Version`, `Bundle-Version` or
//!    `Specification-Version`. Where the name's version is one of these and a word behind it
//!    (`3.11.0-shaded`), the word is a classifier. An archive that holds other libraries' records, and whose
//!    own version nobody states, is a shell and no package; one without manifest and version is nothing.
//!    The ending says what it is: `.hpi` and `.jpi` are plug-ins of Jenkins, and their libraries are libraries.
//! 3. The **group**, where no record says it, is that of a [well-known](super::well_known) artifact; else
//!    `Group-Id` (Jenkins plug-ins), else what `Bundle-SymbolicName` or `Automatic-Module-Name` has in front
//!    of the artifact; else `Implementation-Vendor-Id` where it is more than a foundation's domain; else the
//!    front of an artifact that is a domain itself (Eclipse's); else a bundle name of several parts as it
//!    stands; else the artifact's own name, as was usual for old libraries
//!    (`commons-cli:commons-cli`). The detail `group_from` says which of these it was.

use std::collections::BTreeMap;

use super::{
    metadata::{Manifest, Pom, is_filled},
    name::{in_front_of, is_classifier, is_domain, same_word, split_name},
    well_known,
};
use crate::{PackageKind, Stated};

/// Most Maven records of one archive.
const MOST_RECORDS: usize = 10_000;

/// Domains that are vendors' and no group of theirs.
const ONLY_VENDORS: [&str; 4] = ["org.apache", "com.sun", "com.oracle", "org.eclipse"];

/// What was found in one archive that may say what it is.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The file's name without its ending.
    base: String,
    /// What the archive itself is by its ending; what was merged into it are libraries.
    kind: PackageKind,
    pub(super) manifest: Option<Manifest>,
    records: Vec<Record>,
}

/// What Maven recorded of one project; `pom.properties` and `pom.xml` of the same folder together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Record {
    /// Group and artifact as the folder says them.
    folder: (String, String),
    group: Option<String>,
    artifact: Option<String>,
    version: Option<String>,
    pom: Option<Pom>,
}

impl Contents {
    /// Nothing yet, of an archive with this file name.
    pub(super) fn new(file_name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(file_name);
        let (base, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let is_plugin = ["hpi", "jpi"].iter().any(|known| ending.eq_ignore_ascii_case(known));
        let kind = if is_plugin { PackageKind::JenkinsPlugin } else { PackageKind::Maven };
        Self { base: base.to_owned(), kind, ..Self::default() }
    }

    fn record(&mut self, folder: Option<(&str, &str)>) -> Option<&mut Record> {
        let (group, artifact) = folder?;
        let known = self.records.iter().position(|r| r.folder.0 == group && r.folder.1 == artifact);
        let at = match known {
            Some(at) => at,
            None if self.records.len() < MOST_RECORDS => {
                let folder = (group.to_owned(), artifact.to_owned());
                self.records.push(Record { folder, ..Record::default() });
                self.records.len() - 1
            }
            None => return None,
        };
        self.records.get_mut(at)
    }

    pub(super) fn add_properties(&mut self, folder: Option<(&str, &str)>, all: &BTreeMap<String, String>) {
        let value = |key| all.get(key).filter(|value| is_filled(value)).cloned();
        if let Some(record) = self.record(folder) {
            record.group = value("groupId");
            record.artifact = value("artifactId");
            record.version = value("version");
        }
    }

    pub(super) fn add_pom(&mut self, folder: Option<(&str, &str)>, pom: Pom) {
        if let Some(record) = self.record(folder) {
            record.pom = Some(pom);
        }
    }

    /// The packages: the archive itself first, then what was merged into it.
    pub(super) fn packages(&self) -> Vec<Stated> {
        let own = self.own_record();
        let mut packages: Vec<Stated> = Vec::new();
        match own.and_then(|own| self.records.get(own)) {
            Some(record) => packages.push(self.of_own_record(record)),
            None => packages.extend(self.of_name_and_manifest()),
        }
        for (i, record) in self.records.iter().enumerate() {
            let package = record.package();
            let same = |known: &Stated| {
                (&known.name, &known.version, &known.namespace)
                    == (&package.name, &package.version, &package.namespace)
            };
            if Some(i) != own && !packages.iter().any(same) {
                packages.push(package);
            }
        }
        packages
    }

    /// Which record is the archive's own.
    fn own_record(&self) -> Option<usize> {
        let fits = |record: &&(usize, &Record)| -> bool {
            let artifact = record.1.artifact();
            let Some(rest) = self.base.strip_prefix(artifact) else { return false };
            let rest = rest.strip_prefix('-');
            let versioned = |rest: &str| {
                rest.starts_with(|c: char| c.is_ascii_digit())
                    || record.1.version().is_some_and(|version| rest.starts_with(version))
            };
            self.base == artifact || rest.is_some_and(versioned)
        };
        let records: Vec<(usize, &Record)> = self.records.iter().enumerate().collect();
        let longest = records.iter().filter(fits).max_by_key(|(_, record)| record.artifact().len());
        if let Some((at, _)) = longest {
            return Some(*at);
        }
        let manifest = self.manifest.as_ref()?;
        let called = |record: &Record| {
            let titles = ["implementation-title", "bundle-name", "specification-title"];
            let by_title = titles
                .iter()
                .filter_map(|title| manifest.get(title))
                .any(|title| same_word(title, record.artifact()));
            let bundle = manifest.symbolic_name().unwrap_or_default();
            let by_bundle = bundle == record.artifact()
                || bundle.strip_suffix(record.artifact()).is_some_and(|group| {
                    group.strip_suffix('.').is_some_and(|group| group == record.group())
                });
            by_title || by_bundle
        };
        records.iter().find(|(_, record)| called(record)).map(|(at, _)| *at)
    }

    fn of_own_record(&self, record: &Record) -> Stated {
        let mut package = record.package();
        package.kind = self.kind;
        let (_, named) = split_name(&self.base);
        if package.version.is_empty() {
            let stated = self.manifest_version();
            named.or(stated.as_deref()).unwrap_or_default().clone_into(&mut package.version);
        }
        let classifier = self
            .base
            .strip_prefix(record.artifact())
            .and_then(|rest| rest.strip_prefix('-')?.strip_prefix(&*package.version)?.strip_prefix('-'));
        if let Some(classifier) = classifier.filter(|_| !package.version.is_empty()) {
            package.details.insert("classifier".into(), classifier.into());
        }
        if let Some(manifest) = &self.manifest
            && package.licences.is_empty()
        {
            package.licences = manifest.licences();
        }
        package
    }

    fn of_name_and_manifest(&self) -> Option<Stated> {
        let (artifact, named) = split_name(&self.base);
        let stated = self.manifest_version();
        let mut details = BTreeMap::new();
        let version = match (named, &stated) {
            (Some(named), Some(stated)) => match named.strip_prefix(stated.as_str()) {
                Some(rest) if rest.strip_prefix('-').is_some_and(is_classifier) => {
                    details.insert("classifier".into(), rest.trim_start_matches('-').into());
                    stated.clone()
                }
                _ => named.to_owned(),
            },
            (Some(named), None) => named.to_owned(),
            (None, Some(stated)) => stated.clone(),
            (None, None) if self.manifest.is_some() && self.records.is_empty() => String::new(),
            (None, None) => return None,
        };
        if artifact.is_empty() {
            return None;
        }
        let (group, from) = self.guess_group(artifact);
        details.insert("group_from".into(), from.into());
        Some(Stated {
            kind: self.kind,
            name: artifact.to_owned(),
            version,
            namespace: Some(group),
            licences: self.manifest.as_ref().map(Manifest::licences).unwrap_or_default(),
            details,
            ..Stated::default()
        })
    }

    fn manifest_version(&self) -> Option<String> {
        let manifest = self.manifest.as_ref()?;
        ["plugin-version", "implementation-version", "bundle-version", "specification-version"]
            .iter()
            .filter_map(|name| manifest.get(name))
            .find(|value| value.starts_with(|c: char| c.is_ascii_alphanumeric()))
            // Jenkins and others put a remark behind it: `1.2 (private-…)`.
            .and_then(|value| value.split_whitespace().next())
            .map(str::to_owned)
    }

    fn guess_group(&self, artifact: &str) -> (String, &'static str) {
        if let Some(group) = well_known::group_of(artifact) {
            return (group.into(), "artifact");
        }
        let empty = Manifest::default();
        let manifest = self.manifest.as_ref().unwrap_or(&empty);
        if let Some(group) = manifest.get("group-id") {
            return (group.into(), "Group-Id");
        }
        let names = [
            (manifest.symbolic_name(), "Bundle-SymbolicName"),
            (manifest.get("automatic-module-name"), "Automatic-Module-Name"),
        ];
        for (name, from) in names {
            if let Some(group) = name.and_then(|name| in_front_of(name, artifact)) {
                return (group, from);
            }
        }
        let vendor = manifest.get("implementation-vendor-id");
        if let Some(vendor) = vendor.filter(|id| is_domain(id) && !ONLY_VENDORS.contains(id)) {
            return (vendor.into(), "Implementation-Vendor-Id");
        }
        // Eclipse's artifacts carry their group in their own name.
        if is_domain(artifact)
            && let Some((group, _)) = artifact.rsplit_once('.')
            && group.contains('.')
        {
            return (group.into(), "artifact");
        }
        if let Some(bundle) = manifest.symbolic_name().filter(|name| is_domain(name)) {
            return (bundle.into(), "Bundle-SymbolicName");
        }
        (artifact.into(), "none stated")
    }
}

impl Record {
    fn group(&self) -> &str {
        let pom = self.pom.as_ref();
        let of_pom = || pom.and_then(|pom| pom.group.as_deref().or(pom.parent_group.as_deref()));
        self.group.as_deref().or_else(of_pom).filter(|group| is_filled(group)).unwrap_or(&self.folder.0)
    }

    fn artifact(&self) -> &str {
        let of_pom = || self.pom.as_ref().and_then(|pom| pom.artifact.as_deref());
        self.artifact.as_deref().or_else(of_pom).filter(|name| is_filled(name)).unwrap_or(&self.folder.1)
    }

    fn version(&self) -> Option<&str> {
        let pom = self.pom.as_ref();
        let of_pom = || pom.and_then(|pom| pom.version.as_deref().or(pom.parent_version.as_deref()));
        self.version.as_deref().or_else(of_pom).filter(|version| is_filled(version))
    }

    fn package(&self) -> Stated {
        Stated {
            kind: PackageKind::Maven,
            name: self.artifact().to_owned(),
            version: self.version().unwrap_or_default().to_owned(),
            namespace: Some(self.group().to_owned()),
            licences: self.pom.as_ref().map(|pom| pom.licences.clone()).unwrap_or_default(),
            ..Stated::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(file: &str, manifest: Option<&str>, records: &[(&str, &str, &str)]) -> Vec<String> {
        let mut contents = Contents::new(file.as_bytes());
        contents.manifest = manifest.map(Manifest::parse);
        for (group, artifact, version) in records {
            let all = [("groupId", group), ("artifactId", artifact), ("version", version)];
            let all = all.into_iter().map(|(k, v)| (k.to_owned(), (*v).to_owned())).collect();
            contents.add_properties(Some((group, artifact)), &all);
        }
        let packages = contents.packages();
        packages
            .iter()
            .map(|p| format!("{}:{}:{}", p.namespace.as_deref().unwrap(), p.name, p.version))
            .collect()
    }

    #[test]
    fn the_archive_itself_comes_first_and_merged_ones_follow() {
        let records = [("com.b", "b", "2"), ("com.a", "a", "1")];
        assert_eq!(packages("a-1.jar", None, &records), ["com.a:a:1", "com.b:b:2"]);
        // Nothing fits: the name says what it is.
        assert_eq!(packages("c-3.0.jar", None, &records)[0], "c:c:3.0");
        // Nothing fits and nothing says more: a shell.
        assert_eq!(packages("app.jar", Some("X: y"), &records), ["com.b:b:2", "com.a:a:1"]);
        // The manifest says which it is.
        assert_eq!(packages("app.jar", Some("Implementation-Title: A"), &records)[0], "com.a:a:1");
        assert_eq!(packages("app.jar", Some("Bundle-SymbolicName: com.a.a"), &records)[0], "com.a:a:1");
        assert!(packages("app.jar", None, &[]).is_empty());
        assert_eq!(packages("app.jar", Some("A: b"), &[]), ["app:app:"]);
    }

    #[test]
    fn plugins_of_jenkins_are_told_by_their_ending() {
        for (file, kind) in [
            ("git-5.0.hpi", PackageKind::JenkinsPlugin),
            ("git.JPI", PackageKind::JenkinsPlugin),
            ("git-5.0.jar", PackageKind::Maven),
        ] {
            let mut contents = Contents::new(file.as_bytes());
            contents.manifest =
                Some(Manifest::parse("Plugin-Version: 5.0\nGroup-Id: org.jenkins-ci.plugins\n"));
            let packages = contents.packages();
            let found = (&*packages[0].name, &*packages[0].version, packages[0].kind);
            assert_eq!(found, ("git", "5.0", kind), "{file}");
        }
    }

    #[test]
    fn groups_are_guessed_from_what_there_is() {
        for (file, manifest, expected) in [
            ("xz-1.5.jar", "Bundle-SymbolicName: x", "org.tukaani:xz:1.5"),
            ("a-b-1.jar", "Bundle-SymbolicName: org.c.a-b;singleton:=true", "org.c:a-b:1"),
            ("a-b-1.jar", "Automatic-Module-Name: org.c.a.b", "org.c:a-b:1"),
            ("a-b-1.jar", "Bundle-SymbolicName: org.c.b", "org.c:a-b:1"),
            ("a-1.jar", "Implementation-Vendor-Id: org.c", "org.c:a:1"),
            ("a-1.jar", "Implementation-Vendor-Id: org.apache", "a:a:1"),
            ("a-1-all.jar", "Implementation-Version: 1\nGroup-Id: q", "q:a:1"),
            ("a-1-beta.jar", "Implementation-Version: 1", "a:a:1-beta"),
            ("org.eclipse.sisu.inject-0.3.5.jar", "A: b", "org.eclipse.sisu:org.eclipse.sisu.inject:0.3.5"),
            ("a-1.jar", "Implementation-Version: ${v}", "a:a:1"),
        ] {
            assert_eq!(packages(file, Some(manifest), &[]), [expected], "{file} {manifest}");
        }
    }
}
