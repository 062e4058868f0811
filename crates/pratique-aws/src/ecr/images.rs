//! Images.

use bytes::Bytes;
use pratique_image::Digest;
use pratique_service::{
    ServiceError,
    basic::{Counts, Outcome},
    manifests::parse_digest,
    scanning::ScanType,
};
use pratique_store::{
    Micros,
    listing::{ListFilter, Listed},
    manifest::Manifest,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Call, caller_in, failure, paging,
    scanning::{status, summary},
    shapes::{ImageIdentifier, time},
};
use crate::ApiError;

/// Most names on a page of `ListImages`: the model has no more in an answer.
const NAMES: usize = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    tag_status: Option<String>,
    image_status: Option<String>,
}

impl Filter {
    /// Images at hand, unless somebody asks for others.
    fn listed(&self) -> ListFilter {
        let tagged = match self.tag_status.as_deref() {
            Some("TAGGED") => Some(true),
            Some("UNTAGGED") => Some(false),
            _ => None,
        };
        let archived = match self.image_status.as_deref() {
            Some("ARCHIVED") => Some(true),
            Some("ANY") => None,
            _ => Some(false),
        };
        ListFilter { tagged, archived }
    }

    /// Nothing is ever on its way out of the archive here.
    fn is_empty(&self) -> bool {
        self.image_status.as_deref() == Some("ACTIVATING")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListImagesRequest {
    registry_id: Option<String>,
    repository_name: String,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    filter: Filter,
}

pub(super) async fn list(call: &Call, input: ListImagesRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let (digest, tag): (String, String) = paging::start(input.next_token.as_deref())?;
    let size = if input.filter.is_empty() { 0 } else { paging::size(input.max_results).min(NAMES) };
    let after = (&digest[..], &tag[..]);
    let names = call.state.list_names(&caller, name, input.filter.listed(), after, size + 1).await;
    let mut names = names.map_err(failure::of(call))?;
    let has_more = names.len() > size && size > 0;
    names.truncate(size);
    let next = names.last().filter(|_| has_more);
    let next =
        next.map(|(digest, tag)| paging::token(&(digest.to_string(), tag.clone().unwrap_or_default())));
    let ids: Vec<_> = names
        .into_iter()
        .map(|(digest, image_tag)| ImageIdentifier { image_digest: Some(digest.to_string()), image_tag })
        .collect();
    Ok(json!({ "imageIds": ids, "nextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeImagesRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageIdentifier>>,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    filter: Filter,
}

pub(super) async fn describe(call: &Call, input: DescribeImagesRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let (images, next) = if let Some(ids) = input.image_ids {
        let mut images = Vec::with_capacity(ids.len());
        for id in ids {
            let found = call.state.describe_images(&caller, name, &[id.name()]).await;
            let found = found.map_err(|error| match error {
                ServiceError::ManifestUnknown { .. } => failure::no_image(call, name, &id),
                error => failure::of(call)(error),
            })?;
            images.extend(found);
        }
        images.sort_by_key(|image| image.digest);
        images.dedup_by_key(|image| image.digest);
        (images, None)
    } else {
        let after: String = paging::start(input.next_token.as_deref())?;
        let size = if input.filter.is_empty() { 0 } else { paging::size(input.max_results) };
        let images = call.state.list_images(&caller, name, input.filter.listed(), &after, size + 1).await;
        let mut images = images.map_err(failure::of(call))?;
        let has_more = images.len() > size && size > 0;
        images.truncate(size);
        let next = images.last().filter(|_| has_more).map(|last| paging::token(&last.digest.to_string()));
        (images, next)
    };
    let scanning = call.state.registry_scanning().await.map_err(failure::of(call))?;
    // Only basic scanning is told here.
    let scans = if scanning.scan_type() == ScanType::Basic {
        let digests: Vec<Digest> = images.iter().map(|image| image.digest).collect();
        call.state.basic_counts(&digests).await.map_err(failure::of(call))?
    } else {
        Vec::new()
    };
    let mut scans = scans.into_iter();
    let details: Vec<_> =
        images.iter().map(|image| detail(call, name, image, scans.next().flatten())).collect();
    Ok(json!({ "imageDetails": details, "nextToken": next }))
}

fn detail(call: &Call, repository: &str, image: &Listed, scan: Option<(Micros, Outcome, Counts)>) -> Value {
    let is_archived = image.is_archived();
    let tags = Some(&image.tags).filter(|tags| !tags.is_empty());
    let mut detail = json!({
        "registryId": *call.account,
        "repositoryName": repository,
        "imageDigest": image.digest.to_string(),
        "imageTags": tags,
        "imageSizeInBytes": image.image_size,
        "imagePushedAt": time(image.pushed_at),
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact_type,
        "lastRecordedPullTime": image.pulled_at.map(time),
        "subjectManifestDigest": image.subject.map(|subject| subject.to_string()),
        "imageStatus": if is_archived { "ARCHIVED" } else { "ACTIVE" },
        "lastArchivedAt": image.archived_at.map(time),
        "lastActivatedAt": image.activated_at.map(time),
    });
    if let (Some((at, outcome, counts)), Some(detail)) = (scan, detail.as_object_mut()) {
        detail.insert("imageScanStatus".into(), status(&outcome));
        detail.insert("imageScanFindingsSummary".into(), summary(call, at, &counts));
    }
    detail
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchImageRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageIdentifier>,
    accepted_media_types: Option<Vec<String>>,
}

pub(super) async fn batch_get(call: &Call, input: BatchImageRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let names: Vec<_> = input.image_ids.iter().map(ImageIdentifier::name).collect();
    let found = call.state.pull_images(&caller, name, &names).await.map_err(failure::of(call))?;
    let accepted = input.accepted_media_types.unwrap_or_default();
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for (id, found) in input.image_ids.into_iter().zip(found) {
        match found {
            Ok(manifest) if !accepted.is_empty() && !accepted.contains(&manifest.media_type) => {
                let why = format!("The image is {}, which is not accepted", manifest.media_type);
                failures.push(json!({ "imageId": id, "failureCode": "ImageNotFound", "failureReason": why }));
            }
            Ok(manifest) => images.push(image(call, name, id.image_tag, &manifest)),
            Err(unnamed) => {
                let (code, reason) = failure::of_image(&unnamed);
                failures.push(json!({ "imageId": id, "failureCode": code, "failureReason": reason }));
            }
        }
    }
    Ok(json!({ "images": images, "failures": failures }))
}

fn image(call: &Call, repository: &str, image_tag: Option<String>, manifest: &Manifest) -> Value {
    json!({
        "registryId": *call.account,
        "repositoryName": repository,
        "imageId": ImageIdentifier { image_digest: Some(manifest.digest.to_string()), image_tag },
        // Manifests are JSON, which is UTF-8.
        "imageManifest": String::from_utf8_lossy(&manifest.content),
        "imageManifestMediaType": manifest.media_type,
    })
}

pub(super) async fn batch_delete(call: &Call, input: BatchImageRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let names: Vec<_> = input.image_ids.iter().map(ImageIdentifier::name).collect();
    let gone = call.state.delete_images(&caller, name, &names).await.map_err(failure::of(call))?;
    let (mut ids, mut failures) = (Vec::new(), Vec::new());
    for (id, gone) in input.image_ids.into_iter().zip(gone) {
        match gone {
            Ok(names) => ids.extend(names.into_iter().map(ImageIdentifier::from)),
            Err(unnamed) => {
                let (code, reason) = failure::of_image(&unnamed);
                failures.push(json!({ "imageId": id, "failureCode": code, "failureReason": reason }));
            }
        }
    }
    Ok(json!({ "imageIds": ids, "failures": failures }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutImageRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_manifest: String,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

pub(super) async fn put(call: &Call, input: PutImageRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let id = ImageIdentifier { image_digest: input.image_digest, image_tag: input.image_tag };
    let (manifest, kind) = (input.image_manifest, input.image_manifest_media_type);
    let content = Bytes::from(manifest.clone());
    let is_digest_given = id.image_digest.is_some();
    let put = call.state.put_image(&caller, name, kind.as_deref(), &id.name(), content).await;
    let digest = put.map_err(|error| match error {
        ServiceError::DigestInvalid(message) if is_digest_given => {
            ApiError::new("ImageDigestDoesNotMatchException", message)
        }
        ServiceError::PartsMissing(parts) => missing_parts(call, name, &manifest, &parts),
        error => failure::of(call)(error),
    })?;
    let kept = call.state.describe_images(&caller, name, &[id.clone().with_digest(digest).name()]).await;
    let kind = kept.map_err(failure::of(call))?.pop().map(|kept| kept.media_type);
    Ok(json!({ "image": {
        "registryId": *call.account,
        "repositoryName": name,
        "imageId": id.with_digest(digest),
        "imageManifest": manifest,
        "imageManifestMediaType": kind,
    } }))
}

/// What a manifest is made of that is not there: images of an index, layers of an image.
fn missing_parts(call: &Call, repository: &str, manifest: &str, parts: &[Digest]) -> ApiError {
    let list: Vec<_> = parts.iter().map(ToString::to_string).collect();
    let of: Value = serde_json::from_str(manifest).unwrap_or_default();
    let (code, what) = if of.get("manifests").is_some() {
        ("ReferencedImagesNotFoundException", "Images")
    } else {
        ("LayersNotFoundException", "Layers")
    };
    let message = format!(
        "{what} with digests '[{}]' required for pushing image into repository with name '{repository}' in the registry \
         with id '{}' do not exist",
        list.join(", "),
        call.account
    );
    ApiError::new(code, message)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListImageReferrersRequest {
    registry_id: Option<String>,
    repository_name: String,
    subject_id: Subject,
    #[serde(default)]
    filter: ReferrerFilter,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    image_digest: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ReferrerFilter {
    artifact_types: Option<Vec<String>>,
    artifact_status: Option<String>,
}

pub(super) async fn list_referrers(call: &Call, input: ListImageReferrersRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let subject = parse_digest(&input.subject_id.image_digest).map_err(failure::of(call))?;
    let mut found = call.state.referrers(&caller, name, &subject, None).await.map_err(failure::of(call))?;
    let ReferrerFilter { artifact_types, artifact_status } = input.filter;
    found.retain(|referrer| {
        let is_wanted = |types: &Vec<String>| {
            types.is_empty() || referrer.artifact_type.as_ref().is_some_and(|of| types.contains(of))
        };
        let is_there = match artifact_status.as_deref() {
            Some("ANY") => true,
            Some("ACTIVATING") => false,
            Some("ARCHIVED") => referrer.is_archived(),
            _ => !referrer.is_archived(),
        };
        is_there && artifact_types.as_ref().is_none_or(is_wanted)
    });
    let (page, next) = paging::cut(found, input.next_token.as_deref(), input.max_results.or(Some(50)))?;
    let referrers: Vec<_> = page
        .into_iter()
        .map(|referrer| {
            json!({
                "digest": referrer.digest.to_string(),
                "mediaType": referrer.media_type,
                "artifactType": referrer.artifact_type,
                "size": referrer.content.len(),
                "annotations": referrer.annotations,
                "artifactStatus": if referrer.is_archived() { "ARCHIVED" } else { "ACTIVE" },
            })
        })
        .collect();
    Ok(json!({ "referrers": referrers, "nextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateImageStorageClassRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
    target_storage_class: String,
}

pub(super) async fn update_storage_class(call: &Call, input: UpdateImageStorageClassRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let archive = input.target_storage_class == "ARCHIVE";
    let moved = call.state.archive_image(&caller, name, &input.image_id.name(), archive).await;
    let digest = moved.map_err(|error| match error {
        ServiceError::ManifestUnknown { .. } => failure::no_image(call, name, &input.image_id),
        ServiceError::Invalid(message) => {
            ApiError::new("ImageStorageClassUpdateNotSupportedException", message)
        }
        error => failure::of(call)(error),
    })?;
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "imageId": input.image_id.with_digest(digest),
        "imageStatus": if archive { "ARCHIVED" } else { "ACTIVE" },
    }))
}
