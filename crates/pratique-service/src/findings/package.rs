//! Packages as Inspector writes them: versions in parts, the ways in which packages are installed.

use pratique_inventory::{Package, PackageKind};

/// A version in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) epoch: Option<u32>,
    pub(crate) version: &'a str,
    pub(crate) release: Option<&'a str>,
}

/// Takes the version of a package apart: `epoch:version-release` for the operating system's, whole for all others.
pub(crate) fn parts_of(kind: PackageKind, version: &str) -> Parts<'_> {
    if !kind.is_os() {
        return Parts { epoch: None, version, release: None };
    }
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) if epoch.parse::<u32>().is_ok() => (epoch.parse().unwrap_or(0), rest),
        _ => (0, version),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) if !version.is_empty() && !release.is_empty() => (version, Some(release)),
        _ => (rest, None),
    };
    Parts { epoch: Some(epoch), version, release }
}

/// A fixed version, with the epoch always said where there is one.
pub(crate) fn fixed_version(kind: PackageKind, version: &str) -> String {
    match parts_of(kind, version).epoch {
        Some(epoch) if !version.contains(':') => format!("{epoch}:{version}"),
        _ => version.to_owned(),
    }
}

/// How a package was installed, by its kind and the file that states it. Inspector has no word for some.
pub(crate) fn manager(package: &Package, path: Option<&str>) -> Option<&'static str> {
    let file = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    Some(match package.kind {
        kind if kind.is_os() => "OS",
        PackageKind::Npm => match file {
            "package-lock.json" | ".package-lock.json" | "npm-shrinkwrap.json" => "NPM",
            "yarn.lock" => "YARN",
            _ => "NODEPKG",
        },
        PackageKind::Python => match file {
            "Pipfile.lock" => "PIPENV",
            "poetry.lock" => "POETRY",
            name if name.to_ascii_lowercase().ends_with(".txt") => "PIP",
            _ => "PYTHONPKG",
        },
        PackageKind::Gem if file == "Gemfile.lock" => "BUNDLER",
        PackageKind::Gem => "GEMSPEC",
        PackageKind::Cargo => "CARGO",
        PackageKind::Composer => "COMPOSER",
        PackageKind::NuGet if file.ends_with(".deps.json") => "DOTNET_CORE",
        PackageKind::NuGet => "NUGET",
        PackageKind::Go if matches!(file, "go.mod" | "go.sum") => "GOMOD",
        PackageKind::Go => "GOBINARY",
        PackageKind::Maven | PackageKind::JenkinsPlugin if file == "pom.xml" => "POM",
        PackageKind::Maven | PackageKind::JenkinsPlugin => "JAR",
        _ => return None,
    })
}

/// What brings a package of the operating system up to date.
pub(crate) fn remediation(kind: PackageKind) -> Option<&'static str> {
    match kind {
        PackageKind::Deb => Some("apt-get update && apt-get upgrade"),
        PackageKind::Rpm => Some("yum update"),
        PackageKind::Apk => Some("apk update && apk upgrade"),
        PackageKind::Alpm => Some("pacman -Syu"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_taken_apart_where_the_ecosystem_has_parts() {
        let parts = |kind, version: &'static str| {
            let Parts { epoch, version, release } = parts_of(kind, version);
            (epoch, version, release)
        };
        assert_eq!(parts(PackageKind::Deb, "3.0.13-0ubuntu3.2"), (Some(0), "3.0.13", Some("0ubuntu3.2")));
        assert_eq!(parts(PackageKind::Deb, "1:2.3-4-5"), (Some(1), "2.3-4", Some("5")));
        assert_eq!(parts(PackageKind::Deb, "20230311"), (Some(0), "20230311", None));
        assert_eq!(parts(PackageKind::Apk, "1.2.13-r0"), (Some(0), "1.2.13", Some("r0")));
        assert_eq!(parts(PackageKind::Npm, "1.0.0-rc.1"), (None, "1.0.0-rc.1", None));
        assert_eq!(parts(PackageKind::Deb, "x:1-"), (Some(0), "x:1-", None));
        assert_eq!(fixed_version(PackageKind::Deb, "3.0.13-0ubuntu3.4"), "0:3.0.13-0ubuntu3.4");
        assert_eq!(fixed_version(PackageKind::Npm, "4.17.21"), "4.17.21");
    }
}
