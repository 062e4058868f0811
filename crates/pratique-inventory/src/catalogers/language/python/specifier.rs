//! What asks for a distribution, and whether it asks for one version of it.
//!
//! Follows the PyPA specifications "Dependency specifiers" (formerly PEP 508), "Version specifiers" (formerly
//! PEP 440) and "Names and normalization" (formerly PEP 503).

/// A name in its normal form: what two spellings of one name have in common.
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c.to_ascii_lowercase()),
        }
    }
    normal
}

/// One dependency specifier, taken apart but not judged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Specifier<'a> {
    /// The name as it is spelled.
    pub(super) name: &'a str,
    /// `==1.0, !=1.1`; empty where any version will do.
    pub(super) versions: &'a str,
    /// Behind `@`: where it is.
    pub(super) url: Option<&'a str>,
    /// Behind `;`: under which circumstances.
    pub(super) marker: &'a str,
}

impl<'a> Specifier<'a> {
    /// Takes a specifier apart; `None` where it does not begin with a name.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        let well_formed = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !well_formed {
            return None;
        }
        let mut rest = rest.trim_start();
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']')?.1.trim_start();
        }
        if let Some(url) = rest.strip_prefix('@') {
            // An address may hold a `;`: only behind a blank does a marker begin.
            let (url, marker) = url.split_once(" ;").unwrap_or((url, ""));
            return Some(Self { name, versions: "", url: Some(url.trim()), marker: marker.trim() });
        }
        let (versions, marker) = rest.split_once(';').unwrap_or((rest, ""));
        let versions = versions.trim();
        let versions = versions.strip_prefix('(').and_then(|v| v.strip_suffix(')')).unwrap_or(versions);
        if !versions.is_empty() && !versions.starts_with(['=', '<', '>', '!', '~']) {
            return None;
        }
        Some(Self { name, versions: versions.trim(), url: None, marker: marker.trim() })
    }

    /// The one version that it asks for. `==1.*` asks for many, and so does a version with a variable in it.
    pub(super) fn pin(&self) -> Option<&'a str> {
        let mut pins = self.versions.split(',').filter_map(|clause| {
            let clause = clause.trim();
            let version = clause.strip_prefix("===").or_else(|| clause.strip_prefix("=="))?.trim();
            is_version(version).then_some(version)
        });
        let pin = pins.next()?;
        // Two different ones cannot be met; which of them is meant is anybody's guess.
        pins.all(|other| other == pin).then_some(pin)
    }
}

/// Whether this is a version and no pattern.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+!".contains(&b))
        && text.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_names() {
        for (name, want) in [("Foo", "foo"), ("a-_.b", "a-b"), ("zope.interface", "zope-interface"), ("", "")]
        {
            assert_eq!(normal(name), want);
        }
    }

    #[test]
    fn finds_pins() {
        for (text, want) in [
            ("a==1.0", Some("1.0")),
            ("a === 1.0 ; python_version < '3'", Some("1.0")),
            ("a[x, y] (==1.0)", Some("1.0")),
            ("a>=1,==1.5", Some("1.5")),
            ("a==1!2.0rc1.post1+local.2", Some("1!2.0rc1.post1+local.2")),
            ("a == v0.770", Some("v0.770")),
            ("a==1.*", None),
            ("a==1.0,==2.0", None),
            ("a==${VERSION}", None),
            ("a~=1.0", None),
            ("a", None),
            ("a @ https://h/a-1.0.whl", None),
        ] {
            assert_eq!(Specifier::parse(text).unwrap().pin(), want, "{text}");
        }
        for text in ["", "==1.0", "-e .", "./a", "a[x", "a b==1", "-a-==1", "é==1", "{{ a }}==1"] {
            assert_eq!(Specifier::parse(text), None, "{text}");
        }
        let at = Specifier::parse("a[x] @ git+https://h/a@v1;2#egg=a ; os_name == 'nt'").unwrap();
        assert_eq!((at.url, at.marker), (Some("git+https://h/a@v1;2#egg=a"), "os_name == 'nt'"));
    }
}
