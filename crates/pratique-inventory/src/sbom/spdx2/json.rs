//! SPDX 2.3 as JSON (schema `spdx-schema.json` of the specification's repository).

use std::io::{self, Write};

use super::Document;

/// Writes `document` as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(document: &Document, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, document)?;
    to.write_all(b"\n")
}
