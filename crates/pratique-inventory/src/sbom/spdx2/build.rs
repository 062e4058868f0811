//! From an inventory to the model of a document.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{
    lines,
    model::{
        Annotation, Checksum, CreationInfo, Document, ExternalRef, ExtractedLicence, NO_ASSERTION, Package,
        Relationship,
    },
};
use crate::{
    fact::Distribution,
    package::PackageKind,
    sbom::{
        Contents, Entry, Sbom, checksums,
        contents::NO_TIME,
        licences,
        properties::{self, Pair},
        supplier, uuid,
    },
};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const SYSTEM: &str = "SPDXRef-OperatingSystem";

/// The model of `sbom`.
pub fn document(sbom: &Sbom<'_>, contents: &Contents<'_>) -> Document {
    let making = Making {
        tool: format!("Tool: pratique-{}", sbom.tool_version),
        time: sbom.created.unwrap_or(NO_TIME),
    };
    let mut texts = BTreeMap::new();
    let image = Package {
        version_info: sbom.subject.digest.clone().unwrap_or_default(),
        annotations: making.annotations(&properties::of_subject(sbom.subject)),
        ..empty(IMAGE, &sbom.subject.name, "CONTAINER")
    };
    let system = sbom.inventory.distribution.as_ref().map(|distribution| making.system(distribution));
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
    relationships.extend(system.iter().map(|_| relationship(IMAGE, "CONTAINS", SYSTEM)));
    let mut packages = vec![image];
    packages.extend(system);
    for entry in contents.entries() {
        let id = identifier(entry);
        relationships.push(relationship(IMAGE, "CONTAINS", &id));
        relationships
            .extend(contents.dependencies(entry).map(|on| relationship(&id, "DEPENDS_ON", &identifier(on))));
        packages.push(making.package(entry, id, &mut texts));
    }
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: sbom.subject.name.clone(),
        document_namespace: String::new(),
        creation_info: CreationInfo { created: making.time.to_owned(), creators: vec![making.tool.clone()] },
        packages,
        has_extracted_licensing_infos: texts
            .into_iter()
            .map(|(license_id, text)| ExtractedLicence {
                license_id,
                name: text.clone(),
                extracted_text: text,
            })
            .collect(),
        relationships,
        annotations: making.annotations(&properties::of_problems(&sbom.inventory.problems)),
    };
    // As in CycloneDX: a model of strings always serialises.
    let content = serde_json::to_vec(&document).unwrap_or_default();
    document.document_namespace = format!("https://pratique.invalid/spdx/{}", uuid::of("spdx", &content));
    document
}

/// Who makes the document, and when.
struct Making<'a> {
    tool: String,
    time: &'a str,
}

impl Making<'_> {
    fn annotations(&self, pairs: &[Pair]) -> Vec<Annotation> {
        let all = (!pairs.is_empty()).then(|| Annotation {
            annotator: self.tool.clone(),
            annotation_date: self.time.to_owned(),
            annotation_type: "OTHER",
            comment: lines::write(pairs),
        });
        all.into_iter().collect()
    }

    fn system(&self, distribution: &Distribution) -> Package {
        Package {
            version_info: distribution.version.clone(),
            annotations: self.annotations(&properties::of_distribution(distribution)),
            ..empty(SYSTEM, &distribution.id, "OPERATING_SYSTEM")
        }
    }

    fn package(&self, entry: &Entry<'_>, id: String, texts: &mut BTreeMap<String, String>) -> Package {
        let package = entry.package;
        let mut pairs = properties::of_package(package);
        pairs.extend(properties::locations(package));
        let places: Vec<_> = package.locations.iter().map(properties::place).collect();
        let purpose = match package.kind {
            PackageKind::Generic | PackageKind::Snap | PackageKind::Flatpak | PackageKind::WordPress => {
                "APPLICATION"
            }
            _ => "LIBRARY",
        };
        let supplier = supplier::of(package).map(|supplier| match supplier.email {
            Some(email) => format!("Organization: {} ({email})", supplier.name),
            None => format!("Organization: {}", supplier.name),
        });
        let mut external_refs = vec![ExternalRef {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: package.purl.clone(),
        }];
        external_refs.extend(package.details.get("cpe").map(|cpe| ExternalRef {
            reference_category: "SECURITY",
            reference_type: if cpe.starts_with("cpe:2.3:") { "cpe23Type" } else { "cpe22Type" },
            reference_locator: cpe.clone(),
        }));
        Package {
            version_info: package.version.clone(),
            supplier: supplier.unwrap_or_else(|| NO_ASSERTION.into()),
            checksums: checksums::of(package)
                .into_iter()
                .map(|sum| Checksum { algorithm: sum.algorithm.spdx(), checksum_value: sum.hex })
                .collect(),
            source_info: (!places.is_empty())
                .then(|| format!("stated by {}", places.join(", ").replace(['\n', '\r'], " "))),
            license_declared: licences::combine(&package.licences, texts)
                .unwrap_or_else(|| NO_ASSERTION.into()),
            external_refs,
            annotations: self.annotations(&pairs),
            ..empty(&id, &package.name, purpose)
        }
    }
}

/// `SPDXRef-Package-KIND-NAME-DIGEST`: readable, and unique by a digest of the reference.
pub(crate) fn identifier(entry: &Entry<'_>) -> String {
    let digest = Sha256::digest(entry.reference.as_bytes());
    let digest = digest.iter().take(8).fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let name: String = entry.package.name.chars().take(64).map(allowed).collect();
    let name = name.trim_matches('-');
    format!("SPDXRef-Package-{}-{name}-{digest:016x}", entry.package.kind.name())
}

fn empty(id: &str, name: &str, purpose: &'static str) -> Package {
    Package {
        id: id.to_owned(),
        name: name.to_owned(),
        version_info: String::new(),
        supplier: NO_ASSERTION.into(),
        download_location: NO_ASSERTION,
        files_analyzed: false,
        checksums: Vec::new(),
        source_info: None,
        license_concluded: NO_ASSERTION,
        license_declared: NO_ASSERTION.into(),
        copyright_text: NO_ASSERTION,
        external_refs: Vec::new(),
        primary_package_purpose: purpose,
        annotations: Vec::new(),
    }
}

fn relationship(from: &str, what: &'static str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        related_spdx_element: to.to_owned(),
        relationship_type: what,
    }
}
