//! Misconfigurations, secrets and licences as results.
//!
//! GitHub reads the severity of a rule from its `security-severity`: rules of ours are rated by words, and the middle of
//! the word's range on the scale of CVSS stands in.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Value, json};

use super::{MAX_DESCRIPTION, SCHEMA, inline, level, tool};
use crate::{
    checks::LintReport,
    cvss,
    issue::{self, Issue, Kind},
    json,
    markup::{is_link, percent_encoded, shortened},
};

/// Adds the rules and results of `issues`; files are relative to `base`.
pub(super) fn append(issues: &[Issue<'_>], base: &str, rules: &mut Vec<Value>, results: &mut Vec<Value>) {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (issue, fingerprint) in issues.iter().zip(issue::fingerprints(issues)) {
        let place = *index.entry(&issue.id).or_insert_with(|| {
            rules.push(rule(issue));
            rules.len() - 1
        });
        results.push(result(issue, place, base, &fingerprint));
    }
}

/// The rule of `issue`.
fn rule(issue: &Issue<'_>) -> Value {
    let links: Vec<_> = issue.references.iter().filter(|reference| is_link(reference)).collect();
    let others: Vec<_> = issue.references.iter().filter(|reference| !is_link(reference)).collect();
    let mut text = format!("{}\n\n{}", issue.why, issue.remedy);
    let mut markdown = format!("{}\n\n**What to do:** {}", inline(issue.why), inline(issue.remedy));
    if !others.is_empty() {
        let others = others.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let _ = write!(text, "\n\nSee also: {others}");
        let _ = write!(markdown, "\n\nSee also: {}", inline(&others));
    }
    let mut rule = json!({
        "id": issue.id,
        "name": match issue.kind {
            Kind::Misconfiguration => "Misconfiguration",
            Kind::Secret => "Secret",
            Kind::License => "License",
        },
        "shortDescription": { "text": shortened(&issue.title, 240) },
        "fullDescription": { "text": shortened(issue.why, MAX_DESCRIPTION) },
        "help": { "text": text, "markdown": markdown },
        "defaultConfiguration": { "level": level(issue.level) },
        "properties": {
            "precision": "high",
            "tags": ["security", issue.kind.as_str(), issue.level.as_str()],
        },
    });
    if let Some(link) = links.first() {
        rule["helpUri"] = link.as_str().into();
    }
    if let Some(score) = cvss::middle(issue.level) {
        rule["properties"]["security-severity"] = format!("{score:.1}").into();
    }
    rule
}

fn result(issue: &Issue<'_>, rule: usize, base: &str, fingerprint: &str) -> Value {
    let line = issue.line.unwrap_or(1).max(1);
    // GitHub shows no result without a file: the image's configuration stands for what is in none.
    let uri = issue.path.unwrap_or("image-configuration").trim_start_matches('/');
    let artifact = |uri: &str| {
        let mut artifact = json!({ "uri": percent_encoded(uri, b"/-._~!$&'()*+,;=@") });
        if !base.is_empty() {
            artifact["uriBaseId"] = base.into();
        }
        artifact
    };
    let mut location = json!({
        "physicalLocation": { "artifactLocation": artifact(uri), "region": { "startLine": line, "endLine": line } },
        "message": { "text": issue.place },
    });
    if let Some(layer) = issue.layer {
        let name = layer.name();
        let full = layer.known_digest().unwrap_or(&name);
        location["logicalLocations"] = json!([{ "name": name, "fullyQualifiedName": full, "kind": "layer" }]);
    }
    let also = issue.also_in.iter().map(
        |path| json!({ "physicalLocation": { "artifactLocation": artifact(path.trim_start_matches('/')) } }),
    );
    let mut result = json!({
        "ruleId": issue.id,
        "ruleIndex": rule,
        "level": level(issue.level),
        "message": { "text": format!("{}: {} ({}). {}", issue.title, issue.message, issue.place, issue.remedy) },
        "locations": [location],
        "partialFingerprints": { "primaryLocationLineHash": fingerprint, "pratique/v1": fingerprint },
        "properties": { "severity": issue.level.as_str(), "kind": issue.kind.as_str() },
    });
    if !issue.also_in.is_empty() {
        result["relatedLocations"] = also.collect();
    }
    result
}

/// Writes what was found in Dockerfiles as SARIF.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_lint(report: &LintReport, to: &mut dyn Write) -> io::Result<()> {
    let issues: Vec<_> = report
        .files
        .iter()
        .flat_map(|file| file.misconfigurations.iter().map(move |row| (file, row)))
        .map(|(file, row)| Issue {
            // GitHub takes paths from the repository's root, and none with a dot before it.
            path: Some(file.path.trim_start_matches("./")),
            place: format!("{}:{}", file.path, row.line.unwrap_or(1)),
            ..Issue::from(row)
        })
        .collect();
    let (mut rules, mut results) = (Vec::new(), Vec::new());
    append(&issues, "", &mut rules, &mut results);
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": tool(&report.tool, "Checks Dockerfiles.", &rules),
            "automationDetails": { "id": "pratique/lint/" },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    json::write(&document, to)
}
