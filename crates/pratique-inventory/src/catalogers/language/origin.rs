//! Where a package was fetched from, in words that may be shown.
//!
//! Two rules for every ecosystem. A place in version control is written as SPDX 2.3, section 7.7 ("package
//! download location"), writes it, which is also what the purl qualifier `vcs_url` takes:
//! `git+https://host/path.git@revision`. And credentials never leave the file that held them: lock files and
//! `direct_url.json` carry tokens in their addresses (`https://TOKEN@host/…`), an SBOM is passed around.

/// The key under which a place in version control is kept in the details of a package.
pub(super) const VCS_URL: &str = "vcs_url";
/// The key under which the address of an archive is kept that no registry served.
pub(super) const DOWNLOAD_URL: &str = "download_url";
/// The key under which a registry other than the ecosystem's own is kept.
pub(super) const REPOSITORY_URL: &str = "repository_url";
/// The key that says of a package that it was not fetched at all: its value is `local`. It is the project
/// itself or a product unpacked as it came. That a registry knows its name and version is likely for the
/// second and an accident for the first, so advisories about malicious packages should not be matched by it.
pub(super) const ORIGIN: &str = "origin";

/// `git+https://host/path.git@revision` from `git+https://user:token@host/path.git`.
///
/// A query (`?branch=main`) goes: the revision says more. Without a revision nothing is appended.
pub(super) fn vcs_url(tool: &str, url: &str, revision: &str) -> String {
    let url = url.strip_prefix(tool).and_then(|rest| rest.strip_prefix('+')).unwrap_or(url);
    let url = url.split('?').next().unwrap_or(url);
    let url = without_credentials(url);
    // `git://` is a transport of its own and has no `git+` before it.
    let prefix = if url.starts_with(tool) && url[tool.len()..].starts_with("://") { "" } else { tool };
    let plus = if prefix.is_empty() { "" } else { "+" };
    let at = if revision.is_empty() { "" } else { "@" };
    format!("{prefix}{plus}{url}{at}{revision}")
}

/// `url` without user and password. The user of an SSH address stays: `git@` is part of the place and no
/// secret; a password after it goes.
pub(super) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((user, _)) = authority.rsplit_once('@') else { return url.to_owned() };
    // The split above was at a character of ASCII, so this is on a boundary.
    let place = rest.get(user.len() + 1..).unwrap_or_default();
    match user.split(':').next() {
        Some(login) if scheme.ends_with("ssh") && !login.is_empty() => format!("{scheme}://{login}@{place}"),
        _ => format!("{scheme}://{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_places_as_spdx_does() {
        for (url, revision, want) in [
            ("https://h/a.git", "abc", "git+https://h/a.git@abc"),
            ("git+https://h/a.git", "abc", "git+https://h/a.git@abc"),
            ("git+ssh://git@h/a.git", "", "git+ssh://git@h/a.git"),
            ("git://h/a", "abc", "git://h/a@abc"),
            ("https://h/a.git?branch=x", "abc", "git+https://h/a.git@abc"),
            ("git+https://u:p@h/a", "1", "git+https://h/a@1"),
        ] {
            assert_eq!(vcs_url("git", url, revision), want);
        }
    }

    #[test]
    fn takes_secrets_out() {
        for (url, want) in [
            ("https://token@h/a", "https://h/a"),
            ("https://user:pass@h/a@b", "https://h/a@b"),
            ("https://a@b@h/", "https://h/"),
            ("ssh://git:secret@h/a", "ssh://git@h/a"),
            ("https://h/a?x=y@z", "https://h/a?x=y@z"),
            ("https://@h", "https://h"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_credentials(url), want);
        }
    }
}
