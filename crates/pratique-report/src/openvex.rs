//! OpenVEX 0.2.0: a draft that a person turns into statements.
//!
//! A scanner knows that a vulnerable version is there, not that the vulnerability can be reached: the status is
//! `under_investigation`, or `affected` where that is asked for ([`VexStatus`]), which the specification wants to go with an
//! `action_statement`. The product is the image, its packages are subcomponents: Trivy, Grype, vexctl and Docker Scout
//! match statements by the package URLs of both.
//!
//! Trap: `@id` of the document must change when the statements do, and `timestamp` is mandatory: see
//! [`Context::time`].

use std::{collections::BTreeMap, io::Write};

use pratique_match::FixState;
use serde_json::{Value, json};

use crate::{
    format::{Context, VexStatus, WriteError},
    identity, json,
    model::{FindingRow, Report},
    product, publisher,
};

/// Writes a draft about the findings of `report`.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let time = context.time(report).to_string();
    let image = product::purl(&report.target);
    let statements: Vec<_> =
        by_vulnerability(report).values().map(|rows| statement(rows, &image, context.vex_status)).collect();
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{}", identity::document(report, "openvex")),
        "author": "Unknown Author",
        "role": "Draft by a scanner",
        "timestamp": time,
        "version": 1,
        "tooling": format!("pratique {}", report.tool.version),
        "statements": statements,
    });
    Ok(json::write(&document, to)?)
}

/// The findings of each vulnerability, by its id.
pub(crate) fn by_vulnerability(report: &Report) -> BTreeMap<&str, Vec<&FindingRow>> {
    let mut groups: BTreeMap<&str, Vec<&FindingRow>> = BTreeMap::new();
    for row in &report.findings {
        groups.entry(row.finding.id.as_str()).or_default().push(row);
    }
    groups
}

/// What to do about the findings of one vulnerability, a sentence for each package.
pub(crate) fn advice(rows: &[&FindingRow]) -> String {
    let mut sentences: Vec<_> = rows.iter().map(|row| advice_for(row)).collect();
    sentences.sort();
    sentences.dedup();
    sentences.join(" ")
}

/// What to do about one finding.
pub(crate) fn advice_for(row: &FindingRow) -> String {
    let (name, version) = (row.package.full_name(), &row.package.version);
    match &row.finding.fixed_version {
        Some(fixed) => format!("Update {name} from {version} to {fixed}."),
        None => match row.finding.state {
            FixState::WillNotFix => format!("The publisher of {name} will not fix it in {version}."),
            FixState::FixDeferred => format!("The publisher of {name} will fix {version} later."),
            FixState::UnderInvestigation => {
                format!("The publisher of {name} is still looking whether {version} is affected.")
            }
            FixState::EndOfLife => {
                format!("{name} {version} gets no fixes any more: move to a newer release.")
            }
            FixState::Fixed | FixState::NotFixed => {
                format!("No fixed version of {name} {version} is known yet.")
            }
        },
    }
}

fn statement(rows: &[&FindingRow], image: &str, status: VexStatus) -> Value {
    let mut purls: Vec<_> = rows.iter().map(|row| row.package.purl.as_str()).collect();
    purls.sort_unstable();
    purls.dedup();
    let subcomponents: Vec<_> =
        purls.iter().map(|purl| json!({ "@id": purl, "identifiers": { "purl": purl } })).collect();
    let finding = rows.first().map(|row| &row.finding);
    let id = finding.map(|finding| finding.id.as_str()).unwrap_or_default();
    let mut vulnerability = json!({ "@id": publisher::page(id), "name": id });
    if let Some(title) = finding.and_then(|finding| finding.title.as_ref()) {
        vulnerability["description"] = title.as_str().into();
    }
    let mut aliases: Vec<_> = rows.iter().flat_map(|row| &row.finding.aliases).collect();
    aliases.sort();
    aliases.dedup();
    if !aliases.is_empty() {
        vulnerability["aliases"] = json!(aliases);
    }
    let mut statement = json!({
        "vulnerability": vulnerability,
        "products": [{ "@id": image, "identifiers": { "purl": image }, "subcomponents": subcomponents }],
    });
    match status {
        VexStatus::UnderInvestigation => {
            statement["status"] = "under_investigation".into();
            statement["status_notes"] = advice(rows).into();
        }
        VexStatus::Affected => {
            statement["status"] = "affected".into();
            statement["action_statement"] = advice(rows).into();
        }
    }
    statement
}
