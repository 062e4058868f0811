//! CycloneDX as JSON (schemas `bom-1.4.schema.json` to `bom-1.6.schema.json`).

use std::io::{self, Write};

use super::{Document, Version, version};

/// Writes `document` as indented JSON with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(document: Document, version: Version, to: &mut dyn Write) -> io::Result<()> {
    let document = version::adapted(document, version);
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}
