//! Results of the classes `config`, `secret` and `license`.
//!
//! Traps: Trivy files an image's configuration as a `dockerfile` that is called as the image is; a secret's `Match` is the
//! line with stars for the secret, here it is the redacted secret alone; licences have Google's categories, not SPDX's, and a
//! severity that follows from them. Ids of rules are ours.

use std::collections::BTreeMap;

use pratique_check::licence::Category;
use pratique_inventory::PackageKind;
use serde_json::{Value, json};

use super::{layer, level};
use crate::{
    checks::{LicenceRow, MisconfigurationRow, SecretRow},
    markup::is_link,
    model::Report,
};

/// The results of what was looked for besides vulnerabilities.
pub(super) fn results(report: &Report) -> Vec<Value> {
    let image = report.target.name.as_str();
    let checked = &report.checked;
    let mut out = Vec::new();
    let rows = checked.misconfigurations.iter().flatten();
    for (target, rows) in grouped(rows, |row| row.path.as_deref().unwrap_or(image)) {
        out.push(json!({
            "Target": target,
            "Class": "config",
            "Type": "dockerfile",
            "MisconfSummary": { "Failures": rows.len() },
            "Misconfigurations": rows.into_iter().map(misconfiguration).collect::<Vec<_>>(),
        }));
    }
    let rows = checked.secrets.iter().flatten();
    for (target, rows) in grouped(rows, |row| row.path.as_deref().unwrap_or(image)) {
        out.push(json!({
            "Target": target,
            "Class": "secret",
            "Secrets": rows.into_iter().map(secret).collect::<Vec<_>>(),
        }));
    }
    for (target, rows) in grouped(checked.licenses.iter().flatten(), |row| packages(&row.kind)) {
        out.push(json!({
            "Target": target,
            "Class": "license",
            "Licenses": rows.into_iter().map(licence).collect::<Vec<_>>(),
        }));
    }
    out
}

/// Rows by their target; each target's in the order of the report.
fn grouped<'a, T>(
    rows: impl Iterator<Item = &'a T>,
    target: impl Fn(&'a T) -> &'a str,
) -> BTreeMap<&'a str, Vec<&'a T>> {
    let mut groups: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for row in rows {
        groups.entry(target(row)).or_default().push(row);
    }
    groups
}

fn misconfiguration(row: &MisconfigurationRow) -> Value {
    let mut cause = json!({ "Provider": "Dockerfile", "Service": "general" });
    if let Some(line) = row.line {
        cause["StartLine"] = line.into();
        cause["EndLine"] = line.into();
    }
    let links: Vec<_> = row.references.iter().filter(|reference| is_link(reference)).collect();
    let mut out = json!({
        "Type": "Dockerfile Security Check",
        "ID": row.id,
        "Title": row.title,
        "Description": row.why,
        "Message": row.message,
        "Namespace": format!("pratique.{}", row.id),
        "Resolution": row.remedy,
        "Severity": level(row.severity),
        "References": links,
        "Status": "FAIL",
        "Layer": row.layer.as_ref().map_or_else(|| json!({}), layer),
        "CauseMetadata": cause,
    });
    if let Some(link) = links.first() {
        out["PrimaryURL"] = link.as_str().into();
    }
    out
}

fn secret(row: &SecretRow) -> Value {
    let line = row.line.unwrap_or(1);
    let found = match &row.part {
        Some(part) => format!("{part}: {}", row.redacted),
        None => row.redacted.clone(),
    };
    json!({
        "RuleID": row.rule,
        "Category": row.rule.split('/').next(),
        "Severity": level(row.severity),
        "Title": row.title,
        "StartLine": line,
        "EndLine": line,
        "Code": { "Lines": null },
        "Match": found,
        "Layer": row.layer.as_ref().map_or_else(|| json!({}), layer),
    })
}

fn licence(row: &LicenceRow) -> Value {
    let (category, severity) = classified(row.category);
    json!({
        "Severity": severity,
        "Category": category,
        "PkgName": row.name,
        "FilePath": row.text.as_deref().unwrap_or_default(),
        "Name": row.license.as_deref().unwrap_or("unknown"),
        "Text": "",
        "Confidence": 1,
        "Link": "",
    })
}

/// The category as Trivy calls it, after Google's licence classifier, and the severity that it gives it.
const fn classified(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::PublicDomain => ("unencumbered", "LOW"),
        Category::Permissive => ("notice", "LOW"),
        Category::WeakCopyleft => ("reciprocal", "MEDIUM"),
        Category::StrongCopyleft => ("restricted", "HIGH"),
        Category::NetworkCopyleft | Category::Proprietary => ("forbidden", "CRITICAL"),
        Category::Unknown => ("unknown", "UNKNOWN"),
    }
}

/// Where Trivy files the licences of packages of `kind`.
fn packages(kind: &str) -> &str {
    if PackageKind::from_name(kind).is_some_and(PackageKind::is_os) {
        return "OS Packages";
    }
    match kind {
        "npm" => "Node.js",
        "python" => "Python",
        "java-archive" | "jenkins-plugin" => "Java",
        "gem" => "Ruby",
        kind => kind,
    }
}
