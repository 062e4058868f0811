//! Package URLs: `pkg:type/namespace/name@version?qualifiers#subpath`.
//!
//! Follows the package URL specification (ECMA-427): "How to parse", "How to build" and the type definitions, see
//! [`rules`]. A [`PackageUrl`] is always in canonical form, so two that mean the same package are equal, and
//! they sort by type, namespace, name, version.
//!
//! Traps: an unencoded `@` may begin an npm scope, so only one after the last slash begins the version; qualifiers
//! without a value are dropped; `.` and `..` in a subpath are dropped; a `+` is a plus, never a blank; the git
//! type's name holds slashes.

mod encoding;
mod rules;

use std::fmt;
use std::str::FromStr;

use encoding::{decode, encode};
use rules::Parts;

/// The longest package URL that is read, in bytes.
pub const MAX_PURL_BYTES: usize = 8192;

/// A package URL in canonical form.
///
/// ```
/// use pratique_version::purl::PackageUrl;
/// let purl: PackageUrl = "pkg:PYPI/Django_package@1.11.1.dev1".parse()?;
/// assert_eq!(purl.name(), "django-package");
/// assert_eq!(purl.to_string(), "pkg:pypi/django-package@1.11.1.dev1");
/// # Ok::<(), pratique_version::purl::InvalidPackageUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PackageUrl {
    package_type: Box<str>,
    namespace: Option<Box<str>>,
    name: Box<str>,
    version: Option<Box<str>>,
    qualifiers: Box<[(Box<str>, Box<str>)]>,
    subpath: Option<Box<str>>,
}

/// A part of a package URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Component {
    /// The type, such as `npm`.
    Type,
    /// The namespace, such as a Maven group.
    Namespace,
    /// The name.
    Name,
    /// The version.
    Version,
    /// The keys and values after the question mark.
    Qualifiers,
    /// The path within the package.
    Subpath,
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "type",
            Self::Namespace => "namespace",
            Self::Name => "name",
            Self::Version => "version",
            Self::Qualifiers => "qualifiers",
            Self::Subpath => "subpath",
        })
    }
}

/// Why a string, or a set of parts, is no package URL.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPackageUrl {
    /// It does not begin with `pkg:`.
    #[error("a package URL begins with `pkg:`")]
    NoScheme,
    /// It is longer than [`MAX_PURL_BYTES`].
    #[error("the package URL has {bytes} bytes, more than the {MAX_PURL_BYTES} that are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The type is missing, or has characters that no type has.
    #[error("`{package_type}` is not a package type: a letter, then letters, digits, `.`, `-` and `+`")]
    Type {
        /// The type as it was given.
        package_type: String,
    },
    /// There is no name.
    #[error("the package URL has no name")]
    NoName,
    /// A `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    #[error("the {component} `{value}` of the package URL is not percent-encoded UTF-8")]
    Encoding {
        /// Where.
        component: Component,
        /// The part as it was given.
        value: String,
    },
    /// A key of the qualifiers is empty or has characters that no key has.
    #[error("`{key}` is not a qualifier's key: a letter, then letters, digits, `.`, `-` and `_`")]
    QualifierKey {
        /// The key as it was given.
        key: String,
    },
    /// A key of the qualifiers occurs twice.
    #[error("the qualifier `{key}` is there twice")]
    DuplicateQualifier {
        /// The key.
        key: String,
    },
    /// The type needs a part that is not there.
    #[error("a package URL of type {package_type} needs {component}")]
    Missing {
        /// The type.
        package_type: String,
        /// The part.
        component: Component,
    },
    /// The type does not allow what is there.
    #[error("a package URL of type {package_type} cannot have the {component} `{value}`")]
    Malformed {
        /// The type.
        package_type: String,
        /// The part.
        component: Component,
        /// What is there.
        value: String,
    },
}

impl PackageUrl {
    /// Begins a package URL from parts; nothing in them is percent-encoded.
    ///
    /// ```
    /// use pratique_version::purl::PackageUrl;
    /// let purl = PackageUrl::builder("deb", "attr")
    ///     .namespace("debian")
    ///     .version("1:2.4.47-2+b1")
    ///     .qualifier("arch", "amd64")
    ///     .build()?;
    /// assert_eq!(purl.to_string(), "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64");
    /// # Ok::<(), pratique_version::purl::InvalidPackageUrl>(())
    /// ```
    pub fn builder(package_type: impl Into<String>, name: impl Into<String>) -> Builder {
        Builder {
            package_type: package_type.into(),
            namespace: None,
            name: name.into(),
            version: None,
            qualifiers: Vec::new(),
            subpath: None,
        }
    }

    /// Reads a package URL, canonical or not.
    pub fn parse(text: &str) -> Result<Self, InvalidPackageUrl> {
        let text = text.trim();
        if text.len() > MAX_PURL_BYTES {
            return Err(InvalidPackageUrl::TooLong { bytes: text.len() });
        }
        let (scheme, rest) = text.split_once(':').ok_or(InvalidPackageUrl::NoScheme)?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(InvalidPackageUrl::NoScheme);
        }
        let (rest, subpath) = match rest.split_once('#') {
            Some((rest, subpath)) => (rest, Some(decoded(Component::Subpath, subpath)?)),
            None => (rest, None),
        };
        let (rest, qualifiers) = match rest.split_once('?') {
            Some((rest, qualifiers)) => (rest, qualifiers),
            None => (rest, ""),
        };
        let rest = rest.trim_matches('/');
        let (package_type, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.trim_start_matches('/');
        let (path, version) = match path.rsplit_once('@') {
            Some((before, version)) if !version.contains('/') && !before.is_empty() => {
                (before, Some(decoded(Component::Version, version)?))
            }
            // "@1.3.4" after the type: a version of nothing, or an npm scope that lost its name.
            Some(("", _)) if !path.contains('/') => return Err(InvalidPackageUrl::NoName),
            _ => (path, None),
        };
        // A slash at the end leaves an empty name: "pkg:swift/github.com/Alamofire/@5.4.3".
        let split = if package_type.eq_ignore_ascii_case("git") {
            path.split_once('/')
        } else {
            path.rsplit_once('/')
        };
        let (namespace, name) = match split {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, path),
        };
        let mut builder = Self::builder(package_type, decoded(Component::Name, name)?);
        if let Some(namespace) = namespace {
            builder.namespace = Some(decoded(Component::Namespace, namespace)?);
        }
        builder.version = version;
        for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            builder = builder.qualifier(key, decoded(Component::Qualifiers, value)?);
        }
        builder.subpath = subpath;
        builder.build()
    }

    /// The type, in lower case: `npm`, `deb`, ….
    pub fn package_type(&self) -> &str {
        &self.package_type
    }

    /// The namespace: an npm scope, a Maven group, a distribution.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Keys and values, sorted by key.
    pub fn qualifiers(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.qualifiers.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The value of one key.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        let at = self.qualifiers.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
        self.qualifiers.get(at).map(|(_, value)| &**value)
    }

    /// The path within the package.
    pub fn subpath(&self) -> Option<&str> {
        self.subpath.as_deref()
    }

    /// The same package in another version, or in none.
    #[must_use]
    pub fn with_version(mut self, version: Option<&str>) -> Self {
        self.version = version.filter(|version| !version.is_empty()).map(Into::into);
        self
    }

    /// Type, namespace and name alone.
    #[must_use]
    pub fn without_version(mut self) -> Self {
        (self.version, self.subpath) = (None, None);
        self.qualifiers = Box::default();
        self
    }
}

fn decoded(component: Component, text: &str) -> Result<String, InvalidPackageUrl> {
    decode(text)
        .map(Into::into)
        .ok_or_else(|| InvalidPackageUrl::Encoding { component, value: text.to_owned() })
}

/// A package URL in the making, see [`PackageUrl::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    package_type: String,
    namespace: Option<String>,
    name: String,
    version: Option<String>,
    qualifiers: Vec<(String, String)>,
    subpath: Option<String>,
}

impl Builder {
    /// Sets the namespace; segments with a slash between two. An empty one is none.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets the version. An empty one is none.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds a qualifier. One with an empty value is dropped.
    pub fn qualifier(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.qualifiers.push((key.into(), value.into()));
        self
    }

    /// Sets the path within the package.
    pub fn subpath(mut self, subpath: impl Into<String>) -> Self {
        self.subpath = Some(subpath.into());
        self
    }

    /// Brings the parts into canonical form, if they make a package URL.
    pub fn build(self) -> Result<PackageUrl, InvalidPackageUrl> {
        let mut package_type = self.package_type;
        package_type.make_ascii_lowercase();
        if !is_key(&package_type, b".-+") {
            return Err(InvalidPackageUrl::Type { package_type });
        }
        let mut qualifiers: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(self.qualifiers.len());
        for (mut key, value) in self.qualifiers {
            key.make_ascii_lowercase();
            if !is_key(&key, b".-_") {
                return Err(InvalidPackageUrl::QualifierKey { key });
            }
            if !value.is_empty() {
                qualifiers.push((key.into(), value.into()));
            }
        }
        qualifiers.sort();
        if let Some([(key, _), _]) = qualifiers.array_windows().find(|[(a, _), (b, _)]| a == b) {
            return Err(InvalidPackageUrl::DuplicateQualifier { key: key.to_string() });
        }
        let mut parts = Parts {
            package_type,
            namespace: self.namespace.map(|text| segments(&text, |_| true)).filter(|text| !text.is_empty()),
            name: self.name.trim_matches('/').to_owned(),
            version: self.version.filter(|version| !version.is_empty()),
            qualifiers,
        };
        parts.normalise();
        if parts.name.is_empty() {
            return Err(InvalidPackageUrl::NoName);
        }
        parts.check()?;
        let subpath = self.subpath.map(|text| segments(&text, |part| part != "." && part != ".."));
        Ok(PackageUrl {
            package_type: parts.package_type.into(),
            namespace: parts.namespace.map(Into::into),
            name: parts.name.into(),
            version: parts.version.map(Into::into),
            qualifiers: parts.qualifiers.into(),
            subpath: subpath.filter(|text| !text.is_empty()).map(Into::into),
        })
    }
}

/// Whether the text is a letter, then letters, digits and bytes of `others`, all in lower case.
fn is_key(text: &str, others: &[u8]) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || others.contains(&b))
}

/// The segments that are not empty and wanted, with a slash between two.
fn segments(text: &str, wanted: impl Fn(&str) -> bool) -> String {
    let kept: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && wanted(part)).collect();
    kept.join("/")
}

impl FromStr for PackageUrl {
    type Err = InvalidPackageUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPackageUrl> {
        Self::parse(text)
    }
}

/// Writes the canonical form.
impl fmt::Display for PackageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.package_type)?;
        if let Some(namespace) = &self.namespace {
            encode(f, namespace, b"/")?;
            f.write_str("/")?;
        }
        let kept: &[u8] = if &*self.package_type == "git" { b"/" } else { b"" };
        encode(f, &self.name, kept)?;
        if let Some(version) = &self.version {
            f.write_str("@")?;
            encode(f, version, b"")?;
        }
        for (place, (key, value)) in self.qualifiers.iter().enumerate() {
            f.write_str(if place == 0 { "?" } else { "&" })?;
            write!(f, "{key}=")?;
            encode(f, value, b"")?;
        }
        if let Some(subpath) = &self.subpath {
            f.write_str("#")?;
            encode(f, subpath, b"/")?;
        }
        Ok(())
    }
}

impl serde::Serialize for PackageUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PackageUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_strings_are_refused_not_fatal() {
        let long = format!("pkg:npm/{}", "a".repeat(MAX_PURL_BYTES));
        for bad in [
            "",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "pkg:npm/a%",
            "pkg:npm/a%f",
            "pkg:npm/a%ff",
            "pkg:n√m/a",
            &long,
        ] {
            assert!(PackageUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(PackageUrl::parse("pkg:npm/a?b=1&B=2").is_err());
    }

    #[test]
    fn an_at_sign_may_be_a_scope() {
        let purl = PackageUrl::parse("pkg:npm/@babel/core").unwrap();
        assert_eq!((purl.namespace(), purl.name(), purl.version()), (Some("@babel"), "core", None));
        assert_eq!(purl.to_string(), "pkg:npm/%40babel/core");
    }

    #[test]
    fn a_git_namespace_is_one_segment_however_it_is_spelt() {
        for text in ["pkg:git/a/b/c", "pkg:git/a%2Fb/c", "pkg:git/a%2Fb%2Fc", "pkg:git/a//b/c"] {
            let purl = PackageUrl::parse(text).unwrap();
            assert_eq!((purl.namespace(), purl.name()), (Some("a"), "b/c"), "{text}");
            assert_eq!(purl.to_string(), "pkg:git/a/b/c");
        }
    }

    #[test]
    fn qualifiers_are_sorted_and_found() {
        let purl = PackageUrl::parse("pkg:rpm/fedora/curl@7?epoch=1&arch=i386&none=").unwrap();
        assert_eq!(purl.qualifiers().collect::<Vec<_>>(), [("arch", "i386"), ("epoch", "1")]);
        assert_eq!(purl.qualifier("epoch"), Some("1"));
        assert_eq!(purl.qualifier("none"), None);
        assert_eq!(purl.without_version().to_string(), "pkg:rpm/fedora/curl");
    }
}
