//! CycloneDX 1.6 as JSON (ECMA-424; schema `bom-1.6.schema.json`).
//!
//! What is written: `metadata` with the tool and the image as the subject, a component per package with purl,
//! licences and, as `properties` under the `pratique:` prefix, what the format has no field for: the files that
//! state the package and the layer that brought it. No serial number and no time: the same image gives the
//! same bytes.

use std::io::{self, Write};

use serde::Serialize;

use crate::{
    fact::Distribution,
    inventory::{Inventory, Scope},
    package::{Package, PackageKind},
};

/// What the document is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The image's name.
    pub name: &'a str,
    /// Digest of its manifest.
    pub digest: Option<&'a str>,
}

/// Writes the packages of `inventory` in `scope`. `tool_version` is this program's.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(
    inventory: &Inventory,
    scope: Scope,
    subject: &Subject<'_>,
    tool_version: &str,
    to: &mut dyn Write,
) -> io::Result<()> {
    let os = inventory.distribution.as_ref().map(operating_system);
    let components = os.into_iter().chain(inventory.packages_in(scope).map(component)).collect();
    let document = Document {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        metadata: Metadata {
            tools: Tools {
                components: [Component {
                    version: tool_version.to_owned(),
                    ..Component::new("application", "pratique")
                }],
            },
            component: Component {
                bom_ref: Some(subject.digest.unwrap_or(subject.name).to_owned()),
                version: subject.digest.unwrap_or_default().to_owned(),
                ..Component::new("container", subject.name)
            },
        },
        components,
    };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}

fn operating_system(distribution: &Distribution) -> Component {
    Component {
        bom_ref: Some(format!("os:{}:{}", distribution.id, distribution.version)),
        version: distribution.version.clone(),
        cpe: distribution.cpe.clone().filter(|cpe| cpe.starts_with("cpe:")),
        ..Component::new("operating-system", &distribution.id)
    }
}

fn component(package: &Package) -> Component {
    let mut properties = vec![
        Property::new("pratique:package:type", package.kind.name()),
        Property::new("pratique:layer:index", &package.layer.to_string()),
    ];
    properties.extend(package.locations.iter().map(|location| {
        let path = match location.inside.as_str() {
            "" => location.path.to_string(),
            inside => format!("{}!/{inside}", location.path),
        };
        Property::new("pratique:location", &path)
    }));
    if let Some(source) = &package.source {
        properties.push(Property::new("pratique:source:name", &source.name));
        properties.push(Property::new("pratique:source:version", &source.version));
    }
    let (group, name) = match (&package.namespace, package.kind) {
        (Some(group), _) => (Some(group.clone()), package.name.clone()),
        // npm's scope is the group in CycloneDX.
        (None, PackageKind::Npm) => match package.name.split_once('/') {
            Some((scope, name)) => (Some(scope.to_owned()), name.to_owned()),
            None => (None, package.name.clone()),
        },
        (None, _) => (None, package.name.clone()),
    };
    Component {
        // One purl can stand in several layers; a reference must be unique in the document.
        bom_ref: Some(format!("{}#layer-{}{}", package.purl, package.layer, owner(package))),
        group,
        version: package.version.clone(),
        purl: Some(package.purl.clone()),
        // What a package states is often no SPDX expression: it is quoted as a name, never called an id.
        licenses: package
            .licences
            .iter()
            .map(|name| LicenseChoice { license: License { name: name.clone() } })
            .collect(),
        properties,
        ..Component::new("library", &name)
    }
}

fn owner(package: &Package) -> String {
    package.owned_by.as_ref().map(|owner| format!("-{owner}")).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
}

#[derive(Serialize)]
struct Metadata {
    tools: Tools,
    component: Component,
}

#[derive(Serialize)]
struct Tools {
    components: [Component; 1],
}

#[derive(Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    bom_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenseChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

impl Component {
    fn new(kind: &'static str, name: &str) -> Self {
        Self {
            kind,
            bom_ref: None,
            group: None,
            name: name.to_owned(),
            version: String::new(),
            licenses: Vec::new(),
            cpe: None,
            purl: None,
            properties: Vec::new(),
        }
    }
}

#[derive(Serialize)]
struct LicenseChoice {
    license: License,
}

#[derive(Serialize)]
struct License {
    name: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

impl Property {
    fn new(name: &'static str, value: &str) -> Self {
        Self { name, value: value.to_owned() }
    }
}
