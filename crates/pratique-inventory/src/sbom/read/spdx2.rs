//! What SPDX 2 says, in either of its encodings.
//!
//! Traps: what the document describes may be the image (which is no package of it) or a package like others; whoever
//! has no field for something puts it into `sourceInfo`, an annotation or the comment of a relationship.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    ReadError,
    draft::{Described, Draft},
};
use crate::{
    fact::Distribution,
    sbom::{licences, spdx2::lines},
};

/// The versions that are read.
const READ: &str = "SPDX-2.2 and SPDX-2.3";

/// A package.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Package {
    #[serde(rename = "SPDXID")]
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) version_info: Option<String>,
    pub(super) supplier: Option<String>,
    pub(super) source_info: Option<String>,
    pub(super) license_declared: Option<String>,
    pub(super) license_concluded: Option<String>,
    pub(super) external_refs: Option<Vec<ExternalRef>>,
    pub(super) primary_package_purpose: Option<String>,
    pub(super) annotations: Option<Vec<Annotation>>,
    pub(super) attribution_texts: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExternalRef {
    pub(super) reference_type: Option<String>,
    pub(super) reference_locator: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Annotation {
    pub(super) comment: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Licence {
    pub(super) license_id: Option<String>,
    pub(super) extracted_text: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Relationship {
    pub(super) spdx_element_id: String,
    pub(super) related_spdx_element: String,
    pub(super) relationship_type: String,
    pub(super) comment: Option<String>,
}

/// A document, taken record by record.
pub(super) struct Taking {
    draft: Draft,
    packages: Vec<(Package, String)>,
    texts: BTreeMap<String, String>,
    described: BTreeSet<String>,
}

impl Taking {
    /// Begins, if the version is one that is read.
    pub(super) fn new(version: &str, encoding: &str) -> Result<Self, ReadError> {
        let number = version.strip_prefix("SPDX-").unwrap_or(version);
        if !matches!(number, "2.0" | "2.1" | "2.2" | "2.3") {
            return Err(ReadError::Version { format: "SPDX", version: version.to_owned(), read: READ });
        }
        let draft = Draft { format: format!("SPDX {number} {encoding}"), ..Draft::default() };
        Ok(Self { draft, packages: Vec::new(), texts: BTreeMap::new(), described: BTreeSet::new() })
    }

    pub(super) fn name(&mut self, name: &str) {
        name.clone_into(&mut self.draft.subject.name);
    }

    pub(super) fn problem(&mut self, what: impl Into<String>) {
        self.draft.problem(what);
    }

    pub(super) fn package(&mut self, package: Package, place: String) {
        self.packages.push((package, place));
    }

    /// The document is about this element.
    pub(super) fn describes(&mut self, id: String) {
        self.described.insert(id);
    }

    /// A remark on the document as a whole.
    pub(super) fn remark(&mut self, text: &str) {
        for (name, value) in lines::read(text) {
            self.draft.tell(&name, &value);
        }
    }

    pub(super) fn licence(&mut self, licence: Licence) {
        // A text of pages is known by its name, if it has one.
        const LINE: usize = 200;
        let text = licence.extracted_text.unwrap_or_default();
        let name = licence.name.filter(|name| !matches!(name.as_str(), "" | "NOASSERTION"));
        let text = if text.is_empty() || text.len() > LINE { name.unwrap_or(text) } else { text };
        if let Some(id) = licence.license_id.filter(|_| !text.is_empty()) {
            self.texts.insert(id, text);
        }
    }

    pub(super) fn relationship(&mut self, relationship: Relationship) {
        let Relationship { spdx_element_id: from, related_spdx_element: to, relationship_type, comment } =
            relationship;
        match relationship_type.as_str() {
            "DESCRIBES" => self.describes(to),
            "DESCRIBED_BY" => self.describes(from),
            "DEPENDS_ON" => self.draft.edges.push((from, to)),
            "DEPENDENCY_OF" | "RUNTIME_DEPENDENCY_OF" | "DEV_DEPENDENCY_OF" | "OPTIONAL_DEPENDENCY_OF" => {
                self.draft.edges.push((to, from));
            }
            // Syft: the first installed files of the second.
            "OTHER" if comment.is_some_and(|text| text.starts_with("ownership-by-file-overlap")) => {
                self.draft.owners.push((from, to));
            }
            _ => {}
        }
    }

    /// All that was taken.
    pub(super) fn finish(mut self) -> Draft {
        for (package, place) in std::mem::take(&mut self.packages) {
            self.take(package, place);
        }
        self.draft
    }

    fn take(&mut self, package: Package, place: String) {
        let id = package.id.unwrap_or_default();
        let name = package.name.unwrap_or_default();
        let known =
            |text: Option<String>| text.filter(|text| !matches!(text.as_str(), "" | "NOASSERTION" | "NONE"));
        let version = known(package.version_info).unwrap_or_default();
        let purpose = package.primary_package_purpose.unwrap_or_default().replace('_', "-");
        let mut references = package.external_refs.into_iter().flatten();
        let purl = references.find(|reference| {
            reference.reference_type.as_deref().is_some_and(|kind| kind == "purl" || kind.ends_with("/purl"))
        });
        let purl = purl.and_then(|reference| known(reference.reference_locator));
        let remarks = package.annotations.into_iter().flatten().filter_map(|annotation| annotation.comment);
        let remarks: Vec<_> = remarks.chain(package.attribution_texts.into_iter().flatten()).collect();
        let pairs = remarks.iter().flat_map(|text| lines::read(text));
        let of_image =
            purl.as_ref().is_none_or(|purl| purl.starts_with("pkg:oci/") || purl.starts_with("pkg:docker/"));
        if purpose == "CONTAINER" || self.described.contains(&id) && of_image {
            for (name, value) in pairs {
                self.draft.tell(&name, &value);
            }
            self.draft.subject.digest = Some(version).filter(|version| version.starts_with("sha256:"));
            self.draft.subject.name = name;
            return;
        }
        if purpose == "OPERATING-SYSTEM" {
            self.draft.distribution = Distribution { id: name, version, ..Distribution::default() };
            for (name, value) in pairs {
                self.draft.tell_system(&name, &value);
            }
            return;
        }
        let mut properties: Vec<_> = pairs.collect();
        properties.extend(remarks.iter().filter_map(|text| trivy_remark(text)));
        let mut locations = Vec::new();
        if let Some(info) = &package.source_info {
            if let Some((source, version)) =
                info.strip_prefix("built package from: ").and_then(|rest| rest.split_once(' '))
            {
                properties.push(("aquasecurity:trivy:SrcName".into(), source.into()));
                properties.push(("aquasecurity:trivy:SrcVersion".into(), version.into()));
            }
            // Syft: `acquired package info from DPKG DB: /var/lib/dpkg/status, …`.
            if let Some((_, places)) =
                info.strip_prefix("acquired package info from ").and_then(|rest| rest.split_once(": "))
            {
                locations.extend(places.split(", ").map(str::to_owned));
            }
        }
        let licence = known(package.license_declared).or_else(|| known(package.license_concluded));
        let supplier = known(package.supplier);
        let supplier = supplier
            .as_deref()
            .and_then(|supplier| supplier.split_once(": "))
            .map(|(_, name)| name.to_owned());
        self.draft.components.push(Described {
            id,
            place,
            is_no_package: match purpose.as_str() {
                "" | "LIBRARY" | "FRAMEWORK" | "INSTALL" | "SOURCE" => false,
                "APPLICATION" => version.is_empty(),
                _ => true,
            },
            group: None,
            name,
            version,
            purl,
            licences: licence.map(|licence| licences::split(&licence, &self.texts)).unwrap_or_default(),
            supplier,
            locations,
            properties,
        });
    }
}

/// What Trivy writes into a remark: `LayerDiffID: sha256:…`.
fn trivy_remark(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(": ")?;
    matches!(
        name,
        "LayerDiffID" | "FilePath" | "Modularitylabel" | "SrcName" | "SrcVersion" | "SrcRelease" | "SrcEpoch"
    )
    .then(|| (format!("aquasecurity:trivy:{name}"), value.to_owned()))
}
