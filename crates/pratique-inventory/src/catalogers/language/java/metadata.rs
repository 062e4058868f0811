//! The files in a Java archive that say what it is.
//!
//! * `META-INF/MANIFEST.MF`: the JAR File Specification, "JAR Manifest"; the bundle headers are OSGi Core's,
//!   section 3.2.
//! * `pom.properties`: written by Maven's archiver, in the format of `java.util.Properties`.
//! * `pom.xml`: Maven's project descriptor ("POM Reference").

use std::collections::BTreeMap;

use super::super::{jvm::pom, xml::XmlError};

/// The main attributes of a manifest, by their names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest(BTreeMap<String, String>);

impl Manifest {
    /// Reads the main section. Lines that are no attributes are left out, as Java's own reader does for
    /// everything that follows a damaged line.
    pub(super) fn parse(text: &str) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for line in text.trim_start_matches('\u{feff}').split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() && !lines.is_empty() {
                break;
            }
            match (line.strip_prefix(' '), lines.last_mut()) {
                // Lines longer than 72 bytes are continued with a space in front.
                (Some(more), Some(last)) => last.push_str(more),
                _ => lines.push(line.to_owned()),
            }
        }
        let attributes = lines.iter().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Self(attributes.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The attribute called `name` (in lower case), unless it is a variable that nobody filled in.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| is_filled(value))
    }

    /// `Bundle-SymbolicName` without its directives.
    pub(super) fn symbolic_name(&self) -> Option<&str> {
        let name = self.get("bundle-symbolicname")?.split(';').next()?.trim();
        (!name.is_empty()).then_some(name)
    }

    /// `Bundle-License`: a list of identifiers or addresses, each with attributes that are not wanted here.
    pub(super) fn licences(&self) -> Vec<String> {
        let Some(licences) = self.get("bundle-license") else { return Vec::new() };
        let each = licences
            .split(',')
            .filter_map(|one| one.split(';').next())
            .map(|one| one.trim().trim_matches('"'));
        each.filter(|one| !one.is_empty() && *one != "<<EXTERNAL>>").map(str::to_owned).collect()
    }
}

/// Whether a value is what its author meant: not `${project.version}`.
pub(super) fn is_filled(value: &str) -> bool {
    !value.is_empty() && !value.contains("${") && !value.contains("@{")
}

/// Reads a properties file: `key=value`, `key: value`, comments, continued lines, escapes.
pub(super) fn properties(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim_start().to_owned();
        if line.starts_with(['#', '!']) {
            continue;
        }
        while line.bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1 {
            line.pop();
            match lines.next() {
                Some(more) => line.push_str(more.trim_start()),
                None => break,
            }
        }
        let Some(at) = line.find(['=', ':']) else { continue };
        let (key, value) = (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
        all.insert(key.trim().to_owned(), value.replace('\\', "").trim().to_owned());
    }
    all
}

/// What a project description says of the project itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pom {
    pub(super) group: Option<String>,
    pub(super) artifact: Option<String>,
    pub(super) version: Option<String>,
    pub(super) parent_group: Option<String>,
    pub(super) parent_version: Option<String>,
    /// The licences' names, or their addresses where they have none.
    pub(super) licences: Vec<String>,
}

impl Pom {
    /// Reads the project's own coordinates, its parent's, and its licences.
    pub(super) fn parse(text: &str) -> Result<Self, XmlError> {
        let project = pom::parse(text)?;
        let parent = project.parent.unwrap_or_default();
        Ok(Self {
            group: project.group,
            artifact: project.artifact,
            version: project.version,
            parent_group: parent.group,
            parent_version: parent.version,
            licences: project.licences,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_continued_and_end_with_the_main_section() {
        let manifest = Manifest::parse(
            "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.exam\r\n ple.a;singleton:=true\r\n\
             bundle-license: Apache-2.0;link=\"https://a.b\",MIT\r\nBundle-Version: ${v}\r\n\r\nName: x\r\n\
             Implementation-Version: 9\r\n",
        );
        assert_eq!(manifest.symbolic_name(), Some("org.example.a"));
        assert_eq!(manifest.licences(), ["Apache-2.0", "MIT"]);
        assert_eq!(manifest.get("bundle-version"), None);
        assert_eq!(manifest.get("implementation-version"), None);
    }

    #[test]
    fn properties_in_all_spellings() {
        let all = properties("#c\n!c\nversion=1.0 \r\n groupId : a.b\nartifactId=c\\\n  d\nx\n");
        assert_eq!(all["version"], "1.0");
        assert_eq!(all["groupId"], "a.b");
        assert_eq!(all["artifactId"], "cd");
    }

    #[test]
    fn poms_say_themselves_and_their_parent() {
        let pom = Pom::parse(
            "<?xml version='1.0'?><project><parent><groupId>a.b</groupId><version>2</version></parent>\
             <artifactId>c</artifactId><dependencies><dependency><version>7</version></dependency></dependencies>\
             <licenses><license><name>MIT</name><url>u</url></license><license><url>v</url></license></licenses>\
             </project>",
        )
        .unwrap();
        assert_eq!(pom.artifact.as_deref(), Some("c"));
        assert_eq!(pom.version, None);
        assert_eq!(pom.parent_version.as_deref(), Some("2"));
        assert_eq!(pom.licences, ["MIT", "v"]);
    }
}
