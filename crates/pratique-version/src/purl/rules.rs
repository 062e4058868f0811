//! What the type definitions say beyond the general rules.
//!
//! Follows the purl specification's type definitions (`types/*-definition.json`): which parts ignore case, which names
//! are rewritten, and which parts a type needs or forbids. Requirements are enforced where the specification's test
//! suite enforces them. Others are not, since documents in the wild break them (`pkg:golang/stdlib`, `pkg:deb/curl`)
//! and a package that is read with a part missing is worth more than one that is lost.

use super::{Component, InvalidPackageUrl};

/// Which parts of a type ignore case and are written in lower case.
struct LowerCase {
    namespace: bool,
    name: bool,
    version: bool,
}

impl LowerCase {
    const fn of(package_type: &str) -> Self {
        let (namespace, name, version) = match package_type.as_bytes() {
            b"alpm" | b"apk" | b"bitbucket" | b"brew" | b"composer" | b"deb" | b"github" | b"hex"
            | b"luarocks" => (true, true, false),
            b"vscode-extension" => (true, true, true),
            b"qpkg" | b"rpm" | b"yocto" => (true, false, false),
            b"bitnami" | b"chrome-extension" | b"otp" | b"pub" => (false, true, false),
            b"oci" | b"pypi" => (false, true, true),
            b"huggingface" => (false, false, true),
            _ => (false, false, false),
        };
        Self { namespace, name, version }
    }
}

/// The parts of a package URL, decoded but not yet in canonical form.
pub(super) struct Parts {
    pub(super) package_type: String,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) qualifiers: Vec<(Box<str>, Box<str>)>,
}

impl Parts {
    fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(known, _)| **known == *key).map(|(_, value)| &**value)
    }

    /// Brings the parts into the form that the type asks for.
    pub(super) fn normalise(&mut self) {
        let lower = LowerCase::of(&self.package_type);
        if lower.namespace
            && let Some(namespace) = &mut self.namespace
        {
            namespace.make_ascii_lowercase();
        }
        if lower.name {
            self.name.make_ascii_lowercase();
        }
        if lower.version
            && let Some(version) = &mut self.version
        {
            version.make_ascii_lowercase();
        }
        match &*self.package_type {
            // The name holds slashes: only the first segment is the namespace, wherever the slashes were encoded.
            "git" => {
                let path = match self.namespace.take() {
                    Some(namespace) => namespace + "/" + &self.name,
                    None => std::mem::take(&mut self.name),
                };
                match path.split_once('/') {
                    Some((namespace, name)) => {
                        self.namespace = Some(namespace.to_owned());
                        name.trim_matches('/').clone_into(&mut self.name);
                    }
                    None => self.name = path,
                }
            }
            "pypi" => self.name = self.name.replace('_', "-"),
            "pub" => {
                self.name = self
                    .name
                    .chars()
                    .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' })
                    .collect();
            }
            // Databricks ignores case in the names of models, Azure ML does not.
            "mlflow"
                if self
                    .qualifier("repository_url")
                    .is_some_and(|url| url.contains("azuredatabricks.net")) =>
            {
                self.name.make_ascii_lowercase();
            }
            _ => {}
        }
    }

    /// Refuses what the type forbids.
    pub(super) fn check(&self) -> Result<(), InvalidPackageUrl> {
        let missing = |component| {
            Err(InvalidPackageUrl::Missing { package_type: self.package_type.clone(), component })
        };
        let malformed = |component, value: &str| {
            let package_type = self.package_type.clone();
            Err(InvalidPackageUrl::Malformed { package_type, component, value: value.to_owned() })
        };
        match (&*self.package_type, &self.namespace) {
            ("swift" | "vscode-extension", None) => missing(Component::Namespace),
            ("vcpkg" | "otp", Some(namespace)) => malformed(Component::Namespace, namespace),
            ("julia", _) if self.qualifier("uuid").is_none() => missing(Component::Qualifiers),
            ("cpan", _) if self.name.contains("::") => malformed(Component::Name, &self.name),
            ("chrome-extension", _) if !is_extension_id(&self.name) => malformed(Component::Name, &self.name),
            ("chrome-extension", _) => match &self.version {
                Some(version) if !is_extension_version(version) => malformed(Component::Version, version),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn is_extension_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| matches!(b, b'a'..=b'p'))
}

fn is_extension_version(version: &str) -> bool {
    let mut numbers = 0;
    version.split('.').all(|part| {
        numbers += 1;
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
    }) && numbers <= 4
}
