//! The part of CycloneDX that is written, in the words of the newest version. Field for field as the
//! specification names them; where a field is missing here, it is never written.

use serde::Serialize;

use crate::sbom::uuid;

/// A document: `bom`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Address of the JSON schema.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// `CycloneDX`.
    pub bom_format: &'static str,
    /// Which version of the specification.
    pub spec_version: String,
    /// `urn:uuid:…`, see [`Document::seal`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// Counts the revisions of a document; always 1.
    pub version: u32,
    /// Who wrote it and what it is about.
    pub metadata: Metadata,
    /// What is in it.
    pub components: Vec<Component>,
    /// Who depends on whom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// How complete it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compositions: Vec<Composition>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vulnerabilities: Vec<Vulnerability>,
}

impl Document {
    /// Gives the document a serial number that is derived from its content: the same content has the same number.
    /// To be called once, when nothing is added any more.
    #[must_use]
    pub fn seal(mut self) -> Self {
        self.serial_number = None;
        // A model of strings and numbers always serialises; without bytes the number would only be less unique.
        let content = serde_json::to_vec(&self).unwrap_or_default();
        self.serial_number = Some(format!("urn:uuid:{}", uuid::of("cyclonedx", &content)));
        self
    }
}

/// `metadata`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metadata {
    /// When it was made (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// What made it.
    pub tools: Tools,
    /// What it is about.
    pub component: Component,
    /// More about the document as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// What made a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Tools {
    /// From 1.5 on.
    Components {
        /// The tools.
        components: Vec<Component>,
    },
    /// Up to 1.4.
    Legacy(Vec<LegacyTool>),
}

/// A tool, as versions up to 1.4 know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegacyTool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// `component`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// `library`, `container`, `operating-system`, `application`, …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Unique in the document.
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub bom_ref: Option<String>,
    /// Who supplied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Organization>,
    /// Who published it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// A Maven group, an npm scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What it is, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `required`, `optional` or `excluded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
    /// Digests of what was distributed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    /// Licences: either one expression, or any number of ids and names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<LicenseChoice>,
    /// A CPE name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// The package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// What the format has no field for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// How it is known to be there; from 1.5 on with occurrences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl Component {
    /// A component with a type and a name.
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), ..Self::default() }
    }
}

/// `organizationalEntity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Its name.
    pub name: String,
}

/// `hash`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hash {
    /// `SHA-256`, `MD5`, …
    pub alg: &'static str,
    /// In lower-case hexadecimal.
    pub content: String,
}

/// `licenseChoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LicenseChoice {
    /// An SPDX expression; then it is the only entry.
    Expression {
        /// The expression.
        expression: String,
    },
    /// One licence.
    License {
        /// The licence.
        license: License,
    },
}

/// `license`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum License {
    /// An id of the SPDX list.
    Id(String),
    /// Anything else.
    Name(String),
}

/// `property`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Property {
    /// Its name, with a prefix that says whose it is.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Property {
    /// A property.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// `componentEvidence`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where it was seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<Occurrence>,
}

/// One place where a component was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occurrence {
    /// A path in the image.
    pub location: String,
}

/// `dependency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// Who.
    #[serde(rename = "ref")]
    pub reference: String,
    /// On whom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

/// `composition`: how complete a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Composition {
    /// `complete`, `incomplete`, `unknown`, …
    pub aggregate: &'static str,
    /// Of which components.
    pub assemblies: Vec<String>,
}

/// `vulnerability`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vulnerability {
    /// Unique in the document.
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub bom_ref: Option<String>,
    /// Its id: `CVE-2021-44228`.
    pub id: String,
    /// Who gave that id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Its other ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// How bad it is, says whom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Rating>,
    /// Numbers of weaknesses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cwes: Vec<u32>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is, at length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<String>,
    /// Where to read on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<Advisory>,
    /// When it was published (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When its record was changed last (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// What somebody decided about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// Which components it affects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub affects: Vec<Affects>,
    /// What the format has no field for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// `source` of an id or rating.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Another id of a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The id.
    pub id: String,
    /// Who gave it; the schema insists on one.
    pub source: Source,
}

/// `rating`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rating {
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// `critical`, `high`, `medium`, `low`, `info`, `none` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
    /// `CVSSv2`, `CVSSv3`, `CVSSv31`, from 1.5 on `CVSSv4`, or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
}

/// `advisory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advisory {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its address.
    pub url: String,
}

/// `analysis`: what somebody decided about a vulnerability.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// `not_affected`, `exploitable`, `in_triage`, `resolved`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `code_not_reachable`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// `update`, `will_not_fix`, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response: Vec<String>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A component that is affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Affects {
    /// Its `bom-ref`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Which of its versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<AffectedVersion>,
}

/// A version that is affected, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AffectedVersion {
    /// The version.
    pub version: String,
    /// `affected`, `unaffected` or `unknown`.
    pub status: &'static str,
}
