//! Repositories: making, finding, changing, removing them.

use std::collections::BTreeMap;

use pratique_store::{Session, credential::Action};
use serde::{Deserialize, Serialize};

use crate::{
    Caller, Service, ServiceError,
    gate::Gate,
    immutability::TagMutability,
    names::{RepositoryName, TagName},
    now, repository_tags,
    templates::{AppliedFor, Template},
};

/// A repository.
pub type Repository = pratique_store::repository::Repository<Settings>;

/// How a repository behaves. What is absent has its default, so that old rows read as new ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// Which tags may move.
    pub mutability: TagMutability,
    /// The repository's own wish to be scanned on push, where the registry has no rule.
    pub scan_on_push: bool,
    /// What becomes of a push whose verdict is a block; `None` as the registry's gates say.
    pub gate: Option<Gate>,
    /// Whether anybody may pull.
    pub anonymous_pull: bool,
    /// How blobs are encrypted where they lie, as ECR calls it: `AES256`, `KMS`.
    pub encryption_type: Option<String>,
    /// The key of `KMS`.
    pub kms_key: Option<String>,
}

/// Checks the name of a repository.
///
/// # Errors
/// [`ServiceError::NameInvalid`]
pub fn check_name(name: &str) -> Result<(), ServiceError> {
    match name.parse::<RepositoryName>() {
        Ok(_) => Ok(()),
        Err(_) => Err(ServiceError::NameInvalid(name.chars().take(300).collect())),
    }
}

/// Checks a tag.
///
/// # Errors
/// [`ServiceError::TagInvalid`]
pub fn check_tag(tag: &str) -> Result<(), ServiceError> {
    match tag.parse::<TagName>() {
        Ok(_) => Ok(()),
        Err(_) => Err(ServiceError::TagInvalid(tag.chars().take(300).collect())),
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
        repository_tags::check(&tags)?;
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
        session.audit(&Self::entry(caller, "ecr:CreateRepository", &arn, "allowed", "{}")).await?;
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

    /// Makes a repository that is not there as a template says; `None` if it is.
    async fn make_by(
        &self,
        caller: &Caller,
        name: &str,
        template: Template,
    ) -> Result<Option<Repository>, ServiceError> {
        let (settings, tags) = (template.settings(), template.resource_tags);
        let Some(mut repository) = self.make_repository(caller, name, settings, tags).await? else {
            return Ok(None);
        };
        (repository.policy, repository.lifecycle) = (template.repository_policy, template.lifecycle_policy);
        if repository.policy.is_some() || repository.lifecycle.is_some() {
            let mut session = self.store().write().await?;
            session.update_repository(&repository).await?;
            session.commit().await?;
        }
        Ok(Some(repository))
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
        let repository: Option<Repository> = session.repository(name).await?;
        self.pullable(session, caller, name, repository).await
    }

    /// What was found under a name, for somebody who may pull from it; whether there is nothing is told to them alone.
    pub(crate) async fn pullable(
        &self,
        session: &mut Session,
        caller: &Caller,
        name: &str,
        repository: Option<Repository>,
    ) -> Result<Repository, ServiceError> {
        let is_open = repository.as_ref().is_some_and(|repository| repository.settings.anonymous_pull);
        if !is_open && !self.may(session, caller, Action::Pull, name, repository.as_ref()).await? {
            return Err(self.refusal(caller, Action::Pull, name).await);
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
            let template = self.template_for(name, AppliedFor::CreateOnPush).await?;
            if template.is_none() && !self.options().create_on_push {
                return Err(ServiceError::RepositoryUnknown(name.into()));
            }
            let made = match template {
                Some(template) => self.make_by(caller, name, template).await?,
                None => self.make_repository(caller, name, Settings::default(), BTreeMap::new()).await?,
            };
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
            let page: Vec<Repository> = session.repositories(&after, PAGE).await?;
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
        let repository: Option<Repository> = session.repository(name).await?;
        let mut repository = repository.ok_or_else(|| ServiceError::RepositoryUnknown(name.into()))?;
        let answer = change(&mut repository)?;
        session.update_repository(&repository).await?;
        session.audit(&Self::entry(caller, api, &self.repository_arn(name), "allowed", "{}")).await?;
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
        let repository: Option<Repository> = session.repository(name).await?;
        let repository = repository.ok_or_else(|| ServiceError::RepositoryUnknown(name.into()))?;
        if !forced && !session.manifests(repository.id, "", 1).await?.is_empty() {
            return Err(ServiceError::RepositoryNotEmpty(name.into()));
        }
        session.delete_repository(repository.id).await?;
        let arn = self.repository_arn(name);
        session.audit(&Self::entry(caller, "ecr:DeleteRepository", &arn, "allowed", "{}")).await?;
        session.commit().await?;
        Ok(repository)
    }
}
