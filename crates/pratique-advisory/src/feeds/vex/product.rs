//! Products of VEX statements: which package of which ecosystem a package URL names.

use pratique_version::{Ecosystem, purl::PackageUrl};

/// A package, as advisories file it; with a version, that version of it alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) ecosystem: String,
    pub(super) name: String,
    pub(super) version: Option<String>,
}

/// Why a product is no package that advisories could be filed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unplaced {
    /// It is a component of another product.
    Within,
    /// It is a container image.
    Image,
    /// It is a package of a distribution, of no release.
    NoRelease,
    /// It is something else, or not named by a package URL.
    NoPackage,
}

impl Unplaced {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Unplaced::Within => "they are about a component within a product",
            Unplaced::Image => "they are about container images",
            Unplaced::NoRelease => {
                "they are about packages of a distribution, and do not say of which release"
            }
            Unplaced::NoPackage => "they name no package of an ecosystem that is known here",
        }
    }
}

/// Types whose packages are filed by name alone.
const LANGUAGES: &[Ecosystem] = &[
    Ecosystem::Npm,
    Ecosystem::PyPI,
    Ecosystem::Go,
    Ecosystem::Maven,
    Ecosystem::NuGet,
    Ecosystem::RubyGems,
    Ecosystem::CratesIo,
    Ecosystem::Packagist,
    Ecosystem::Hex,
    Ecosystem::Pub,
    Ecosystem::Cran,
    Ecosystem::Conan,
    Ecosystem::Hackage,
    Ecosystem::SwiftUrl,
    Ecosystem::Bitnami,
    Ecosystem::Julia,
    Ecosystem::Opam,
];

impl Place {
    /// Where the package of that URL is filed.
    pub(super) fn of(purl: &str) -> Result<Place, Unplaced> {
        let purl = PackageUrl::parse(purl).map_err(|_| Unplaced::NoPackage)?;
        let (package_type, namespace) = (purl.package_type(), purl.namespace());
        let (ecosystem, name) = match package_type {
            "oci" | "docker" => return Err(Unplaced::Image),
            "deb" | "apk" | "rpm" => (distribution(&purl)?, purl.name().to_owned()),
            _ => {
                let ecosystem = LANGUAGES.iter().find(|known| known.purl_type() == package_type);
                let ecosystem = *ecosystem.ok_or(Unplaced::NoPackage)?;
                let separator = if ecosystem == Ecosystem::Maven { ":" } else { "/" };
                let name = match namespace {
                    Some(namespace) => format!("{namespace}{separator}{}", purl.name()),
                    None => purl.name().to_owned(),
                };
                (ecosystem.osv_name().to_owned(), name)
            }
        };
        Ok(Place { ecosystem, name, version: purl.version().map(str::to_owned) })
    }
}

/// The distribution's release, as OSV names it.
fn distribution(purl: &PackageUrl) -> Result<String, Unplaced> {
    // `distro=debian-12`, or what Docker writes: `os_name=debian&os_version=13`.
    let distro = purl.qualifier("distro").and_then(|distro| distro.split_once('-'));
    let version = distro.map(|(_, version)| version).or(purl.qualifier("os_version"));
    let mut parts = version.unwrap_or_default().split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next());
    let by_major = |name: &str| -> Result<String, Unplaced> {
        let number = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
        if number { Ok(format!("{name}:{major}")) } else { Err(Unplaced::NoRelease) }
    };
    match (purl.package_type(), purl.namespace().unwrap_or_default()) {
        ("apk", "wolfi") => Ok("Wolfi".into()),
        ("apk", "chainguard") => Ok("Chainguard".into()),
        ("apk", "alpine") => match minor {
            Some(minor) if !major.is_empty() => Ok(format!("Alpine:v{major}.{minor}")),
            _ => Err(Unplaced::NoRelease),
        },
        ("deb", "debian") => by_major("Debian"),
        ("rpm", "almalinux") => by_major("AlmaLinux"),
        ("rpm", "rocky") => by_major("Rocky Linux"),
        // Others are filed by products and services, which no package URL tells.
        _ => Err(Unplaced::NoRelease),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_places_or_not() {
        for (purl, place) in [
            ("pkg:npm/%40angular/core@1.0.0", Ok(("npm", "@angular/core", Some("1.0.0")))),
            ("pkg:maven/org.apache/log4j", Ok(("Maven", "org.apache:log4j", None))),
            ("pkg:golang/github.com/a/b", Ok(("Go", "github.com/a/b", None))),
            (
                "pkg:deb/debian/lz4@1-2?os_distro=trixie&os_name=debian&os_version=13",
                Ok(("Debian:13", "lz4", Some("1-2"))),
            ),
            ("pkg:deb/debian/lz4?distro=debian-12", Ok(("Debian:12", "lz4", None))),
            (
                "pkg:apk/alpine/curl@8.5.0-r0?distro=alpine-3.20.1",
                Ok(("Alpine:v3.20", "curl", Some("8.5.0-r0"))),
            ),
            ("pkg:apk/wolfi/bash@1.0.0", Ok(("Wolfi", "bash", Some("1.0.0")))),
            ("pkg:deb/debian/lz4", Err(Unplaced::NoRelease)),
            ("pkg:rpm/suse/libcap2", Err(Unplaced::NoRelease)),
            ("pkg:oci/nginx", Err(Unplaced::Image)),
            ("pkg:generic/a@1", Err(Unplaced::NoPackage)),
            ("nginx", Err(Unplaced::NoPackage)),
        ] {
            let found = Place::of(purl);
            let found = found.as_ref().map(|it| (&*it.ecosystem, &*it.name, it.version.as_deref()));
            assert_eq!(found.map_err(|why| *why), place, "{purl}");
        }
    }
}
