//! The part of SPDX 2.3 that is written. Field for field as the specification names them in JSON.

use serde::Serialize;

/// What is said where nothing is known.
pub const NO_ASSERTION: &str = "NOASSERTION";

/// A document (clause 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// `SPDX-2.3`.
    pub spdx_version: &'static str,
    /// `CC0-1.0`: the licence of the document, not of what it describes.
    pub data_license: &'static str,
    /// `SPDXRef-DOCUMENT`.
    #[serde(rename = "SPDXID")]
    pub id: &'static str,
    /// Its name.
    pub name: String,
    /// An address that only this document has.
    pub document_namespace: String,
    /// Who made it, and when.
    pub creation_info: CreationInfo,
    /// What is in it.
    pub packages: Vec<Package>,
    /// Licences that SPDX has no id for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub has_extracted_licensing_infos: Vec<ExtractedLicence>,
    /// Who is what to whom.
    pub relationships: Vec<Relationship>,
    /// More about the document as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// Who made a document, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreationInfo {
    /// `YYYY-MM-DDThh:mm:ssZ`.
    pub created: String,
    /// `Tool: name-version`.
    pub creators: Vec<String>,
}

/// A package (clause 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// `SPDXRef-…`.
    #[serde(rename = "SPDXID")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version_info: String,
    /// `Organization: …`, or that nobody says.
    pub supplier: String,
    /// Where it can be had.
    pub download_location: &'static str,
    /// Whether its files are listed.
    pub files_analyzed: bool,
    /// Digests of what was distributed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<Checksum>,
    /// Where it was found, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_info: Option<String>,
    /// What somebody concluded its licence to be.
    pub license_concluded: &'static str,
    /// What it says its licence is: an expression.
    pub license_declared: String,
    /// Its copyright.
    pub copyright_text: &'static str,
    /// How others know it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_refs: Vec<ExternalRef>,
    /// `LIBRARY`, `CONTAINER`, `OPERATING_SYSTEM`, `APPLICATION`.
    pub primary_package_purpose: &'static str,
    /// What the format has no field for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checksum {
    /// `SHA256`, …
    pub algorithm: &'static str,
    /// In lower-case hexadecimal.
    pub checksum_value: String,
}

/// How others know a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalRef {
    /// `PACKAGE-MANAGER` or `SECURITY`.
    pub reference_category: &'static str,
    /// `purl`, `cpe22Type` or `cpe23Type`.
    pub reference_type: &'static str,
    /// The purl or CPE.
    pub reference_locator: String,
}

/// A licence that SPDX has no id for (clause 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtractedLicence {
    /// `LicenseRef-…`.
    pub license_id: String,
    /// What the package states.
    pub extracted_text: String,
    /// A name for people.
    pub name: String,
}

/// Who is what to whom (clause 11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Relationship {
    /// Who.
    pub spdx_element_id: String,
    /// To whom.
    pub related_spdx_element: String,
    /// `DESCRIBES`, `CONTAINS` or `DEPENDS_ON`.
    pub relationship_type: &'static str,
}

/// A remark (clause 12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// `Tool: name-version`.
    pub annotator: String,
    /// As in [`CreationInfo::created`].
    pub annotation_date: String,
    /// `OTHER`.
    pub annotation_type: &'static str,
    /// The remark.
    pub comment: String,
}
