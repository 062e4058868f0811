//! Manifests and tags: pushed, scanned, judged, pulled, listed, removed.

use std::collections::BTreeMap;

use bytes::Bytes;
use pratique_image::{
    Algorithm, Descriptor, Digest,
    media_type::{self, ManifestKind},
};
use pratique_store::{
    Session, StoreError,
    credential::Action,
    manifest::{Manifest, Part},
};
use serde::Deserialize;

use crate::{
    Caller, Service, ServiceError, basic,
    events::ImageAction,
    gate::{Decided, Gate, Quarantine},
    immutability::TagPut,
    now,
    repositories::{Repository, Settings, check_name, check_tag},
    scan::{Scan, content, severity_counts},
    scanning::ScanType,
};

/// Most bytes of a manifest, as the distribution specification advises.
pub const MANIFEST_BYTES: usize = 4 << 20;
/// Most layers, or manifests of an index.
const PARTS: usize = 10_000;
/// Referrers that are listed at most.
const REFERRERS: i64 = 10_000;
/// How often pulls are noted at most.
const PULLS_NOTED_EVERY: i64 = 10 * 60 * 1_000_000;

/// What names a manifest in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A tag.
    Tag(String),
    /// A digest.
    Digest(Digest),
}

impl Reference {
    /// Reads a reference as it stands in a path.
    ///
    /// # Errors
    /// [`ServiceError::DigestInvalid`] or [`ServiceError::TagInvalid`]
    pub fn parse(text: &str) -> Result<Self, ServiceError> {
        if text.contains(':') {
            return parse_digest(text).map(Self::Digest);
        }
        check_tag(text)?;
        Ok(Self::Tag(text.into()))
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// Reads a digest.
///
/// # Errors
/// [`ServiceError::DigestInvalid`]
pub fn parse_digest(text: &str) -> Result<Digest, ServiceError> {
    text.parse().map_err(|error: pratique_image::BadDigest| ServiceError::DigestInvalid(error.to_string()))
}

/// A manifest as it was pushed: what of it is looked at.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What it is.
    pub media_type: String,
    /// What it is for: its own word, or the media type of its configuration.
    pub artifact_type: Option<String>,
    /// The manifest that it is about.
    pub subject: Option<Digest>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What has to be there.
    pub parts: Vec<Part>,
    /// Bytes of what it names, as they are stored.
    pub size: u64,
    /// The configuration, of an image.
    pub config: Option<Digest>,
    /// The layers of a file system, lowest first; empty for what is no image.
    pub layers: Vec<Layer>,
}

/// A layer of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Its digest.
    pub digest: Digest,
    /// Whether it may lie elsewhere, and not be here.
    pub is_foreign: bool,
}

/// The fields of both kinds of manifest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

impl Parsed {
    /// Reads a manifest that was sent as `media_type`.
    ///
    /// # Errors
    /// [`ServiceError::ManifestInvalid`] says what is wrong with it.
    pub fn of(content: &[u8], media_type: Option<&str>) -> Result<Self, ServiceError> {
        let invalid = |why: String| ServiceError::ManifestInvalid(why);
        if content.len() > MANIFEST_BYTES {
            return Err(ServiceError::SizeInvalid(format!(
                "a manifest may have {MANIFEST_BYTES} bytes, and this has {}",
                content.len()
            )));
        }
        let raw: Raw =
            serde_json::from_slice(content).map_err(|error| invalid(format!("is not one: {error}")))?;
        if raw.schema_version != Some(2) {
            return Err(invalid("has a schemaVersion other than 2, the only one that is supported".into()));
        }
        let said = media_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_owned());
        let media_type = match (raw.media_type, said.filter(|said| !said.is_empty())) {
            (Some(own), Some(said)) if own != said => {
                return Err(invalid(format!("says that it is {own}, and was sent as {said}")));
            }
            (Some(own), _) => own,
            (None, Some(said)) => said,
            (None, None) if raw.manifests.is_some() => media_type::OCI_INDEX.into(),
            (None, None) => media_type::OCI_MANIFEST.into(),
        };
        let annotations = raw.annotations.unwrap_or_default();
        let subject = raw.subject.map(|subject| subject.digest);
        let (mut parts, mut size, mut config, mut layers) = (Vec::new(), 0u64, None, Vec::new());
        let mut artifact_type = raw.artifact_type.filter(|text| !text.is_empty());
        match media_type::manifest_kind(&media_type) {
            ManifestKind::Image => {
                let own = raw.config.ok_or_else(|| invalid("names no config".into()))?;
                let all = raw.layers.unwrap_or_default();
                if all.len() > PARTS {
                    return Err(invalid(format!("has more than {PARTS} layers")));
                }
                parts.push(Part::Blob(own.digest));
                size = own.size;
                let is_image =
                    matches!(&own.media_type[..], media_type::OCI_CONFIG | media_type::DOCKER_CONFIG);
                for layer in &all {
                    // A layer that lies elsewhere may be here too, and need not.
                    let is_foreign = media_type::is_foreign_layer(&layer.media_type);
                    if !is_foreign {
                        parts.push(Part::Blob(layer.digest));
                    }
                    size = size.saturating_add(layer.size);
                    if is_image && media_type::is_layer(&layer.media_type) {
                        layers.push(Layer { digest: layer.digest, is_foreign });
                    }
                }
                if is_image {
                    config = Some(own.digest);
                }
                artifact_type = artifact_type.or(Some(own.media_type));
            }
            ManifestKind::Index => {
                let all = raw.manifests.unwrap_or_default();
                if all.len() > PARTS {
                    return Err(invalid(format!("lists more than {PARTS} manifests")));
                }
                parts.extend(all.iter().map(|child| Part::Manifest(child.digest)));
            }
            ManifestKind::Schema1 => {
                return Err(invalid("is of Docker's first schema, which no tool makes any more".into()));
            }
            ManifestKind::Other => {
                return Err(invalid(format!(
                    "is {media_type}: manifests and indexes of OCI and of Docker's second schema are kept"
                )));
            }
        }
        parts.sort_unstable();
        parts.dedup();
        Ok(Self { media_type, artifact_type, subject, annotations, parts, size, config, layers })
    }

    /// Whether there is a file system in it that can be scanned.
    pub fn is_image(&self) -> bool {
        self.config.is_some()
    }
}

/// What came of a push.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The digest of the manifest.
    pub digest: Digest,
    /// What it is about.
    pub subject: Option<Digest>,
}

impl Service {
    /// Keeps a manifest, scanned and judged, by its digest and under tags.
    ///
    /// # Errors
    /// [`ServiceError`]: among others [`ServiceError::PartsMissing`], [`ServiceError::TagImmutable`],
    /// [`ServiceError::Refused`].
    pub async fn put_manifest(
        &self,
        caller: &Caller,
        repository: &str,
        reference: &Reference,
        more_tags: &[String],
        media_type: Option<&str>,
        content: Bytes,
    ) -> Result<Pushed, ServiceError> {
        let repository = self.repository_for_push(caller, repository).await?;
        let parsed = Parsed::of(&content, media_type)?;
        let digest = match reference {
            Reference::Digest(said) => {
                let actual = Digest::of(said.algorithm(), &content);
                if actual != *said {
                    return Err(ServiceError::DigestInvalid(format!(
                        "the manifest has digest {actual}, not {said}"
                    )));
                }
                actual
            }
            Reference::Tag(_) => Digest::of(Algorithm::Sha256, &content),
        };
        more_tags.iter().try_for_each(|tag| check_tag(tag))?;
        let tags: Vec<&str> = match reference {
            Reference::Tag(tag) => vec![tag],
            Reference::Digest(_) => more_tags.iter().map(String::as_str).collect(),
        };
        let image_size = self.check_parts(&repository, &parsed).await?;
        let scanning = self.scanning_of(&repository).await?;
        let scan_type = scanning.scan_type;
        let gate = self.gate_of(&repository).await?;
        // A gate needs to know, whatever the rules of scanning say.
        let is_scanned = parsed.is_image() && (scanning.scans_on_push() || gate != Gate::Open);
        let mut manifest = Manifest {
            digest,
            media_type: parsed.media_type.clone(),
            artifact_type: parsed.artifact_type.clone(),
            subject: parsed.subject,
            annotations: parsed.annotations.clone(),
            content: content.to_vec(),
            image_size,
            pushed_at: now(),
            pulled_at: None,
            quarantine: None,
            archived_at: None,
            activated_at: None,
        };
        loop {
            let scan = if is_scanned { Some(self.scan_image(&parsed).await?) } else { None };
            if let Some(scan) = &scan {
                manifest.quarantine = match self.judge(&repository.name, gate, scan).await? {
                    Decided::Pass => None,
                    Decided::Refuse(reasons) => {
                        self.note_refusal(caller, &repository.name, &digest, &reasons).await?;
                        return Err(ServiceError::Refused(reasons));
                    }
                    Decided::Quarantine(reasons) => Some(Quarantine::because(reasons).to_json()),
                };
            }
            manifest.pushed_at = now();
            // New advisories may have come meanwhile, and what is re-scanned for them would not have this image.
            if self
                .keep(
                    caller,
                    &repository,
                    &manifest,
                    &parsed.parts,
                    &tags,
                    scan.as_ref().map(|scan| (scan, scan_type)),
                )
                .await?
            {
                break;
            }
        }
        Ok(Pushed { digest, subject: parsed.subject })
    }

    /// Makes sure that what a manifest is made of is there; says how many bytes that is.
    async fn check_parts(&self, repository: &Repository, parsed: &Parsed) -> Result<u64, ServiceError> {
        let mut session = self.store().read().await?;
        let mut missing = Vec::new();
        let mut size = parsed.size;
        for part in &parsed.parts {
            match part {
                Part::Blob(digest) => {
                    if session.blob(repository.id, digest).await?.is_none() {
                        missing.push(*digest);
                    }
                }
                Part::Manifest(digest) => match session.manifest(repository.id, digest).await? {
                    Some(child) => size = size.saturating_add(child.image_size),
                    None => missing.push(*digest),
                },
            }
        }
        if missing.is_empty() { Ok(size) } else { Err(ServiceError::PartsMissing(missing)) }
    }

    /// Writes all that a push changes, in one transaction; nothing, and `false`, if other advisories are in use by now than
    /// the image was matched against.
    async fn keep(
        &self,
        caller: &Caller,
        repository: &Repository,
        manifest: &Manifest,
        parts: &[Part],
        tags: &[&str],
        scan: Option<(&Scan, ScanType)>,
    ) -> Result<bool, ServiceError> {
        let time = manifest.pushed_at;
        let components = scan.map(|(scan, _)| scan.components(time)).unwrap_or_default();
        let keys: Vec<_> = components.iter().map(|component| component.key.clone()).collect();
        let known = self.store().read().await?.components_by_key(&keys).await?;
        let new: Vec<_> =
            components.into_iter().filter(|component| !known.contains_key(&component.key)).collect();

        let mut session = self.store().write().await?;
        let in_use = self.advisories().as_deref().map(content).unwrap_or_default();
        if scan.is_some_and(|(scan, _)| scan.database != in_use) {
            return Ok(false);
        }
        for tag in tags {
            let there = session.tag(repository.id, tag).await?;
            let put = repository.settings.mutability.put(tag, there.as_ref(), &manifest.digest);
            if put == TagPut::Refused {
                let (tag, repository) = ((*tag).to_owned(), repository.name.clone());
                return Err(ServiceError::TagImmutable { tag, repository });
            }
        }
        match session.put_manifest(repository.id, manifest, parts).await {
            Err(StoreError::Conflict(_)) => {
                // It was there a moment ago: somebody removed it, or the repository.
                return Err(ServiceError::PartsMissing(parts.iter().map(digest_of).collect()));
            }
            other => other?,
        }
        for tag in tags {
            session.put_tag(repository.id, tag, &manifest.digest, time).await?;
        }
        let is_referrer = manifest.subject.is_some();
        let told = if tags.is_empty() { vec![None] } else { tags.iter().copied().map(Some).collect() };
        for tag in told {
            let (name, digest) = (&repository.name, &manifest.digest);
            session
                .add_event(&self.image_action(time, ImageAction::Push, name, digest, tag, is_referrer)?)
                .await?;
        }
        if let Some((scan, scan_type)) = scan {
            let added = session.add_components(&new).await?;
            let ids = known.into_values().chain(added.into_values());
            let image = scan.image(manifest.digest, time, ids);
            session.put_image(&image).await?;
            let tags = session.tags_of(repository.id, &manifest.digest).await?;
            let (name, digest) = (&repository.name, &manifest.digest);
            let complete = match scan_type {
                ScanType::Enhanced => {
                    let counts = severity_counts(scan.matches.findings.iter());
                    self.enhanced_scan_complete(time, name, digest, &tags, &counts)?
                }
                ScanType::Basic => {
                    let status = if scan.failure.is_none() { "COMPLETE" } else { "FAILED" };
                    let counts = basic::counts(&mut session, &image).await?;
                    self.basic_scan_event(time, status, name, digest, &tags, &counts)?
                }
            };
            session.add_event(&complete).await?;
        }
        let detail = serde_json::json!({ "imageDigest": manifest.digest, "imageTags": tags }).to_string();
        let arn = self.repository_arn(&repository.name);
        session.audit(&Self::entry(caller, "ecr:PutImage", &arn, "allowed", &detail)).await?;
        session.commit().await?;
        Ok(true)
    }

    /// A manifest by tag or digest, for somebody who pulls it.
    ///
    /// # Errors
    /// [`ServiceError::ManifestUnknown`] if there is none, [`ServiceError::Quarantined`] if nobody may pull it.
    pub async fn manifest(
        &self,
        caller: &Caller,
        repository: &str,
        reference: &Reference,
    ) -> Result<Manifest, ServiceError> {
        check_name(repository)?;
        let mut session = self.store().read().await?;
        // One question: this is what registries are asked most.
        let name = match reference {
            Reference::Digest(digest) => Ok(digest),
            Reference::Tag(tag) => Err(&tag[..]),
        };
        let (found, manifest) = match session.pulled::<Settings>(repository, name).await? {
            Some((found, manifest)) => (Some(found), manifest),
            None => (None, None),
        };
        let found = self.pullable(&mut session, caller, repository, found).await?;
        drop(session);
        let unknown = || ServiceError::ManifestUnknown {
            reference: reference.to_string(),
            repository: repository.into(),
        };
        let manifest = manifest.ok_or_else(unknown)?;
        let digest = manifest.digest;
        if manifest.is_archived() {
            return Err(ServiceError::Archived(digest));
        }
        if let Some(quarantine) = &manifest.quarantine
            && !caller.may(Action::Release, repository)
        {
            Quarantine::of_json(quarantine).check(now())?;
        }
        let time = now();
        if manifest.pulled_at.is_none_or(|last| last + PULLS_NOTED_EVERY < time)
            && self.pull_counts(caller).await?
        {
            let service = self.clone();
            // Nobody waits for a note, and a lost one is no loss.
            tokio::spawn(async move {
                let mut session = service.store().write().await.ok()?;
                session.note_pull(found.id, &digest, time).await.ok()?;
                session.commit().await.ok()
            });
        }
        Ok(manifest)
    }

    /// Tags in their order, from the first behind `after`.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn tags(
        &self,
        caller: &Caller,
        repository: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, ServiceError> {
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        let tags = session.tags(found.id, after, i64::try_from(limit).unwrap_or(i64::MAX)).await?;
        Ok(tags.into_iter().map(|(name, _)| name).collect())
    }

    /// The manifests that are about `subject`, of one type of artifact or all.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn referrers(
        &self,
        caller: &Caller,
        repository: &str,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Manifest>, ServiceError> {
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        let mut referrers = session.referrers(found.id, subject, REFERRERS).await?;
        if let Some(wanted) = artifact_type {
            referrers.retain(|referrer| referrer.artifact_type.as_deref() == Some(wanted));
        }
        Ok(referrers)
    }

    /// Removes a tag, or a manifest with all its tags.
    ///
    /// # Errors
    /// [`ServiceError::ManifestUnknown`] if there is none, [`ServiceError::ManifestInUse`] if an index lists it.
    pub async fn delete_manifest(
        &self,
        caller: &Caller,
        repository: &str,
        reference: &Reference,
    ) -> Result<(), ServiceError> {
        check_name(repository)?;
        self.allow(caller, Action::Delete, repository).await?;
        let mut session = self.store().write().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        self.remove(&mut session, caller, &found, reference).await?;
        Ok(session.commit().await?)
    }

    /// The same within a transaction that goes on.
    pub(crate) async fn remove(
        &self,
        session: &mut Session,
        caller: &Caller,
        found: &Repository,
        reference: &Reference,
    ) -> Result<(), ServiceError> {
        let repository = &found.name[..];
        let unknown = || ServiceError::ManifestUnknown {
            reference: reference.to_string(),
            repository: repository.into(),
        };
        let time = now();
        match reference {
            Reference::Tag(tag) => {
                let digest = session.tag(found.id, tag).await?.ok_or_else(unknown)?;
                session.delete_tag(found.id, tag).await?;
                let event =
                    self.image_action(time, ImageAction::Delete, repository, &digest, Some(tag), false)?;
                session.add_event(&event).await?;
            }
            Reference::Digest(digest) => {
                let manifest = session.manifest(found.id, digest).await?.ok_or_else(unknown)?;
                if let Some(&index) = session.indexes_of(found.id, digest).await?.first() {
                    return Err(ServiceError::ManifestInUse { digest: *digest, index });
                }
                let tags = session.tags_of(found.id, digest).await?;
                session.delete_manifest(found.id, digest).await?;
                let is_referrer = manifest.subject.is_some();
                let tags: Vec<Option<&str>> = if tags.is_empty() {
                    vec![None]
                } else {
                    tags.iter().map(|tag| Some(&tag[..])).collect()
                };
                for tag in tags {
                    let event =
                        self.image_action(time, ImageAction::Delete, repository, digest, tag, is_referrer)?;
                    session.add_event(&event).await?;
                }
            }
        }
        let detail = serde_json::json!({ "reference": reference.to_string() }).to_string();
        let arn = self.repository_arn(repository);
        session.audit(&Self::entry(caller, "ecr:BatchDeleteImage", &arn, "allowed", &detail)).await?;
        Ok(())
    }
}

fn digest_of(part: &Part) -> Digest {
    match part {
        Part::Blob(digest) | Part::Manifest(digest) => *digest,
    }
}
