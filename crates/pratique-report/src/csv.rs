//! CSV by RFC 4180: lines end with CR LF, fields with commas, quotes or line ends are quoted.
//!
//! A table has no place for what is said of the whole, such as the age of the advisories: each line repeats that, and a
//! report without lines says nothing of it.
//!
//! Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula, and names of packages come from strangers: such
//! a field gets an apostrophe before it (OWASP, "CSV Injection"). An npm scope is therefore read as `'@scope/name`.

use std::{borrow::Cow, io::Write};

use crate::{
    checks::LicenceRow,
    format::{Context, WriteError},
    issue::{Issue, Kind, issues},
    markup::is_link,
    model::{LayerRef, Report},
    openvex::advice_for,
    publisher,
};

/// The columns; new ones come last.
const COLUMNS: [&str; 22] = [
    "target",
    "severity",
    "score",
    "vulnerability",
    "aliases",
    "package",
    "installed_version",
    "fixed_version",
    "type",
    "purl",
    "locations",
    "layer",
    "layer_digest",
    "epss",
    "epss_percentile",
    "known_exploited",
    "title",
    "advice",
    "advisories",
    "url",
    "kind",
    "database_created",
];

/// Writes a line for each finding of `report`, whatever its `kind`, under a line of names.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, _: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    line(&COLUMNS.map(str::to_owned), to)?;
    for row in &report.findings {
        let (finding, package) = (&row.finding, &row.package);
        let advisories: Vec<_> = finding.advisories.iter().map(|evidence| evidence.id.as_str()).collect();
        let fields = [
            report.target.name.clone(),
            finding.level().to_string(),
            finding.severity.score.map(|score| format!("{score:.1}")).unwrap_or_default(),
            finding.id.clone(),
            finding.aliases.join(" "),
            package.full_name(),
            package.version.clone(),
            finding.fixed_version.clone().unwrap_or_default(),
            package.kind.clone(),
            package.purl.clone(),
            package.locations.join("\n"),
            (package.layer.index + 1).to_string(),
            package.layer.known_digest().unwrap_or_default().to_owned(),
            finding.epss.map(|epss| epss.score.to_string()).unwrap_or_default(),
            finding.epss.map(|epss| epss.percentile.to_string()).unwrap_or_default(),
            finding.known_exploited.clone().unwrap_or_default(),
            finding.title.clone().unwrap_or_default(),
            advice_for(row),
            advisories.join(" "),
            publisher::page(&finding.id),
            "vulnerability".to_owned(),
            report.database.created.clone(),
        ];
        line(&fields, to)?;
    }
    for issue in issues(&report.checked).iter().filter(|issue| issue.kind != Kind::License) {
        line(&of_issue(report, issue), to)?;
    }
    for row in report.checked.licenses.iter().flatten() {
        line(&of_licence(report, row), to)?;
    }
    Ok(())
}

/// The rule stands where vulnerabilities have their id, what was found in the title; there is no package.
fn of_issue(report: &Report, issue: &Issue<'_>) -> [String; COLUMNS.len()] {
    let layer = issue.layer;
    let digest = layer.and_then(LayerRef::known_digest).unwrap_or_default();
    let url = issue.references.iter().find(|reference| is_link(reference));
    let mut fields = [const { String::new() }; COLUMNS.len()];
    let stated = [
        ("target", report.target.name.clone()),
        ("severity", issue.level.to_string()),
        ("vulnerability", issue.id.to_string()),
        ("locations", places(issue)),
        ("layer", layer.map(|layer| (layer.index + 1).to_string()).unwrap_or_default()),
        ("layer_digest", digest.to_owned()),
        ("title", format!("{}: {}", issue.title, issue.message)),
        ("advice", issue.remedy.to_owned()),
        ("url", url.cloned().unwrap_or_default()),
        ("kind", issue.kind.as_str().to_owned()),
        ("database_created", report.database.created.clone()),
    ];
    fill(&mut fields, stated);
    fields
}

/// Where it is; where that is several files one a line, as those of packages are.
fn places(issue: &Issue<'_>) -> String {
    match issue.path.filter(|_| !issue.also_in.is_empty()) {
        Some(first) => {
            [first].into_iter().chain(issue.also_in.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
        }
        None => issue.place.clone(),
    }
}

/// Every licence, also those that nobody objects to: the category stands where vulnerabilities have their id.
fn of_licence(report: &Report, row: &LicenceRow) -> [String; COLUMNS.len()] {
    let mut fields = [const { String::new() }; COLUMNS.len()];
    let stated = [
        ("target", report.target.name.clone()),
        ("vulnerability", row.category.as_str().to_owned()),
        ("package", row.name.clone()),
        ("installed_version", row.version.clone()),
        ("type", row.kind.clone()),
        ("purl", row.purl.clone()),
        ("locations", row.text.clone().unwrap_or_default()),
        ("title", row.license.clone().unwrap_or_default()),
        ("advice", row.violation.clone().unwrap_or_default()),
        ("kind", Kind::License.as_str().to_owned()),
        ("database_created", report.database.created.clone()),
    ];
    fill(&mut fields, stated);
    fields
}

/// Puts values into their columns.
fn fill<const N: usize>(fields: &mut [String; COLUMNS.len()], stated: [(&str, String); N]) {
    for (name, value) in stated {
        let place = COLUMNS.iter().zip(fields.iter_mut()).find(|(column, _)| **column == name);
        if let Some((_, field)) = place {
            *field = value;
        }
    }
}

fn line(fields: &[String], to: &mut dyn Write) -> std::io::Result<()> {
    let fields: Vec<_> = fields.iter().map(|text| field(text)).collect();
    write!(to, "{}\r\n", fields.join(","))
}

fn field(text: &str) -> Cow<'_, str> {
    // Full-width forms count too: spreadsheets of East Asia take them for the same.
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if !is_formula && !text.contains(['"', ',', '\n', '\r']) {
        return text.into();
    }
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\"")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        assert_eq!(field("plain 1.0"), "plain 1.0");
        assert_eq!(field("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(field("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(field("@angular/core"), "\"'@angular/core\"");
    }
}
