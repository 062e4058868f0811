//! Syft's own JSON, of the schemas 8 to 16: artifacts, relationships, the image and the distribution.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    ReadError,
    draft::{Described, Draft},
    json::{self, Items},
};
use crate::{cataloger::Limits, fact::Distribution, sbom::SubjectLayer};

const FORMAT: &str = "syft-json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    artifacts: Items<'a>,
    #[serde(borrow, default)]
    artifact_relationships: Items<'a>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    distro: Option<&'a RawValue>,
    schema: Option<Schema>,
}

#[derive(Deserialize)]
struct Schema {
    version: Option<String>,
}

#[derive(Deserialize)]
struct Artifact {
    id: Option<String>,
    name: Option<String>,
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    locations: Vec<Place>,
    licenses: Option<Vec<Licence>>,
    purl: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    path: Option<String>,
    access_path: Option<String>,
    #[serde(rename = "layerID")]
    layer: Option<String>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    evidence: Option<String>,
}

/// Older schemas have plain strings.
#[derive(Deserialize)]
#[serde(untagged)]
enum Licence {
    Text(String),
    Record { value: Option<String> },
}

/// Of what differs by kind: what tells the source package and the module.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    source: Option<serde_json::Value>,
    source_version: Option<String>,
    origin_package: Option<String>,
    modularity_label: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    parent: String,
    child: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Source {
    name: Option<String>,
    metadata: Option<Image>,
    /// Where schemas before 11 have the metadata.
    target: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Image {
    user_input: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    manifest_digest: Option<String>,
    layers: Option<Vec<Layer>>,
    architecture: Option<String>,
    os: Option<String>,
}

#[derive(Deserialize)]
struct Layer {
    digest: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Distro {
    id: Option<String>,
    #[serde(rename = "versionID")]
    version_id: Option<String>,
    version_codename: Option<String>,
    pretty_name: Option<String>,
    cpe_name: Option<String>,
    #[serde(rename = "variantID")]
    variant_id: Option<String>,
    support_end: Option<String>,
    id_like: Option<Vec<String>>,
}

/// Reads a document.
pub(super) fn read(text: &str, _limits: &Limits) -> Result<Draft, ReadError> {
    let document: Document<'_> = json::document(text, FORMAT)?;
    let version = document.schema.and_then(|schema| schema.version).unwrap_or_default();
    let mut draft = Draft { format: format!("syft-json {version}").trim().to_owned(), ..Draft::default() };
    if let Some(source) = document.source {
        match json::record::<Source>(source.get(), "source") {
            Ok(source) => image(source, &mut draft),
            Err(wrong) => draft.problem(wrong),
        }
    }
    if let Some(distro) = document.distro {
        match json::record::<Distro>(distro.get(), "distro") {
            Ok(distro) => draft.distribution = distribution(distro),
            Err(wrong) => draft.problem(wrong),
        }
    }
    for (index, text) in document.artifacts.iter().enumerate() {
        let place = format!("artifacts[{index}]");
        match json::record(text, &place) {
            Ok(artifact) => draft.components.push(described(artifact, place)),
            Err(wrong) => draft.problem(wrong),
        }
    }
    for (index, text) in document.artifact_relationships.iter().enumerate() {
        match json::record::<Relationship>(text, &format!("artifactRelationships[{index}]")) {
            Ok(Relationship { parent, child, kind }) => match kind.as_str() {
                "dependency-of" => draft.edges.push((child, parent)),
                "ownership-by-file-overlap" => draft.owners.push((parent, child)),
                _ => {}
            },
            Err(wrong) => draft.problem(wrong),
        }
    }
    Ok(draft)
}

fn image(source: Source, draft: &mut Draft) {
    let older = source.target.and_then(|target| serde_json::from_value(target).ok());
    let image: Image = source.metadata.or(older).unwrap_or_default();
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let subject = &mut draft.subject;
    subject.name = some(image.user_input).or(source.name).unwrap_or_default();
    subject.digest = some(image.manifest_digest);
    subject.image_id = some(image.image_id);
    subject.platform = some(image.os).zip(some(image.architecture)).map(|(os, arch)| format!("{os}/{arch}"));
    let layers = image.layers.into_iter().flatten();
    subject.layers =
        layers.map(|layer| SubjectLayer { diff_id: some(layer.digest), ..SubjectLayer::default() }).collect();
}

fn distribution(distro: Distro) -> Distribution {
    Distribution {
        id: distro.id.unwrap_or_default(),
        id_like: distro.id_like.unwrap_or_default(),
        version: distro.version_id.unwrap_or_default(),
        codename: distro.version_codename,
        name: distro.pretty_name.unwrap_or_default(),
        cpe: distro.cpe_name,
        variant: distro.variant_id,
        support_end: distro.support_end,
        point_release: None,
    }
}

fn described(artifact: Artifact, place: String) -> Described {
    let mut properties = Vec::new();
    let mut say = |name: &str, value: Option<String>| {
        properties
            .extend(value.filter(|value| !value.is_empty()).map(|value| (format!("syft:{name}"), value)));
    };
    say("package:type", artifact.kind);
    if let Some(metadata) = artifact.metadata {
        // Other kinds of packages have records of this name.
        let source = metadata.source.and_then(|source| source.as_str().map(str::to_owned));
        say("metadata:source", source);
        say("metadata:sourceVersion", metadata.source_version);
        say("metadata:originPackage", metadata.origin_package);
        say("metadata:modularityLabel", metadata.modularity_label);
    }
    let main = |place: &&Place| {
        place
            .annotations
            .as_ref()
            .and_then(|a| a.evidence.as_deref())
            .is_none_or(|evidence| evidence == "primary")
    };
    let first = artifact.locations.iter().find(main).or(artifact.locations.first());
    say("location:0:layerID", first.and_then(|place| place.layer.clone()));
    let locations = artifact.locations.iter().filter(main).filter_map(|place| {
        let path = place.path.as_ref()?;
        let inside = place
            .access_path
            .as_ref()
            .and_then(|access| access.strip_prefix(path.as_str())?.strip_prefix(':'));
        Some(
            inside
                .map_or_else(|| path.clone(), |inside| format!("{path}!/{}", inside.trim_start_matches('/'))),
        )
    });
    let licences = artifact.licenses.into_iter().flatten().filter_map(|licence| match licence {
        Licence::Text(text) => Some(text),
        Licence::Record { value } => value,
    });
    Described {
        id: artifact.id.unwrap_or_default(),
        place,
        name: artifact.name.unwrap_or_default(),
        version: artifact.version.unwrap_or_default(),
        purl: artifact.purl.filter(|purl| !purl.is_empty()),
        licences: licences.collect(),
        locations: locations.collect(),
        properties,
        ..Described::default()
    }
}
