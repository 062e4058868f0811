//! CSAF 2.0 (OASIS), profile 5 "VEX": a draft that a person turns into an advisory.
//!
//! The image and each package are products, and "package as a component of image" is a relationship with a product id of
//! its own, which is what statements speak of. `tracking.status` is `draft`. As in [`crate::openvex`] the status is
//! `under_investigation`, or `known_affected` where that is asked for; both come with a remediation.
//!
//! Traps: the profile `csaf_vex` needs at least one vulnerability, so what has none is a `csaf_base` document;
//! `cvss_v3` takes 3.0 and 3.1 only, and `baseSeverity` must be the one that follows from the score; a vulnerability that
//! has no CVE id is named by `ids`; the publisher is a placeholder, because a scanner publishes nothing.

use std::{collections::BTreeMap, io::Write};

use pratique_match::{FixState, Rating};
use serde_json::{Value, json};

use crate::{
    cvss,
    format::{Context, VexStatus, WriteError},
    identity, json,
    markup::is_link,
    model::{FindingRow, PackageRow, Report},
    openvex::{advice_for, by_vulnerability},
    product, publisher,
};

/// The product id of the image.
const IMAGE: &str = "IMAGE";

/// Writes a draft about the findings of `report`.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let time = context.time(report).to_string();
    let ids = product_ids(report);
    let vulnerabilities: Vec<_> = by_vulnerability(report)
        .into_iter()
        .map(|(id, rows)| vulnerability(id, &rows, &ids, context.vex_status))
        .collect();
    let mut document = json!({
        "document": {
            "category": if vulnerabilities.is_empty() { "csaf_base" } else { "csaf_vex" },
            "csaf_version": "2.0",
            "lang": "en",
            "title": format!("Draft: known vulnerabilities of {}", report.target.name),
            "notes": [{
                "category": "general",
                "title": "Draft",
                "text": "Written by a scanner and judged by nobody yet. Fill in the publisher, judge each statement, \
                         and raise the version.",
            }],
            "publisher": {
                "category": "other",
                "name": "Pratique (draft)",
                "namespace": "https://github.com/pratique/pratique",
            },
            "tracking": {
                "id": format!("PRATIQUE-DRAFT-{}", identity::document(report, "csaf")),
                "status": "draft",
                "version": "0.1.0",
                "initial_release_date": time,
                "current_release_date": time,
                "generator": { "engine": { "name": "pratique", "version": report.tool.version } },
                "revision_history": [{ "date": time, "number": "0.1.0", "summary": "Draft by a scanner" }],
            },
        },
    });
    document["product_tree"] = product_tree(report, &ids);
    if !vulnerabilities.is_empty() {
        document["vulnerabilities"] = vulnerabilities.into();
    }
    Ok(json::write(&document, to)?)
}

/// A number for each package that has a finding, by its purl.
fn product_ids(report: &Report) -> BTreeMap<&str, usize> {
    let mut purls: Vec<_> = report.findings.iter().map(|row| row.package.purl.as_str()).collect();
    purls.sort_unstable();
    purls.dedup();
    purls.into_iter().zip(1..).collect()
}

fn product_tree(report: &Report, ids: &BTreeMap<&str, usize>) -> Value {
    let image = &report.target.name;
    let packages: BTreeMap<&str, &PackageRow> =
        report.findings.iter().map(|row| (row.package.purl.as_str(), &row.package)).collect();
    let mut products = vec![json!({
        "product_id": IMAGE,
        "name": image,
        "product_identification_helper": { "purl": product::purl(&report.target) },
    })];
    let mut relationships = Vec::new();
    for (purl, package) in packages {
        let Some(number) = ids.get(purl) else { continue };
        let name = format!("{} {}", package.full_name(), package.version);
        products.push(json!({
            "product_id": format!("PKG-{number}"),
            "name": name,
            "product_identification_helper": { "purl": purl },
        }));
        relationships.push(json!({
            "category": "default_component_of",
            "product_reference": format!("PKG-{number}"),
            "relates_to_product_reference": IMAGE,
            "full_product_name": { "product_id": component(*number), "name": format!("{name} in {image}") },
        }));
    }
    let mut tree = json!({ "full_product_names": products });
    if !relationships.is_empty() {
        tree["relationships"] = relationships.into();
    }
    tree
}

/// The product id of "package as a component of the image".
fn component(number: usize) -> String {
    format!("{IMAGE}:PKG-{number}")
}

fn vulnerability(id: &str, rows: &[&FindingRow], ids: &BTreeMap<&str, usize>, status: VexStatus) -> Value {
    let of = |row: &FindingRow| ids.get(row.package.purl.as_str()).copied().map(component);
    let mut products: Vec<_> = rows.iter().filter_map(|row| of(row)).collect();
    products.sort();
    products.dedup();
    let status = match status {
        VexStatus::UnderInvestigation => "under_investigation",
        VexStatus::Affected => "known_affected",
    };
    let title = rows.iter().find_map(|row| row.finding.title.as_deref());
    let text = rows.iter().find_map(|row| row.description.as_deref()).or(title).unwrap_or(id);
    let mut out = json!({
        "notes": [{ "category": "description", "text": text }],
        "product_status": { status: products },
    });
    if let Some(title) = title {
        out["title"] = title.into();
    }
    let mut others: Vec<_> = rows.iter().flat_map(|row| &row.finding.aliases).map(String::as_str).collect();
    if is_cve(id) {
        out["cve"] = id.into();
    } else {
        others.push(id);
    }
    others.retain(|other| *other != id || !is_cve(id));
    others.sort_unstable();
    others.dedup();
    if !others.is_empty() {
        let named = |id: &&str| json!({ "system_name": publisher::of(id).name, "text": id });
        out["ids"] = others.iter().map(named).collect();
    }
    let mut urls: Vec<_> = rows.iter().flat_map(|row| &row.references).filter(|url| is_link(url)).collect();
    urls.sort();
    urls.dedup();
    let own = json!({ "category": "external", "summary": id, "url": publisher::page(id) });
    let references =
        urls.into_iter().map(|url| json!({ "category": "external", "summary": url, "url": url }));
    out["references"] = std::iter::once(own).chain(references).collect();
    out["remediations"] = remediations(rows, of);
    let scores = scores(rows, of);
    if !scores.is_empty() {
        out["scores"] = scores.into();
    }
    out
}

/// `CVE-` year `-` four digits or more, as the schema has it.
fn is_cve(id: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| year.len() == 4 && digits(year) && number.len() >= 4 && digits(number))
}

fn remediations(rows: &[&FindingRow], of: impl Fn(&FindingRow) -> Option<String>) -> Value {
    let mut by_advice: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    for row in rows {
        let category = match row.finding.state {
            FixState::Fixed => "vendor_fix",
            FixState::WillNotFix | FixState::EndOfLife => "no_fix_planned",
            _ => "none_available",
        };
        by_advice.entry((advice_for(row), category)).or_default().extend(of(row));
    }
    by_advice
        .into_iter()
        .map(|((details, category), mut products)| {
            products.sort();
            products.dedup();
            json!({ "category": category, "details": details, "product_ids": products })
        })
        .collect()
}

/// One CVSS 3 vector for each product: the first that is stated of its finding.
fn scores(rows: &[&FindingRow], of: impl Fn(&FindingRow) -> Option<String>) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut by_vector: BTreeMap<&str, (&Rating, Vec<String>)> = BTreeMap::new();
    for row in rows {
        let is_v3 = |rating: &&Rating| matches!(cvss::version(rating), Some("3.0" | "3.1"));
        let Some(rating) = cvss::vectors(&row.finding).into_iter().find(is_v3) else { continue };
        let Some(product) = of(row).filter(|product| !seen.contains(product)) else { continue };
        seen.push(product.clone());
        by_vector.entry(&rating.value).or_insert_with(|| (rating, Vec::new())).1.push(product);
    }
    by_vector
        .into_iter()
        .filter_map(|(vector, (rating, products))| {
            let score = rating.score?;
            Some(json!({
                "products": products,
                "cvss_v3": {
                    "version": cvss::version(rating),
                    "vectorString": vector,
                    "baseScore": json::decimal(score),
                    "baseSeverity": base_severity(score),
                },
            }))
        })
        .collect()
}

/// The qualitative rating of CVSS 3.1, section 5.
fn base_severity(score: f32) -> &'static str {
    match score {
        s if s >= 9.0 => "CRITICAL",
        s if s >= 7.0 => "HIGH",
        s if s >= 4.0 => "MEDIUM",
        s if s >= 0.1 => "LOW",
        _ => "NONE",
    }
}
