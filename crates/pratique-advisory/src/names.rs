//! The keys under which packages are filed.

use std::borrow::Cow;

use pratique_version::Ecosystem;

/// The family of an ecosystem, by the name that OSV gives it, release included.
pub(crate) fn family(ecosystem: &str) -> Option<Ecosystem> {
    Ecosystem::from_osv(ecosystem).map(|(family, _)| family)
}

/// The name of a package as its ecosystem compares names: what the index is keyed by. In an ecosystem that we do not know
/// names are compared as they are.
pub(crate) fn normalize(family: Option<Ecosystem>, name: &str) -> Cow<'_, str> {
    family.map_or(Cow::Borrowed(name), |family| family.normalize_name(name))
}
