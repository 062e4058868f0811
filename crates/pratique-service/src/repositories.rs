//! Repositories: making, finding, changing, removing them.

use std::collections::BTreeMap;

use pratique_store::{
    Session,
    credential::Action,
    repository::{Repository, Settings},
};

use crate::{Caller, Service, ServiceError, now};

/// Longest name, as the distribution specification and clients have it.
const NAME: usize = 255;
/// Longest tag.
const TAG: usize = 128;

/// Checks the name of a repository: OCI distribution specification, *Pulling manifests*:
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`
///
/// # Errors
/// [`ServiceError::NameInvalid`]
pub fn check_name(name: &str) -> Result<(), ServiceError> {
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends =
            bytes.first().is_some_and(|&byte| letter(byte)) && bytes.last().is_some_and(|&byte| letter(byte));
        let separators = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        ends && separators
            .filter(|between| !between.is_empty())
            .all(|between| matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
    };
    if (2..=NAME).contains(&name.len()) && name.split('/').all(is_part) {
        Ok(())
    } else {
        Err(ServiceError::NameInvalid(name.chars().take(300).collect()))
    }
}

/// Checks a tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
///
/// # Errors
/// [`ServiceError::TagInvalid`]
pub fn check_tag(tag: &str) -> Result<(), ServiceError> {
    let bytes = tag.as_bytes();
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let first = bytes.first().is_some_and(word);
    if first && bytes.len() <= TAG && bytes.iter().all(|byte| word(byte) || matches!(byte, b'.' | b'-')) {
        Ok(())
    } else {
        Err(ServiceError::TagInvalid(tag.chars().take(300).collect()))
    }
}

impl Service {
    /// Makes a repository.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryExists`] if there is one of that name.
    pub async fn create_repository(
        &self,
        caller: &Caller,
        name: &str,
        settings: Settings,
        tags: BTreeMap<String, String>,
    ) -> Result<Repository, ServiceError> {
        check_name(name)?;
        self.allow(caller, Action::Admin, name).await?;
        self.make_repository(caller, name, settings, tags)
            .await?
            .ok_or_else(|| ServiceError::RepositoryExists(name.into()))
    }

    /// Makes a repository that is not there; `None` if it is.
    async fn make_repository(
        &self,
        caller: &Caller,
        name: &str,
        settings: Settings,
        tags: BTreeMap<String, String>,
    ) -> Result<Option<Repository>, ServiceError> {
        let created_at = now();
        let mut session = self.store().write().await?;
        let Some(id) = session.create_repository(name, &settings, &tags, created_at).await? else {
            return Ok(None);
        };
        let arn = self.repository_arn(name);
        session.audit(&self.entry(caller, "ecr:CreateRepository", &arn, "allowed", "{}")).await?;
        session.commit().await?;
        let name = name.to_owned();
        let (policy, lifecycle, lifecycle_evaluated_at) = (None, None, None);
        Ok(Some(Repository {
            id,
            name,
            created_at,
            settings,
            policy,
            lifecycle,
            lifecycle_evaluated_at,
            tags,
        }))
    }

    /// The repository of that name, for somebody who may pull from it.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`] if there is none.
    pub async fn repository(&self, caller: &Caller, name: &str) -> Result<Repository, ServiceError> {
        let mut session = self.store().read().await?;
        self.repository_in(&mut session, caller, name).await
    }

    /// The same within a session that goes on.
    pub(crate) async fn repository_in(
        &self,
        session: &mut Session,
        caller: &Caller,
        name: &str,
    ) -> Result<Repository, ServiceError> {
        check_name(name)?;
        let repository = session.repository(name).await?;
        let is_open = repository.as_ref().is_some_and(|repository| repository.settings.anonymous_pull);
        if !is_open {
            self.allow(caller, Action::Pull, name).await?;
        }
        repository.ok_or_else(|| ServiceError::RepositoryUnknown(name.into()))
    }

    /// The repository of that name, for somebody who may push to it; made, if pushes make repositories.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`] if there is none and pushes make none.
    pub async fn repository_for_push(&self, caller: &Caller, name: &str) -> Result<Repository, ServiceError> {
        check_name(name)?;
        self.allow(caller, Action::Push, name).await?;
        loop {
            if let Some(repository) = self.store().read().await?.repository(name).await? {
                return Ok(repository);
            }
            if !self.options().create_on_push {
                return Err(ServiceError::RepositoryUnknown(name.into()));
            }
            let made = self.make_repository(caller, name, Settings::default(), BTreeMap::new()).await?;
            if let Some(repository) = made {
                return Ok(repository);
            }
        }
    }

    /// Repositories that `caller` may pull from, in the order of their names, from the first behind `after`.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be listed.
    pub async fn repositories(
        &self,
        caller: &Caller,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Repository>, ServiceError> {
        const PAGE: i64 = 500;
        let mut session = self.store().read().await?;
        let mut found = Vec::new();
        let mut after = after.to_owned();
        while found.len() < limit {
            let page = session.repositories(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.name);
            let is_last = page.len() < PAGE as usize;
            found.extend(page.into_iter().filter(|repository| {
                repository.settings.anonymous_pull || caller.may(Action::Pull, &repository.name)
            }));
            if is_last {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Changes a repository.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`] if there is none, and what `change` says.
    pub async fn change_repository<T>(
        &self,
        caller: &Caller,
        name: &str,
        api: &str,
        change: impl FnOnce(&mut Repository) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        check_name(name)?;
        self.allow(caller, Action::Admin, name).await?;
        let mut session = self.store().write().await?;
        let repository = session.repository(name).await?;
        let mut repository = repository.ok_or_else(|| ServiceError::RepositoryUnknown(name.into()))?;
        let answer = change(&mut repository)?;
        session.update_repository(&repository).await?;
        session.audit(&self.entry(caller, api, &self.repository_arn(name), "allowed", "{}")).await?;
        session.commit().await?;
        Ok(answer)
    }

    /// Removes a repository, with its images if that is `forced`.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryNotEmpty`] if it has images and is not forced.
    pub async fn delete_repository(
        &self,
        caller: &Caller,
        name: &str,
        forced: bool,
    ) -> Result<Repository, ServiceError> {
        check_name(name)?;
        self.allow(caller, Action::Admin, name).await?;
        let mut session = self.store().write().await?;
        let repository = session.repository(name).await?;
        let repository = repository.ok_or_else(|| ServiceError::RepositoryUnknown(name.into()))?;
        if !forced && !session.manifests(repository.id, "", 1).await?.is_empty() {
            return Err(ServiceError::RepositoryNotEmpty(name.into()));
        }
        session.delete_repository(repository.id).await?;
        let arn = self.repository_arn(name);
        session.audit(&self.entry(caller, "ecr:DeleteRepository", &arn, "allowed", "{}")).await?;
        session.commit().await?;
        Ok(repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["ab", "a/b", "a.b", "a_b", "a__b", "a--b/c", "library/node20", "0/1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "A/b", "a//b", "/ab", "ab/", "a..b", "a___b", "-ab", "ab-", "a/-b", "a b", "ä/b"]
        {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert!(check_name(&"a".repeat(255)).is_ok() && check_name(&"a".repeat(256)).is_err());
    }

    #[test]
    fn tags() {
        for good in ["a", "_", "1.0", "v1-beta_2", "LATEST"] {
            assert!(check_tag(good).is_ok(), "{good}");
        }
        for bad in ["", ".a", "-a", "a:b", "a/b", "ä"] {
            assert!(check_tag(bad).is_err(), "{bad}");
        }
        assert!(check_tag(&"a".repeat(128)).is_ok() && check_tag(&"a".repeat(129)).is_err());
    }
}
