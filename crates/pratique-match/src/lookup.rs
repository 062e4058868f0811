//! Under which keys of the database a package's advisories are filed, and with which version to compare.

use std::borrow::Cow;

use pratique_inventory::{Package, PackageKind};
use pratique_version::{Ecosystem, Scheme, go};

use crate::distribution::{FiledUnder, Release};

/// One question to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookup<'p> {
    /// OSV name with the release.
    pub(crate) ecosystem: Cow<'p, str>,
    /// Package name as filed.
    pub(crate) name: Cow<'p, str>,
    /// Version to compare.
    pub(crate) version: Cow<'p, str>,
    /// How the ecosystem orders versions.
    pub(crate) scheme: Scheme,
}

/// Why nothing can be asked about a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unasked {
    /// A distribution's package, and no advisories for the distribution.
    Release,
    /// A Java archive whose group nothing tells.
    Group,
    /// The version is not stated.
    Version,
    /// Nobody publishes advisories for this kind of package.
    Ecosystem,
}

/// The questions to ask about `package`.
pub(crate) fn lookups<'p>(
    package: &'p Package,
    release: Option<&'p Release>,
) -> Result<Vec<Lookup<'p>>, Unasked> {
    if package.version.is_empty() {
        return Err(Unasked::Version);
    }
    if package.kind.is_os() {
        return of_distribution(package, release.ok_or(Unasked::Release)?);
    }
    let (ecosystem, name, version): (_, Cow<'_, str>, Cow<'_, str>) = match package.kind {
        PackageKind::Npm => (Ecosystem::Npm, package.name.as_str().into(), package.version.as_str().into()),
        PackageKind::Python => {
            (Ecosystem::PyPI, package.name.as_str().into(), package.version.as_str().into())
        }
        PackageKind::Cargo => {
            (Ecosystem::CratesIo, package.name.as_str().into(), package.version.as_str().into())
        }
        PackageKind::Go => (Ecosystem::Go, package.name.as_str().into(), go_version(package)),
        PackageKind::Maven if package.namespace.is_none() => return Err(Unasked::Group),
        PackageKind::Maven => (Ecosystem::Maven, package.full_name(), package.version.as_str().into()),
        _ => return Err(Unasked::Ecosystem),
    };
    let scheme = ecosystem.scheme().ok_or(Unasked::Ecosystem)?;
    let name = match ecosystem.normalize_name(&name) {
        Cow::Borrowed(_) => name,
        Cow::Owned(normal) => normal.into(),
    };
    Ok(vec![Lookup { ecosystem: ecosystem.osv_name().into(), name, version, scheme }])
}

/// The standard library carries the toolchain's version, which is written its own way.
fn go_version(package: &Package) -> Cow<'_, str> {
    if package.name == "stdlib" {
        let toolchain = package.version.trim_start_matches("go");
        if let Some(semver) = go::toolchain_to_semver(&format!("go{toolchain}")) {
            return semver.into();
        }
    }
    package.version.as_str().into()
}

fn of_distribution<'p>(package: &'p Package, release: &'p Release) -> Result<Vec<Lookup<'p>>, Unasked> {
    let scheme = release.ecosystem.scheme().ok_or(Unasked::Ecosystem)?;
    let own = (package.name.as_str(), package.version.as_str());
    let source =
        package.source.as_ref().map_or(own, |source| (source.name.as_str(), source.version.as_str()));
    let mut asked = match release.filed_under {
        FiledUnder::Source => vec![source],
        FiledUnder::Binary => vec![own],
        FiledUnder::Both => vec![own, source],
    };
    asked.dedup_by_key(|(name, _)| *name);
    let names = release.names.iter();
    Ok(names
        .flat_map(|ecosystem| {
            asked.iter().map(move |&(name, version)| Lookup {
                ecosystem: ecosystem.as_str().into(),
                name: name.into(),
                version: version.into(),
                scheme,
            })
        })
        .collect())
}
