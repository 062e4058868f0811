//! Syft's own JSON (schema 16), for tools that read what Syft writes.
//!
//! What is written: artifacts with purl, licences, locations and layers; of the metadata that differs by kind of
//! package the part that matchers read (source package, epoch, module, Maven's coordinates); relationships; the image
//! with its layers; the distribution.
//!
//! Traps: a relationship `dependency-of` points from the dependency to the dependent; an artifact's id is a 16-digit
//! hexadecimal number; every artifact needs `cpes`, `licenses` and `locations`, be they empty.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Contents, Entry, Sbom,
    licences::{self, Licence},
};
use crate::{
    fact::Distribution,
    package::{Package, PackageKind},
};

const SCHEMA: &str = "16.0.18";

/// Writes `sbom` as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(sbom: &Sbom<'_>, contents: &Contents<'_>, to: &mut dyn Write) -> io::Result<()> {
    let source = identifier(sbom.subject.reference());
    let mut relationships = Vec::new();
    for entry in contents.entries() {
        let id = identifier(&entry.reference);
        relationships.push((source.clone(), id.clone(), "contains"));
        for on in contents.dependencies(entry) {
            relationships.push((identifier(&on.reference), id.clone(), "dependency-of"));
        }
    }
    relationships.sort();
    let relationships: Vec<_> = relationships
        .into_iter()
        .map(|(parent, child, kind)| json!({ "parent": parent, "child": child, "type": kind }))
        .collect();
    let artifacts: Vec<_> = contents.entries().iter().map(|entry| artifact(entry, sbom)).collect();
    let document = json!({
        "artifacts": artifacts,
        "artifactRelationships": relationships,
        "source": image(sbom, &source),
        "distro": sbom.inventory.distribution.as_ref().map_or_else(|| json!({}), distro),
        "descriptor": { "name": "pratique", "version": sbom.tool_version },
        "schema": {
            "version": SCHEMA,
            "url": format!("https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-{SCHEMA}.json"),
        },
    });
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}

fn identifier(reference: &str) -> String {
    let digest = Sha256::digest(reference.as_bytes());
    format!("{:016x}", digest.iter().take(8).fold(0_u64, |number, &byte| number << 8 | u64::from(byte)))
}

fn artifact(entry: &Entry<'_>, sbom: &Sbom<'_>) -> Value {
    let package = entry.package;
    let layer = sbom.subject.layers.get(package.layer);
    let layer = layer.and_then(|layer| layer.diff_id.as_deref().or(layer.digest.as_deref()));
    let locations = package.locations.iter().map(|location| {
        let path = format!("/{}", location.path);
        let inside =
            if location.inside.is_empty() { path.clone() } else { format!("{path}:{}", location.inside) };
        let mut fields = json!({
            "path": path,
            "accessPath": inside,
            "annotations": { "evidence": "primary" },
        });
        if let (Some(fields), Some(layer)) = (fields.as_object_mut(), layer) {
            fields.insert("layerID".into(), layer.into());
        }
        fields
    });
    let licences = package.licences.iter().map(|stated| {
        let expression = match licences::classify(stated) {
            Licence::Id(text) | Licence::Expression(text) => text,
            Licence::Other(_) => "",
        };
        json!({ "value": stated, "spdxExpression": expression, "type": "declared", "urls": [], "locations": [] })
    });
    let cpes = package.details.get("cpe").map(|cpe| json!({ "cpe": cpe, "source": "declared" }));
    let mut fields = json!({
        "id": identifier(&entry.reference),
        "name": package.name,
        "version": package.version,
        "type": package.kind.name(),
        "foundBy": "pratique",
        "locations": locations.collect::<Vec<_>>(),
        "licenses": licences.collect::<Vec<_>>(),
        "language": language(package.kind),
        "cpes": cpes.into_iter().collect::<Vec<_>>(),
        "purl": package.purl,
    });
    if let (Some(fields), Some((kind, metadata))) = (fields.as_object_mut(), metadata(package)) {
        fields.insert("metadataType".into(), kind.into());
        fields.insert("metadata".into(), metadata);
    }
    fields
}

fn language(kind: PackageKind) -> &'static str {
    match kind {
        PackageKind::Npm => "javascript",
        PackageKind::Python => "python",
        PackageKind::Go => "go",
        PackageKind::Cargo => "rust",
        PackageKind::Maven | PackageKind::JenkinsPlugin => "java",
        PackageKind::Gem => "ruby",
        PackageKind::Composer | PackageKind::Pear | PackageKind::Pecl => "php",
        PackageKind::NuGet => "dotnet",
        PackageKind::Pub => "dart",
        PackageKind::Hex => "elixir",
        PackageKind::Otp => "erlang",
        PackageKind::Swift | PackageKind::CocoaPods => "swift",
        PackageKind::Conan | PackageKind::Vcpkg => "c++",
        PackageKind::Hackage => "haskell",
        PackageKind::Opam => "ocaml",
        PackageKind::Cran => "R",
        PackageKind::LuaRocks => "lua",
        PackageKind::SwiPl => "swipl",
        _ => "",
    }
}

/// What matchers read of the metadata that differs by kind.
fn metadata(package: &Package) -> Option<(&'static str, Value)> {
    let detail = |name: &str| package.details.get(name).map_or("", String::as_str);
    let arch = package.arch.as_deref().unwrap_or_default();
    let source = package.source.as_ref();
    let other_source =
        source.filter(|source| source.name != package.name || source.version != package.version);
    Some(match package.kind {
        PackageKind::Deb => (
            "dpkg-db-entry",
            json!({
                "package": package.name,
                "source": other_source.map_or("", |source| &source.name),
                "sourceVersion": other_source.filter(|source| source.version != package.version).map_or("", |s| &s.version),
                "version": package.version,
                "architecture": arch,
                "maintainer": detail("maintainer"),
                "installedSize": 0,
                "files": [],
            }),
        ),
        PackageKind::Apk => (
            "apk-db-entry",
            json!({
                "package": package.name,
                "originPackage": source.map_or("", |source| &source.name),
                "maintainer": detail("maintainer"),
                "version": package.version,
                "architecture": arch,
                "url": "",
                "description": "",
                "size": 0,
                "installedSize": 0,
                "pullDependencies": [],
                "provides": [],
                "pullChecksum": "",
                "gitCommitOfApkPort": detail("commit"),
                "files": [],
            }),
        ),
        PackageKind::Rpm => {
            let (epoch, rest) = match package.version.split_once(':') {
                Some((epoch, rest)) => (epoch.parse::<i64>().ok(), rest),
                None => (None, package.version.as_str()),
            };
            let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
            (
                "rpm-db-entry",
                json!({
                    "name": package.name,
                    "version": version,
                    "epoch": epoch,
                    "architecture": arch,
                    "release": release,
                    "sourceRpm": detail("sourcerpm"),
                    "size": 0,
                    "vendor": detail("vendor"),
                    "modularityLabel": detail("modularity"),
                    "files": [],
                }),
            )
        }
        PackageKind::Maven | PackageKind::JenkinsPlugin => (
            "java-archive",
            json!({
                "virtualPath": package.locations.first().map(|location| super::properties::place(location)).unwrap_or_default(),
                "pomProperties": {
                    "path": "",
                    "name": "",
                    "groupId": package.namespace.as_deref().unwrap_or_default(),
                    "artifactId": package.name,
                    "version": package.version,
                },
            }),
        ),
        _ => return None,
    })
}

fn image(sbom: &Sbom<'_>, id: &str) -> Value {
    let subject = sbom.subject;
    let layers = subject.layers.iter().map(|layer| {
        json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": layer.diff_id.as_deref().or(layer.digest.as_deref()).unwrap_or_default(),
            "size": 0,
        })
    });
    let mut metadata = json!({
        "userInput": subject.name,
        "imageID": subject.image_id.as_deref().unwrap_or_default(),
        "manifestDigest": subject.digest.as_deref().unwrap_or_default(),
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "tags": [],
        "imageSize": 0,
        "layers": layers.collect::<Vec<_>>(),
        "manifest": "",
        "config": "",
        "repoDigests": [],
    });
    if let (Some(metadata), Some(platform)) = (metadata.as_object_mut(), &subject.platform) {
        let mut parts = platform.splitn(3, '/');
        for name in ["os", "architecture", "variant"] {
            metadata.insert(name.into(), parts.next().unwrap_or_default().into());
        }
    }
    json!({
        "id": id,
        "name": subject.name,
        "version": subject.reference(),
        "type": "image",
        "metadata": metadata,
    })
}

fn distro(distribution: &Distribution) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            fields.insert(name.into(), value.into());
        }
    };
    set("prettyName", &distribution.name);
    set("id", &distribution.id);
    set("versionID", &distribution.version);
    set("versionCodename", distribution.codename.as_deref().unwrap_or_default());
    set("cpeName", distribution.cpe.as_deref().unwrap_or_default());
    set("variantID", distribution.variant.as_deref().unwrap_or_default());
    set("supportEnd", distribution.support_end.as_deref().unwrap_or_default());
    if !distribution.id_like.is_empty() {
        fields.insert("idLike".into(), distribution.id_like.clone().into());
    }
    Value::Object(fields)
}
