//! Packages that no registry served.

use pratique_inventory::Package;

/// Whether a record is about another package that merely has the same name.
///
/// Records of malicious packages (`MAL-…`) are about what somebody uploaded to a registry, as a rule under a
/// name that looks like another's, often a company's internal one. A project of one's own that has that name,
/// found by the manifest in its own tree, is what was imitated. Other records are about code, and a copy of the
/// code has its flaws wherever it came from.
pub(crate) fn is_a_namesake(package: &Package, record: &str) -> bool {
    record.starts_with("MAL-") && package.details.get("origin").is_some_and(|origin| origin == "local")
}
