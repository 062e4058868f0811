//! Documents as JSON: the schemas documented in `docs/report-json.md`.

use std::io::{self, Write};

use serde::Serialize;

/// Writes a report or a list of packages as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(document: &impl Serialize, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, document)?;
    to.write_all(b"\n")
}
