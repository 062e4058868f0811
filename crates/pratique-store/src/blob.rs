//! Which blobs there are, and in which repositories; their bytes are in [`crate::Blobs`].
//!
//! A blob's life: a row says that it is about to be there ([`Session::announce_blob`]), its bytes are put in place, and a
//! link makes it visible in a repository ([`Session::link_blob`]). It is removed the other way round: the row is marked
//! while nothing refers to it ([`Session::doom_blobs`]), the bytes are removed, the row is ([`Session::forget_blob`]). A
//! push of a blob that is marked waits until it is gone. So the bytes of a visible blob are never removed, whoever pushes
//! at that moment, and a crash in between leaves a row to begin again from.
//!
//! A blob whose bytes turn out to be lost ([`Session::lose_blob`]) is invisible, so that clients push it again; its links are
//! kept, and it is visible wherever it was once its bytes are put in place ([`Session::regain_blob`]).

use pratique_image::Digest;

use crate::{Micros, Session, StoreError, repository::RepositoryId, sql::values};

/// What became of the announcement of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// Its bytes may be put in place.
    Ready,
    /// It is being removed: try again in a moment.
    Doomed,
}

impl Session {
    /// Says that the bytes of a blob are about to be put in place; they will not be removed for a while.
    pub async fn announce_blob(
        &mut self,
        digest: &Digest,
        size: u64,
        now: Micros,
    ) -> Result<Announced, StoreError> {
        let row = self
            .one(
                "announcing a blob",
                "INSERT INTO blob (digest, size, state, touched_at) VALUES ($1, $2, 0, $3)
                 ON CONFLICT (digest) DO UPDATE SET touched_at = excluded.touched_at WHERE blob.state <> 1
                 RETURNING state",
                values![&digest.to_string(), size as i64, now],
            )
            .await?;
        Ok(if row.is_some() { Announced::Ready } else { Announced::Doomed })
    }

    /// The bytes of a blob were put in place: if they were lost before, they are no more.
    pub async fn regain_blob(&mut self, digest: &Digest) -> Result<(), StoreError> {
        let sql = "UPDATE blob SET state = 0 WHERE digest = $1 AND state = 2";
        self.execute("regaining a blob", sql, values![&digest.to_string()]).await?;
        Ok(())
    }

    /// The bytes of a blob are lost. `false` if it is not there, or is not visible anyhow.
    pub async fn lose_blob(&mut self, digest: &Digest) -> Result<bool, StoreError> {
        let sql = "UPDATE blob SET state = 2 WHERE digest = $1 AND state = 0";
        Ok(self.execute("losing a blob", sql, values![&digest.to_string()]).await? > 0)
    }

    /// Makes a blob that is there visible in a repository. `false` if it is not there, or about to go.
    pub async fn link_blob(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
        now: Micros,
    ) -> Result<bool, StoreError> {
        let digest = &digest.to_string();
        let touched = self
            .execute(
                "linking a blob",
                "UPDATE blob SET touched_at = $2 WHERE digest = $1 AND state = 0",
                values![digest, now],
            )
            .await?;
        if touched == 0 {
            return Ok(false);
        }
        self.execute(
            "linking a blob",
            "INSERT INTO repository_blob (repository, digest) VALUES ($1, $2)
             ON CONFLICT (repository, digest) DO NOTHING",
            values![repository.0, digest],
        )
        .await?;
        Ok(true)
    }

    /// The size of a blob that is visible in a repository, and when it was last asked for in order to be used.
    pub async fn blob(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<Option<(u64, Micros)>, StoreError> {
        let row = self
            .one(
                "looking up a blob",
                "SELECT blob.size, blob.touched_at FROM repository_blob JOIN blob USING (digest)
                 WHERE repository_blob.repository = $1 AND repository_blob.digest = $2 AND blob.state = 0",
                values![repository.0, &digest.to_string()],
            )
            .await?;
        row.map(|row| Ok((row.int(0)?.unsigned_abs(), row.int(1)?))).transpose()
    }

    /// Notes that somebody is about to use a blob.
    pub async fn touch_blob(&mut self, digest: &Digest, now: Micros) -> Result<(), StoreError> {
        self.execute(
            "touching a blob",
            "UPDATE blob SET touched_at = $2 WHERE digest = $1 AND state = 0",
            values![&digest.to_string(), now],
        )
        .await?;
        Ok(())
    }

    /// Makes a blob invisible in a repository. `false` if it was not visible, or a manifest is made of it.
    pub async fn unlink_blob(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "unlinking a blob";
        let digest = &digest.to_string();
        if self.is_postgres() {
            // Waits for who pushes a manifest that is made of it; what that wrote is seen by the next statement.
            let sql = "SELECT 1 FROM repository_blob WHERE repository = $1 AND digest = $2 FOR UPDATE";
            self.one(DOING, sql, values![repository.0, digest]).await?;
        }
        let sql = "DELETE FROM repository_blob WHERE repository = $1 AND digest = $2 AND NOT EXISTS
                   (SELECT 1 FROM manifest_part AS part WHERE part.repository = $1 AND part.digest = $2 AND part.kind = 0)";
        Ok(self.execute(DOING, sql, values![repository.0, digest]).await? > 0)
    }

    /// A manifest of the repository that the blob is part of, if there is one.
    pub async fn user_of_blob(
        &mut self,
        repository: RepositoryId,
        digest: &Digest,
    ) -> Result<Option<Digest>, StoreError> {
        let row = self
            .one(
                "looking up who uses a blob",
                "SELECT manifest FROM manifest_part WHERE digest = $2 AND repository = $1 AND kind = 0 LIMIT 1",
                values![repository.0, &digest.to_string()],
            )
            .await?;
        row.map(|row| row.parsed(0, "digest")).transpose()
    }

    /// A repository in which the blob is visible, other than `repository`: where it might be mounted from.
    pub async fn repositories_of_blob(&mut self, digest: &Digest) -> Result<Vec<String>, StoreError> {
        let rows = self
            .all(
                "looking up where a blob is",
                "SELECT repository.name FROM repository_blob JOIN repository ON repository.id = repository_blob.repository
                 JOIN blob ON blob.digest = repository_blob.digest AND blob.state = 0
                 WHERE repository_blob.digest = $1 ORDER BY repository.name LIMIT 100",
                values![&digest.to_string()],
            )
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Marks blobs that nobody touched since `before` and no manifest is made of, and makes them invisible. Those that
    /// were marked earlier and are still there come too.
    pub async fn doom_blobs(&mut self, before: Micros, limit: i64) -> Result<Vec<Digest>, StoreError> {
        const DOING: &str = "marking blobs that nobody uses";
        let lock = if self.is_postgres() { " FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "SELECT digest FROM blob WHERE state = 1 OR (touched_at < $1 AND NOT EXISTS
             (SELECT 1 FROM manifest_part WHERE manifest_part.digest = blob.digest AND kind = 0)) LIMIT $2{lock}"
        );
        let rows = self.all(DOING, &sql, values![before, limit]).await?;
        let digests: Vec<Digest> =
            rows.iter().map(|row| row.parsed(0, "digest")).collect::<Result<_, _>>()?;
        for digest in &digests {
            let digest = &digest.to_string();
            self.execute(DOING, "UPDATE blob SET state = 1 WHERE digest = $1", values![digest]).await?;
            self.execute(DOING, "DELETE FROM repository_blob WHERE digest = $1", values![digest]).await?;
        }
        Ok(digests)
    }

    /// Forgets a blob that was marked, now that its bytes are gone.
    pub async fn forget_blob(&mut self, digest: &Digest) -> Result<(), StoreError> {
        let sql = "DELETE FROM blob WHERE digest = $1 AND state = 1";
        self.execute("forgetting a blob", sql, values![&digest.to_string()]).await?;
        Ok(())
    }
}
