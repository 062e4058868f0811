//! CSV by RFC 4180: lines end with CR LF, fields with commas, quotes or line ends are quoted.
//!
//! Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula, and names of packages come from strangers: such
//! a field gets an apostrophe before it (OWASP, "CSV Injection"). An npm scope is therefore read as `'@scope/name`.

use std::{borrow::Cow, io::Write};

use crate::{
    format::{Context, WriteError},
    model::Report,
    openvex::advice_for,
    publisher,
};

/// The columns; new ones come last.
const COLUMNS: [&str; 20] = [
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
];

/// Writes a line for each finding of `report`, under a line of names.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, _: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    line(&COLUMNS.map(str::to_owned), to)?;
    for row in &report.findings {
        let (finding, package) = (&row.finding, &row.package);
        let layer = package.layer.digest.as_ref().or(package.layer.diff_id.as_ref());
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
            layer.cloned().unwrap_or_default(),
            finding.epss.map(|epss| epss.score.to_string()).unwrap_or_default(),
            finding.epss.map(|epss| epss.percentile.to_string()).unwrap_or_default(),
            finding.known_exploited.clone().unwrap_or_default(),
            finding.title.clone().unwrap_or_default(),
            advice_for(row),
            advisories.join(" "),
            publisher::page(&finding.id),
        ];
        line(&fields, to)?;
    }
    Ok(())
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
