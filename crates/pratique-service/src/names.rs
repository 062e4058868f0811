//! Names of repositories and tags.
//!
//! The grammar is that of the OCI distribution specification, which is also ECR's; ECR adds that a repository's name
//! has 2 to 256 characters. Patterns over names are [`wildcard`]'s.

use std::fmt;
use std::str::FromStr;

use pratique_image::Reference;
pub use pratique_policy::wildcard;
use serde::{Deserialize, Serialize};

use crate::invalid::InvalidParameter;

/// ECR's grammar of repository names, as its error messages quote it.
pub const REPOSITORY_GRAMMAR: &str =
    "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*";

/// The grammar of tags.
pub const TAG_GRAMMAR: &str = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}";

/// The name of a repository: `team/app`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(String);

impl RepositoryName {
    /// Fewest characters.
    pub const MIN: usize = 2;
    /// Most characters.
    pub const MAX: usize = 256;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let invalid = |constraint| Err(InvalidParameter::new("repositoryName", constraint));
        if text.len() < Self::MIN {
            return invalid(format!("must have length greater than or equal to {}", Self::MIN));
        }
        if text.len() > Self::MAX {
            return invalid(format!("must have length less than or equal to {}", Self::MAX));
        }
        if !Reference::is_repository(text) {
            return invalid(format!("must satisfy regular expression '{REPOSITORY_GRAMMAR}'"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A tag: `v1.2`, `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagName(String);

impl TagName {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagName {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        if Reference::is_tag(text) {
            return Ok(Self(text.to_owned()));
        }
        let constraint = format!("must satisfy regular expression '{TAG_GRAMMAR}'");
        Err(InvalidParameter::new("imageTag", constraint))
    }
}

macro_rules! text_of {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidParameter;

            fn try_from(text: String) -> Result<Self, InvalidParameter> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

text_of!(RepositoryName, TagName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories() {
        let long = "a".repeat(256);
        for good in ["ab", "team/app", "a.b/c_d/e__f/g---h", "0/1", &long] {
            assert_eq!(good.parse::<RepositoryName>().unwrap().as_str(), good);
        }
        let longer = "a".repeat(257);
        for bad in [
            "", "a", "A/b", "a//b", "/ab", "ab/", "a___b", "a..b", "a._b", "-ab", "ab-", "a b", "ab:1", "äb",
            &longer,
        ] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
        assert_eq!(
            "a".parse::<RepositoryName>().unwrap_err().to_string(),
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: \
             'must have length greater than or equal to 2'"
        );
    }

    #[test]
    fn tags() {
        let long = "a".repeat(128);
        for good in ["1", "v1.2-rc_3", "_x", "Latest", &long] {
            assert_eq!(good.parse::<TagName>().unwrap().to_string(), good);
        }
        let longer = "a".repeat(129);
        for bad in ["", ".a", "-a", "a/b", "a:b", "a+b", "ä", &longer] {
            assert!(bad.parse::<TagName>().is_err(), "{bad}");
        }
    }
}
