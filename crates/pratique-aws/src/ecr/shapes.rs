//! Shapes that several operations share.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pratique_image::Digest;
use pratique_service::{
    images::ImageName,
    immutability::{ExclusionFilter, Setting, TagMutability},
    repositories::{Repository as Known, Settings},
};
use pratique_store::Micros;
use serde::{Deserialize, Serialize};

use super::Call;
use crate::ApiError;

/// Input that names a repository, and nothing more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfRepository {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: String,
}

/// Input that says nothing.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// What an image is asked for by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageIdentifier {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_tag: Option<String>,
}

impl ImageIdentifier {
    /// By a tag or a digest.
    pub(super) fn of(reference: &str) -> Self {
        let reference = Some(reference.to_owned());
        if reference.as_ref().is_some_and(|reference| reference.contains(':')) {
            Self { image_digest: reference, image_tag: None }
        } else {
            Self { image_digest: None, image_tag: reference }
        }
    }

    /// As messages show it.
    pub(super) fn shown(&self) -> String {
        let of = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".into());
        format!("{{imageDigest:'{}', imageTag:'{}'}}", of(&self.image_digest), of(&self.image_tag))
    }

    /// With the digest that it turned out to have.
    pub(super) fn with_digest(self, digest: Digest) -> Self {
        Self { image_digest: Some(digest.to_string()), ..self }
    }

    pub(super) fn name(&self) -> ImageName {
        ImageName { digest: self.image_digest.clone(), tag: self.image_tag.clone() }
    }
}

impl From<ImageName> for ImageIdentifier {
    fn from(name: ImageName) -> Self {
        Self { image_digest: name.digest, image_tag: name.tag }
    }
}

/// A tag on a resource.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// Tags by their keys; of a key that is there twice the last counts.
pub(super) fn tags_of(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect()
}

/// Tags as a list.
pub(super) fn tag_list(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

/// Which tags may move.
pub(super) fn mutability(
    setting: Option<Setting>,
    filters: Option<Vec<ExclusionFilter>>,
) -> Result<TagMutability, ApiError> {
    TagMutability::new(setting.unwrap_or_default(), filters.unwrap_or_default())
        .map_err(|error| ApiError::new("InvalidParameterException", error.to_string()))
}

/// Its filters, if it has any.
pub(super) fn filters(mutability: &TagMutability) -> Option<&[ExclusionFilter]> {
    Some(mutability.filters()).filter(|filters| !filters.is_empty())
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageScanning {
    #[serde(default)]
    pub(super) scan_on_push: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encryption {
    pub(super) encryption_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kms_key: Option<String>,
}

impl Encryption {
    /// The one that there always is.
    pub(super) const DEFAULT: &str = "AES256";

    fn of(settings: &Settings) -> Self {
        let encryption_type = settings.encryption_type.clone().unwrap_or_else(|| Self::DEFAULT.into());
        Self { encryption_type, kms_key: settings.kms_key.clone() }
    }
}

/// A repository as it is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repository {
    repository_arn: String,
    registry_id: String,
    repository_name: String,
    repository_uri: String,
    created_at: Timestamp,
    image_tag_mutability: Setting,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: ImageScanning,
    encryption_configuration: Encryption,
}

impl Repository {
    pub(super) fn of(call: &Call, known: &Known) -> Self {
        let Settings { mutability, scan_on_push, .. } = &known.settings;
        Self {
            repository_arn: call.state.repository_arn(&known.name),
            registry_id: call.account.to_string(),
            repository_name: known.name.clone(),
            repository_uri: format!("{}/{}", call.host, known.name),
            created_at: time(known.created_at),
            image_tag_mutability: mutability.setting(),
            image_tag_mutability_exclusion_filters: filters(mutability).map(<[_]>::to_vec),
            image_scanning_configuration: ImageScanning { scan_on_push: *scan_on_push },
            encryption_configuration: Encryption::of(&known.settings),
        }
    }
}

/// A time as the protocol's encoders take it.
pub(super) fn time(micros: Micros) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}
