//! Images by their names, many at once: listed, described, read, removed, archived.
//!
//! An image has one digest and any number of tags, and is asked for by either or both. What is wrong with one name of many
//! is told of that one ([`Unnamed`]); the others are served.

use bytes::Bytes;
use pratique_image::Digest;
use pratique_store::{
    Session, StoreError,
    credential::Action,
    listing::{ListFilter, Listed},
    manifest::Manifest,
    repository::RepositoryId,
};

use crate::{
    Caller, Service, ServiceError,
    manifests::Reference,
    now,
    repositories::{Repository, check_name, check_tag},
};

/// What an image is asked for by: as it was written, nothing checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageName {
    /// A digest.
    pub digest: Option<String>,
    /// A tag.
    pub tag: Option<String>,
}

impl ImageName {
    /// The name of an image that is known.
    pub fn of(digest: &Digest, tag: Option<String>) -> Self {
        Self { digest: Some(digest.to_string()), tag }
    }
}

/// Why a name leads to no image, or nothing could be done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unnamed {
    /// There is neither digest nor tag.
    Empty,
    /// The digest is none.
    Digest,
    /// The tag is none.
    Tag,
    /// The tag points to another image.
    Mismatch,
    /// There is no such image.
    Absent,
    /// An index lists it.
    Listed(Digest),
    /// Nobody may pull it now, for these reasons.
    Inaccessible(String),
}

/// An image by its name. The outer error is the store's, the inner the name's.
pub(crate) async fn resolve(
    session: &mut Session,
    repository: RepositoryId,
    name: &ImageName,
) -> Result<Result<Digest, Unnamed>, StoreError> {
    let digest = match name.digest.as_deref().map(str::parse::<Digest>) {
        Some(Err(_)) => return Ok(Err(Unnamed::Digest)),
        Some(Ok(digest)) => Some(digest),
        None => None,
    };
    if let Some(tag) = &name.tag {
        if check_tag(tag).is_err() {
            return Ok(Err(Unnamed::Tag));
        }
        return Ok(match (session.tag(repository, tag).await?, digest) {
            (None, _) => Err(Unnamed::Absent),
            (Some(there), Some(said)) if there != said => Err(Unnamed::Mismatch),
            (Some(there), _) => Ok(there),
        });
    }
    let Some(digest) = digest else { return Ok(Err(Unnamed::Empty)) };
    let there = session.manifest(repository, &digest).await?.is_some();
    Ok(if there { Ok(digest) } else { Err(Unnamed::Absent) })
}

/// What is said of one image that cannot be had.
pub(crate) fn unknown(repository: &str, name: &ImageName) -> ServiceError {
    let reference = match (&name.digest, &name.tag) {
        (Some(digest), _) => digest.chars().take(200).collect(),
        (None, Some(tag)) => tag.chars().take(200).collect(),
        (None, None) => String::new(),
    };
    ServiceError::ManifestUnknown { reference, repository: repository.into() }
}

impl Service {
    /// The digest of the image that tag or digest names, for somebody who may see it.
    ///
    /// # Errors
    /// [`ServiceError::ManifestUnknown`] if there is none.
    pub async fn image_digest(
        &self,
        caller: &Caller,
        repository: &str,
        name: &ImageName,
    ) -> Result<Digest, ServiceError> {
        let mut session = self.store().read().await?;
        Ok(self.image_in(&mut session, caller, repository, name).await?.1.digest)
    }

    /// A repository and one of its images, for somebody who may pull.
    pub(crate) async fn image_in(
        &self,
        session: &mut Session,
        caller: &Caller,
        repository: &str,
        name: &ImageName,
    ) -> Result<(Repository, Manifest), ServiceError> {
        let found = self.repository_in(session, caller, repository).await?;
        let digest = resolve(session, found.id, name).await?.map_err(|_| unknown(repository, name))?;
        let manifest = session.manifest(found.id, &digest).await?.ok_or_else(|| unknown(repository, name))?;
        Ok((found, manifest))
    }

    /// Names of images, one a tag and one for each image without, in an order that stays: from the first behind `after`.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn list_names(
        &self,
        caller: &Caller,
        repository: &str,
        filter: ListFilter,
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(Digest, Option<String>)>, ServiceError> {
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        Ok(session.list_names(found.id, filter, after, i64::try_from(limit).unwrap_or(i64::MAX)).await?)
    }

    /// Images in the order of their digests, from the first behind `after`.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn list_images(
        &self,
        caller: &Caller,
        repository: &str,
        filter: ListFilter,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Listed>, ServiceError> {
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        Ok(session.list_images(found.id, filter, after, i64::try_from(limit).unwrap_or(i64::MAX)).await?)
    }

    /// Images by their names, each once.
    ///
    /// # Errors
    /// [`ServiceError::ManifestUnknown`] for the first that is not there.
    pub async fn describe_images(
        &self,
        caller: &Caller,
        repository: &str,
        names: &[ImageName],
    ) -> Result<Vec<Listed>, ServiceError> {
        let mut session = self.store().read().await?;
        let mut images: Vec<Listed> = Vec::with_capacity(names.len());
        for name in names {
            let (found, manifest) = self.image_in(&mut session, caller, repository, name).await?;
            if images.iter().any(|image| image.digest == manifest.digest) {
                continue;
            }
            let tags = session.tags_of(found.id, &manifest.digest).await?;
            images.push(Listed::of(manifest, tags));
        }
        Ok(images)
    }

    /// The manifests of images, for somebody who pulls them.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn pull_images(
        &self,
        caller: &Caller,
        repository: &str,
        names: &[ImageName],
    ) -> Result<Vec<Result<Manifest, Unnamed>>, ServiceError> {
        let mut pulled = Vec::with_capacity(names.len());
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        let mut digests = Vec::with_capacity(names.len());
        for name in names {
            digests.push(resolve(&mut session, found.id, name).await?);
        }
        // Pulling opens sessions of its own.
        drop(session);
        for digest in digests {
            let image = match digest {
                Ok(digest) => match self.manifest(caller, repository, &Reference::Digest(digest)).await {
                    Ok(manifest) => Ok(manifest),
                    Err(ServiceError::ManifestUnknown { .. }) => Err(Unnamed::Absent),
                    Err(error @ (ServiceError::Quarantined(_) | ServiceError::Archived(_))) => {
                        Err(Unnamed::Inaccessible(error.to_string()))
                    }
                    Err(error) => return Err(error),
                },
                Err(unnamed) => Err(unnamed),
            };
            pulled.push(image);
        }
        Ok(pulled)
    }

    /// Removes images: by digest with all tags, by tag only that, and the image with its last one. Answers the names that
    /// are gone, of each name that was given.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn delete_images(
        &self,
        caller: &Caller,
        repository: &str,
        names: &[ImageName],
    ) -> Result<Vec<Result<Vec<ImageName>, Unnamed>>, ServiceError> {
        check_name(repository)?;
        self.allow(caller, Action::Delete, repository).await?;
        let mut session = self.store().write().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        let mut gone = Vec::with_capacity(names.len());
        for name in names {
            let digest = match resolve(&mut session, found.id, name).await? {
                Ok(digest) => digest,
                Err(unnamed) => {
                    gone.push(Err(unnamed));
                    continue;
                }
            };
            let tags = session.tags_of(found.id, &digest).await?;
            let reference = match &name.tag {
                Some(tag) if tags.len() > 1 => Reference::Tag(tag.clone()),
                _ => Reference::Digest(digest),
            };
            gone.push(match self.remove(&mut session, caller, &found, &reference).await {
                Ok(()) => Ok(match reference {
                    Reference::Tag(tag) => vec![ImageName::of(&digest, Some(tag))],
                    Reference::Digest(_) if tags.is_empty() => vec![ImageName::of(&digest, None)],
                    Reference::Digest(_) => {
                        tags.into_iter().map(|tag| ImageName::of(&digest, Some(tag))).collect()
                    }
                }),
                Err(ServiceError::ManifestInUse { index, .. }) => Err(Unnamed::Listed(index)),
                Err(ServiceError::ManifestUnknown { .. }) => Err(Unnamed::Absent),
                Err(error) => return Err(error),
            });
        }
        session.commit().await?;
        Ok(gone)
    }

    /// Keeps an image in a repository that is there, under a tag if it is given one; says what its digest is.
    ///
    /// # Errors
    /// [`ServiceError::ImageExists`] if it is there under that tag, beside those of [`Service::put_manifest`].
    pub async fn put_image(
        &self,
        caller: &Caller,
        repository: &str,
        media_type: Option<&str>,
        name: &ImageName,
        content: Bytes,
    ) -> Result<Digest, ServiceError> {
        self.allow(caller, Action::Push, repository).await?;
        let mut session = self.store().read().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        let digest = match &name.digest {
            Some(said) => crate::manifests::parse_digest(said)?,
            None => Digest::sha256(&content),
        };
        let is_there = match &name.tag {
            Some(tag) => session.tag(found.id, tag).await? == Some(digest),
            None => session.manifest(found.id, &digest).await?.is_some(),
        };
        drop(session);
        if is_there {
            let (tag, repository) = (name.tag.clone(), repository.to_owned());
            return Err(ServiceError::ImageExists { digest, tag, repository });
        }
        let tags: Vec<String> = name.tag.iter().cloned().collect();
        let reference = Reference::Digest(digest);
        Ok(self.put_manifest(caller, repository, &reference, &tags, media_type, content).await?.digest)
    }

    /// Moves an image to the archive, or back.
    ///
    /// # Errors
    /// [`ServiceError::ManifestUnknown`]; [`ServiceError::Invalid`] if it is there already.
    pub async fn archive_image(
        &self,
        caller: &Caller,
        repository: &str,
        name: &ImageName,
        archive: bool,
    ) -> Result<Digest, ServiceError> {
        check_name(repository)?;
        self.allow(caller, Action::Admin, repository).await?;
        let mut session = self.store().write().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        let digest = resolve(&mut session, found.id, name).await?.map_err(|_| unknown(repository, name))?;
        let manifest = session.manifest(found.id, &digest).await?.ok_or_else(|| unknown(repository, name))?;
        if manifest.is_archived() == archive {
            let place = if archive { "in the archive" } else { "at hand" };
            return Err(ServiceError::Invalid(format!("image {} is {place} already", manifest.digest)));
        }
        session.archive(found.id, &manifest.digest, archive, now()).await?;
        let class = if archive { "ARCHIVE" } else { "STANDARD" };
        let detail =
            serde_json::json!({ "imageDigest": manifest.digest, "targetStorageClass": class }).to_string();
        let arn = self.repository_arn(repository);
        session.audit(&Self::entry(caller, "ecr:UpdateImageStorageClass", &arn, "allowed", &detail)).await?;
        session.commit().await?;
        Ok(manifest.digest)
    }
}
