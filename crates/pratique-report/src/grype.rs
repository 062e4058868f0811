//! Grype's JSON report, so that what reads Grype reads us.
//!
//! Types of packages are Syft's, which ours are too. Grype files advisories in namespaces
//! (`debian:distro:debian:12`, `github:language:python`): ours are made from the ecosystem of the record that decided. What
//! differs: `risk` and the layers' sizes are not told, and neither are CPEs.

use std::io::Write;

use pratique_advisory::Level;
use pratique_match::{Epss, FixState, Rating};
use serde_json::{Value, json};

use crate::{
    cvss,
    format::{Context, WriteError},
    identity, json,
    markup::is_link,
    model::{FindingRow, PackageRow, Report},
    product, publisher,
};

/// Writes `report` as Grype would.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let time = context.time(report).to_string();
    let matches: Vec<_> = report.findings.iter().map(|row| matched(report, row, &time)).collect();
    let distribution = report.target.distribution.as_ref();
    let document = json!({
        "matches": matches,
        "source": source(report),
        "distro": {
            "name": distribution.map(|d| d.id.as_str()).unwrap_or_default(),
            "version": distribution.map(|d| d.version.as_str()).unwrap_or_default(),
            "idLike": [],
        },
        "descriptor": {
            "name": "pratique",
            "version": report.tool.version,
            "timestamp": time,
            "db": { "status": { "built": report.database.created, "from": report.database.source, "valid": true } },
        },
    });
    Ok(json::write(&document, to)?)
}

fn source(report: &Report) -> Value {
    let target = &report.target;
    if !product::is_image(target) {
        return json!({ "type": "directory", "target": target.name });
    }
    let mut platform = target.platform.as_deref().unwrap_or_default().split('/');
    let (os, architecture) = (platform.next().unwrap_or_default(), platform.next().unwrap_or_default());
    let reference = product::reference(target);
    let tag = reference.as_ref().and_then(|r| r.tag().map(|tag| format!("{}:{tag}", r.name())));
    let pinned =
        reference.as_ref().zip(target.digest.as_ref()).map(|(r, digest)| format!("{}@{digest}", r.name()));
    let layers = target.layers.iter();
    json!({
        "type": "image",
        "target": {
            "userInput": target.name,
            "imageID": target.image_id,
            "manifestDigest": target.digest,
            "tags": tag.into_iter().collect::<Vec<_>>(),
            "repoDigests": pinned.into_iter().collect::<Vec<_>>(),
            "layers": layers.map(|layer| json!({ "digest": layer.diff_id.as_ref().or(layer.digest.as_ref()) }))
                .collect::<Vec<_>>(),
            "architecture": architecture,
            "os": os,
        },
    })
}

fn matched(report: &Report, row: &FindingRow, time: &str) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    // Grype names a match by its record, and puts the CVE beside it.
    let decided = finding.advisories.first();
    let is_distribution = decided.is_some_and(|evidence| is_distribution(&evidence.ecosystem));
    let id = match decided {
        Some(evidence) if !is_distribution => &evidence.id,
        _ => &finding.id,
    };
    let namespace = decided.map(|evidence| namespace(&evidence.ecosystem)).unwrap_or_default();
    let named = |id: &str, namespace: &str| {
        json!({
            "id": id,
            "dataSource": publisher::page(id),
            "namespace": namespace,
            "severity": level(finding.level()),
            "urls": row.references.iter().filter(|url| is_link(url)).collect::<Vec<_>>(),
            "description": row.description.as_ref().or(finding.title.as_ref()),
            "cvss": cvss::vectors(finding).into_iter().map(vector).collect::<Vec<_>>(),
        })
    };
    let mut vulnerability = named(id, &namespace);
    vulnerability["fix"] = json!({
        "versions": finding.fixed_version.iter().collect::<Vec<_>>(),
        "state": match finding.state {
            FixState::Fixed => "fixed",
            FixState::WillNotFix => "wont-fix",
            FixState::UnderInvestigation => "unknown",
            _ => "not-fixed",
        },
    });
    vulnerability["advisories"] = json!([]);
    if let Some(epss) = finding.epss {
        vulnerability["epss"] = json!([exploit_chance(&finding.id, epss, time)]);
    }
    if let Some(since) = &finding.known_exploited {
        vulnerability["knownExploited"] = json!([{ "cve": finding.id, "dateAdded": since }]);
    }
    let others = std::iter::once(&finding.id).chain(&finding.aliases).filter(|other| *other != id);
    let related: Vec<_> =
        others.filter(|other| other.starts_with("CVE-")).map(|cve| named(cve, "nvd:cpe")).collect();
    json!({
        "vulnerability": vulnerability,
        "relatedVulnerabilities": related,
        "matchDetails": details(report, row, &namespace),
        "artifact": artifact(package),
    })
}

fn exploit_chance(cve: &str, epss: Epss, time: &str) -> Value {
    json!({
        "cve": cve,
        "epss": json::decimal(epss.score),
        "percentile": json::decimal(epss.percentile),
        "date": time.get(..10),
    })
}

fn vector(rating: &Rating) -> Value {
    json!({
        "source": rating.source,
        "type": "Secondary",
        "version": cvss::version(rating),
        "vector": rating.value,
        "metrics": { "baseScore": rating.score.map(json::decimal) },
        "vendorMetadata": {},
    })
}

fn details(report: &Report, row: &FindingRow, namespace: &str) -> Vec<Value> {
    let package = &row.package;
    let detail = |evidence: &pratique_match::Evidence| {
        let direct = evidence.package == package.name || evidence.package == package.full_name();
        let distribution = report.target.distribution.as_ref();
        let mut searched = json!({
            "namespace": namespace,
            "package": { "name": evidence.package, "version": evidence.version },
        });
        if let Some(d) = distribution.filter(|_| is_distribution(&evidence.ecosystem)) {
            searched["distro"] = json!({ "type": d.id, "version": d.version });
        } else {
            searched["language"] = language(&package.kind).into();
        }
        json!({
            "type": if direct { "exact-direct-match" } else { "exact-indirect-match" },
            "matcher": matcher(&package.kind),
            "searchedBy": searched,
            "found": { "vulnerabilityID": evidence.id, "versionConstraint": evidence.reason },
        })
    };
    row.finding.advisories.iter().map(detail).collect()
}

fn artifact(package: &PackageRow) -> Value {
    let layer = package.layer.diff_id.as_ref().or(package.layer.digest.as_ref());
    let location = |path: &String| {
        let path = format!("/{}", path.trim_start_matches('/'));
        json!({ "path": path, "accessPath": path, "layerID": layer })
    };
    let upstreams: Vec<_> = package
        .source
        .iter()
        .filter(|source| source.name != package.name || source.version != package.version)
        .map(|source| json!({ "name": source.name, "version": source.version }))
        .collect();
    let path = package.locations.first().map(String::as_str).unwrap_or_default();
    json!({
        "id": identity::hash(&[&package.purl, path]).get(..16),
        "name": if package.kind == "java-archive" { package.name.clone() } else { package.full_name() },
        "version": package.version,
        "type": package.kind,
        "locations": package.locations.iter().map(location).collect::<Vec<_>>(),
        "language": language(&package.kind),
        "licenses": package.licenses,
        "cpes": [],
        "purl": package.purl,
        "upstreams": upstreams,
    })
}

/// Whether records of `ecosystem` are a distribution's own: OSV names its release behind a colon.
fn is_distribution(ecosystem: &str) -> bool {
    ecosystem.contains(':') || matches!(ecosystem, "Wolfi" | "Chainguard" | "MinimOS" | "Photon OS")
}

/// `Debian:12` → `debian:distro:debian:12`, `PyPI` → `github:language:python`.
fn namespace(ecosystem: &str) -> String {
    if is_distribution(ecosystem) {
        let (name, release) = ecosystem.split_once(':').unwrap_or((ecosystem, "rolling"));
        let name = name.to_lowercase().replace(' ', "");
        let release = release.trim_start_matches('v').to_lowercase();
        return format!("{name}:distro:{name}:{release}");
    }
    let language = match ecosystem {
        "npm" => "javascript",
        "PyPI" => "python",
        "crates.io" => "rust",
        "Maven" => "java",
        "RubyGems" => "ruby",
        "Packagist" => "php",
        "NuGet" => "dotnet",
        other => &other.to_lowercase(),
    };
    format!("github:language:{language}")
}

/// What Syft calls the language of a kind.
fn language(kind: &str) -> &'static str {
    match kind {
        "npm" => "javascript",
        "python" => "python",
        "go-module" => "go",
        "rust-crate" => "rust",
        "java-archive" | "jenkins-plugin" => "java",
        "gem" => "ruby",
        "php-composer" | "php-pear" | "php-pecl" => "php",
        "dotnet" => "dotnet",
        "dart-pub" => "dart",
        "swift" | "pod" => "swift",
        "hex" => "elixir",
        "hackage" => "haskell",
        "conan" => "c++",
        "R-package" => "R",
        _ => "",
    }
}

/// What Grype calls its matcher for a kind.
fn matcher(kind: &str) -> &'static str {
    match kind {
        "deb" => "dpkg-matcher",
        "apk" => "apk-matcher",
        "rpm" => "rpm-matcher",
        "portage" => "portage-matcher",
        "npm" => "javascript-matcher",
        "python" => "python-matcher",
        "go-module" => "go-module-matcher",
        "rust-crate" => "rust-matcher",
        "java-archive" | "jenkins-plugin" => "java-matcher",
        "gem" => "ruby-gem-matcher",
        "dotnet" => "dotnet-matcher",
        _ => "stock-matcher",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Critical => "Critical",
        Level::High => "High",
        Level::Medium => "Medium",
        Level::Low => "Low",
        Level::Negligible => "Negligible",
        Level::Unknown => "Unknown",
    }
}
