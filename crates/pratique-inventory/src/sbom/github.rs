//! GitHub's dependency snapshot (REST API, "Dependency submission", version 0): what its dependency graph takes.
//!
//! A manifest for each file that states packages; distributions' packages share the one of their database. The API
//! wants to know the commit and the job that the snapshot belongs to, and when it was taken.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::{Map, Value, json};

use super::{Contents, Sbom, contents::NO_TIME};
use crate::package::Package;

/// Where a snapshot belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// The commit.
    pub sha: String,
    /// The branch or tag, as `refs/heads/main`.
    pub reference: String,
    /// What tells this kind of snapshot from others of the repository: a later one with the same replaces it.
    pub correlator: String,
    /// The run that took it.
    pub id: String,
}

/// Writes `sbom` as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(sbom: &Sbom<'_>, contents: &Contents<'_>, job: &Job, to: &mut dyn Write) -> io::Result<()> {
    // File → layer of the first package it states, and its packages by package URL.
    let mut manifests: BTreeMap<String, (usize, Map<String, Value>)> = BTreeMap::new();
    for entry in contents.entries() {
        let package = entry.package;
        let on: Vec<_> = contents.dependencies(entry).map(|on| on.package.purl.as_str()).collect();
        let resolved = json!({
            "package_url": package.purl,
            "relationship": if package.direct == Some(false) { "indirect" } else { "direct" },
            "scope": if package.development { "development" } else { "runtime" },
            "dependencies": on,
        });
        for file in files(package) {
            let (_, packages) = manifests.entry(file).or_insert_with(|| (package.layer, Map::new()));
            packages.entry(package.purl.clone()).or_insert_with(|| resolved.clone());
        }
    }
    let layer = |index: usize| sbom.subject.layers.get(index).and_then(|layer| layer.diff_id.clone());
    let manifests: Map<_, _> = manifests
        .into_iter()
        .map(|(file, (first, resolved))| {
            let at = format!("{}:/{file}", sbom.subject.name);
            let metadata = layer(first).map_or_else(|| json!({}), |layer| json!({ "pratique:layer": layer }));
            let manifest = json!({
                "name": at,
                "file": { "source_location": at },
                "metadata": metadata,
                "resolved": resolved,
            });
            (at, manifest)
        })
        .collect();
    let mut about = Map::new();
    if let Some(distribution) = &sbom.inventory.distribution {
        let name = format!("{} {}", distribution.id, distribution.version);
        about.insert("pratique:distribution".into(), name.trim().into());
    }
    let document = json!({
        "version": 0,
        "sha": job.sha,
        "ref": job.reference,
        "job": { "correlator": job.correlator, "id": job.id },
        "detector": {
            "name": "pratique",
            "version": sbom.tool_version,
            "url": "https://github.com/pratique/pratique",
        },
        "scanned": sbom.created.unwrap_or(NO_TIME),
        "metadata": about,
        "manifests": manifests,
    });
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}

/// The files that state `package`, archives in archives by the outermost.
fn files(package: &Package) -> impl Iterator<Item = String> {
    package.locations.iter().map(|location| location.path.to_string())
}
