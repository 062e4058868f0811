//! Previews of lifecycle policies: the last one of each repository.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Session, StoreError,
    repository::RepositoryId,
    sql::{to_json, values},
};

impl Session {
    /// Keeps a preview in place of the last one.
    pub async fn put_lifecycle_preview<T: Serialize>(
        &mut self,
        repository: RepositoryId,
        preview: &T,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO lifecycle_preview (repository, preview) VALUES ($1, $2)
                   ON CONFLICT (repository) DO UPDATE SET preview = excluded.preview";
        self.execute("keeping a preview", sql, values![repository.0, &to_json(preview)]).await?;
        Ok(())
    }

    /// The last preview.
    pub async fn lifecycle_preview<T: DeserializeOwned>(
        &mut self,
        repository: RepositoryId,
    ) -> Result<Option<T>, StoreError> {
        let sql = "SELECT preview FROM lifecycle_preview WHERE repository = $1";
        let row = self.one("reading a preview", sql, values![repository.0]).await?;
        row.map(|row| row.json(0, "preview")).transpose()
    }
}
