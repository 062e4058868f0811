//! Tags on repositories, as AWS means them: names with values, for people and bills.

use std::collections::BTreeMap;

use crate::{Caller, Service, ServiceError};

/// Most tags of one resource.
pub const MOST: usize = 50;
const KEY: usize = 128;
const VALUE: usize = 256;

/// Checks tags that a resource is to have.
///
/// # Errors
/// [`ServiceError::TooManyResourceTags`], [`ServiceError::ResourceTagInvalid`]
pub fn check(tags: &BTreeMap<String, String>) -> Result<(), ServiceError> {
    if tags.len() > MOST {
        return Err(ServiceError::TooManyResourceTags(MOST));
    }
    for (key, value) in tags {
        let shown: String = key.chars().take(KEY).collect();
        let invalid = |why: String| Err(ServiceError::ResourceTagInvalid(format!("tag {shown:?}: {why}")));
        let (keys, values) = (key.chars().count(), value.chars().count());
        if !(1..=KEY).contains(&keys) {
            return invalid(format!("a key has 1 to {KEY} characters"));
        }
        if values > VALUE {
            return invalid(format!("a value has {VALUE} characters at most"));
        }
        if key.to_lowercase().starts_with("aws:") {
            return invalid("keys that begin with aws: are reserved".into());
        }
        let is_known = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
        if !key.chars().chain(value.chars()).all(is_known) {
            return invalid("letters, digits, spaces and _.:/=+-@ are allowed".into());
        }
    }
    Ok(())
}

impl Service {
    /// The tags of a repository.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn repository_tags(
        &self,
        caller: &Caller,
        repository: &str,
    ) -> Result<BTreeMap<String, String>, ServiceError> {
        Ok(self.repository(caller, repository).await?.tags)
    }

    /// Adds tags to a repository, or changes their values.
    ///
    /// # Errors
    /// As [`check`].
    pub async fn tag_repository(
        &self,
        caller: &Caller,
        repository: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), ServiceError> {
        self.change_repository(caller, repository, "ecr:TagResource", |repository| {
            repository.tags.extend(tags);
            check(&repository.tags)
        })
        .await
    }

    /// Removes tags of a repository; those that it does not have are gone already.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn untag_repository(
        &self,
        caller: &Caller,
        repository: &str,
        keys: &[String],
    ) -> Result<(), ServiceError> {
        self.change_repository(caller, repository, "ecr:UntagResource", |repository| {
            repository.tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_as_the_service_does() {
        let of = |key: &str, value: &str| check(&BTreeMap::from([(key.into(), value.into())]));
        assert!(of("team", "a b").is_ok() && of("k", "").is_ok() && of("größe", "ü").is_ok());
        for (key, value) in [("", "x"), ("aws:x", "x"), ("AWS:x", "x"), ("a{b", "x"), ("a", "x\"")] {
            assert!(matches!(of(key, value), Err(ServiceError::ResourceTagInvalid(_))), "{key} {value}");
        }
        assert!(of(&"a".repeat(128), &"b".repeat(256)).is_ok());
        assert!(of(&"a".repeat(129), "").is_err() && of("a", &"b".repeat(257)).is_err());
        let many: BTreeMap<_, _> = (0..51).map(|n| (n.to_string(), String::new())).collect();
        assert!(matches!(check(&many), Err(ServiceError::TooManyResourceTags(50))));
    }
}
