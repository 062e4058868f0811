//! The formats that are written, by the names under which people ask for them: `cyclonedx-json@1.5`.

use std::{
    io::{self, Write},
    str::FromStr,
};

use super::{Contents, Sbom, cyclonedx, github, spdx2, spdx3, syft_json};

/// A format and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// CycloneDX as JSON.
    CycloneDxJson(cyclonedx::Version),
    /// CycloneDX as XML.
    CycloneDxXml(cyclonedx::Version),
    /// SPDX 2.3 as JSON.
    Spdx2Json,
    /// SPDX 2.3 as tag-value text.
    Spdx2TagValue,
    /// SPDX 3.0.1 as JSON-LD.
    Spdx3Json,
    /// Syft's JSON.
    SyftJson,
    /// GitHub's dependency snapshot.
    GitHub,
}

/// A name of a format that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no SBOM format {0:?}; there are cyclonedx-json and cyclonedx-xml (@1.4, @1.5 or @1.6), \
     spdx-json (@2.3 or @3.0), spdx-tag-value, syft-json and github"
)]
pub struct UnknownFormat(pub String);

impl Format {
    /// All formats, each in all its versions.
    pub const ALL: &'static [Self] = &[
        Self::CycloneDxJson(cyclonedx::Version::V1_4),
        Self::CycloneDxJson(cyclonedx::Version::V1_5),
        Self::CycloneDxJson(cyclonedx::Version::V1_6),
        Self::CycloneDxXml(cyclonedx::Version::V1_4),
        Self::CycloneDxXml(cyclonedx::Version::V1_5),
        Self::CycloneDxXml(cyclonedx::Version::V1_6),
        Self::Spdx2Json,
        Self::Spdx2TagValue,
        Self::Spdx3Json,
        Self::SyftJson,
        Self::GitHub,
    ];

    /// Its name, without the version.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CycloneDxJson(_) => "cyclonedx-json",
            Self::CycloneDxXml(_) => "cyclonedx-xml",
            Self::Spdx2Json | Self::Spdx3Json => "spdx-json",
            Self::Spdx2TagValue => "spdx-tag-value",
            Self::SyftJson => "syft-json",
            Self::GitHub => "github",
        }
    }

    /// Its version, where there are several.
    pub const fn version(self) -> Option<&'static str> {
        match self {
            Self::CycloneDxJson(version) | Self::CycloneDxXml(version) => Some(version.as_str()),
            Self::Spdx2Json | Self::Spdx2TagValue => Some("2.3"),
            Self::Spdx3Json => Some("3.0"),
            Self::SyftJson | Self::GitHub => None,
        }
    }

    /// Writes `sbom` in this format. `job` is for GitHub's alone.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write(self, sbom: &Sbom<'_>, job: &github::Job, to: &mut dyn Write) -> io::Result<()> {
        let contents = Contents::new(sbom);
        match self {
            Self::CycloneDxJson(version) => {
                cyclonedx::json::write(cyclonedx::document(sbom, &contents).seal(), version, to)
            }
            Self::CycloneDxXml(version) => {
                cyclonedx::xml::write(cyclonedx::document(sbom, &contents).seal(), version, to)
            }
            Self::Spdx2Json => spdx2::json::write(&spdx2::document(sbom, &contents), to),
            Self::Spdx2TagValue => spdx2::tag_value::write(&spdx2::document(sbom, &contents), to),
            Self::Spdx3Json => spdx3::write(sbom, &contents, to),
            Self::SyftJson => syft_json::write(sbom, &contents, to),
            Self::GitHub => github::write(sbom, &contents, job, to),
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, version) = match lower.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (lower.as_str(), None),
        };
        let cyclonedx = || version.map_or(Some(cyclonedx::Version::default()), cyclonedx::Version::from_name);
        let plain = version.is_none();
        let format = match (name, version) {
            ("cyclonedx" | "cyclonedx-json", _) => cyclonedx().map(Self::CycloneDxJson),
            ("cyclonedx-xml", _) => cyclonedx().map(Self::CycloneDxXml),
            ("spdx" | "spdx-json", None | Some("2.3")) => Some(Self::Spdx2Json),
            ("spdx-tag-value" | "spdx-tv", None | Some("2.3")) => Some(Self::Spdx2TagValue),
            ("spdx" | "spdx-json", Some("3.0" | "3.0.1" | "3")) => Some(Self::Spdx3Json),
            ("syft-json" | "syft", _) if plain => Some(Self::SyftJson),
            ("github" | "github-json", _) if plain => Some(Self::GitHub),
            _ => None,
        };
        format.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_known_by_its_name_and_version() {
        for &format in Format::ALL {
            let name = match format.version() {
                Some(version) => format!("{}@{version}", format.name()),
                None => format.name().to_owned(),
            };
            assert_eq!(name.parse(), Ok(format), "{name}");
        }
        for wrong in ["", "cyclonedx@1.3", "spdx@9", "syft@1", "table"] {
            assert!(wrong.parse::<Format>().is_err(), "{wrong}");
        }
    }
}
