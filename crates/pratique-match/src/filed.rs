//! Under which names the advisories of a package are filed, whatever a database holds of them.

use pratique_inventory::{Distribution, Package, PackageKind};
use pratique_version::Ecosystem;

use crate::{distribution::release_of, lookup::repository, modular};

/// The ecosystems, without a release, and the names, as the ecosystem compares them, under which advisories of `package`
/// may be filed. Wider than what is asked when matching: no change to an advisory that concerns the package goes by.
pub fn filed_under(distribution: Option<&Distribution>, package: &Package) -> Vec<(Ecosystem, String)> {
    let ecosystem = if package.kind.is_os() {
        distribution.and_then(release_of).map(|release| release.ecosystem)
    } else {
        package.kind.ecosystem()
    };
    let Some(ecosystem) = ecosystem else { return Vec::new() };
    let own = match package.kind {
        PackageKind::GitHubAction | PackageKind::GitHubWorkflow => repository(&package.name).to_owned(),
        _ => package.full_name().into_owned(),
    };
    let source = package.source.as_ref().filter(|_| package.kind.is_os()).map(|source| source.name.clone());
    let stream = modular::name_in_stream(package);
    let names = [Some(own), source, stream].into_iter().flatten();
    let mut filed: Vec<_> =
        names.map(|name| (ecosystem, ecosystem.normalize_name(&name).into_owned())).collect();
    filed.sort_by(|a, b| a.1.cmp(&b.1));
    filed.dedup();
    filed
}
