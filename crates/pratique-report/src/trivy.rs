//! Trivy's JSON report, schema 2, so that what reads Trivy reads us: Dependency-Track plugins, DefectDojo, GitLab
//! templates, scripts with `jq`.
//!
//! The fields and words are Trivy's: levels in capitals (there is no negligible: it is `LOW`), `Class` and `Type` of each
//! result by where its packages were found, sources by Trivy's ids. What differs: `SeveritySource`, `VendorSeverity` and `CVSS` hold
//! what our database has; `Fingerprint` is ours; there are no `CweIDs` and no dates of publication. Packages without
//! findings are listed with `--list-all-pkgs` only, as there.

mod checks;

use std::{collections::BTreeMap, io::Write};

use pratique_advisory::Level;
use pratique_match::FixState;
use serde_json::{Value, json};

use crate::{
    cvss,
    format::{Context, WriteError},
    identity, json,
    markup::is_link,
    model::{FindingRow, LayerRef, PackageRow, Report},
    product, publisher,
};

/// Where Trivy files a package: target, class, type.
type Place = (String, &'static str, &'static str);

/// What is filed in one place: packages, and findings with their fingerprints.
type Group<'a> = (Vec<&'a PackageRow>, Vec<(&'a FindingRow, &'a str)>);

/// Writes `report` as Trivy would.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let target = &report.target;
    let mut all = results(report, context.list_packages);
    all.extend(checks::results(report));
    let mut document = json!({
        "SchemaVersion": 2,
        "ReportID": identity::document(report, "trivy"),
        "CreatedAt": context.time(report).to_string(),
        "ArtifactName": target.name,
        "ArtifactType": if product::is_image(target) { "container_image" } else { "filesystem" },
        "Metadata": metadata(report),
        "Results": all,
    });
    if let Some(id) = &target.image_id {
        document["ArtifactID"] = id.as_str().into();
    }
    Ok(json::write(&document, to)?)
}

fn metadata(report: &Report) -> Value {
    let target = &report.target;
    let mut out = json!({});
    if let Some(distribution) = &target.distribution {
        out["OS"] = json!({ "Family": family(&distribution.id), "Name": distribution.version });
    }
    if !product::is_image(target) {
        return out;
    }
    let diff_ids: Vec<_> = target.layers.iter().filter_map(|layer| layer.diff_id.as_ref()).collect();
    if let Some(id) = &target.image_id {
        out["ImageID"] = id.as_str().into();
    }
    out["DiffIDs"] = json!(diff_ids);
    if let Some(reference) = product::reference(target) {
        if let Some(tag) = reference.tag() {
            let name = reference.familiar();
            let name = name.split('@').next().unwrap_or(&name);
            out["RepoTags"] =
                json!([if name.ends_with(tag) { name.to_owned() } else { format!("{name}:{tag}") }]);
        }
        if let Some(digest) = &target.digest {
            out["RepoDigests"] = json!([format!("{}@{digest}", reference.name())]);
        }
    }
    let mut platform = target.platform.as_deref().unwrap_or_default().split('/');
    let (os, architecture) = (platform.next().unwrap_or_default(), platform.next().unwrap_or_default());
    let created_by = |layer: &LayerRef| layer.created_by.as_ref().map(|by| json!({ "created_by": by }));
    out["ImageConfig"] = json!({
        "architecture": architecture,
        "os": os,
        "history": target.layers.iter().filter_map(created_by).collect::<Vec<_>>(),
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "config": {},
    });
    out["Layers"] = target.layers.iter().map(layer).collect();
    out
}

/// What Trivy calls a distribution.
fn family(id: &str) -> &str {
    match id {
        "amzn" => "amazon",
        "rhel" => "redhat",
        "ol" => "oracle",
        "almalinux" => "alma",
        "sles" => "suse linux enterprise server",
        "mariner" => "cbl-mariner",
        id => id,
    }
}

fn layer(layer: &LayerRef) -> Value {
    let mut out = json!({});
    if let Some(digest) = &layer.digest {
        out["Digest"] = digest.as_str().into();
    }
    if let Some(diff_id) = &layer.diff_id {
        out["DiffID"] = diff_id.as_str().into();
    }
    out
}

fn results(report: &Report, list_packages: bool) -> Vec<Value> {
    let mut groups: BTreeMap<(bool, Place), Group<'_>> = BTreeMap::new();
    let fingerprints = identity::fingerprints(report);
    // The operating system has a result even without findings: it says that it was looked at.
    for package in report.packages.iter().flatten() {
        let place = place(report, package);
        if place.1 == "os-pkgs" || list_packages {
            groups.entry((place.1 != "os-pkgs", place)).or_default().0.push(package);
        }
    }
    for (row, fingerprint) in report.findings.iter().zip(&fingerprints) {
        let place = place(report, &row.package);
        groups.entry((place.1 != "os-pkgs", place)).or_default().1.push((row, fingerprint));
    }
    groups
        .into_iter()
        .map(|((_, (target, class, kind)), (packages, findings))| {
            let mut out = json!({ "Target": target, "Class": class, "Type": if class == "os-pkgs" {
                report.target.distribution.as_ref().map_or(kind, |d| family(&d.id))
            } else { kind } });
            if list_packages {
                out["Packages"] = packages.into_iter().map(listed).collect();
            }
            if !findings.is_empty() {
                let findings = findings.into_iter();
                out["Vulnerabilities"] =
                    findings.map(|(row, fingerprint)| vulnerability(row, fingerprint)).collect();
            }
            out
        })
        .collect()
}

/// Where Trivy files `package`.
fn place(report: &Report, package: &PackageRow) -> Place {
    if package.is_os() {
        let name = &report.target.name;
        let target = match &report.target.distribution {
            Some(d) => format!("{name} ({} {})", family(&d.id), d.version),
            None => name.clone(),
        };
        return (target, "os-pkgs", "unknown");
    }
    let path = package.locations.first().map(String::as_str).unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    if let Some((_, kind)) = LOCK_FILES.iter().find(|(name, _)| file.ends_with(name)) {
        return (path.to_owned(), "lang-pkgs", kind);
    }
    match package.kind.as_str() {
        "npm" => ("Node.js".to_owned(), "lang-pkgs", "node-pkg"),
        "python" => ("Python".to_owned(), "lang-pkgs", "python-pkg"),
        "java-archive" | "jenkins-plugin" => ("Java".to_owned(), "lang-pkgs", "jar"),
        "gem" => ("Ruby".to_owned(), "lang-pkgs", "gemspec"),
        "conda" => ("Conda".to_owned(), "lang-pkgs", "conda-pkg"),
        "go-module" => (path.to_owned(), "lang-pkgs", "gobinary"),
        "rust-crate" => (path.to_owned(), "lang-pkgs", "rustbinary"),
        "php-composer" => (path.to_owned(), "lang-pkgs", "composer-vendor"),
        "dotnet" => (path.to_owned(), "lang-pkgs", "dotnet-core"),
        "bitnami" => (path.to_owned(), "lang-pkgs", "bitnami"),
        _ => (path.to_owned(), "lang-pkgs", "unknown"),
    }
}

/// What Trivy calls the ecosystem of a file, by the end of its name.
const LOCK_FILES: &[(&str, &str)] = &[
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("yarn.lock", "yarn"),
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("poetry.lock", "poetry"),
    ("Pipfile.lock", "pipenv"),
    ("uv.lock", "uv"),
    ("requirements.txt", "pip"),
    ("Cargo.lock", "cargo"),
    ("go.mod", "gomod"),
    ("Gemfile.lock", "bundler"),
    ("composer.lock", "composer"),
    ("pom.xml", "pom"),
    ("gradle.lockfile", "gradle"),
    ("packages.lock.json", "nuget"),
    ("packages.config", "nuget"),
    (".deps.json", "dotnet-core"),
    ("conan.lock", "conan"),
    ("mix.lock", "hex"),
    ("pubspec.lock", "pub"),
    ("Podfile.lock", "cocoapods"),
    ("Package.resolved", "swift"),
];

fn package_id(package: &PackageRow) -> String {
    format!("{}@{}", package.full_name(), package.version)
}

fn identifier(package: &PackageRow) -> Value {
    let path = package.locations.first().map(String::as_str).unwrap_or_default();
    let uid = identity::hash(&[&package.purl, path]);
    json!({ "PURL": package.purl, "UID": uid.get(..16) })
}

/// A package of `Packages`.
fn listed(package: &PackageRow) -> Value {
    let mut out = json!({
        "ID": package_id(package),
        "Name": package.full_name(),
        "Identifier": identifier(package),
        "Version": package.version,
        "Layer": layer(&package.layer),
    });
    if let Some(arch) = &package.arch {
        out["Arch"] = arch.as_str().into();
    }
    if let Some(source) = &package.source {
        out["SrcName"] = source.name.as_str().into();
        out["SrcVersion"] = source.version.as_str().into();
    }
    if !package.licenses.is_empty() {
        out["Licenses"] = json!(package.licenses);
    }
    if package.development {
        out["Dev"] = true.into();
    }
    if let Some(path) = package.locations.first() {
        out["FilePath"] = path.as_str().into();
    }
    out
}

fn vulnerability(row: &FindingRow, fingerprint: &str) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    let record = finding.advisories.first().map_or(&finding.id, |evidence| &evidence.id);
    let source = publisher::of(record);
    let mut out = json!({
        "VulnerabilityID": finding.id,
        "VendorIDs": finding.advisories.iter().map(|evidence| &evidence.id).filter(|id| **id != finding.id).collect::<Vec<_>>(),
        "PkgID": package_id(package),
        "PkgName": package.full_name(),
        "PkgIdentifier": identifier(package),
        "InstalledVersion": package.version,
        "Status": match finding.state {
            FixState::Fixed => "fixed",
            FixState::NotFixed => "affected",
            FixState::WillNotFix => "will_not_fix",
            FixState::FixDeferred => "fix_deferred",
            FixState::UnderInvestigation => "under_investigation",
            FixState::EndOfLife => "end_of_life",
        },
        "Layer": layer(&package.layer),
        "PrimaryURL": publisher::page(&finding.id),
        "DataSource": { "ID": source.id, "Name": source.name, "URL": source.url },
        "Fingerprint": format!("pratique:{fingerprint}"),
        "Severity": level(finding.level()),
        "SeveritySource": publisher::of(&finding.severity.source).id,
        "References": row.references.iter().filter(|url| is_link(url)).collect::<Vec<_>>(),
    });
    let optional = [
        ("FixedVersion", finding.fixed_version.as_deref()),
        ("PkgPath", package.locations.first().map(String::as_str).filter(|_| !package.locked_only)),
        ("Title", finding.title.as_deref()),
        ("Description", row.description.as_deref()),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            out[key] = value.into();
        }
    }
    let vendors: BTreeMap<_, _> = finding
        .severities
        .iter()
        .rev()
        .map(|rating| (publisher::of(&rating.source).id, number(rating.level)))
        .collect();
    if !vendors.is_empty() {
        out["VendorSeverity"] = json!(vendors);
    }
    let mut vectors: BTreeMap<&str, Value> = BTreeMap::new();
    for rating in cvss::vectors(finding) {
        let prefix = match cvss::version(rating) {
            Some("2.0") => "V2",
            Some("4.0") => "V40",
            _ => "V3",
        };
        let known = vectors.entry(publisher::of(&rating.source).id).or_insert_with(|| json!({}));
        if known.get(format!("{prefix}Vector")).is_none() {
            known[format!("{prefix}Vector")] = rating.value.as_str().into();
            known[format!("{prefix}Score")] = json!(rating.score.map(json::decimal));
        }
    }
    if !vectors.is_empty() {
        out["CVSS"] = json!(vectors);
    }
    out
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Critical => "CRITICAL",
        Level::High => "HIGH",
        Level::Medium => "MEDIUM",
        Level::Low | Level::Negligible => "LOW",
        Level::Unknown => "UNKNOWN",
    }
}

/// Trivy's numbers for levels, in `VendorSeverity`.
fn number(level: Level) -> u8 {
    match level {
        Level::Unknown => 0,
        Level::Negligible | Level::Low => 1,
        Level::Medium => 2,
        Level::High => 3,
        Level::Critical => 4,
    }
}
