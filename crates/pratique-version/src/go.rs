//! Go: module versions are semantic versions; the toolchain's own are not.
//!
//! Module versions (`v1.2.3`, pseudo-versions such as `v0.0.0-20190125091013-d26f9f9a57f3`, `v2.0.0+incompatible`)
//! follow the Go modules reference, "Versions": ordinary semantic versions, build metadata without weight. OSV writes
//! them without the `v`, binaries and `go.mod` with it; both are accepted.
//!
//! The toolchain and standard library call themselves `go1.21rc2`, which the Go vulnerability database writes as
//! `1.21.0-rc.2`: [`toolchain_to_semver`] translates.

/// Translates a toolchain version, as binaries and `go version` spell it, into the semantic version that the Go
/// vulnerability database uses for `stdlib` and `toolchain`.
///
/// `None` when it is not a released toolchain (`devel go1.22-…`).
///
/// ```
/// use pratique_version::go::toolchain_to_semver;
/// assert_eq!(toolchain_to_semver("go1.21rc2").as_deref(), Some("1.21.0-rc.2"));
/// assert_eq!(toolchain_to_semver("go1.20.3").as_deref(), Some("1.20.3"));
/// assert_eq!(toolchain_to_semver("go1.9").as_deref(), Some("1.9.0"));
/// assert_eq!(toolchain_to_semver("devel +b7e9fa4"), None);
/// ```
pub fn toolchain_to_semver(toolchain: &str) -> Option<String> {
    // Experiments and vendors' marks follow after a blank, a hyphen or a plus: "go1.24.1 X:boringcrypto",
    // "go1.22.5-1", "go1.20.12b7+fips".
    let version = toolchain.trim().split([' ', '+']).next()?;
    let version = version.strip_prefix("go").or_else(|| version.strip_prefix('v')).unwrap_or(version);
    if let Some((core, pre_release)) = version.split_once('-')
        && (pre_release.starts_with("rc.") || pre_release.starts_with("beta."))
    {
        return toolchain_to_semver(core).map(|core| format!("{core}-{pre_release}"));
    }
    let version = version.split('-').next()?;
    let numbers_end = version.bytes().position(|b| !b.is_ascii_digit() && b != b'.').unwrap_or(version.len());
    let (numbers, pre_release) = version.split_at_checked(numbers_end)?;
    let mut parts = numbers.split('.');
    let (major, minor, patch) = (parts.next()?, parts.next().unwrap_or("0"), parts.next().unwrap_or("0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || ![major, minor, patch].into_iter().all(is_number) {
        return None;
    }
    let core = format!("{major}.{minor}.{patch}");
    if pre_release.is_empty() {
        return Some(core);
    }
    // Go 1.20.12b7 is Go+BoringCrypto, built from 1.20.12: a patch release never has a beta.
    let word_end = pre_release.bytes().position(|b| b.is_ascii_digit())?;
    let (word, number) = pre_release.split_at_checked(word_end)?;
    match word {
        "rc" | "beta" if is_number(number) => Some(format!("{core}-{word}.{number}")),
        "b" if is_number(number) => Some(core),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::toolchain_to_semver;

    #[test]
    fn toolchains() {
        for (toolchain, semver) in [
            ("go1", Some("1.0.0")),
            ("go1.21.0", Some("1.21.0")),
            ("go1.18beta1", Some("1.18.0-beta.1")),
            ("1.21rc3", Some("1.21.0-rc.3")),
            ("go1.24.1 X:boringcrypto", Some("1.24.1")),
            ("go1.18.4b7", Some("1.18.4")),
            ("go1.22.5-1", Some("1.22.5")),
            ("1.21.0-rc.1", Some("1.21.0-rc.1")),
            ("go", None),
            ("", None),
            ("go1..2", None),
            ("go1.21foo", None),
            ("devel go1.22-4b97e4a", None),
        ] {
            assert_eq!(toolchain_to_semver(toolchain).as_deref(), semver, "{toolchain}");
        }
    }
}
