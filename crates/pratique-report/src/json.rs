//! The report as JSON: the schema documented in `docs/report-json.md`.

use std::io::{self, Write};

use crate::Report;

/// Writes `report` as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, report)?;
    to.write_all(b"\n")
}
