//! Lifecycle policies at work: kept, tried out, applied. What they mean is [`crate::lifecycle`]'s.

use std::collections::HashMap;

use jiff::Timestamp;
use pratique_image::Digest;
use pratique_store::{
    Micros, Session,
    credential::Action as Right,
    listing::{ListFilter, Listed},
};
use serde::{Deserialize, Serialize};

use crate::{
    Caller, Service, ServiceError, Thing,
    lifecycle::{Action, Candidate, Consequence, LifecyclePolicy, StorageClass},
    manifests::Reference,
    now,
    repositories::Repository,
};

/// Images, or repositories, that are read at once.
const PAGE: i64 = 1000;
/// Images that are removed in one transaction, so that pushes get their turn between.
const REMOVED_AT_ONCE: usize = 100;
/// How long a preview is good for.
const PREVIEW_LIFETIME: Micros = 24 * 3600 * 1_000_000;

/// What a policy would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The policy.
    pub text: String,
    /// When it was looked at.
    pub time: Micros,
    /// What becomes of which image, the oldest first.
    pub results: Vec<PreviewResult>,
}

/// What would become of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewResult {
    /// Which.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Micros,
    /// Whether it would go to the archive; else it would go for good.
    pub archives: bool,
    /// The rule that says so.
    pub rule_priority: u32,
    /// Where it lies.
    pub storage: StorageClass,
}

impl Preview {
    /// Whether it is too old to be shown.
    pub fn is_over(&self) -> bool {
        self.time + PREVIEW_LIFETIME < now()
    }
}

/// What came of applying policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Images that were removed.
    pub expired: u64,
    /// Images that went to the archive.
    pub archived: u64,
}

fn instant(time: Micros) -> Timestamp {
    Timestamp::from_microsecond(time).unwrap_or_default()
}

fn missing(repository: &str) -> ServiceError {
    ServiceError::Missing { thing: Thing::LifecyclePolicy, of: repository.into() }
}

/// All images of a repository as policies see them, beside what was listed.
async fn candidates(
    session: &mut Session,
    repository: &Repository,
) -> Result<(Vec<Listed>, Vec<Candidate>), ServiceError> {
    let mut images: Vec<Listed> = Vec::new();
    loop {
        let after = images.last().map(|last| last.digest.to_string()).unwrap_or_default();
        let page = session.list_images(repository.id, ListFilter::default(), &after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        images.extend(page);
        if is_last {
            break;
        }
    }
    let mut children: HashMap<Digest, Vec<Digest>> = HashMap::new();
    for (index, child) in session.listed_by_indexes(repository.id).await? {
        children.entry(index).or_default().push(child);
    }
    let candidates = images
        .iter()
        .map(|image| Candidate {
            digest: image.digest,
            tags: image.tags.clone(),
            pushed_at: instant(image.pushed_at),
            pulled_at: image.pulled_at.map(instant),
            activated_at: image.activated_at.map(instant),
            archived_at: image.archived_at.map(instant),
            storage: if image.is_archived() { StorageClass::Archive } else { StorageClass::Standard },
            children: children.remove(&image.digest).unwrap_or_default(),
            subject: image.subject,
        })
        .collect();
    Ok((images, candidates))
}

impl Service {
    /// Sets the lifecycle policy of a repository.
    ///
    /// # Errors
    /// [`ServiceError::Parameter`] for one that is none.
    pub async fn put_lifecycle_policy(
        &self,
        caller: &Caller,
        repository: &str,
        text: &str,
    ) -> Result<(), ServiceError> {
        LifecyclePolicy::parse(text)?;
        self.change_repository(caller, repository, "ecr:PutLifecyclePolicy", |repository| {
            repository.lifecycle = Some(text.to_owned());
            repository.lifecycle_evaluated_at = None;
            Ok(())
        })
        .await
    }

    /// The lifecycle policy of a repository, as it was set, and when it was applied last.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if it has none.
    pub async fn lifecycle_policy(
        &self,
        caller: &Caller,
        repository: &str,
    ) -> Result<(String, Option<Micros>), ServiceError> {
        let found = self.repository(caller, repository).await?;
        let text = found.lifecycle.ok_or_else(|| missing(repository))?;
        Ok((text, found.lifecycle_evaluated_at))
    }

    /// Removes the lifecycle policy of a repository, and says what it was.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if it has none.
    pub async fn delete_lifecycle_policy(
        &self,
        caller: &Caller,
        repository: &str,
    ) -> Result<(String, Option<Micros>), ServiceError> {
        self.change_repository(caller, repository, "ecr:DeleteLifecyclePolicy", |found| {
            let text = found.lifecycle.take().ok_or_else(|| missing(repository))?;
            Ok((text, found.lifecycle_evaluated_at.take()))
        })
        .await
    }

    /// Finds out what a policy would do now: one that is given, or the repository's. Answers its text.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if none is given and the repository has none.
    pub async fn preview_lifecycle_policy(
        &self,
        caller: &Caller,
        repository: &str,
        text: Option<&str>,
    ) -> Result<String, ServiceError> {
        crate::repositories::check_name(repository)?;
        self.allow(caller, Right::Admin, repository).await?;
        let mut session = self.store().read().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        let given = text.map(str::to_owned);
        let Some(text) = given.or_else(|| found.lifecycle.clone()) else { return Err(missing(repository)) };
        let policy = LifecyclePolicy::parse(&text)?;
        let (images, candidates) = candidates(&mut session, &found).await?;
        drop(session);
        let time = now();
        let evaluation = policy.evaluate(&candidates, instant(time));
        let result = |consequence: &Consequence| {
            let image = images.get(consequence.image)?;
            Some(PreviewResult {
                digest: image.digest,
                tags: image.tags.clone(),
                pushed_at: image.pushed_at,
                archives: consequence.action != Action::Expire,
                rule_priority: consequence.rule_priority,
                storage: if image.is_archived() { StorageClass::Archive } else { StorageClass::Standard },
            })
        };
        let results = evaluation.consequences.iter().filter_map(result).collect();
        let preview = Preview { text, time, results };
        let mut session = self.store().write().await?;
        session.put_lifecycle_preview(found.id, &preview).await?;
        session.commit().await?;
        Ok(preview.text)
    }

    /// The last preview of a repository.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] if there was none.
    pub async fn lifecycle_preview(
        &self,
        caller: &Caller,
        repository: &str,
    ) -> Result<Preview, ServiceError> {
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        let preview = session.lifecycle_preview(found.id).await?;
        preview.ok_or_else(|| ServiceError::Missing { thing: Thing::LifecyclePreview, of: repository.into() })
    }

    /// Applies the policies of all repositories.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot go on; what was done until then is.
    pub async fn apply_lifecycle_policies(&self) -> Result<Applied, ServiceError> {
        let mut applied = Applied::default();
        let mut after = String::new();
        loop {
            let page: Vec<Repository> = self.store().read().await?.repositories(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(applied) };
            after.clone_from(&last.name);
            for repository in page.iter().filter(|repository| repository.lifecycle.is_some()) {
                let Applied { expired, archived } = self.apply_lifecycle_policy(repository).await?;
                applied.expired += expired;
                applied.archived += archived;
            }
        }
    }

    /// Applies the policy of one repository.
    async fn apply_lifecycle_policy(&self, repository: &Repository) -> Result<Applied, ServiceError> {
        let Some(text) = &repository.lifecycle else { return Ok(Applied::default()) };
        let policy = LifecyclePolicy::parse(text)?;
        let (images, candidates) = candidates(&mut self.store().read().await?, repository).await?;
        let time = now();
        let mut consequences = policy.evaluate(&candidates, instant(time)).consequences;
        // What lists others has to go before them.
        let is_leaf = |consequence: &Consequence| {
            candidates.get(consequence.image).is_none_or(|candidate| candidate.children.is_empty())
        };
        consequences.sort_by_key(is_leaf);
        let mut applied = Applied::default();
        // Indexes may list indexes: once more for each level, until nothing more goes.
        loop {
            let before = consequences.len();
            let mut left = Vec::new();
            for block in consequences.chunks(REMOVED_AT_ONCE) {
                let mut session = self.store().write().await?;
                for consequence in block {
                    let Some(image) = images.get(consequence.image) else { continue };
                    let done = self.take(&mut session, repository, image, consequence.action, time).await?;
                    match (done, consequence.action) {
                        (Taken::Held, _) => left.push(*consequence),
                        (Taken::Changed, _) => {}
                        (Taken::Done, Action::Expire) => applied.expired += 1,
                        (Taken::Done, Action::Transition { .. }) => applied.archived += 1,
                    }
                }
                session.commit().await?;
            }
            if left.is_empty() || left.len() == before {
                break;
            }
            consequences = left;
        }
        let mut session = self.store().write().await?;
        let now_there: Option<Repository> = session.repository(&repository.name).await?;
        if let Some(mut there) = now_there.filter(|there| there.lifecycle == repository.lifecycle) {
            there.lifecycle_evaluated_at = Some(time);
            session.update_repository(&there).await?;
        }
        session.commit().await?;
        Ok(applied)
    }

    /// Does to one image what the policy says, unless something happened to it since it was looked at.
    async fn take(
        &self,
        session: &mut Session,
        repository: &Repository,
        image: &Listed,
        action: Action,
        time: Micros,
    ) -> Result<Taken, ServiceError> {
        let there = session.manifest(repository.id, &image.digest).await?;
        let tags = session.tags_of(repository.id, &image.digest).await?;
        if there.is_none_or(|there| there.pushed_at != image.pushed_at) || tags != image.tags {
            return Ok(Taken::Changed);
        }
        if action != Action::Expire {
            session.archive(repository.id, &image.digest, true, time).await?;
            return Ok(Taken::Done);
        }
        let reference = Reference::Digest(image.digest);
        match self.remove(session, &Caller::system(), repository, &reference).await {
            Ok(()) => Ok(Taken::Done),
            Err(ServiceError::ManifestInUse { .. }) => Ok(Taken::Held),
            Err(error) => Err(error),
        }
    }
}

/// What became of an image that a policy names.
enum Taken {
    Done,
    /// An index lists it.
    Held,
    /// It is not what it was.
    Changed,
}
