//! Where a JavaScript package comes from, by the address that a lock file gives for it.

use super::super::origin;

/// The place in version control that an address leads to, if it does.
///
/// Besides addresses npm writes shorthands of four hosts: `github:user/repository#commit`.
pub(super) fn repository(address: &str) -> Option<String> {
    let (place, commit) = address.split_once('#').unwrap_or((address, ""));
    // Berry: `#commit=…`, with more behind `&`.
    let commit = commit.strip_prefix("commit=").unwrap_or(commit);
    let commit = commit.split('&').next().unwrap_or(commit);
    if place.starts_with("git+") || place.starts_with("git://") || place.starts_with("ssh://") {
        return Some(origin::vcs_url("git", place, commit));
    }
    if let Some(snapshot) = snapshot(place) {
        return Some(snapshot);
    }
    if let Some(path) = place.strip_prefix("https://") {
        let named = path.strip_suffix(".git").is_some();
        // `https://github.com/user/repository#commit`: two parts of a path are no archive.
        let hosted = ["github.com/", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|host| path.strip_prefix(host).is_some_and(|path| path.matches('/').count() == 1));
        return ((named || hosted) && !commit.is_empty()).then(|| origin::vcs_url("git", place, commit));
    }
    // `git@host:user/repository.git#commit`, as ssh takes it.
    if let Some((login, rest)) = place.split_once('@')
        && login.bytes().all(|b| b.is_ascii_alphanumeric())
        && let Some((host, path)) = rest.split_once(':')
        && !host.contains('/')
    {
        return Some(origin::vcs_url("git", &format!("ssh://{login}@{host}/{path}"), commit));
    }
    let (host, path) = place.split_once(':')?;
    let host = match host {
        "github" => "github.com",
        "gitlab" => "gitlab.com",
        "bitbucket" => "bitbucket.org",
        "gist" => "gist.github.com",
        _ => return None,
    };
    // A token may stand before the path here too: `github:TOKEN@user/repository`.
    let path = path.rsplit_once('@').map_or(path, |(_, path)| path);
    Some(origin::vcs_url("git", &format!("https://{host}/{path}"), commit))
}

/// A commit's archive as GitHub serves it: `https://codeload.github.com/user/repository/tar.gz/commit`.
fn snapshot(url: &str) -> Option<String> {
    let path = url.strip_prefix("https://codeload.github.com/")?;
    let (repository, commit) = path.split_once("/tar.gz/")?;
    let is_place = repository.matches('/').count() == 1 && !commit.is_empty() && !commit.contains('/');
    is_place.then(|| origin::vcs_url("git", &format!("https://github.com/{repository}"), commit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_places_in_version_control() {
        for (address, want) in [
            ("git+ssh://git@h/u/r.git#abc", Some("git+ssh://git@h/u/r.git@abc")),
            ("git://h/u/r#abc", Some("git://h/u/r@abc")),
            ("ssh://git:secret@h/u/r#abc", Some("git+ssh://git@h/u/r@abc")),
            ("https://h/u/r.git#commit=abc&workspace=x", Some("git+https://h/u/r.git@abc")),
            ("https://github.com/u/r#abc", Some("git+https://github.com/u/r@abc")),
            ("https://codeload.github.com/u/r/tar.gz/abc", Some("git+https://github.com/u/r@abc")),
            ("git@h:u/r.git#abc", Some("git+ssh://git@h/u/r.git@abc")),
            ("github:token@u/r#abc", Some("git+https://github.com/u/r@abc")),
            ("gist:abc", Some("git+https://gist.github.com/abc")),
            ("https://h/a/-/a-1.0.0.tgz#0123", None),
            ("https://github.com/u/r/archive/v1.tar.gz", None),
            ("1.0.0", None),
            ("npm:a@1", None),
            ("file:../a", None),
        ] {
            assert_eq!(repository(address).as_deref(), want, "{address}");
        }
    }
}
