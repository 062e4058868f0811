//! Images of a repository as lists show them: without their bytes, with their tags, a page at a time.
//!
//! Pages go by digest, so that an image that is pushed or tagged meanwhile is neither shown twice nor makes another be left
//! out.

use std::collections::HashMap;

use pratique_image::Digest;

use crate::{
    Micros, Session, StoreError,
    manifest::{Manifest, is_archived},
    repository::RepositoryId,
    sql::values,
};

/// An image, an index or an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The digest of its manifest.
    pub digest: Digest,
    /// Its tags, in their order.
    pub tags: Vec<String>,
    /// What it is.
    pub media_type: String,
    /// What it is for.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Digest>,
    /// Bytes of all that it is made of.
    pub image_size: u64,
    /// When it was pushed, last time.
    pub pushed_at: Micros,
    /// When it was pulled, last time.
    pub pulled_at: Option<Micros>,
    /// When it last went to the archive.
    pub archived_at: Option<Micros>,
    /// When it last came back.
    pub activated_at: Option<Micros>,
}

impl Listed {
    /// What lists show of a manifest with these tags.
    pub fn of(manifest: Manifest, tags: Vec<String>) -> Self {
        let Manifest { digest, media_type, artifact_type, subject, image_size, pushed_at, .. } = manifest;
        let Manifest { pulled_at, archived_at, activated_at, .. } = manifest;
        Self {
            digest,
            tags,
            media_type,
            artifact_type,
            subject,
            image_size,
            pushed_at,
            pulled_at,
            archived_at,
            activated_at,
        }
    }

    /// Whether it is in the archive.
    pub fn is_archived(&self) -> bool {
        is_archived(self.archived_at, self.activated_at)
    }
}

/// Which images are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Those with tags, or those without.
    pub tagged: Option<bool>,
    /// Those in the archive, or those at hand.
    pub archived: Option<bool>,
}

impl ListFilter {
    /// Conditions on the rows of `manifest`.
    fn sql(self) -> String {
        const TAG: &str = "EXISTS (SELECT 1 FROM tag AS of WHERE of.repository = manifest.repository AND of.digest = \
                           manifest.digest)";
        const ARCHIVED: &str =
            "archived_at IS NOT NULL AND (activated_at IS NULL OR activated_at < archived_at)";
        let not = |is: bool| if is { "" } else { "NOT " };
        let mut sql = String::new();
        if let Some(tagged) = self.tagged {
            sql = format!(" AND {}{TAG}", not(tagged));
        }
        if let Some(archived) = self.archived {
            sql = format!("{sql} AND {}({ARCHIVED})", not(archived));
        }
        sql
    }
}

impl Session {
    /// Images in the order of their digests, from the first behind `after`.
    pub async fn list_images(
        &mut self,
        repository: RepositoryId,
        filter: ListFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Listed>, StoreError> {
        let sql = format!(
            "SELECT digest, media_type, artifact_type, subject, image_size, pushed_at, pulled_at, archived_at,
             activated_at FROM manifest WHERE repository = $1 AND digest > $2{} ORDER BY digest LIMIT $3",
            filter.sql()
        );
        let rows = self.all("listing images", &sql, values![repository.0, after, limit]).await?;
        let mut images = Vec::with_capacity(rows.len());
        for row in &rows {
            images.push(Listed {
                digest: row.parsed(0, "digest")?,
                tags: Vec::new(),
                media_type: row.text(1)?,
                artifact_type: row.opt_text(2)?,
                subject: row.opt_parsed(3, "digest")?,
                image_size: row.int(4)?.unsigned_abs(),
                pushed_at: row.int(5)?,
                pulled_at: row.opt_int(6)?,
                archived_at: row.opt_int(7)?,
                activated_at: row.opt_int(8)?,
            });
        }
        let Some(last) = images.last().map(|last| last.digest.to_string()) else { return Ok(images) };
        let sql = "SELECT digest, name FROM tag WHERE repository = $1 AND digest > $2 AND digest <= $3 ORDER BY name";
        let mut tags: HashMap<String, Vec<String>> = HashMap::new();
        for row in self.all("listing tags", sql, values![repository.0, after, &last]).await? {
            tags.entry(row.text(0)?).or_default().push(row.text(1)?);
        }
        for image in &mut images {
            image.tags = tags.remove(&image.digest.to_string()).unwrap_or_default();
        }
        Ok(images)
    }

    /// Names of images, one a tag and one for each image without: from the first behind the digest and tag of `after`.
    pub async fn list_names(
        &mut self,
        repository: RepositoryId,
        filter: ListFilter,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<(Digest, Option<String>)>, StoreError> {
        let sql = format!(
            "SELECT manifest.digest, tag.name FROM manifest LEFT JOIN tag
             ON tag.repository = manifest.repository AND tag.digest = manifest.digest
             WHERE manifest.repository = $1 AND (manifest.digest > $2 OR (manifest.digest = $2 AND tag.name > $3)){}
             ORDER BY manifest.digest, tag.name LIMIT $4",
            filter.sql()
        );
        let rows = self.all("listing images", &sql, values![repository.0, after.0, after.1, limit]).await?;
        rows.iter().map(|row| Ok((row.parsed(0, "digest")?, row.opt_text(1)?))).collect()
    }

    /// Each index of a repository with each manifest that it lists.
    pub async fn listed_by_indexes(
        &mut self,
        repository: RepositoryId,
    ) -> Result<Vec<(Digest, Digest)>, StoreError> {
        let sql = "SELECT manifest, digest FROM manifest_part WHERE repository = $1 AND kind = 1";
        let rows = self.all("listing indexes", sql, values![repository.0]).await?;
        rows.iter().map(|row| Ok((row.parsed(0, "digest")?, row.parsed(1, "digest")?))).collect()
    }
}
