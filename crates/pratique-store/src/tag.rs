//! Tags: names that point to manifests, and may move.

use pratique_image::Digest;

use crate::{Micros, Session, StoreError, repository::RepositoryId, sql::values};

impl Session {
    /// Where a tag points.
    pub async fn tag(&mut self, repository: RepositoryId, name: &str) -> Result<Option<Digest>, StoreError> {
        let sql = "SELECT digest FROM tag WHERE repository = $1 AND name = $2";
        let row = self.one("looking up a tag", sql, values![repository.0, name]).await?;
        row.map(|row| row.parsed(0, "digest")).transpose()
    }

    /// Makes a tag, or moves it.
    pub async fn put_tag(
        &mut self,
        repository: RepositoryId,
        name: &str,
        digest: &Digest,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.execute(
            "tagging a manifest",
            "INSERT INTO tag (repository, name, digest, updated_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at",
            values![repository.0, name, &digest.to_string(), now],
        )
        .await?;
        Ok(())
    }

    /// Removes a tag. `false` if there is none.
    pub async fn delete_tag(&mut self, repository: RepositoryId, name: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM tag WHERE repository = $1 AND name = $2";
        Ok(self.execute("removing a tag", sql, values![repository.0, name]).await? > 0)
    }

    /// Tags in their order, with where they point, from the first behind `after`.
    pub async fn tags(
        &mut self,
        repository: RepositoryId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(String, Digest)>, StoreError> {
        let sql = "SELECT name, digest FROM tag WHERE repository = $1 AND name > $2 ORDER BY name LIMIT $3";
        let rows = self.all("listing tags", sql, values![repository.0, after, limit]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.parsed(1, "digest")?))).collect()
    }

    /// The tags of a manifest, in their order.
    pub async fn tags_of(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name FROM tag WHERE repository = $1 AND digest = $2 ORDER BY name";
        let rows = self.all("listing tags", sql, values![repository.0, &digest.to_string()]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }
}
