//! What `pratique fsck` asks of the database: rows that refer to what is not there, and repairs that are safe beside a running
//! server. Whether the bytes are there is looked up by who has them.

use pratique_image::Digest;

use crate::{Micros, Row, Session, StoreError, manifest::Part, sql::values};

/// What the row of a blob says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRow {
    /// Its digest.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// In what part of its life it is.
    pub state: BlobState,
    /// Whether any repository shows it. A row without a link may announce bytes that never came.
    pub is_linked: bool,
}

/// See [`crate::blob`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobState {
    /// It may be used.
    There,
    /// It is being removed.
    Doomed,
    /// Its bytes are lost.
    Lost,
}

/// A manifest that is made of something that its repository does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPart {
    /// The name of the repository.
    pub repository: String,
    /// The manifest.
    pub manifest: Digest,
    /// What it does not have.
    pub part: Part,
}

/// A tag that points to no manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenTag {
    /// The name of the repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// Where it points.
    pub digest: Digest,
}

/// A manifest whose bytes are to be held to its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    /// What the database calls its repository.
    pub repository: i64,
    /// The name of that.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub content: Vec<u8>,
}

const BLOB: &str = "SELECT digest, size, state, CAST(CASE WHEN EXISTS (SELECT 1 FROM repository_blob AS link \
                    WHERE link.digest = blob.digest) THEN 1 ELSE 0 END AS BIGINT) AS linked FROM blob";

fn read_blob(row: &Row) -> Result<BlobRow, StoreError> {
    Ok(BlobRow {
        digest: row.parsed(0, "digest")?,
        size: row.int(1)?.unsigned_abs(),
        state: match row.int(2)? {
            0 => BlobState::There,
            1 => BlobState::Doomed,
            _ => BlobState::Lost,
        },
        is_linked: row.bool(3)?,
    })
}

impl Session {
    /// What the database itself finds wrong with its file; nothing on PostgreSQL, which has tools of its own for that.
    pub async fn check_database(&mut self) -> Result<Vec<String>, StoreError> {
        const DOING: &str = "checking the database";
        if self.is_postgres() {
            return Ok(Vec::new());
        }
        let rows = self.all(DOING, "PRAGMA quick_check(100)", values![]).await?;
        let mut wrong: Vec<String> = rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        wrong.retain(|line| line != "ok");
        for row in self.all(DOING, "PRAGMA foreign_key_check", values![]).await?.iter().take(100) {
            wrong.push(format!(
                "a row of table {} refers to a row of {} that is not there",
                row.text(0)?,
                row.text(2)?
            ));
        }
        Ok(wrong)
    }

    /// Blobs in the order of their digests, from the first behind `after`.
    pub async fn blob_rows(&mut self, after: &str, limit: i64) -> Result<Vec<BlobRow>, StoreError> {
        let sql = format!("{BLOB} WHERE digest > $1 ORDER BY digest LIMIT $2");
        self.all("listing blobs", &sql, values![after, limit]).await?.iter().map(read_blob).collect()
    }

    /// What is known of a blob, whatever repositories it is in.
    pub async fn blob_row(&mut self, digest: &Digest) -> Result<Option<BlobRow>, StoreError> {
        let sql = format!("{BLOB} WHERE digest = $1");
        let row = self.one("looking up a blob", &sql, values![&digest.to_string()]).await?;
        row.as_ref().map(read_blob).transpose()
    }

    /// Manifests that are made of what their repositories do not have.
    pub async fn broken_parts(&mut self, limit: i64) -> Result<Vec<BrokenPart>, StoreError> {
        let sql = "SELECT repository.name, part.manifest, part.kind, part.digest FROM manifest_part AS part
             JOIN repository ON repository.id = part.repository
             WHERE (part.kind = 0 AND NOT EXISTS (SELECT 1 FROM repository_blob AS link
                    JOIN blob ON blob.digest = link.digest AND blob.state = 0
                    WHERE link.repository = part.repository AND link.digest = part.digest))
                OR (part.kind = 1 AND NOT EXISTS (SELECT 1 FROM manifest AS child
                    WHERE child.repository = part.repository AND child.digest = part.digest))
             ORDER BY repository.name, part.manifest, part.kind, part.digest LIMIT $1";
        let read = |row: &Row| {
            let digest = row.parsed(3, "digest")?;
            Ok(BrokenPart {
                repository: row.text(0)?,
                manifest: row.parsed(1, "digest")?,
                part: if row.bool(2)? { Part::Manifest(digest) } else { Part::Blob(digest) },
            })
        };
        self.all("looking for parts that are missing", sql, values![limit]).await?.iter().map(read).collect()
    }

    /// Tags that point to no manifest.
    pub async fn broken_tags(&mut self, limit: i64) -> Result<Vec<BrokenTag>, StoreError> {
        let sql = "SELECT repository.name, tag.name, tag.digest FROM tag JOIN repository ON repository.id = tag.repository
             WHERE NOT EXISTS (SELECT 1 FROM manifest
                 WHERE manifest.repository = tag.repository AND manifest.digest = tag.digest)
             ORDER BY repository.name, tag.name LIMIT $1";
        let read = |row: &Row| {
            Ok(BrokenTag { repository: row.text(0)?, tag: row.text(1)?, digest: row.parsed(2, "digest")? })
        };
        self.all("looking for tags that point nowhere", sql, values![limit]).await?.iter().map(read).collect()
    }

    /// Manifests of all repositories, from the first behind one of them.
    pub async fn stored_manifests(
        &mut self,
        after: (i64, &str),
        limit: i64,
    ) -> Result<Vec<StoredManifest>, StoreError> {
        let sql =
            "SELECT manifest.repository, repository.name, manifest.digest, manifest.content FROM manifest
             JOIN repository ON repository.id = manifest.repository
             WHERE manifest.repository > $1 OR (manifest.repository = $1 AND manifest.digest > $2)
             ORDER BY manifest.repository, manifest.digest LIMIT $3";
        let read = |row: &Row| {
            Ok(StoredManifest {
                repository: row.int(0)?,
                name: row.text(1)?,
                digest: row.parsed(2, "digest")?,
                content: row.bytes(3)?,
            })
        };
        self.all("reading manifests", sql, values![after.0, after.1, limit]).await?.iter().map(read).collect()
    }

    /// Uploads in the order of their ids, from the first behind `after`, with when they were last touched.
    pub async fn uploads(&mut self, after: &str, limit: i64) -> Result<Vec<(String, Micros)>, StoreError> {
        let sql = "SELECT id, touched_at FROM upload WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = self.all("listing uploads", sql, values![after, limit]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
    }

    /// Whether any manifest is made of a blob.
    pub async fn is_part(&mut self, digest: &Digest) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM manifest_part WHERE digest = $1 AND kind = 0 LIMIT 1";
        Ok(self.one("looking up who uses a blob", sql, values![&digest.to_string()]).await?.is_some())
    }

    /// Gives bytes that no row speaks of a row again, where a manifest is made of them: visible in the repositories of such
    /// manifests. `false`, and nothing is written, if there is a row by now, or no such manifest.
    pub async fn adopt_blob(&mut self, digest: &Digest, size: u64, now: Micros) -> Result<bool, StoreError> {
        const DOING: &str = "adopting a blob";
        let digest = &digest.to_string();
        let adopted = self
            .execute(
                DOING,
                "INSERT INTO blob (digest, size, state, touched_at)
                 SELECT part.digest, $2, 0, $3 FROM manifest_part AS part WHERE part.digest = $1 AND part.kind = 0 LIMIT 1
                 ON CONFLICT (digest) DO NOTHING",
                values![digest, size as i64, now],
            )
            .await?;
        if adopted > 0 {
            self.execute(
                DOING,
                "INSERT INTO repository_blob (repository, digest)
                 SELECT DISTINCT part.repository, part.digest FROM manifest_part AS part WHERE part.digest = $1 AND part.kind = 0",
                values![digest],
            )
            .await?;
        }
        Ok(adopted > 0)
    }

    /// Marks bytes that no row speaks of and no manifest is made of for removal, as [`Session::doom_blobs`] does: who pushes
    /// them meanwhile waits. `false` if there is a row by now.
    pub async fn doom_orphan(&mut self, digest: &Digest, size: u64, now: Micros) -> Result<bool, StoreError> {
        let sql = "INSERT INTO blob (digest, size, state, touched_at) VALUES ($1, $2, 1, $3) ON CONFLICT (digest) DO NOTHING";
        let digest = &digest.to_string();
        let doing = "marking bytes that nobody knows";
        Ok(self.execute(doing, sql, values![digest, size as i64, now]).await? > 0)
    }

    /// Makes a blob that is there visible again in the repositories whose manifests are made of it; says in how many it was
    /// not.
    pub async fn relink_blob(&mut self, digest: &Digest) -> Result<u64, StoreError> {
        self.execute(
            "linking a blob",
            "INSERT INTO repository_blob (repository, digest)
             SELECT DISTINCT part.repository, part.digest FROM manifest_part AS part
             JOIN blob ON blob.digest = part.digest AND blob.state = 0
             WHERE part.digest = $1 AND part.kind = 0
             ON CONFLICT (repository, digest) DO NOTHING",
            values![&digest.to_string()],
        )
        .await
    }

    /// Removes a tag if it points to no manifest.
    pub async fn delete_broken_tag(&mut self, tag: &BrokenTag) -> Result<bool, StoreError> {
        let sql =
            "DELETE FROM tag WHERE name = $2 AND repository = (SELECT id FROM repository WHERE name = $1)
             AND NOT EXISTS (SELECT 1 FROM manifest
                 WHERE manifest.repository = tag.repository AND manifest.digest = tag.digest)";
        Ok(self.execute("removing a tag", sql, values![&tag.repository, &tag.tag]).await? > 0)
    }
}
