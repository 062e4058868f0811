//! SPDX 2.3 as tag-value text: `Tag: value` a line, longer texts between `<text>` and `</text>`.
//!
//! The order carries meaning: what follows a `PackageName` speaks of that package, so relationships and licences
//! come last.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use super::{
    Document,
    model::{Annotation, Package},
};

/// Writes `document`.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(document: &Document, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "SPDXVersion: {}", document.spdx_version)?;
    writeln!(to, "DataLicense: {}", document.data_license)?;
    writeln!(to, "SPDXID: {}", document.id)?;
    writeln!(to, "DocumentName: {}", line(&document.name))?;
    writeln!(to, "DocumentNamespace: {}", document.document_namespace)?;
    for creator in &document.creation_info.creators {
        writeln!(to, "Creator: {creator}")?;
    }
    writeln!(to, "Created: {}", document.creation_info.created)?;
    annotations(&document.annotations, document.id, to)?;
    for each in &document.packages {
        package(each, to)?;
    }
    for licence in &document.has_extracted_licensing_infos {
        writeln!(to, "\nLicenseID: {}", licence.license_id)?;
        writeln!(to, "ExtractedText: {}", text(&licence.extracted_text))?;
        writeln!(to, "LicenseName: {}", line(&licence.name))?;
    }
    writeln!(to)?;
    for each in &document.relationships {
        let (from, what, on) = (&each.spdx_element_id, each.relationship_type, &each.related_spdx_element);
        writeln!(to, "Relationship: {from} {what} {on}")?;
    }
    Ok(())
}

fn package(package: &Package, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "\nPackageName: {}", line(&package.name))?;
    writeln!(to, "SPDXID: {}", package.id)?;
    if !package.version_info.is_empty() {
        writeln!(to, "PackageVersion: {}", line(&package.version_info))?;
    }
    writeln!(to, "PackageSupplier: {}", line(&package.supplier))?;
    writeln!(to, "PackageDownloadLocation: {}", package.download_location)?;
    writeln!(to, "FilesAnalyzed: {}", package.files_analyzed)?;
    for checksum in &package.checksums {
        writeln!(to, "PackageChecksum: {}: {}", checksum.algorithm, checksum.checksum_value)?;
    }
    if let Some(info) = &package.source_info {
        writeln!(to, "PackageSourceInfo: {}", text(info))?;
    }
    writeln!(to, "PackageLicenseConcluded: {}", package.license_concluded)?;
    writeln!(to, "PackageLicenseDeclared: {}", line(&package.license_declared))?;
    writeln!(to, "PackageCopyrightText: {}", package.copyright_text)?;
    writeln!(to, "PrimaryPackagePurpose: {}", package.primary_package_purpose.replace('_', "-"))?;
    for each in &package.external_refs {
        let locator = line(&each.reference_locator);
        writeln!(to, "ExternalRef: {} {} {locator}", each.reference_category, each.reference_type)?;
    }
    annotations(&package.annotations, &package.id, to)
}

fn annotations(all: &[Annotation], of: &str, to: &mut dyn Write) -> io::Result<()> {
    for annotation in all {
        writeln!(to, "Annotator: {}", annotation.annotator)?;
        writeln!(to, "AnnotationDate: {}", annotation.annotation_date)?;
        writeln!(to, "AnnotationType: {}", annotation.annotation_type)?;
        writeln!(to, "SPDXREF: {of}")?;
        writeln!(to, "AnnotationComment: {}", text(&annotation.comment))?;
    }
    Ok(())
}

/// A value that must stay on its line.
fn line(value: &str) -> Cow<'_, str> {
    if value.contains(char::is_control) { value.replace(char::is_control, " ").into() } else { value.into() }
}

fn text(value: &str) -> String {
    format!("<text>{}</text>", value.replace("</text>", "< /text>"))
}
