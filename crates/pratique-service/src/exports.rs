//! SBOM exports: a document for each image, in a folder of the data directory.
//!
//! Inspector writes them to a bucket of S3. Here there is none: the bucket is the folder `exports/BUCKET` of the data
//! directory, and the key of an object its path below that. What becomes of an export is a file too,
//! `exports/.reports/ID.json`, so that all servers on one data directory know of it. Exports are made one after the other.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use pratique_image::Digest;
use pratique_inventory::{
    Scope,
    sbom::{Format, Sbom, Subject, SubjectLayer, cyclonedx, github::Job},
};
use pratique_store::{Micros, credential::Action};
use serde::{Deserialize, Serialize};

use crate::{
    Caller, Service, ServiceError,
    coverage::Covered,
    events::uuid,
    findings::criteria::Criteria,
    manifests::{Parsed, parse_digest},
    now,
    repositories::Repository,
};

/// A form of SBOMs, as Inspector names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SbomForm {
    /// CycloneDX 1.4 as JSON.
    #[serde(rename = "CYCLONEDX_1_4")]
    CycloneDx14,
    /// SPDX 2.3 as JSON.
    #[serde(rename = "SPDX_2_3")]
    Spdx23,
}

/// How far an export has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExportStatus {
    /// It is being made, or waits for another.
    InProgress,
    /// It is there.
    Succeeded,
    /// Somebody stopped it.
    Cancelled,
    /// It could not be made.
    Failed,
}

/// Where an export goes, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// A name, with the rules of S3.
    pub bucket_name: String,
    /// What the keys of its objects begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// The key that they would be encrypted with; kept, and not used.
    pub kms_key_arn: String,
}

/// An export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SbomExport {
    /// Its id: a UUID.
    pub id: String,
    /// In which form.
    pub form: SbomForm,
    /// Where it goes.
    pub destination: Destination,
    /// Which resources.
    pub criteria: Criteria,
    /// How far it has come.
    pub status: ExportStatus,
    /// Why it could not be made.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Micros,
}

/// An export that nobody has worked on for this long was lost with its server.
const LOST: Duration = Duration::from_mins(10);
/// Resources that are read at once.
const PAGE: usize = 200;

impl Destination {
    /// Checks that bucket and prefix are names and lead nowhere else.
    fn folder(&self, exports: &Path) -> Result<PathBuf, ServiceError> {
        let bucket = &self.bucket_name;
        let is_name = (3..=63).contains(&bucket.len())
            && !bucket.contains("..")
            && bucket
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
            && bucket.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !is_name {
            return Err(ServiceError::Invalid("bucketName is no name of a bucket".into()));
        }
        let mut folder = exports.join(bucket);
        let prefix = self.key_prefix.as_deref().unwrap_or_default();
        let is_plain =
            |part: &&str| !matches!(*part, "." | "..") && !part.contains(['\\', '\0']) && part.len() <= 255;
        let parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
        if prefix.len() > 1024 || !parts.iter().all(is_plain) {
            return Err(ServiceError::Invalid("keyPrefix has parts that no folder can be called".into()));
        }
        folder.extend(parts);
        Ok(folder)
    }
}

impl Service {
    fn exports(&self) -> PathBuf {
        self.options().data.join("exports")
    }

    fn report(&self, id: &str) -> PathBuf {
        self.exports().join(".reports").join(format!("{id}.json"))
    }

    /// Begins an export of the SBOMs of all images that fit; its id.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a destination that is none.
    pub async fn export_sboms(
        &self,
        caller: &Caller,
        form: SbomForm,
        destination: Destination,
        criteria: Criteria,
    ) -> Result<String, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        let folder = destination.folder(&self.exports())?;
        let export = SbomExport {
            id: uuid()?,
            form,
            destination,
            criteria,
            status: ExportStatus::InProgress,
            error: None,
            created_at: now(),
        };
        let id = export.id.clone();
        self.keep_export(export.clone()).await?;
        let (service, caller) = (self.clone(), caller.clone());
        tokio::spawn(async move {
            let _turn = service.export_turn().lock().await;
            let done = service.make_export(&caller, &export, &folder).await;
            let (status, error) = match done {
                Ok(true) => (ExportStatus::Succeeded, None),
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(export = export.id, %error, "an SBOM export failed");
                    (
                        ExportStatus::Failed,
                        Some("the SBOMs could not be written; the server's log says why".into()),
                    )
                }
            };
            let _ = service.keep_export(SbomExport { status, error, ..export }).await;
        });
        Ok(id)
    }

    /// An export, for those who may do everything; `None` if there is none of that id.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sbom_export(&self, caller: &Caller, id: &str) -> Result<Option<SbomExport>, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        self.read_export(id).await
    }

    /// Stops an export that is being made. `false` if there is none of that id, or it is over.
    ///
    /// # Errors
    /// When it cannot be changed.
    pub async fn cancel_export(&self, caller: &Caller, id: &str) -> Result<bool, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        match self.read_export(id).await? {
            Some(export) if export.status == ExportStatus::InProgress => {
                self.keep_export(SbomExport { status: ExportStatus::Cancelled, ..export }).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn read_export(&self, id: &str) -> Result<Option<SbomExport>, ServiceError> {
        // The id becomes a path.
        if id.len() != 36 || !id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Ok(None);
        }
        let path = self.report(id);
        let read = self.blocking("reading an export", move |_| {
            let touched = fs::metadata(&path)?.modified()?;
            Ok::<_, io::Error>((touched, fs::read(&path)?))
        });
        let (touched, bytes) = match read.await? {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|_| ServiceError::Broken("reading an export"))?,
        };
        let mut export: SbomExport =
            serde_json::from_slice(&bytes).map_err(|_| ServiceError::Broken("reading an export"))?;
        let age = SystemTime::now().duration_since(touched).unwrap_or_default();
        if export.status == ExportStatus::InProgress && age > LOST {
            export.status = ExportStatus::Failed;
            export.error = Some("the server ended while it was made: ask for it again".into());
        }
        Ok(Some(export))
    }

    async fn keep_export(&self, export: SbomExport) -> Result<(), ServiceError> {
        let path = self.report(&export.id);
        let text = serde_json::to_vec(&export).unwrap_or_default();
        let written = self.blocking("keeping an export", move |_| write_whole(&path, &text)).await?;
        written.map_err(|error| told(&error))
    }

    /// Writes the documents; `false` if somebody stopped it.
    async fn make_export(
        &self,
        caller: &Caller,
        export: &SbomExport,
        folder: &Path,
    ) -> Result<bool, ServiceError> {
        let form = match export.form {
            SbomForm::CycloneDx14 => "CYCLONEDX_1_4",
            SbomForm::Spdx23 => "SPDX_2_3",
        };
        let folder = folder
            .join(format!("{form}_outputs_{}", export.id))
            .join(format!("account={}", self.options().account))
            .join("resource=AWS_ECR_CONTAINER_IMAGE");
        let mut token = None;
        loop {
            let (page, next) = self.coverage(caller, &export.criteria, PAGE, token.as_deref()).await?;
            for covered in page.iter().filter(|covered| covered.image.is_some()) {
                // Looked at again each time: it may have been stopped. Writing it shows that somebody is at it.
                match self.read_export(&export.id).await? {
                    Some(now) if now.status != ExportStatus::Cancelled => {
                        self.keep_export(export.clone()).await?;
                    }
                    _ => return Ok(false),
                }
                self.export_image(covered, export.form, &folder).await?;
            }
            match next {
                Some(next) => token = Some(next),
                None => return Ok(true),
            }
        }
    }

    async fn export_image(
        &self,
        covered: &Covered,
        form: SbomForm,
        folder: &Path,
    ) -> Result<(), ServiceError> {
        let digest: Digest = parse_digest(covered.arn.rsplit('/').next().unwrap_or_default())?;
        let manifest = {
            let mut session = self.store().read().await?;
            let repository: Option<Repository> = session.repository(&covered.repository).await?;
            match repository {
                Some(repository) => session.manifest(repository.id, &digest).await?,
                None => None,
            }
        };
        // Removed since it was listed.
        let Some(manifest) = manifest else { return Ok(()) };
        let parsed = Parsed::of(&manifest.content, Some(&manifest.media_type))?;
        let scan = self.scan_image(&parsed).await?;
        let subject = Subject {
            name: covered.repository.clone(),
            digest: Some(digest.to_string()),
            image_id: parsed.config.map(|config| config.to_string()),
            platform: Some(format!("{}/{}", scan.summary.os, scan.summary.architecture)),
            created: None,
            layers: parsed
                .layers
                .iter()
                .map(|layer| SubjectLayer {
                    digest: Some(layer.digest.to_string()),
                    ..SubjectLayer::default()
                })
                .collect(),
        };
        // Names of repositories have slashes, and nothing else that a file cannot be called.
        let name = covered.repository.replace('/', "~");
        let file = folder.join(format!("{name}_{}.json", digest.to_string().replace(':', "_")));
        let created = jiff::Timestamp::from_second(now() / 1_000_000).unwrap_or_default().to_string();
        let written = self.blocking("writing an SBOM", move |_| {
            let sbom = Sbom {
                inventory: &scan.inventory,
                scope: Scope::default(),
                subject: &subject,
                tool_version: env!("CARGO_PKG_VERSION"),
                created: Some(&created),
            };
            let format = match form {
                SbomForm::CycloneDx14 => Format::CycloneDxJson(cyclonedx::Version::V1_4),
                SbomForm::Spdx23 => Format::Spdx2Json,
            };
            let mut text = Vec::new();
            format.write(&sbom, &Job::default(), &mut text)?;
            write_whole(&file, &text)
        });
        written.await?.map_err(|error| told(&error))
    }
}

fn told(error: &io::Error) -> ServiceError {
    if error.kind() == io::ErrorKind::StorageFull {
        return ServiceError::Full;
    }
    tracing::error!(%error, "an SBOM export could not be written");
    ServiceError::Broken("writing an SBOM export")
}

/// Writes a file, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_stay_in_their_folder() {
        let destination = |bucket: &str, prefix: Option<&str>| Destination {
            bucket_name: bucket.into(),
            key_prefix: prefix.map(str::to_owned),
            kms_key_arn: String::new(),
        };
        let folder = |bucket: &str, prefix| destination(bucket, prefix).folder(Path::new("exports"));
        assert_eq!(folder("sboms", None).unwrap(), Path::new("exports/sboms"));
        assert_eq!(folder("my.sboms", Some("/a//b/")).unwrap(), Path::new("exports/my.sboms/a/b"));
        for bucket in ["", "ab", "..", "../x", ".reports", "a/b", "A-B-C", "a..b", "a\0b"] {
            assert!(folder(bucket, None).is_err(), "{bucket:?}");
        }
        for prefix in ["..", "a/../b", "./a", "a\\b", "a\0"] {
            assert!(folder("sboms", Some(prefix)).is_err(), "{prefix:?}");
        }
    }
}
