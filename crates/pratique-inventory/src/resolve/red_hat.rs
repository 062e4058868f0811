//! Red Hat's build system leaves notes in every layer it makes; they hold for the packages of that layer.

use std::collections::BTreeMap;

use super::Statement;
use crate::{
    fact::Fact,
    overlay::{Overlay, Sighting},
    package::PackageKind,
};

/// Gives rpm packages the content sets and the build of the layer that brought them.
///
/// What a layer notes twice (an image whose layers were squashed into one) is joined, since it cannot be told
/// which of the notes a package came with.
pub(super) fn add_builds(overlay: &Overlay<'_>, found: &mut [Statement<'_>]) {
    let mut builds: BTreeMap<usize, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for (_, sightings) in overlay.files() {
        let Some(top) = sightings.last() else { continue };
        for fact in Sighting::facts(top) {
            let Fact::Build { details } = fact else { continue };
            let of_layer = builds.entry(top.layer).or_default();
            for (key, value) in details {
                of_layer.entry(key).or_default().extend(value.split(' '));
            }
        }
    }
    for statement in found.iter_mut().filter(|statement| statement.stated.kind == PackageKind::Rpm) {
        for (key, values) in builds.get(&statement.layer).into_iter().flatten() {
            let mut values = values.clone();
            values.sort_unstable();
            values.dedup();
            statement.more.details.insert((*key).to_owned(), values.join(" "));
        }
    }
}
