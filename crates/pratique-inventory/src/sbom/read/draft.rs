//! What a document says, in words that all formats share.

use crate::{
    fact::Distribution,
    sbom::{Subject, properties},
};

/// What a document says.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Format and version, for people.
    pub(super) format: String,
    /// What it is about.
    pub(super) subject: Subject,
    /// The operating system, as far as a component or field of its own says.
    pub(super) distribution: Distribution,
    /// What it lists.
    pub(super) components: Vec<Described>,
    /// Who depends on whom, by their ids.
    pub(super) edges: Vec<(String, String)>,
    /// Which package installed the files of which other, by their ids.
    pub(super) owners: Vec<(String, String)>,
    /// Records that could not be read, each a sentence that says where and why; `true` for what is lost.
    pub(super) problems: Vec<(String, bool)>,
}

impl Draft {
    /// Adds a record that could not be read.
    pub(super) fn problem(&mut self, what: impl Into<String>) {
        /// A document of a million broken records is one finding, not a million.
        const ENOUGH: usize = 100;
        if self.problems.len() < ENOUGH {
            self.problems.push((what.into(), true));
        } else if self.problems.len() == ENOUGH {
            self.problems.push(("more records of the document could not be read".into(), true));
        }
    }

    /// Takes what a property says of the document or of the image; `false` if it says nothing of them.
    pub(super) fn tell(&mut self, name: &str, value: &str) -> bool {
        if properties::tell_subject(&mut self.subject, name, value) {
            return true;
        }
        match properties::problem(name, value) {
            Some(problem) => self.problems.push(problem),
            None => return false,
        }
        true
    }

    /// Takes what a property says of the operating system.
    pub(super) fn tell_system(&mut self, name: &str, value: &str) {
        let system = &mut self.distribution;
        if properties::tell_distribution(system, name, value) {
            return;
        }
        match name {
            "syft:distro:id" => value.clone_into(&mut system.id),
            "syft:distro:versionID" => value.clone_into(&mut system.version),
            "syft:distro:versionCodename" => system.codename = Some(value.to_owned()),
            "syft:distro:prettyName" => value.clone_into(&mut system.name),
            "syft:distro:cpeName" => system.cpe = Some(value.to_owned()),
            "syft:distro:variantID" => system.variant = Some(value.to_owned()),
            "syft:distro:supportEnd" => system.support_end = Some(value.to_owned()),
            "syft:distro:idLike:0" => system.id_like = vec![value.to_owned()],
            _ => {}
        }
    }
}

/// A package, or something else that a document lists.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// Its id in the document.
    pub(super) id: String,
    /// Its place in the document, for problems.
    pub(super) place: String,
    /// Whether its format calls it something that no package manager installs: a file, a device, an application that
    /// only groups others.
    pub(super) is_no_package: bool,
    pub(super) group: Option<String>,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) purl: Option<String>,
    pub(super) licences: Vec<String>,
    pub(super) supplier: Option<String>,
    pub(super) locations: Vec<String>,
    /// Names and values under the prefix of the tool that wrote them.
    pub(super) properties: Vec<(String, String)>,
}
