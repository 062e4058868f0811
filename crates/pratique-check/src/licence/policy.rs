//! Policies: which licences may be in an image.
//!
//! A policy is a TOML file, or the flags of the command:
//!
//! ```toml
//! allow = ["permissive", "public-domain", "MPL-2.0"]  # categories and SPDX identifiers; empty allows what is not denied
//! deny = ["network-copyleft"]                          # goes before allow
//! ignore = ["pkg:deb/*", "pkg:npm/our-own"]            # packages that are not asked about, by purl
//! ```
//!
//! An expression passes if one way of fulfilling it does. What is unknown passes only where `unknown` is allowed, or
//! nothing is said about what is allowed.

use pratique_inventory::licence::Licence;
use serde::Deserialize;
use spdx::{Expression, LicenseItem, LicenseReq};

use super::{Category, Licensed};

/// Which licences may be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Categories and identifiers that may be there; empty for all that are not denied.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Categories and identifiers that may not.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Packages that are not asked about: purls without version, `*` at the end for all that begin so.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadPolicy {
    /// No TOML, or other fields.
    #[error("the licence policy is not readable: {}", .0.message())]
    Unreadable(#[from] toml::de::Error),
    /// A name that neither is a category nor an SPDX identifier.
    #[error(
        "the licence policy names {0:?}, which is neither an SPDX identifier nor a category (public-domain, permissive, \
         weak-copyleft, strong-copyleft, network-copyleft, proprietary, unknown)"
    )]
    UnknownName(String),
}

impl Policy {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`BadPolicy`] when it is no policy, or names what does not exist: a slip must not let everything pass.
    pub fn parse(text: &str) -> Result<Self, BadPolicy> {
        let policy: Self = toml::from_str(text)?;
        policy.checked()
    }

    /// The same, if all its names exist.
    ///
    /// # Errors
    /// [`BadPolicy::UnknownName`].
    pub fn checked(self) -> Result<Self, BadPolicy> {
        let known = |name: &&String| {
            Category::from_name(name).is_some()
                || spdx::license_id(name).is_some()
                || name.starts_with("LicenseRef-")
        };
        match self.allow.iter().chain(&self.deny).find(|name| !known(name)) {
            Some(unknown) => Err(BadPolicy::UnknownName(unknown.clone())),
            None => Ok(self),
        }
    }

    /// Whether it asks for anything.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// Why `licensed` may not be there; `None` if it may.
    pub fn objection(&self, licensed: &Licensed<'_>) -> Option<String> {
        if self.is_empty() || self.ignores(&licensed.package.purl) {
            return None;
        }
        let takes = |licence: &Licence| match licence {
            Licence::Spdx(text) => Expression::parse(text)
                .is_ok_and(|parsed| parsed.evaluate(|requirement| self.takes(requirement))),
            Licence::Stated(_) => self.takes_category(Category::of(licence), &[]),
        };
        let fine = match &licensed.parts[..] {
            [] => self.takes_category(Category::Unknown, &[]),
            // All of them hold, so each must be taken.
            parts => parts.iter().all(takes),
        };
        let name = licensed.licence.as_ref().map_or("no licence stated", Licence::as_str);
        (!fine).then(|| format!("{name} ({})", licensed.category.as_str()))
    }

    fn ignores(&self, purl: &str) -> bool {
        let name = purl.split(['?', '#']).next().unwrap_or(purl);
        // The version stands after the last @; one in a scope is written %40.
        let name = name.rsplit_once('@').map_or(name, |(name, _)| name);
        self.ignore.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(begin) => purl.starts_with(begin),
            None => name == pattern,
        })
    }

    fn takes(&self, requirement: &LicenseReq) -> bool {
        let mut names = vec![requirement.license.to_string()];
        if let LicenseItem::Spdx { id, .. } = &requirement.license {
            names.push(id.name.to_owned());
        }
        self.takes_category(Category::of_requirement(requirement), &names)
    }

    fn takes_category(&self, category: Category, names: &[String]) -> bool {
        let is_in = |list: &[String]| {
            list.iter().any(|entry| {
                entry == category.as_str() || names.iter().any(|name| name.eq_ignore_ascii_case(entry))
            })
        };
        !is_in(&self.deny) && (self.allow.is_empty() || is_in(&self.allow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(policy: &Policy, text: &str) -> bool {
        Expression::parse(text).unwrap().evaluate(|requirement| policy.takes(requirement))
    }

    #[test]
    fn policies() {
        let policy = Policy::parse("allow = [\"permissive\", \"MPL-2.0\"]\ndeny = [\"JSON\"]\nignore = [\"pkg:deb/*\", \"pkg:npm/own\"]").unwrap();
        assert!(takes(&policy, "MIT AND MPL-2.0"));
        assert!(takes(&policy, "GPL-3.0-only OR Apache-2.0"));
        assert!(!takes(&policy, "GPL-3.0-only"));
        assert!(!takes(&policy, "EPL-2.0"));
        assert!(!policy.takes_category(Category::Unknown, &[]));
        assert!(
            policy.ignores("pkg:deb/debian/bash@5?arch=x")
                && policy.ignores("pkg:npm/own@1")
                && !policy.ignores("pkg:npm/owner@1")
        );
        let deny = Policy::parse("deny = [\"network-copyleft\"]").unwrap();
        assert!(
            takes(&deny, "GPL-3.0-only")
                && !takes(&deny, "AGPL-3.0-only")
                && deny.takes_category(Category::Unknown, &[])
        );
        assert!(Policy::parse("allow = [\"permisive\"]").is_err() && Policy::parse("alow = []").is_err());
    }
}
