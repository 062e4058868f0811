//! Uploads: blobs of which not all bytes are there yet. How many are, [`crate::Blobs`] knows.

use crate::{Micros, Session, StoreError, repository::RepositoryId, sql::values};

impl Session {
    /// Begins an upload.
    pub async fn create_upload(
        &mut self,
        id: &str,
        repository: RepositoryId,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.execute(
            "beginning an upload",
            "INSERT INTO upload (id, repository, created_at, touched_at) VALUES ($1, $2, $3, $3)",
            values![id, repository.0, now],
        )
        .await?;
        Ok(())
    }

    /// Whether there is such an upload in the repository.
    pub async fn has_upload(&mut self, id: &str, repository: RepositoryId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM upload WHERE id = $1 AND repository = $2";
        Ok(self.one("looking up an upload", sql, values![id, repository.0]).await?.is_some())
    }

    /// Notes that an upload goes on.
    pub async fn touch_upload(&mut self, id: &str, now: Micros) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET touched_at = $2 WHERE id = $1";
        self.execute("touching an upload", sql, values![id, now]).await?;
        Ok(())
    }

    /// Ends an upload, one way or the other. `false` if there was none.
    pub async fn delete_upload(&mut self, id: &str) -> Result<bool, StoreError> {
        Ok(self.execute("ending an upload", "DELETE FROM upload WHERE id = $1", values![id]).await? > 0)
    }

    /// Whether there is such an upload in any repository.
    pub async fn is_upload(&mut self, id: &str) -> Result<bool, StoreError> {
        Ok(self
            .one("looking up an upload", "SELECT 1 FROM upload WHERE id = $1", values![id])
            .await?
            .is_some())
    }

    /// Uploads that nobody touched since `before`.
    pub async fn stale_uploads(&mut self, before: Micros, limit: i64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM upload WHERE touched_at < $1 LIMIT $2";
        let rows = self.all("listing uploads", sql, values![before, limit]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }
}
