//! Portage keeps every field of a package in a file of its own, beside the one that makes it a package.

use super::Statement;
use crate::{
    catalogers::os::portage,
    fact::Fact,
    overlay::{Overlay, Sighting},
    package::PackageKind,
};

/// Gives Gentoo's packages the fields that lie beside their `CONTENTS`.
pub(super) fn add_fields(overlay: &Overlay<'_>, found: &mut [Statement<'_>]) {
    let by_folder = |path: &pratique_image::ImagePath| path.parent();
    let mut packages: std::collections::HashMap<_, _> = found
        .iter_mut()
        .filter(|statement| statement.stated.kind == PackageKind::Portage)
        .filter_map(|statement| Some((by_folder(statement.path)?, statement)))
        .collect();
    if packages.is_empty() {
        return;
    }
    for (path, sightings) in overlay.files() {
        let Some(statement) = by_folder(path).and_then(|folder| packages.get_mut(&folder)) else { continue };
        for fact in sightings.last().into_iter().flat_map(Sighting::facts) {
            let Fact::PackageField { field, value } = fact else { continue };
            match field.as_str() {
                "licence" => statement.licences.extend(portage::licences(value)),
                "depends" => {
                    statement.more.depends.extend(portage::depends(value).into_iter().map(Into::into));
                }
                "arch" => statement.more.arch = Some(value.clone()),
                _ => {
                    statement.more.details.insert(field.clone(), value.clone());
                }
            }
        }
    }
}
