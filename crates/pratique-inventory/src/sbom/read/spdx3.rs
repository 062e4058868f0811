//! SPDX 3 as JSON-LD, in the compact form that the specification's schema asks for.
//!
//! The graph is a list of elements that name each other by id. Packages are read, with what relationships,
//! annotations and licence expressions say of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use super::{
    ReadError,
    draft::{Described, Draft},
    json::{self, Items},
};
use crate::{
    cataloger::Limits,
    fact::Distribution,
    sbom::{licences, spdx2::lines},
};

const FORMAT: &str = "SPDX 3 JSON-LD";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "@graph", borrow)]
    graph: Items<'a>,
}

/// Any element, as far as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Element {
    #[serde(rename = "type", alias = "@type")]
    kind: String,
    #[serde(rename = "spdxId", alias = "@id")]
    id: Option<String>,
    name: Option<String>,
    #[serde(rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    purl: Option<String>,
    #[serde(rename = "software_primaryPurpose")]
    purpose: Option<String>,
    #[serde(rename = "externalIdentifier")]
    identifiers: Option<Vec<Identifier>>,
    #[serde(rename = "rootElement")]
    roots: Option<Vec<String>>,
    from: Option<String>,
    to: Option<Vec<String>>,
    #[serde(rename = "relationshipType")]
    relationship: Option<String>,
    subject: Option<String>,
    statement: Option<String>,
    #[serde(rename = "simplelicensing_licenseExpression")]
    expression: Option<String>,
    #[serde(rename = "simplelicensing_licenseText")]
    text: Option<String>,
    #[serde(rename = "specVersion")]
    spec_version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Identifier {
    external_identifier_type: Option<String>,
    identifier: Option<String>,
}

/// Reads a document.
pub(super) fn read(text: &str, _limits: &Limits) -> Result<Draft, ReadError> {
    let document: Document<'_> = json::document(text, FORMAT)?;
    let mut draft = Draft { format: "SPDX 3 JSON-LD".into(), ..Draft::default() };
    let mut packages: Vec<(Element, String)> = Vec::new();
    let mut statements: HashMap<String, Vec<String>> = HashMap::new();
    let mut roots = BTreeSet::new();
    // Reference or id → text; id → expression; package → expression's id.
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut expressions: HashMap<String, String> = HashMap::new();
    let mut licensed: Vec<(bool, String, String)> = Vec::new();
    for (index, text) in document.graph.iter().enumerate() {
        let place = format!("@graph[{index}]");
        let element: Element = match json::record(text, &place) {
            Ok(element) => element,
            // Only what might be a package is lost with it.
            Err(wrong) if text.contains("software_Package") => {
                draft.problem(wrong);
                continue;
            }
            Err(_) => continue,
        };
        match element.kind.as_str() {
            "CreationInfo" => {
                let version = element.spec_version.unwrap_or_default();
                if !version.is_empty() && !version.starts_with("3.") {
                    return Err(ReadError::Version { format: "SPDX", version, read: "3.0" });
                }
                draft.format = format!("SPDX {version} JSON-LD");
            }
            "software_Package" => packages.push((element, place)),
            "software_Sbom" | "SpdxDocument" => roots.extend(element.roots.into_iter().flatten()),
            "Annotation" => {
                if let (Some(subject), Some(statement)) = (element.subject, element.statement) {
                    statements.entry(subject).or_default().push(statement);
                }
            }
            "simplelicensing_SimpleLicensingText" => {
                texts.extend(element.name.zip(element.text));
            }
            "simplelicensing_LicenseExpression" => expressions.extend(element.id.zip(element.expression)),
            "Relationship" | "LifecycleScopedRelationship" => {
                let from = element.from.unwrap_or_default();
                let to = element.to.into_iter().flatten();
                match element.relationship.as_deref() {
                    Some("dependsOn") => draft.edges.extend(to.map(|to| (from.clone(), to))),
                    Some("hasDeclaredLicense") => licensed.extend(to.map(|to| (true, from.clone(), to))),
                    Some("hasConcludedLicense") => licensed.extend(to.map(|to| (false, from.clone(), to))),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    // Declared ones first.
    licensed.sort_by_key(|(declared, ..)| !declared);
    let mut licence_of: HashMap<String, &str> = HashMap::new();
    for (_, package, expression) in &licensed {
        if let Some(expression) = expressions.get(expression) {
            licence_of.entry(package.clone()).or_insert(expression);
        }
    }
    for (element, place) in packages {
        let id = element.id.clone().unwrap_or_default();
        let remarks = statements.remove(&id).unwrap_or_default();
        let stated =
            licence_of.get(&id).map(|expression| licences::split(expression, &texts)).unwrap_or_default();
        package(element, place, &remarks, stated, &roots, &mut draft);
    }
    Ok(draft)
}

fn package(
    element: Element,
    place: String,
    remarks: &[String],
    licences: Vec<String>,
    roots: &BTreeSet<String>,
    draft: &mut Draft,
) {
    let id = element.id.unwrap_or_default();
    let name = element.name.unwrap_or_default();
    let version = element.version.unwrap_or_default();
    let purpose = element.purpose.unwrap_or_default();
    let pairs = remarks.iter().flat_map(|text| lines::read(text));
    let identified = element.identifiers.into_iter().flatten();
    let mut purls = identified.filter(|i| i.external_identifier_type.as_deref() == Some("packageUrl"));
    let purl = element.purl.or_else(|| purls.next().and_then(|identifier| identifier.identifier));
    if purpose == "container" || (roots.contains(&id) && purl.is_none()) {
        for (name, value) in pairs {
            draft.tell(&name, &value);
        }
        draft.subject.digest = Some(version).filter(|version| version.starts_with("sha256:"));
        draft.subject.name = name;
        return;
    }
    if purpose == "operatingSystem" {
        draft.distribution = Distribution { id: name, version, ..Distribution::default() };
        for (name, value) in pairs {
            draft.tell_system(&name, &value);
        }
        return;
    }
    let properties = pairs.collect();
    draft.components.push(Described {
        id,
        place,
        is_no_package: match purpose.as_str() {
            "" | "library" | "framework" | "install" | "source" => false,
            "application" => version.is_empty(),
            _ => true,
        },
        name,
        version,
        purl,
        licences,
        properties,
        ..Described::default()
    });
}
