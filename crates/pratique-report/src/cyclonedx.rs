//! CycloneDX 1.6 JSON: the packages, and with each vulnerability which of them it affects.
//!
//! The packages are written as `pratique sbom` writes them ([`pratique_inventory::sbom::cyclonedx`]); what is added is
//! `vulnerabilities`. No `analysis`: nobody has judged yet. `affects[].ref` is a component's `bom-ref`, so that
//! Dependency-Track and others need not guess. Without a list of packages (a saved report) the affected ones are listed, and
//! `compositions` says that there are more.
//!
//! Traps: CycloneDX counts what others call negligible as `info`; `CVSSv3` means 3.0 only; a reference needs a source.

use std::{collections::BTreeMap, io::Write};

use pratique_advisory::Level;
use pratique_inventory::{
    Scope,
    sbom::{
        Contents, Sbom,
        cyclonedx::{
            self, Version,
            model::{
                Advisory, AffectedVersion, Affects, Composition, Property, Rating, Reference, Source,
                Vulnerability,
            },
        },
    },
};

use crate::{
    cvss,
    format::{Context, WriteError},
    inventory::{Key, key, of_rows},
    json,
    markup::is_link,
    model::{FindingRow, Report},
    notes::{Note, Reason},
    openvex::{advice, by_vulnerability},
    publisher,
};

/// Writes `report` as CycloneDX.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let rows = report.known_packages();
    let inventory = of_rows(&report.target, &rows);
    let subject = report.target.subject();
    let created = context.epoch.map(|time| time.to_string());
    let sbom = Sbom {
        inventory: &inventory,
        scope: Scope::ALL,
        subject: &subject,
        tool_version: &report.tool.version,
        created: created.as_deref(),
    };
    let contents = Contents::new(&sbom);
    let places: BTreeMap<Key<'_>, usize> = rows.iter().map(|row| key(row)).zip(0..).collect();
    let reference =
        |row: &FindingRow| contents.reference(*places.get(&key(&row.package))?).map(str::to_owned);
    let mut document = cyclonedx::document(&sbom, &contents);
    // A report does not tell who depends on whom, and an empty list would say that nobody does.
    document.dependencies = Vec::new();
    document.vulnerabilities =
        by_vulnerability(report).into_iter().map(|(id, rows)| vulnerability(id, &rows, &reference)).collect();
    if report.packages.is_none() || !report.coverage.complete {
        let root = document.metadata.component.bom_ref.clone().into_iter().collect();
        document.compositions = vec![Composition { aggregate: "incomplete", assemblies: root }];
    }
    document.metadata.properties = coverage(report);
    Ok(cyclonedx::json::write(document.seal(), Version::default(), to)?)
}

/// What was not covered, as properties of the document.
fn coverage(report: &Report) -> Vec<Property> {
    let created = &report.database.created;
    let database = (!created.is_empty()).then(|| Property::new("pratique:database:created", created));
    let note = |note: Note| {
        let name = match note.reason {
            Reason::NotAsked | Reason::LeftOut => "pratique:coverage:left-out",
            Reason::NotAnalysed => "pratique:coverage:not-analysed",
            Reason::NotRead => "pratique:coverage:not-read",
            Reason::NotJudged => "pratique:coverage:not-judged",
            Reason::Careful => "pratique:coverage:note",
        };
        Property::new(name, note.said())
    };
    database.into_iter().chain(report.notes().into_iter().map(note)).collect()
}

fn vulnerability(
    id: &str,
    rows: &[&FindingRow],
    reference: &impl Fn(&FindingRow) -> Option<String>,
) -> Vulnerability {
    let mut aliases: Vec<_> = rows.iter().flat_map(|row| &row.finding.aliases).collect();
    aliases.sort();
    aliases.dedup();
    let mut affects: BTreeMap<String, &str> = BTreeMap::new();
    for row in rows {
        if let Some(reference) = reference(row) {
            affects.insert(reference, &row.package.version);
        }
    }
    let mut urls: Vec<_> = rows.iter().flat_map(|row| &row.references).filter(|url| is_link(url)).collect();
    urls.sort();
    urls.dedup();
    let mut properties = Vec::new();
    if let Some(row) = rows.first() {
        let finding = &row.finding;
        if let Some(epss) = finding.epss {
            properties.push(Property::new("pratique:epss:score", epss.score.to_string()));
            properties.push(Property::new("pratique:epss:percentile", epss.percentile.to_string()));
        }
        if let Some(since) = &finding.known_exploited {
            properties.push(Property::new("pratique:known-exploited", since));
        }
    }
    let title = rows.iter().find_map(|row| row.finding.title.clone());
    let text = rows.iter().find_map(|row| row.description.clone());
    Vulnerability {
        bom_ref: Some(format!("vulnerability:{id}")),
        id: id.to_owned(),
        source: Some(source(id)),
        references: aliases.into_iter().map(|id| Reference { id: id.clone(), source: source(id) }).collect(),
        ratings: ratings(rows),
        description: title.or_else(|| text.clone()),
        detail: text,
        recommendation: Some(advice(rows)),
        advisories: urls.into_iter().map(|url| Advisory { title: None, url: url.clone() }).collect(),
        affects: affects
            .into_iter()
            .map(|(reference, version)| {
                let version = AffectedVersion { version: version.to_owned(), status: "affected" };
                Affects { reference, versions: vec![version] }
            })
            .collect(),
        properties,
        ..Vulnerability::default()
    }
}

fn source(id: &str) -> Source {
    Source { name: Some(publisher::of(id).name.to_owned()), url: Some(publisher::page(id)) }
}

/// Every statement of the severity, the one that counts first.
fn ratings(rows: &[&FindingRow]) -> Vec<Rating> {
    let mut ratings: Vec<Rating> = Vec::new();
    for stated in
        rows.iter().flat_map(|row| std::iter::once(&row.finding.severity).chain(&row.finding.severities))
    {
        let named = !stated.source.is_empty();
        let rating = Rating {
            source: named.then(|| source(&stated.source)),
            score: stated.score.map(json::decimal),
            severity: Some(severity(stated.level)),
            method: Some(match cvss::version(stated) {
                Some("2.0") => "CVSSv2",
                Some("3.0") => "CVSSv3",
                Some("3.1") => "CVSSv31",
                Some("4.0") => "CVSSv4",
                _ => "other",
            }),
            vector: Some(stated.value.clone()).filter(|value| !value.is_empty()),
        };
        if !ratings.contains(&rating) {
            ratings.push(rating);
        }
    }
    ratings
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Critical => "critical",
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low => "low",
        Level::Negligible => "info",
        Level::Unknown => "unknown",
    }
}
