//! GitLab's container scanning report, schema 15 (`container-scanning-report-format.json` of GitLab's security report
//! schemas), the artifact `reports: container_scanning`.
//!
//! Traps of the schema: times have neither zone nor fraction; `location.image` must be `name:tag` or `name@digest`;
//! `location.operating_system` is mandatory, and GitLab tells findings apart by it, the package and the first identifier, so
//! the CVE stands first; there are five levels and `Unknown`, and no `Negligible`.

use std::io::Write;

use pratique_advisory::Level;
use serde_json::{Value, json};

use crate::{
    format::{Context, WriteError},
    identity, json,
    markup::{is_link, shortened},
    model::{FindingRow, Report},
    notes::Note,
    openvex::advice_for,
    product, publisher,
};

/// Most identifiers the schema allows.
const MAX_IDENTIFIERS: usize = 20;

/// Writes `report` for GitLab.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let time = context.time(report).to_string();
    let time = time.split('Z').next().unwrap_or_default();
    let tool = json!({
        "id": "pratique",
        "name": "Pratique",
        "url": "https://github.com/pratique/pratique",
        "vendor": { "name": "Pratique" },
        "version": report.tool.version,
    });
    let place = json!({ "image": image(report), "operating_system": operating_system(report) });
    let ids = identity::numbered(report.findings.iter().map(id));
    let vulnerabilities = report.findings.iter().zip(ids).map(|(row, id)| vulnerability(row, &place, &id));
    let vulnerabilities: Vec<_> = vulnerabilities.collect();
    let document = json!({
        "version": "15.0.7",
        "schema": "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v15.0.7/dist/container-scanning-report-format.json",
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "container_scanning",
            "start_time": time,
            "end_time": time,
            "status": "success",
            "messages": messages(report),
        },
        "vulnerabilities": vulnerabilities,
        "remediations": [],
    });
    Ok(json::write(&document, to)?)
}

/// What was not analysed.
fn messages(report: &Report) -> Vec<Value> {
    let message = |note: Note| {
        let level = if note.reason.is_harmless() { "info" } else { "warn" };
        json!({ "level": level, "value": note.to_string() })
    };
    report.notes().into_iter().map(message).collect()
}

/// The image as the schema wants it: `[^:]+(:\d+[^:]*)?:[^:]+(:[^:]+)?`.
fn image(report: &Report) -> String {
    let target = &report.target;
    let Some(reference) = product::reference(target) else {
        let name: String = target.name.chars().map(|c| if c == ':' { '/' } else { c }).collect();
        return format!("{}:latest", if name.is_empty() { "image" } else { &name });
    };
    match (reference.tag(), reference.digest(), &target.digest) {
        (Some(tag), ..) => format!("{}:{tag}", reference.name()),
        (None, Some(digest), _) => format!("{}@{digest}", reference.name()),
        (None, None, Some(digest)) => format!("{}@{digest}", reference.name()),
        (None, None, None) => format!("{}:latest", reference.name()),
    }
}

fn operating_system(report: &Report) -> String {
    let known = report.target.distribution.as_ref().map(|d| format!("{} {}", d.id, d.version));
    let known = known.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    shortened(known.as_deref().unwrap_or("unknown"), 255).into_owned()
}

/// What tells a finding from others of the report, but for its number.
fn id(row: &FindingRow) -> String {
    let package = &row.package;
    let layer = package.layer.index.to_string();
    identity::hash(&[&row.finding.id, &package.purl, &layer, &package.locations.join("\n")])
}

fn vulnerability(row: &FindingRow, place: &Value, (hash, count): &(String, usize)) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    let name = package.full_name();
    let mut location = place.clone();
    location["dependency"] =
        json!({ "package": { "name": shortened(&name, 255) }, "version": shortened(&package.version, 255) });
    let title = finding.title.clone().unwrap_or_else(|| format!("{} in {name}", finding.id));
    let pages = std::iter::once(publisher::page(&finding.id));
    let links = pages.chain(row.references.iter().filter(|url| is_link(url)).cloned());
    let identifiers = std::iter::once(&finding.id).chain(&finding.aliases).take(MAX_IDENTIFIERS);
    json!({
        "id": identity::uuid(&[hash, &count.to_string()]),
        "name": shortened(&title, 255),
        "description": row.description.as_deref().unwrap_or(&title),
        "severity": severity(finding.level()),
        "solution": advice_for(row),
        "location": location,
        "identifiers": identifiers.map(|id| identifier(id)).collect::<Vec<_>>(),
        "links": links.map(|url| json!({ "url": url })).collect::<Vec<_>>(),
    })
}

fn identifier(id: &str) -> Value {
    // `cve` and `ghsa` are types that GitLab links by itself.
    let kind = match id.split_once('-') {
        Some((prefix @ ("CVE" | "GHSA" | "USN" | "RHSA" | "ELSA"), _)) => prefix.to_lowercase(),
        _ => "osv".to_owned(),
    };
    json!({ "type": kind, "name": id, "value": id, "url": publisher::page(id) })
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Critical => "Critical",
        Level::High => "High",
        Level::Medium => "Medium",
        Level::Low => "Low",
        Level::Negligible => "Info",
        Level::Unknown => "Unknown",
    }
}
