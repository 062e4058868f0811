//! dpkg keeps its truth in many files: licences stand in `usr/share/doc/NAME/copyright`.

use std::collections::HashMap;

use super::Statement;
use crate::{
    fact::Fact,
    overlay::{Overlay, Sighting},
    package::PackageKind,
};

/// Gives Debian packages the licences of their copyright files.
pub(super) fn add_licences(overlay: &Overlay<'_>, found: &mut [Statement<'_>]) {
    let mut known: HashMap<&str, &[String]> = HashMap::new();
    for (_, sightings) in overlay.files() {
        for fact in sightings.last().into_iter().flat_map(Sighting::facts) {
            if let Fact::PackageLicences { package, licences } = fact {
                known.insert(package, licences);
            }
        }
    }
    for statement in found.iter_mut().filter(|s| s.stated.kind == PackageKind::Deb) {
        if let Some(licences) = known.get(statement.stated.name.as_str()) {
            statement.licences.extend_from_slice(licences);
        }
    }
}
