//! Images one after the other, in the order of repositories and digests, each with its findings.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use pratique_image::Digest;
use pratique_store::{Micros, component::ComponentId, image::HeldImage};

use super::{
    FoundIn,
    known::Known,
    list::Judge,
    platform::platform,
    row::{Held, Row, rows_of},
};
use crate::{
    Caller, Service, ServiceError, now,
    repositories::Repository,
    scan::Summary,
    scanning::{
        RegistryScanning, ScanType,
        rescan::{ImageTimes, RescanSettings},
    },
};

/// Images that are read at once.
const BLOCK: i64 = 200;
/// Components that are kept in memory while one walks. Most have no findings, and take a few bytes.
const COMPONENTS: usize = 1_000_000;

/// How long images are watched.
pub(crate) struct Watch {
    pub(crate) scanning: RegistryScanning,
    pub(crate) rescan: RescanSettings,
}

impl Watch {
    pub(crate) async fn of(service: &Service) -> Result<Self, ServiceError> {
        let scanning = service.registry_scanning().await?;
        let rescan = service.rescan_settings().await?.0;
        Ok(Self { scanning, rescan })
    }

    /// Since when an image is not watched any more.
    pub(crate) fn unwatched(
        &self,
        repository: &Repository,
        times: &ImageTimes,
        now: Micros,
    ) -> Option<Micros> {
        let scanning = self.scanning.for_repository(&repository.name, repository.settings.scan_on_push);
        let at = Timestamp::from_microsecond(now).unwrap_or_default();
        match self.rescan.eligibility(&scanning, times, None, at) {
            crate::scanning::rescan::Eligibility::Expired => {
                self.rescan.watched_until(times).map(Timestamp::as_microsecond)
            }
            _ => None,
        }
    }
}

/// The days of an image.
pub(crate) fn times_of(image: &HeldImage) -> ImageTimes {
    let at = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
    let pulled_at = image.pulled_at.map(at);
    // What runs it pulls it; that is all we know of its use.
    ImageTimes {
        pushed_at: at(image.pushed_at),
        pulled_at,
        in_use_at: pulled_at,
        expired_at: None,
        is_archived: false,
    }
}

impl Service {
    /// An image as findings need it; `None` if it was not scanned.
    fn held(
        &self,
        watch: &Watch,
        repository: &Repository,
        image: &HeldImage,
        tags: Vec<String>,
    ) -> Option<(Arc<Held>, Vec<ComponentId>)> {
        let scan = image.scan.as_ref()?;
        let summary: Summary = serde_json::from_str(&scan.summary).unwrap_or_default();
        let found_in = FoundIn {
            arn: self.image_arn(&repository.name, &image.digest),
            repository: repository.name.clone(),
            digest: image.digest.to_string(),
            tags,
            pushed_at: image.pushed_at,
            pulled_at: image.pulled_at,
            scanned_at: scan.scanned_at,
            architecture: summary.architecture,
            platform: summary.distribution.as_deref().map(platform),
            author: summary.author.filter(|author| !author.is_empty()),
        };
        let unwatched = watch.unwatched(repository, &times_of(image), now());
        Some((Arc::new(Held { found_in, unwatched }), scan.components.clone()))
    }

    /// `arn:aws:ecr:REGION:ACCOUNT:repository/NAME/DIGEST`
    pub fn image_arn(&self, repository: &str, digest: &Digest) -> String {
        format!("{}/{digest}", self.repository_arn(repository))
    }
}

/// One image with its findings, for somebody who may pull it.
pub(crate) async fn one(
    service: &Service,
    caller: &Caller,
    repository: &str,
    digest: &Digest,
) -> Result<(Arc<Held>, Vec<Row>), ServiceError> {
    let watch = Watch::of(service).await?;
    let mut session = service.store().read().await?;
    let found = service.repository_in(&mut session, caller, repository).await?;
    let unknown =
        || ServiceError::ManifestUnknown { reference: digest.to_string(), repository: repository.into() };
    let image = session.held_image(found.id, digest).await?.ok_or_else(unknown)?;
    let tags = session.tags_of(found.id, digest).await?;
    let held = service.held(&watch, &found, &image, tags);
    let (held, ids) = held.ok_or(ServiceError::NotScanned(*digest))?;
    let components = session.components_with_findings(&ids).await?;
    let known: Vec<Arc<Known>> = components.into_iter().filter_map(Known::of).map(Arc::new).collect();
    let rows = rows_of(&held, known.iter(), now());
    Ok((held, rows))
}

/// A walk over all images.
pub(crate) struct Walk<'j> {
    service: Service,
    judge: &'j Judge,
    watch: Watch,
    repositories: VecDeque<Repository>,
    /// Digest behind which the first repository goes on.
    after: String,
    /// Whether anybody asks for the tags of images.
    wants_tags: bool,
    /// Those of the repository that is walked.
    tags: Option<HashMap<Digest, Vec<String>>>,
    ready: VecDeque<(Arc<Held>, Vec<ComponentId>)>,
    components: HashMap<ComponentId, Option<Arc<Known>>>,
}

impl<'j> Walk<'j> {
    /// Over the images that `caller` may pull and that may be meant, from the one behind `after` (repository, digest).
    pub(crate) async fn new(
        service: &Service,
        caller: &Caller,
        judge: &'j Judge,
        after: Option<(&str, &str)>,
    ) -> Result<Self, ServiceError> {
        let watch = Watch::of(service).await?;
        let mut repositories = VecDeque::new();
        // Without enhanced scanning Inspector is off, and knows nothing.
        if watch.scanning.scan_type() == ScanType::Enhanced {
            if let Some((first, _)) = after {
                match service.repository(caller, first).await {
                    Ok(first) => repositories.push_back(first),
                    // Removed since the last page, or no longer theirs: what comes behind it is told.
                    Err(ServiceError::RepositoryUnknown(_) | ServiceError::Denied { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            let behind = after.map_or("", |(repository, _)| repository);
            repositories.extend(service.repositories(caller, behind, usize::MAX).await?);
        }
        repositories.retain(|repository| judge.may_be_in(&repository.name));
        let goes_on = after
            .filter(|(first, _)| repositories.front().is_some_and(|repository| repository.name == *first));
        Ok(Self {
            service: service.clone(),
            judge,
            wants_tags: judge.asks_for_tags(),
            watch,
            repositories,
            after: goes_on.map_or("", |(_, digest)| digest).to_owned(),
            tags: None,
            ready: VecDeque::new(),
            components: HashMap::new(),
        })
    }

    /// With the tags of all images.
    pub(crate) fn with_tags(self) -> Self {
        Self { wants_tags: true, ..self }
    }

    /// The next image of which findings may be meant, and its findings.
    pub(crate) async fn next(&mut self) -> Result<Option<(Arc<Held>, Vec<Row>)>, ServiceError> {
        while self.ready.is_empty() {
            if !self.read().await? {
                return Ok(None);
            }
        }
        let Some((image, ids)) = self.ready.pop_front() else { return Ok(None) };
        let known = ids.iter().filter_map(|id| self.components.get(id)?.as_ref());
        let rows = rows_of(&image, known, now());
        Ok(Some((image, rows)))
    }

    /// Reads a block of images; `false` if there are none left.
    async fn read(&mut self) -> Result<bool, ServiceError> {
        let Some(repository) = self.repositories.front() else { return Ok(false) };
        // Not kept from block to block: who walks needs connections of their own meanwhile, and there are few.
        let mut session = self.service.store().read().await?;
        if self.tags.is_none() && self.wants_tags {
            let mut tags: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
            for (tag, digest) in session.tags(repository.id, "", i64::MAX).await? {
                tags.entry(digest).or_default().push(tag);
            }
            self.tags = Some(tags.into_iter().collect());
        }
        let images = session.held_images(repository.id, &self.after, BLOCK).await?;
        for image in &images {
            let tags = self.tags.as_ref().and_then(|tags| tags.get(&image.digest)).cloned();
            let held = self.service.held(&self.watch, repository, image, tags.unwrap_or_default());
            self.ready.extend(held.filter(|(held, _)| self.judge.may_be_of(held)));
        }
        match images.last() {
            Some(last) if images.len() >= BLOCK as usize => self.after = last.digest.to_string(),
            _ => {
                self.repositories.pop_front();
                self.after.clear();
                self.tags = None;
            }
        }
        if self.components.len() > COMPONENTS {
            self.components.clear();
        }
        let mut ids: Vec<ComponentId> = self.ready.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| !self.components.contains_key(id));
        let found = session.components_with_findings(&ids).await?;
        self.components.extend(ids.into_iter().map(|id| (id, None)));
        for component in found {
            let id = component.id;
            self.components.insert(id, Known::of(component).map(Arc::new));
        }
        Ok(true)
    }
}
