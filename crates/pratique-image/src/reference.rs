//! References: `[host[:port]/]repository[:tag][@digest]`.
//!
//! The grammar is that of the distribution project's `reference` package, with Docker's short names: without a host
//! it is `docker.io`, and there a name without a slash is in `library/`. The first component is a host when it has
//! a dot or a port, is `localhost`, has an upper-case letter, or is an IPv6 address in brackets.

use std::fmt;
use std::str::FromStr;

use crate::{BadDigest, Digest};

/// Host of references that name none.
const DEFAULT_HOST: &str = "docker.io";

/// The name of an image in a registry, in full form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    host: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Text that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReference {
    /// Nothing at all.
    #[error("the image reference is empty")]
    Empty,
    /// Not `host/repository`.
    #[error("{0:?} is not an image reference: {1}")]
    Syntax(String, &'static str),
    /// The part behind the `@`.
    #[error("{0:?} is not an image reference")]
    Digest(String, #[source] BadDigest),
}

impl Reference {
    /// Longest `host/repository`, as the distribution project has it.
    pub const MAX_NAME: usize = 255;

    /// The registry's host, with its port if there is one: `docker.io`, `localhost:5000`, `[::1]:5000`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The repository inside the registry: `library/debian`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if one was given or stands in for a missing one; `None` where a digest alone names the image.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one was given.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// `host/repository`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// The name as people write it: without `docker.io/` and `library/`, where it means the same without them.
    pub fn familiar(&self) -> String {
        let short = match self.repository.strip_prefix("library/") {
            Some(name) if !name.contains('/') => name,
            _ => &self.repository,
        };
        // `docker.io/localhost/app` without its host would be an image of localhost.
        let is_misread = short.split_once('/').is_some_and(|(first, _)| looks_like_host(first));
        let mut name = if self.host == DEFAULT_HOST && !is_misread { short.to_owned() } else { self.name() };
        self.push_suffix(&mut name);
        name
    }

    /// The same repository with only this digest.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// Whether this is a tag: `[\w][\w.-]{0,127}`.
    pub fn is_tag(text: &str) -> bool {
        is_tag(text)
    }

    /// Whether this is the name of a repository inside a registry, of any length: lower-case components with
    /// slashes between them.
    pub fn is_repository(text: &str) -> bool {
        text.split('/').all(is_component)
    }

    fn push_suffix(&self, name: &mut String) {
        if let Some(tag) = &self.tag {
            name.push(':');
            name.push_str(tag);
        }
        if let Some(digest) = &self.digest {
            name.push('@');
            name.push_str(&digest.to_string());
        }
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let bad = |why| BadReference::Syntax(text.chars().take(300).collect(), why);
        if text.is_empty() {
            return Err(BadReference::Empty);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest =
                    digest.parse().map_err(|e| BadReference::Digest(text.chars().take(300).collect(), e))?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        // A colon behind the last slash starts the tag; one before it belongs to a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') && !tag.ends_with(']') => (name, Some(tag)),
            _ => (rest, None),
        };
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            return Err(bad(
                "a tag has up to 128 letters, digits, `_`, `.` and `-`, and does not begin with the last two",
            ));
        }
        let (host, repository) = match name.split_once('/') {
            Some((first, rest)) if looks_like_host(first) => (first, rest.to_owned()),
            _ => (DEFAULT_HOST, name.to_owned()),
        };
        if !is_host(host) {
            return Err(bad("the part before the first slash is not a valid host"));
        }
        let host = if host == "index.docker.io" { DEFAULT_HOST } else { host };
        let repository = if host == DEFAULT_HOST && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository
        };
        if repository.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad("the repository must be in lower case"));
        }
        if !Self::is_repository(&repository) {
            return Err(bad(
                "a repository has lower-case letters and digits, separated by `.`, `_`, `__`, `-` or `/`",
            ));
        }
        if digest.is_none()
            && repository.split('/').next_back().is_some_and(is_bare_hash)
            && !name.contains('/')
        {
            return Err(bad(
                "64 hexadecimal digits look like an image id; ids are not known outside of a container engine",
            ));
        }
        if host.len() + 1 + repository.len() > Self::MAX_NAME {
            return Err(bad("the name is longer than 255 characters"));
        }
        let tag = match (tag, &digest) {
            (Some(tag), _) => Some(tag.to_owned()),
            (None, None) => Some("latest".to_owned()),
            (None, Some(_)) => None,
        };
        Ok(Self { host: host.to_owned(), repository, tag, digest })
    }
}

fn looks_like_host(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.starts_with('[')
        || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_host(host: &str) -> bool {
    let (name, port) = if let Some(rest) = host.strip_prefix('[') {
        let Some((address, after)) = rest.split_once(']') else { return false };
        if address.is_empty() || !address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
            return false;
        }
        match after.strip_prefix(':') {
            Some(port) => ("v6", Some(port)),
            None if after.is_empty() => ("v6", None),
            None => return false,
        }
    } else {
        match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        }
    };
    let label = |label: &str| {
        let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        alphanumeric(bytes.first())
            && alphanumeric(bytes.last())
            && bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.split('.').all(label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    if !bytes.first().copied().is_some_and(is_word) || !bytes.last().copied().is_some_and(is_word) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

/// `[\w][\w.-]{0,127}`
fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || matches!(b, b'.' | b'-'))
}

fn is_bare_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = self.name();
        self.push_suffix(&mut name);
        f.write_str(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn completes_short_names() {
        for (text, want) in [
            ("debian", "docker.io/library/debian:latest"),
            ("debian:12-slim", "docker.io/library/debian:12-slim"),
            ("library/debian", "docker.io/library/debian:latest"),
            ("grafana/grafana:1", "docker.io/grafana/grafana:1"),
            ("docker.io/debian", "docker.io/library/debian:latest"),
            ("docker.io/library/team/app", "docker.io/library/team/app:latest"),
            ("docker.io/localhost/app", "docker.io/localhost/app:latest"),
            ("docker.io/a.b/app", "docker.io/a.b/app:latest"),
            ("index.docker.io/debian", "docker.io/library/debian:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("localhost:5000/app:1", "localhost:5000/app:1"),
            ("test:5000/repo", "test:5000/repo:latest"),
            ("ghcr.io/a/b/c:v1.2", "ghcr.io/a/b/c:v1.2"),
            ("127.0.0.1:80/a", "127.0.0.1:80/a:latest"),
            ("[2001:db8::1]:5000/repo:t", "[2001:db8::1]:5000/repo:t"),
            ("[2001:db8::1]/repo", "[2001:db8::1]/repo:latest"),
            ("Foo/bar", "Foo/bar:latest"),
            ("xn--n3h.com/app", "xn--n3h.com/app:latest"),
            ("foo_bar.com:8080", "docker.io/library/foo_bar.com:8080"),
            ("a__b/c--d", "docker.io/a__b/c--d:latest"),
            ("foo.com/bar:8080/", ""),
            ("test.com/a:TAG_1.x-y", "test.com/a:TAG_1.x-y"),
        ] {
            if want.is_empty() {
                assert!(text.parse::<Reference>().is_err(), "{text}");
                continue;
            }
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), want, "{text}");
            assert_eq!(want.parse::<Reference>().unwrap(), reference, "{text} round trip");
            assert_eq!(reference.familiar().parse::<Reference>().unwrap(), reference, "{text} familiar");
        }
    }

    #[test]
    fn takes_digests() {
        let reference: Reference = format!("test:5000/repo:tag@sha256:{HEX}").parse().unwrap();
        assert_eq!((reference.tag(), reference.host()), (Some("tag"), "test:5000"));
        assert_eq!(reference.digest().unwrap().hex(), HEX);
        let reference: Reference = format!("repo@sha256:{HEX}").parse().unwrap();
        assert_eq!(reference.tag(), None);
        assert_eq!(reference.to_string(), format!("docker.io/library/repo@sha256:{HEX}"));
    }

    #[test]
    fn refuses() {
        let long = format!("a/{}", "a".repeat(255));
        for bad in [
            "",
            ":justtag",
            "@sha256:ffffffffffffffffffffffffffffffffff",
            "repo@sha256:ffffffffffffffffffffffffffffffffff",
            "validname@invaliddigest:ffff",
            "Uppercase:tag",
            "test:5000/Uppercase/lowercase:tag",
            "lowercase:Upper/case",
            "aa/asdf$$^/aa",
            "a//b",
            "-foo/bar",
            "foo/bar-",
            "foo._bar/x",
            "a___b",
            "foo.com/.bar",
            "foo.com:http/bar",
            "[fe80::1%eth0]:5000/repo",
            "[zz]/repo",
            "repo:-tag",
            "repo:",
            "a b",
            "../x",
            HEX,
            &long,
            &format!("a:{}", "t".repeat(129)),
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }
}
