//! Documents as JSON: the schemas documented in `docs/report-json.md`.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::{PackageRow, Report};

/// Writes a report or a list of packages as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(document: &impl Serialize, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, document)?;
    to.write_all(b"\n")
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    packages: Option<&'a [PackageRow]>,
}

/// Writes `report`, and with `list_packages` all its packages too.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_report(report: &Report, list_packages: bool, to: &mut dyn Write) -> io::Result<()> {
    let packages = report.packages.as_deref().filter(|_| list_packages);
    write(&Listed { report, packages }, to)
}

/// A number as its shortest decimal, not as the double that is next to it: 7.8, not 7.800000190734863.
pub fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(0.0)
}
