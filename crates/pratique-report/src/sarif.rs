//! SARIF 2.1.0 (OASIS), as GitHub code scanning, GitLab, Azure and editors read it.
//!
//! A rule is a vulnerability, a result is that vulnerability in one package. What GitHub asks for beyond the standard:
//! `properties.security-severity` of a rule is a CVSS score as a string and decides the level that is shown;
//! `partialFingerprints` make a result of today the alert of yesterday; locations must be relative; the first 5000
//! results are kept, so the worst come first. The standard has no place for layers: a location's logical locations name
//! the package and the layer beside the file.
//!
//! Misconfigurations, secrets and licences are results too ([`checks`]), with a rule for each check; so are those of
//! Dockerfiles ([`write_lint`]).
//!
//! What was not analysed is in `invocations[].toolExecutionNotifications`: an empty list of results alone is no proof.

mod checks;

use std::{collections::BTreeMap, fmt::Write as _, io::Write};

use pratique_advisory::Level;
use pratique_match::FixState;
use serde_json::{Value, json};

pub use self::checks::write_lint;
use crate::{
    cvss,
    format::{Context, WriteError},
    identity, issue, json,
    markup::{percent_encoded, shortened},
    model::{FindingRow, Report, Tool},
    notes::Note,
    publisher,
};

/// GitHub keeps this many characters of a rule's `fullDescription`.
const MAX_DESCRIPTION: usize = 1024;

/// The schema's address.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes `report` as SARIF.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, _: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let (mut rules, index) = rules(report);
    let fingerprints = identity::fingerprints(report);
    let mut results: Vec<_> = report
        .findings
        .iter()
        .zip(&fingerprints)
        .map(|(row, fingerprint)| result(row, index.get(row.finding.id.as_str()).copied(), fingerprint))
        .collect();
    let issues = issue::issues(&report.checked);
    checks::append(&issues, "IMAGE", &mut rules, &mut results);
    let target = &report.target;
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": tool(&report.tool, "Finds known vulnerabilities, misconfigurations, secrets and licences in container images.", &rules),
            // Without it, GitHub takes two images of one repository for two versions of one.
            "automationDetails": { "id": format!("pratique/{}/", target.name) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "IMAGE": { "description": { "text": format!("The root directory of {}", target.name) } },
            },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(report),
            }],
            "properties": properties(report),
            "results": results,
        }],
    });
    Ok(json::write(&document, to)?)
}

/// Who says so: this program, and the rules of which results follow.
fn tool(tool: &Tool, about: &str, rules: &[Value]) -> Value {
    json!({ "driver": {
        "name": "Pratique",
        "semanticVersion": tool.version,
        "version": tool.version,
        "informationUri": "https://github.com/pratique/pratique",
        "fullName": "Pratique container security",
        "shortDescription": { "text": about },
        "rules": rules,
    }})
}

/// A rule for each vulnerability, in the order of their first findings, and where each stands.
fn rules(report: &Report) -> (Vec<Value>, BTreeMap<&str, usize>) {
    let mut index = BTreeMap::new();
    let mut groups: Vec<Vec<&FindingRow>> = Vec::new();
    for row in &report.findings {
        let place = *index.entry(row.finding.id.as_str()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    (groups.iter().filter_map(|group| rule(group)).collect(), index)
}

/// The rule of one vulnerability; `rows` are its findings, the worst first.
fn rule(rows: &[&FindingRow]) -> Option<Value> {
    let worst = rows.first()?;
    let finding = &worst.finding;
    let title = finding.title.clone().unwrap_or_else(|| format!("{} in {}", finding.id, worst.package.name));
    let described = rows.iter().find_map(|row| row.description.as_deref()).unwrap_or(&title);
    let mut properties = json!({
        "precision": "very-high",
        "tags": ["security", "vulnerability", finding.level().as_str()],
    });
    // A publisher that rates by words has no score: its word's place on the scale stands in.
    if let Some(score) = rows.iter().filter_map(|row| cvss::score(&row.finding)).reduce(f32::max) {
        properties["security-severity"] = format!("{score:.1}").into();
    }
    Some(json!({
        "id": finding.id,
        "name": "KnownVulnerability",
        "shortDescription": { "text": shortened(&title, 240) },
        "fullDescription": { "text": shortened(described, MAX_DESCRIPTION) },
        "helpUri": publisher::page(&finding.id),
        "help": help(rows, &title, described),
        "defaultConfiguration": { "level": level(finding.level()) },
        "properties": properties,
    }))
}

fn help(rows: &[&FindingRow], title: &str, described: &str) -> Value {
    let Some(finding) = rows.first().map(|row| &row.finding) else { return Value::Null };
    let mut text = format!("{}: {title}\nSeverity: {}", finding.id, rating(&finding.severity));
    let mut markdown = format!(
        "**{}** {}\n\n| Package | Installed | Fixed in |\n| --- | --- | --- |\n",
        finding.id,
        inline(title)
    );
    let mut packages: Vec<_> = rows
        .iter()
        .map(|row| (row.package.full_name(), &row.package.version, row.finding.fixed_version.as_deref()))
        .collect();
    packages.dedup();
    for (name, version, fixed) in packages {
        let fixed = fixed.unwrap_or("none yet");
        let _ = write!(text, "\nPackage: {name} {version}, fixed in: {fixed}");
        let _ = writeln!(markdown, "| {} | {} | {} |", inline(&name), inline(version), inline(fixed));
    }
    let _ = write!(markdown, "\nSeverity: {}", inline(&rating(&finding.severity)));
    if let Some(since) = &finding.known_exploited {
        let _ = write!(text, "\nKnown to be exploited since {since} (CISA)");
        let _ = write!(markdown, "  \nKnown to be exploited since {} (CISA)", inline(since));
    }
    if let Some(epss) = finding.epss {
        let chance = format!("{:.2} %", epss.score * 100.0);
        let _ = write!(text, "\nChance of being exploited within 30 days (EPSS): {chance}");
        let _ = write!(markdown, "  \nChance of being exploited within 30 days (EPSS): {chance}");
    }
    let page = publisher::page(&finding.id);
    let _ = write!(text, "\n\n{described}\n\n{page}");
    let _ = write!(markdown, "\n\n{}\n\n[{}]({page})", quoted(described), finding.id);
    json!({ "text": text, "markdown": markdown })
}

/// `high, 7.5 (CVSS 3.1, GHSA-…)`.
fn rating(severity: &pratique_match::Rating) -> String {
    let score = severity.score.map(|score| format!(", {score:.1}")).unwrap_or_default();
    let system = severity.system.map(pratique_advisory::System::as_str);
    let who: Vec<_> =
        system.into_iter().chain(Some(severity.source.as_str())).filter(|s| !s.is_empty()).collect();
    match who.as_slice() {
        [] => format!("{}{score}", severity.level),
        who => format!("{}{score} ({})", severity.level, who.join(", ")),
    }
}

fn result(row: &FindingRow, rule: Option<usize>, fingerprint: &str) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    let name = package.full_name();
    let title = finding.title.as_deref().map(|title| format!(": {title}")).unwrap_or_default();
    let advice = match &finding.fixed_version {
        Some(version) => format!("Update it to {version}."),
        None if finding.state == FixState::NotFixed => "There is no fixed version yet.".to_owned(),
        None => format!("There is no fixed version: {}.", finding.state.words()),
    };
    let layer = package.layer.index + 1;
    let text = format!("{name} {} (layer {layer}) has {}{title}. {advice}", package.version, finding.id);
    let location = |path: &String| location(path, row);
    let mut locations: Vec<_> = package.locations.iter().map(location).collect();
    if locations.is_empty() {
        locations.push(location(&name));
    }
    json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.level()),
        "message": { "text": text },
        "locations": locations.get(..1),
        "relatedLocations": locations.get(1..),
        "partialFingerprints": { "primaryLocationLineHash": fingerprint, "pratique/v1": fingerprint },
        "properties": {
            "purl": package.purl,
            "installedVersion": package.version,
            "fixedVersion": finding.fixed_version,
            "severity": finding.level().as_str(),
            "aliases": finding.aliases,
            "knownExploited": finding.known_exploited,
            "epss": finding.epss.map(|epss| json::decimal(epss.score)),
        },
    })
}

fn location(path: &str, row: &FindingRow) -> Value {
    let package = &row.package;
    let layer = &package.layer;
    let layer_name = layer.name();
    json!({
        "physicalLocation": {
            "artifactLocation": {
                "uri": percent_encoded(path.trim_start_matches('/'), b"/-._~!$&'()*+,;=@"),
                "uriBaseId": "IMAGE",
            },
            // GitHub shows no result without a line; a package is in the file as a whole.
            "region": { "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1 },
        },
        "logicalLocations": [
            { "name": package.full_name(), "fullyQualifiedName": package.purl, "kind": "package" },
            {
                "name": layer_name,
                "fullyQualifiedName": layer.known_digest().unwrap_or(&layer_name),
                "kind": "layer",
            },
        ],
        "message": { "text": format!("{} {}", package.full_name(), package.version) },
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::High => "error",
        Level::Medium => "warning",
        Level::Low | Level::Negligible | Level::Unknown => "note",
    }
}

/// What was not analysed, not read and not judged.
fn notifications(report: &Report) -> Vec<Value> {
    let notification = |note: Note| {
        let level = if note.reason.is_harmless() { "note" } else { "warning" };
        json!({ "level": level, "message": { "text": note.to_string() } })
    };
    report.notes().into_iter().map(notification).collect()
}

fn properties(report: &Report) -> Value {
    let target = &report.target;
    json!({
        "imageName": target.name,
        "imageDigest": target.digest,
        "imageID": target.image_id,
        "platform": target.platform,
        "distribution": target.distribution.as_ref().map(|d| format!("{} {}", d.id, d.version)),
        "databaseCreated": report.database.created,
        "coverageComplete": report.coverage.complete,
    })
}

/// Text in a line of Markdown, with what Markdown reads made plain.
fn inline(text: &str) -> String {
    crate::markdown::plain(text)
}

/// Advisories' descriptions are Markdown; as a quotation their headings and lists cannot break out.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}
