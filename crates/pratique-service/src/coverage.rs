//! What is watched, and why not: Inspector's coverage of images and repositories.
//!
//! Every image is a resource, scanned or not; an index is none, its images are. So is every repository.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pratique_image::media_type;
use pratique_store::{Micros, image::HeldImage};

use crate::{
    Caller, Service, ServiceError,
    findings::{
        criteria::{Criteria, Fields, Values},
        {Watch, times_of},
    },
    now,
    repositories::Repository,
    scanning::{ScanFrequency, ScanType, rescan::Eligibility},
    tokens::{read_token, write_token},
};

/// Why a resource is watched or not, as Inspector names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are called what they are")]
pub enum Reason {
    Successful,
    PendingInitialScan,
    ScanEligibilityExpired,
    ScanFrequencyScanOnPush,
    ScanFrequencyManual,
    InternalError,
    ImageArchived,
}

impl Reason {
    /// As Inspector writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Successful => "SUCCESSFUL",
            Self::PendingInitialScan => "PENDING_INITIAL_SCAN",
            Self::ScanEligibilityExpired => "SCAN_ELIGIBILITY_EXPIRED",
            Self::ScanFrequencyScanOnPush => "SCAN_FREQUENCY_SCAN_ON_PUSH",
            Self::ScanFrequencyManual => "SCAN_FREQUENCY_MANUAL",
            Self::InternalError => "INTERNAL_ERROR",
            Self::ImageArchived => "IMAGE_ARCHIVED",
        }
    }

    /// Whether the resource is watched.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Successful | Self::PendingInitialScan)
    }
}

/// Something that is watched or could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// Its ARN.
    pub arn: String,
    /// The repository.
    pub repository: String,
    /// The image; `None` for the repository itself.
    pub image: Option<CoveredImage>,
    /// Whether it is watched.
    pub reason: Reason,
    /// When it was scanned last.
    pub scanned_at: Option<Micros>,
    /// How often the repository's images are scanned.
    pub frequency: ScanFrequency,
}

/// An image that is watched or could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredImage {
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pulled last.
    pub pulled_at: Option<Micros>,
}

/// What resources are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are called what they are")]
pub enum CoveredBy {
    StatusCode,
    StatusReason,
    Account,
    ResourceType,
    Repository,
}

impl Covered {
    /// `ACTIVE` or `INACTIVE`
    pub fn status_code(&self) -> &'static str {
        if self.reason.is_active() { "ACTIVE" } else { "INACTIVE" }
    }

    /// As Inspector names it.
    pub fn resource_type(&self) -> &'static str {
        if self.image.is_some() { "AWS_ECR_CONTAINER_IMAGE" } else { "AWS_ECR_REPOSITORY" }
    }
}

struct Resource<'a>(&'a Covered, &'a str);

impl Fields for Resource<'_> {
    fn get(&self, criterion: &str) -> Values<'_> {
        let Self(covered, account) = self;
        let time = |time: Option<Micros>| time.map_or(Values::NOTHING, Values::Time);
        match criterion {
            "accountId" | "cloudProviderAccountId" => Values::text(*account),
            "cloudProvider" => Values::text("AWS"),
            "ecrRepositoryName" | "cloudContainerRepositoryName" => Values::text(&*covered.repository),
            "ecrImageTags" | "cloudContainerImageTags" => {
                let tags = covered.image.iter().flat_map(|image| &image.tags);
                Values::Texts(tags.map(Into::into).collect())
            }
            "resourceId" => Values::text(&*covered.arn),
            "resourceType" => Values::text(covered.resource_type()),
            "scanStatusCode" => Values::text(covered.status_code()),
            "scanStatusReason" => Values::text(covered.reason.name()),
            "scanType" => Values::text("PACKAGE"),
            "lastScannedAt" => time(covered.scanned_at),
            "imagePulledAt" => time(covered.image.as_ref().and_then(|image| image.pulled_at)),
            _ => Values::NOTHING,
        }
    }
}

/// Images of a repository that are read at once.
const BLOCK: i64 = 500;

impl Service {
    /// What is watched, a page of at most `limit`, and where the next one begins.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a token that is none of this query.
    pub async fn coverage(
        &self,
        caller: &Caller,
        criteria: &Criteria,
        limit: usize,
        token: Option<&str>,
    ) -> Result<(Vec<Covered>, Option<String>), ServiceError> {
        let hash = xxhash_rust::xxh3::xxh3_64(serde_json::to_string(criteria).unwrap_or_default().as_bytes());
        let after: Option<(String, String)> = token.map(|token| read_token(hash, token)).transpose()?;
        let mut found: Vec<Covered> = Vec::new();
        let mut next = None;
        let mut last = (String::new(), String::new());
        self.each_covered(caller, after, |covered, place| {
            if criteria.fit(&Resource(&covered, &self.options().account)) == Some(true) {
                if found.len() >= limit {
                    next = Some(write_token(hash, &last));
                    return false;
                }
                found.push(covered);
            }
            last = place;
            true
        })
        .await?;
        Ok((found, next))
    }

    /// How many resources there are, in groups.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be read.
    pub async fn count_coverage(
        &self,
        caller: &Caller,
        criteria: &Criteria,
        by: CoveredBy,
    ) -> Result<BTreeMap<String, u64>, ServiceError> {
        let mut groups = BTreeMap::new();
        self.each_covered(caller, None, |covered, _| {
            if criteria.fit(&Resource(&covered, &self.options().account)) == Some(true) {
                let name = match by {
                    CoveredBy::StatusCode => covered.status_code().to_owned(),
                    CoveredBy::StatusReason => covered.reason.name().to_owned(),
                    CoveredBy::Account => self.options().account.clone(),
                    CoveredBy::ResourceType => covered.resource_type().to_owned(),
                    CoveredBy::Repository => covered.repository,
                };
                *groups.entry(name).or_default() += 1;
            }
            true
        })
        .await?;
        Ok(groups)
    }

    /// Calls `with` for every resource in the order of repositories and digests, from the first behind `after`, until it
    /// says that it is enough. A repository comes before its images.
    async fn each_covered(
        &self,
        caller: &Caller,
        after: Option<(String, String)>,
        mut with: impl FnMut(Covered, (String, String)) -> bool,
    ) -> Result<(), ServiceError> {
        let watch = Watch::of(self).await?;
        if watch.scanning.scan_type() != ScanType::Enhanced {
            return Ok(());
        }
        let (behind, mut digest) = after.unwrap_or_default();
        let mut repositories = Vec::new();
        if !behind.is_empty() {
            match self.repository(caller, &behind).await {
                Ok(repository) => repositories.push(repository),
                // Removed since the last page, or no longer theirs: what comes behind it is told.
                Err(ServiceError::RepositoryUnknown(_) | ServiceError::Denied { .. }) => digest.clear(),
                Err(error) => return Err(error),
            }
        }
        repositories.extend(self.repositories(caller, &behind, usize::MAX).await?);
        let mut is_first = !behind.is_empty() && repositories.first().is_some_and(|it| it.name == behind);
        for repository in repositories {
            let scanning = watch.scanning.for_repository(&repository.name, repository.settings.scan_on_push);
            let of_repository = match scanning.frequency {
                ScanFrequency::Manual => Reason::ScanFrequencyManual,
                ScanFrequency::ScanOnPush => Reason::ScanFrequencyScanOnPush,
                ScanFrequency::ContinuousScan => Reason::Successful,
            };
            // Where an earlier page ended in this repository it has been told of.
            if !is_first {
                let covered = Covered {
                    arn: self.repository_arn(&repository.name),
                    repository: repository.name.clone(),
                    image: None,
                    reason: of_repository,
                    scanned_at: None,
                    frequency: scanning.frequency,
                };
                if !with(covered, (repository.name.clone(), String::new())) {
                    return Ok(());
                }
            }
            is_first = false;
            let mut session = self.store().read().await?;
            let mut tags: BTreeMap<_, Vec<String>> = BTreeMap::new();
            for (tag, of) in session.tags(repository.id, "", i64::MAX).await? {
                tags.entry(of).or_default().push(tag);
            }
            loop {
                let images = session.held_images(repository.id, &digest, BLOCK).await?;
                for image in images.iter().filter(|image| is_image(image)) {
                    let reason = reason(&watch, &repository, image);
                    let covered = Covered {
                        arn: self.image_arn(&repository.name, &image.digest),
                        repository: repository.name.clone(),
                        image: Some(CoveredImage {
                            tags: tags.remove(&image.digest).unwrap_or_default(),
                            pulled_at: image.pulled_at,
                        }),
                        reason,
                        scanned_at: image.scan.as_ref().map(|scan| scan.scanned_at),
                        frequency: scanning.frequency,
                    };
                    if !with(covered, (repository.name.clone(), image.digest.to_string())) {
                        return Ok(());
                    }
                }
                match images.last() {
                    Some(last) if images.len() >= BLOCK as usize => digest = last.digest.to_string(),
                    _ => break,
                }
            }
            digest.clear();
        }
        Ok(())
    }
}

/// Whether an image is watched, and why.
fn reason(watch: &Watch, repository: &Repository, image: &HeldImage) -> Reason {
    let scanning = watch.scanning.for_repository(&repository.name, repository.settings.scan_on_push);
    let at = Timestamp::from_microsecond(now()).unwrap_or_default();
    match watch.rescan.eligibility(&scanning, &times_of(image), None, at) {
        Eligibility::Archived => Reason::ImageArchived,
        Eligibility::Expired => Reason::ScanEligibilityExpired,
        Eligibility::Off | Eligibility::OnRequest => Reason::ScanFrequencyManual,
        Eligibility::Once | Eligibility::Continuous { .. } => match &image.scan {
            None => Reason::PendingInitialScan,
            Some(scan) if scan.failure.is_some() => Reason::InternalError,
            Some(_) if scanning.frequency == ScanFrequency::ScanOnPush => Reason::ScanFrequencyScanOnPush,
            Some(_) => Reason::Successful,
        },
    }
}

/// Whether a manifest is an image and not an index or another artifact.
fn is_image(image: &HeldImage) -> bool {
    let kind = image.artifact_type.as_deref();
    kind.is_some_and(|kind| matches!(kind, media_type::OCI_CONFIG | media_type::DOCKER_CONFIG))
}
