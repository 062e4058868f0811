//! What CycloneDX says, in either of its encodings.

use serde::Deserialize;

use super::{
    ReadError,
    draft::{Described, Draft},
};
use crate::fact::Distribution;

/// The versions that are read.
const READ: &str = "1.2 to 1.7";

/// A component, without those that are nested in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(rename = "bom-ref")]
    pub(super) reference: Option<String>,
    pub(super) supplier: Option<Supplier>,
    pub(super) publisher: Option<String>,
    pub(super) group: Option<String>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) licenses: Option<Vec<LicenseChoice>>,
    pub(super) purl: Option<String>,
    pub(super) properties: Option<Vec<Property>>,
    pub(super) evidence: Option<Evidence>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Supplier {
    pub(super) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LicenseChoice {
    pub(super) license: Option<License>,
    pub(super) expression: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct License {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Property {
    pub(super) name: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Evidence {
    pub(super) occurrences: Option<Vec<Occurrence>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Occurrence {
    pub(super) location: Option<String>,
}

/// Begins a draft, if the version is one that is read.
pub(super) fn begin(version: &str, encoding: &str) -> Result<Draft, ReadError> {
    let minor: Option<u32> = version.strip_prefix("1.").and_then(|minor| minor.parse().ok());
    if !minor.is_some_and(|minor| (2..=7).contains(&minor)) {
        return Err(ReadError::Version { format: "CycloneDX", version: version.to_owned(), read: READ });
    }
    Ok(Draft { format: format!("CycloneDX {version} {encoding}"), ..Draft::default() })
}

/// Takes `metadata.component`: what the document is about.
pub(super) fn subject(component: Component, draft: &mut Draft) {
    for property in component.properties.into_iter().flatten() {
        let (name, value) = (property.name.unwrap_or_default(), property.value.unwrap_or_default());
        match name.as_str() {
            "aquasecurity:trivy:ImageID" => draft.subject.image_id = Some(value),
            _ => {
                draft.tell(&name, &value);
            }
        }
    }
    draft.subject.name = component.name.unwrap_or_default();
    draft.subject.digest = component.version.filter(|version| version.starts_with("sha256:"));
}

/// Takes a component.
pub(super) fn take(component: Component, place: String, draft: &mut Draft) {
    let text = |field: Option<String>| field.filter(|text| !text.is_empty());
    let properties = component.properties.into_iter().flatten();
    let properties: Vec<_> =
        properties.map(|p| (p.name.unwrap_or_default(), p.value.unwrap_or_default())).collect();
    if component.kind.as_deref() == Some("operating-system") {
        draft.distribution = Distribution {
            id: component.name.unwrap_or_default(),
            version: component.version.unwrap_or_default(),
            name: component.description.unwrap_or_default(),
            ..Distribution::default()
        };
        for (name, value) in properties {
            draft.tell_system(&name, &value);
        }
        return;
    }
    let licences = component.licenses.into_iter().flatten().filter_map(|choice| {
        let named = choice.license.and_then(|licence| text(licence.id).or_else(|| text(licence.name)));
        text(choice.expression).or(named)
    });
    let occurrences = component.evidence.and_then(|evidence| evidence.occurrences).into_iter().flatten();
    let version = component.version.unwrap_or_default();
    draft.components.push(Described {
        id: component.reference.unwrap_or_default(),
        place,
        is_no_package: match component.kind.as_deref() {
            Some("library" | "framework") | None => false,
            Some("application") => version.is_empty(),
            Some(_) => true,
        },
        group: text(component.group),
        name: component.name.unwrap_or_default(),
        version,
        purl: text(component.purl),
        licences: licences.collect(),
        supplier: text(component.publisher)
            .or_else(|| component.supplier.and_then(|supplier| text(supplier.name))),
        locations: occurrences.filter_map(|occurrence| occurrence.location).collect(),
        properties,
    });
}
