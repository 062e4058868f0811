//! Manifests: their bytes, what they are made of, what they refer to.

use std::collections::BTreeMap;

use pratique_image::Digest;
use serde::de::DeserializeOwned;

use crate::{
    Micros, Row, Session, StoreError,
    repository::{self, REPOSITORY, Repository, RepositoryId, WIDTH},
    sql::{to_json, values},
};

/// A manifest, or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it is.
    pub media_type: String,
    /// What it is for, where it is an artifact: its own word, or the media type of its configuration.
    pub artifact_type: Option<String>,
    /// The manifest that it is about.
    pub subject: Option<Digest>,
    /// Its annotations, which the list of referrers repeats.
    pub annotations: BTreeMap<String, String>,
    /// The bytes.
    pub content: Vec<u8>,
    /// Bytes of all that it is made of, as they are stored; of an index, of what that is made of.
    pub image_size: u64,
    /// When it was pushed, last time.
    pub pushed_at: Micros,
    /// When it was pulled, last time (noted now and then).
    pub pulled_at: Option<Micros>,
    /// Why nobody may pull it, as JSON.
    pub quarantine: Option<String>,
    /// When it last went to the archive.
    pub archived_at: Option<Micros>,
    /// When it last came back from there.
    pub activated_at: Option<Micros>,
}

impl Manifest {
    /// Whether it is in the archive, from where it cannot be pulled.
    pub fn is_archived(&self) -> bool {
        is_archived(self.archived_at, self.activated_at)
    }
}

/// Whether what went to the archive and came back at these times is there now.
pub(crate) fn is_archived(archived_at: Option<Micros>, activated_at: Option<Micros>) -> bool {
    archived_at.is_some_and(|there| activated_at.is_none_or(|back| back < there))
}

/// One thing a manifest is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A configuration or layer.
    Blob(Digest),
    /// A manifest of an index.
    Manifest(Digest),
}

const COLUMNS: &str = "digest, media_type, artifact_type, subject, annotations, content, image_size, pushed_at, \
                       pulled_at, quarantine, archived_at, activated_at";

fn read(row: &Row) -> Result<Manifest, StoreError> {
    read_from(row, 0)
}

/// The columns of a manifest from the one at `from`.
fn read_from(row: &Row, from: usize) -> Result<Manifest, StoreError> {
    Ok(Manifest {
        digest: row.parsed(from, "digest")?,
        media_type: row.text(from + 1)?,
        artifact_type: row.opt_text(from + 2)?,
        subject: row.opt_parsed(from + 3, "digest")?,
        annotations: row.json(from + 4, "manifest's annotations")?,
        content: row.bytes(from + 5)?,
        image_size: row.int(from + 6)?.unsigned_abs(),
        pushed_at: row.int(from + 7)?,
        pulled_at: row.opt_int(from + 8)?,
        quarantine: row.opt_text(from + 9)?,
        archived_at: row.opt_int(from + 10)?,
        activated_at: row.opt_int(from + 11)?,
    })
}

impl Session {
    /// Keeps a manifest. One that is there already is only pushed again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a part is not in the repository, or was removed this moment.
    pub async fn put_manifest(
        &mut self,
        repository: RepositoryId,
        manifest: &Manifest,
        parts: &[Part],
    ) -> Result<(), StoreError> {
        const DOING: &str = "keeping a manifest";
        let digest = &manifest.digest.to_string();
        let subject = manifest.subject.map(|subject| subject.to_string());
        self.execute(
            DOING,
            "INSERT INTO manifest (repository, digest, media_type, artifact_type, subject, annotations, content,
             image_size, pushed_at, quarantine) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (repository, digest) DO UPDATE
             SET pushed_at = excluded.pushed_at, quarantine = excluded.quarantine",
            values![
                repository.0,
                digest,
                &manifest.media_type,
                manifest.artifact_type.as_deref(),
                subject.as_deref(),
                &to_json(&manifest.annotations),
                &manifest.content[..],
                manifest.image_size as i64,
                manifest.pushed_at,
                manifest.quarantine.as_deref()
            ],
        )
        .await?;
        let lock = if self.is_postgres() { " FOR SHARE" } else { "" };
        for part in parts {
            let (kind, part, there) = match part {
                Part::Blob(blob) => {
                    // Touched, and so locked: it cannot be marked for removal before this is committed. The link is
                    // looked up after that, and locked too, so that nobody takes it away at the same time.
                    let sql = "UPDATE blob SET touched_at = $2 WHERE digest = $1 AND state = 0";
                    let blob = blob.to_string();
                    let touched = self.execute(DOING, sql, values![&blob, manifest.pushed_at]).await?;
                    let sql =
                        format!("SELECT 1 FROM repository_blob WHERE repository = $1 AND digest = $2{lock}");
                    let link = self.one(DOING, &sql, values![repository.0, &blob]).await?;
                    (0, blob, touched > 0 && link.is_some())
                }
                Part::Manifest(child) => {
                    let sql = format!("SELECT 1 FROM manifest WHERE repository = $1 AND digest = $2{lock}");
                    let row = self.one(DOING, &sql, values![repository.0, &child.to_string()]).await?;
                    (1, child.to_string(), row.is_some())
                }
            };
            if !there {
                return Err(StoreError::Conflict("a part of the manifest that is not in the repository"));
            }
            self.execute(
                DOING,
                "INSERT INTO manifest_part (repository, manifest, kind, digest) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (repository, manifest, kind, digest) DO NOTHING",
                values![repository.0, digest, kind, &part],
            )
            .await?;
        }
        Ok(())
    }

    /// A manifest of a repository.
    pub async fn manifest(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<Option<Manifest>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM manifest WHERE repository = $1 AND digest = $2");
        let row = self.one("looking up a manifest", &sql, values![repository.0, &digest.to_string()]).await?;
        row.as_ref().map(read).transpose()
    }

    /// What a tag, or a digest, of a repository leads to, in one question: the repository's id and settings, and the manifest
    /// if there is one. `None` if there is no such repository.
    pub async fn pulled<S: DeserializeOwned>(
        &mut self,
        repository: &str,
        name: Result<&Digest, &str>,
    ) -> Result<Option<(Repository<S>, Option<Manifest>)>, StoreError> {
        const DOING: &str = "looking up what is pulled";
        let columns: Vec<&str> = COLUMNS.split(',').map(str::trim).collect();
        let manifest = format!(", manifest.{}", columns.join(", manifest."));
        let (digest, text, tag) = match name {
            Ok(digest) => ("$2", digest.to_string(), ""),
            Err(tag) => (
                "tag.digest",
                tag.to_owned(),
                "LEFT JOIN tag ON tag.repository = repository.id AND tag.name = $2",
            ),
        };
        let sql = format!(
            "SELECT {REPOSITORY}, CAST(CASE WHEN manifest.digest IS NULL THEN 0 ELSE 1 END AS BIGINT){manifest} FROM repository {tag}
             LEFT JOIN manifest ON manifest.repository = repository.id AND manifest.digest = {digest}
             WHERE repository.name = $1"
        );
        let Some(row) = self.one(DOING, &sql, values![repository, &text]).await? else { return Ok(None) };
        let found = repository::read(&row)?;
        let manifest = if row.bool(WIDTH)? { Some(read_from(&row, WIDTH + 1)?) } else { None };
        Ok(Some((found, manifest)))
    }

    /// Manifests of a repository in the order of their digests, from the first behind `after`.
    pub async fn manifests(
        &mut self,
        repository: RepositoryId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Manifest>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM manifest WHERE repository = $1 AND digest > $2 ORDER BY digest LIMIT $3"
        );
        let rows = self.all("listing manifests", &sql, values![repository.0, after, limit]).await?;
        rows.iter().map(read).collect()
    }

    /// The manifests whose subject is `subject`, in the order of their digests.
    pub async fn referrers(
        &mut self,
        repository: RepositoryId,
        subject: &Digest,
        limit: i64,
    ) -> Result<Vec<Manifest>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM manifest WHERE repository = $1 AND subject = $2 ORDER BY digest LIMIT $3"
        );
        let subject = subject.to_string();
        self.all("listing referrers", &sql, values![repository.0, &subject, limit])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The indexes of the repository that list this manifest.
    pub async fn indexes_of(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<Vec<Digest>, StoreError> {
        let rows = self
            .all(
                "looking up who lists a manifest",
                "SELECT manifest FROM manifest_part WHERE digest = $2 AND repository = $1 AND kind = 1 ORDER BY manifest",
                values![repository.0, &digest.to_string()],
            )
            .await?;
        rows.iter().map(|row| row.parsed(0, "digest")).collect()
    }

    /// Removes a manifest with its tags. `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an index lists it.
    pub async fn delete_manifest(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "removing a manifest";
        if self.is_postgres() {
            // Waits for who pushes an index that lists it; what that wrote is seen by the next statement.
            let sql = "SELECT 1 FROM manifest WHERE repository = $1 AND digest = $2 FOR UPDATE";
            self.one(DOING, sql, values![repository.0, &digest.to_string()]).await?;
        }
        if !self.indexes_of(repository, digest).await?.is_empty() {
            return Err(StoreError::Conflict("a manifest that an index lists"));
        }
        let sql = "DELETE FROM manifest WHERE repository = $1 AND digest = $2";
        Ok(self.execute(DOING, sql, values![repository.0, &digest.to_string()]).await? > 0)
    }

    /// Notes that a manifest was pulled.
    pub async fn note_pull(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
        now: Micros,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE manifest SET pulled_at = $3 WHERE repository = $1 AND digest = $2";
        self.execute("noting a pull", sql, values![repository.0, &digest.to_string(), now]).await?;
        Ok(())
    }

    /// Sets or lifts the quarantine of a manifest.
    pub async fn set_quarantine(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
        quarantine: Option<&str>,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE manifest SET quarantine = $3 WHERE repository = $1 AND digest = $2";
        let digest = digest.to_string();
        Ok(self.execute("changing a quarantine", sql, values![repository.0, &digest, quarantine]).await? > 0)
    }

    /// Notes that a manifest goes to the archive, or comes back. `false` if there is none.
    pub async fn archive(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
        is_archived: bool,
        now: Micros,
    ) -> Result<bool, StoreError> {
        let column = if is_archived { "archived_at" } else { "activated_at" };
        let sql = format!("UPDATE manifest SET {column} = $3 WHERE repository = $1 AND digest = $2");
        let digest = digest.to_string();
        Ok(self.execute("archiving an image", &sql, values![repository.0, &digest, now]).await? > 0)
    }

    /// The repositories that hold a manifest, by their names.
    pub async fn holders(&mut self, digest: &Digest) -> Result<Vec<String>, StoreError> {
        let rows = self
            .all(
                "looking up who holds an image",
                "SELECT repository.name FROM manifest JOIN repository ON repository.id = manifest.repository
                 WHERE manifest.digest = $1 ORDER BY repository.name",
                values![&digest.to_string()],
            )
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }
}
