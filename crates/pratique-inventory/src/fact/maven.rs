//! Maven projects, as their descriptions state them before parents and properties are put in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A Maven project as one `pom.xml` describes it. Every text may hold properties (`${name}`), whose values other
/// files may tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MavenProject {
    /// `groupId`; the parent's where none is stated.
    pub group: Option<String>,
    /// `artifactId`.
    pub artifact: Option<String>,
    /// `version`; the parent's where none is stated.
    pub version: Option<String>,
    /// The project from which it inherits.
    pub parent: Option<MavenParent>,
    /// Values of properties by name.
    pub properties: BTreeMap<String, String>,
    /// What it uses.
    pub dependencies: Vec<MavenDependency>,
    /// `dependencyManagement`: which versions are used of what somebody uses.
    pub managed: Vec<MavenDependency>,
    /// Names of its licences, or their addresses where they have none.
    pub licences: Vec<String>,
}

/// The project from which another inherits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MavenParent {
    /// `groupId`.
    pub group: Option<String>,
    /// `artifactId`.
    pub artifact: Option<String>,
    /// `version`.
    pub version: Option<String>,
    /// `relativePath`, which may be empty: then only a repository has it.
    pub relative_path: Option<String>,
}

/// A dependency, or what is to hold for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MavenDependency {
    /// `groupId`.
    pub group: String,
    /// `artifactId`.
    pub artifact: String,
    /// `version`.
    pub version: Option<String>,
    /// `scope`: `compile`, `provided`, `runtime`, `test`, `system`, or `import`.
    pub scope: Option<String>,
    /// `type`; `jar` where none is stated.
    pub packaging: Option<String>,
    /// `classifier`.
    pub classifier: Option<String>,
    /// `optional`.
    pub optional: bool,
}
