//! Which tags may be moved to another image.
//!
//! A repository's tags are all mutable or all immutable, except those that a filter names: they are the other way
//! round. `IMMUTABLE_WITH_EXCLUSION` with the filter `latest` protects every tag but `latest`;
//! `MUTABLE_WITH_EXCLUSION` with `v*` protects releases alone. A change of the setting does not touch tags that exist,
//! it is asked each time a tag is put.
//!
//! Facts: ECR's user guide, "Preventing image tags from being overwritten", and
//! [`ImageTagMutabilityExclusionFilter`](https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageTagMutabilityExclusionFilter.html).

use pratique_image::Digest;
use serde::{Deserialize, Serialize};

use crate::{invalid::InvalidParameter, names::wildcard};

/// The setting, by the API's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Setting {
    /// Every tag may be moved.
    #[default]
    Mutable,
    /// No tag may be moved.
    Immutable,
    /// Only the tags that a filter names may be moved.
    ImmutableWithExclusion,
    /// Every tag may be moved but those that a filter names.
    MutableWithExclusion,
}

/// Names tags that are not as the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExclusionFilter {
    /// How to read the filter.
    pub filter_type: FilterType,
    /// A pattern of tags, with `*` for any run.
    pub filter: String,
}

/// How filters are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilterType {
    /// The whole tag fits, with `*` for any run.
    #[default]
    Wildcard,
}

/// Which tags of a repository may be moved. Checked whenever it is made, also when it is read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct TagMutability {
    setting: Setting,
    filters: Vec<ExclusionFilter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    setting: Setting,
    filters: Vec<ExclusionFilter>,
}

impl TryFrom<Unchecked> for TagMutability {
    type Error = InvalidParameter;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidParameter> {
        Self::new(unchecked.setting, unchecked.filters)
    }
}

/// What putting a tag comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagPut {
    /// The tag is new.
    New,
    /// The tag is there and names this image: nothing changes. To `docker push` that is success, to `PutImage`
    /// an `ImageAlreadyExistsException`.
    Same,
    /// The tag moves here from another image.
    Moved,
    /// The tag names another image and must stay there: `ImageTagAlreadyExistsException`.
    Refused,
}

impl TagMutability {
    /// Most filters.
    pub const MAX_FILTERS: usize = 5;
    /// Most characters of a filter.
    pub const MAX_FILTER: usize = 128;
    /// Most stars in a filter.
    pub const MAX_STARS: usize = 2;

    /// Checks a setting and its filters.
    pub fn new(setting: Setting, filters: Vec<ExclusionFilter>) -> Result<Self, InvalidParameter> {
        let invalid =
            |constraint: String| Err(InvalidParameter::new("imageTagMutabilityExclusionFilters", constraint));
        let wants_filters =
            matches!(setting, Setting::ImmutableWithExclusion | Setting::MutableWithExclusion);
        match filters.len() {
            0 if wants_filters => {
                return invalid(
                    "must have 1 to 5 filters when imageTagMutability ends with _WITH_EXCLUSION".into(),
                );
            }
            0 => {}
            _ if !wants_filters => {
                return invalid(
                    "must be absent unless imageTagMutability is IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION"
                        .into(),
                );
            }
            count if count > Self::MAX_FILTERS => {
                return invalid(format!("must have at most {} filters, found {count}", Self::MAX_FILTERS));
            }
            _ => {}
        }
        for ExclusionFilter { filter, .. } in &filters {
            let is_known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'*' | b'-');
            if filter.is_empty() || filter.len() > Self::MAX_FILTER || !filter.bytes().all(is_known) {
                return invalid("must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'".into());
            }
            if filter.matches('*').count() > Self::MAX_STARS {
                return invalid(format!(
                    "must have at most {} wildcards in a filter: {filter}",
                    Self::MAX_STARS
                ));
            }
        }
        Ok(Self { setting, filters })
    }

    /// The setting.
    pub fn setting(&self) -> Setting {
        self.setting
    }

    /// Its filters.
    pub fn filters(&self) -> &[ExclusionFilter] {
        &self.filters
    }

    /// Whether the tag must stay where it is.
    pub fn is_immutable(&self, tag: &str) -> bool {
        let is_named = || self.filters.iter().any(|filter| wildcard::fits(&filter.filter, tag));
        match self.setting {
            Setting::Mutable => false,
            Setting::Immutable => true,
            Setting::ImmutableWithExclusion => !is_named(),
            Setting::MutableWithExclusion => is_named(),
        }
    }

    /// What putting this tag on `image` comes to, when it names `current` now.
    pub fn put(&self, tag: &str, current: Option<&Digest>, image: &Digest) -> TagPut {
        match current {
            None => TagPut::New,
            Some(current) if current == image => TagPut::Same,
            Some(_) if self.is_immutable(tag) => TagPut::Refused,
            Some(_) => TagPut::Moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(setting: Setting, filters: &[&str]) -> Result<TagMutability, InvalidParameter> {
        let filter =
            |filter: &&str| ExclusionFilter { filter_type: FilterType::Wildcard, filter: (*filter).into() };
        TagMutability::new(setting, filters.iter().map(filter).collect())
    }

    #[test]
    fn filtered_tags_are_the_other_way_round() {
        for (setting, filters, immutable, mutable) in [
            (Setting::Mutable, &[][..], &[][..], &["latest", "v1"][..]),
            (Setting::Immutable, &[], &["latest", "v1"], &[]),
            (
                Setting::ImmutableWithExclusion,
                &["latest", "dev-*"],
                &["v1", "dev"],
                &["latest", "dev-", "dev-1"],
            ),
            (Setting::MutableWithExclusion, &["v*"], &["v1"], &["latest", "xv1"]),
        ] {
            let mutability = with(setting, filters).unwrap();
            for tag in immutable {
                assert!(mutability.is_immutable(tag), "{setting:?} {tag}");
            }
            for tag in mutable {
                assert!(!mutability.is_immutable(tag), "{setting:?} {tag}");
            }
        }
    }

    #[test]
    fn only_a_move_is_refused() {
        let (a, b) = (Digest::sha256(b"a"), Digest::sha256(b"b"));
        let immutable = with(Setting::Immutable, &[]).unwrap();
        assert_eq!(immutable.put("v1", None, &a), TagPut::New);
        assert_eq!(immutable.put("v1", Some(&a), &a), TagPut::Same);
        assert_eq!(immutable.put("v1", Some(&b), &a), TagPut::Refused);
        assert_eq!(TagMutability::default().put("v1", Some(&b), &a), TagPut::Moved);
    }

    #[test]
    fn settings_and_filters_have_to_go_together() {
        let long = "a".repeat(129);
        for (setting, filters) in [
            (Setting::Mutable, &["a"][..]),
            (Setting::Immutable, &["a"]),
            (Setting::ImmutableWithExclusion, &[]),
            (Setting::MutableWithExclusion, &["1", "2", "3", "4", "5", "6"]),
            (Setting::MutableWithExclusion, &[""]),
            (Setting::MutableWithExclusion, &["a/b"]),
            (Setting::MutableWithExclusion, &["*a*b*"]),
            (Setting::MutableWithExclusion, &[&long]),
        ] {
            let error = with(setting, filters).unwrap_err().to_string();
            assert!(
                error.starts_with("Invalid parameter at 'imageTagMutabilityExclusionFilters'"),
                "{error}"
            );
        }
        let text = serde_json::to_string(&with(Setting::MutableWithExclusion, &["v*"]).unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"setting":"MUTABLE_WITH_EXCLUSION","filters":[{"filterType":"WILDCARD","filter":"v*"}]}"#
        );
        assert!(serde_json::from_str::<TagMutability>(&text).unwrap().is_immutable("v1"));
        assert!(serde_json::from_str::<TagMutability>(&text.replace("v*", "v/")).is_err());
    }
}
