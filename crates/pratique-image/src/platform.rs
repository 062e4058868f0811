//! Platforms: operating system, architecture, variant, as images state them and as people type them.
//!
//! OCI image specification, *Image Index*, property `platform`; normalisation and matching follow containerd's
//! `platforms` package, because what it chooses is what will run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A platform in normal form: `linux/amd64`, `linux/arm64`, `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system, as Go's `GOOS`.
    pub os: String,
    /// Architecture, as Go's `GOARCH`.
    pub architecture: String,
    /// Variant of the architecture; `None` where there is only one in use (`arm64/v8` is `arm64`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// `os.version`, which Windows images use.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

/// Text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a platform: expected os/arch or os/arch/variant, for example linux/amd64 or linux/arm/v7"
)]
pub struct BadPlatform(String);

impl Platform {
    /// A platform in normal form, from the three fields as somebody wrote them.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, variant) = normal_architecture(architecture, variant.unwrap_or_default());
        Self {
            os: normal_os(os),
            architecture,
            variant: Some(variant).filter(|variant| !variant.is_empty()),
            os_version: None,
        }
    }

    /// The platform of images that run on this machine: Linux, whatever the host, as container engines run Linux.
    pub fn host() -> Self {
        Self::new("linux", std::env::consts::ARCH, None)
    }

    /// How well an image for `other` suits a machine that wants `self`: 0 is exact, higher is worse.
    ///
    /// A newer ARM runs images for older ones, as do newer x86-64 levels, and 64-bit ARM runs those for 32 bits;
    /// never the other way round.
    pub fn suits(&self, other: &Self) -> Option<u8> {
        if self.os != other.os {
            return None;
        }
        if self.os_version.is_some() && other.os_version.is_some() && self.os_version != other.os_version {
            return None;
        }
        let level = |platform: &Self| level(platform.variant.as_deref());
        if self.architecture == other.architecture {
            return match self.architecture.as_str() {
                "arm" | "amd64" | "arm64" => (level(self)?).checked_sub(level(other)?),
                _ if self.variant == other.variant => Some(0),
                _ => None,
            };
        }
        if self.architecture == "arm64" && other.architecture == "arm" {
            // After every arm64 variant.
            return 80u8.checked_sub(level(other)?).map(|worse| 100 + worse);
        }
        None
    }

    /// The best of `candidates` for `self`; the first of equally good ones.
    pub fn choose<'a, T>(&self, candidates: &'a [T], platform: impl Fn(&T) -> &Self) -> Option<&'a T> {
        candidates
            .iter()
            .filter_map(|candidate| Some((self.suits(platform(candidate))?, candidate)))
            .min_by_key(|(worse, _)| *worse)
            .map(|(_, candidate)| candidate)
    }
}

/// `v8`, `8` → 80, `v9.2` → 92; no variant is the architecture's first.
fn level(variant: Option<&str>) -> Option<u8> {
    let Some(variant) = variant else { return Some(0) };
    let digits = variant.strip_prefix('v').unwrap_or(variant);
    let (major, minor) = digits.split_once('.').unwrap_or((digits, "0"));
    let (major, minor) = (major.parse::<u8>().ok()?, minor.parse::<u8>().ok()?);
    major.checked_mul(10)?.checked_add(minor)
}

fn normal_os(os: &str) -> String {
    match os.to_ascii_lowercase().as_str() {
        "macos" => "darwin".into(),
        "" => "linux".into(),
        other => other.into(),
    }
}

fn normal_architecture(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386" | "i486" | "i586" | "i686" | "x86" | "386", variant) => ("386", variant),
        ("x86_64" | "x86-64" | "amd64", "v1" | "") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0" | "") => ("arm64", ""),
        ("aarch64" | "arm64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        ("powerpc64le", variant) => ("ppc64le", variant),
        (other, variant) => (other, variant),
    };
    (architecture.into(), variant.into())
}

impl FromStr for Platform {
    type Err = BadPlatform;

    fn from_str(text: &str) -> Result<Self, BadPlatform> {
        let bad = || BadPlatform(text.chars().take(100).collect());
        let fine = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        let parts: Vec<&str> = text.trim().split('/').collect();
        if !parts.iter().all(fine) {
            return Err(bad());
        }
        match parts[..] {
            // An architecture alone is a Linux one.
            [architecture] if is_architecture(architecture) => Ok(Self::new("linux", architecture, None)),
            [os, architecture] => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] => Ok(Self::new(os, architecture, Some(variant))),
            _ => Err(bad()),
        }
    }
}

fn is_architecture(text: &str) -> bool {
    matches!(
        normal_architecture(text, "").0.as_str(),
        "amd64"
            | "arm64"
            | "arm"
            | "386"
            | "ppc64le"
            | "s390x"
            | "riscv64"
            | "mips64le"
            | "loong64"
            | "ppc64"
    )
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn normalises() {
        for (text, want) in [
            ("linux/amd64", "linux/amd64"),
            ("Linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64"),
            ("linux/arm64/v9", "linux/arm64/v9"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
            ("macos/arm64", "darwin/arm64"),
            ("arm64", "linux/arm64"),
            ("x86_64", "linux/amd64"),
            ("linux/s390x", "linux/s390x"),
        ] {
            assert_eq!(platform(text).to_string(), want, "{text}");
        }
        for bad in ["", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "linux/am d64", "a/b/c/d"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn falls_back_to_what_the_machine_can_run() {
        for (want, offered, chosen) in [
            ("linux/amd64", &["linux/arm64", "linux/amd64"][..], Some("linux/amd64")),
            ("linux/amd64", &["linux/amd64/v2"], None),
            ("linux/amd64/v3", &["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], Some("linux/amd64/v2")),
            ("linux/arm/v7", &["linux/arm/v5", "linux/arm/v6"], Some("linux/arm/v6")),
            ("linux/arm/v6", &["linux/arm/v7"], None),
            ("linux/arm64", &["linux/arm/v7", "linux/arm64"], Some("linux/arm64")),
            ("linux/arm64", &["linux/arm/v6", "linux/arm/v7"], Some("linux/arm/v7")),
            ("linux/arm", &["linux/arm64"], None),
            ("linux/amd64", &["windows/amd64"], None),
            ("linux/ppc64le", &["linux/ppc64le"], Some("linux/ppc64le")),
        ] {
            let offered: Vec<Platform> = offered.iter().map(|text| platform(text)).collect();
            let got = platform(want).choose(&offered, |offer| offer).map(ToString::to_string);
            assert_eq!(got.as_deref(), chosen, "{want} from {offered:?}");
        }
    }
}
