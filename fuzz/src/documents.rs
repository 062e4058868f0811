//! Documents that stand in the place of an image.

use pratique_inventory::{
    Limits, Scope,
    sbom::{self, Format, Sbom, github::Job},
};

/// Reads a document; what could be read can be written, and read again.
pub fn sbom(mut bytes: &[u8]) {
    let limits = Limits { file_bytes: 1 << 20, records: 1000, ..Limits::default() };
    let Ok(document) = sbom::read(&mut bytes, &limits) else { return };
    let written = Sbom {
        inventory: &document.inventory,
        scope: Scope::ALL,
        subject: &document.subject,
        tool_version: "0",
        created: None,
    };
    for &format in Format::ALL.iter().filter(|format| **format != Format::GitHub) {
        let mut bytes = Vec::new();
        format.write(&written, &Job::default(), &mut bytes).expect("memory takes what is written");
        assert!(sbom::read(&mut bytes.as_slice(), &Limits::default()).is_ok(), "{format:?} of our own");
    }
}
