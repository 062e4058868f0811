//! Re-scans under way: what changed of components, and how far the images that hold them have been told. And which images
//! run somewhere, since those come first.

use std::collections::BTreeMap;

use pratique_image::Digest;
use serde::{Deserialize, Serialize};

use crate::{
    Micros, Session, StoreError,
    component::ComponentId,
    image::unpack,
    sql::{damaged, to_json, values},
};

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not known before, or had gone away.
    New,
    /// Something else is told of it.
    Changed,
    /// The advisories do not say so any more.
    Closed,
}

/// The changed findings of components, by the ids of the vulnerabilities.
pub type Changes = BTreeMap<ComponentId, BTreeMap<String, Change>>;

/// A re-scan whose images are not all told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescan {
    /// Its number.
    pub id: i64,
    /// When it was made.
    pub time: Micros,
    /// What changed.
    pub changes: Changes,
    /// The digest of the last image that was told, in the order of digests; empty before the first.
    pub told: String,
}

impl Session {
    /// Keeps a re-scan of which images have to be told.
    pub async fn add_rescan(&mut self, time: Micros, changes: &Changes) -> Result<(), StoreError> {
        self.execute(
            "keeping a re-scan",
            "INSERT INTO rescan (time, changes, told) VALUES ($1, $2, '')",
            values![time, &to_json(changes)],
        )
        .await?;
        Ok(())
    }

    /// The oldest re-scan that is under way. On PostgreSQL it is locked for this session, and passed over where another has it.
    pub async fn next_rescan(&mut self) -> Result<Option<Rescan>, StoreError> {
        let lock = if self.is_postgres() { " FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!("SELECT id, time, changes, told FROM rescan ORDER BY id LIMIT 1{lock}");
        let row = self.one("reading a re-scan", &sql, values![]).await?;
        row.map(|row| {
            Ok(Rescan {
                id: row.int(0)?,
                time: row.int(1)?,
                changes: row.json(2, "re-scan's changes")?,
                told: row.text(3)?,
            })
        })
        .transpose()
    }

    /// Notes how far a re-scan has come.
    pub async fn advance_rescan(&mut self, id: i64, told: &str) -> Result<(), StoreError> {
        let sql = "UPDATE rescan SET told = $2 WHERE id = $1";
        self.execute("noting how far a re-scan is", sql, values![id, told]).await?;
        Ok(())
    }

    /// A re-scan is over.
    pub async fn end_rescan(&mut self, id: i64) -> Result<(), StoreError> {
        self.execute("ending a re-scan", "DELETE FROM rescan WHERE id = $1", values![id]).await?;
        Ok(())
    }

    /// What images hold, in the order of their digests, from the first behind `after`.
    pub async fn image_components(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(Digest, Vec<ComponentId>)>, StoreError> {
        let sql = "SELECT digest, components FROM image WHERE digest > $1 ORDER BY digest LIMIT $2";
        let rows = self.all("reading what images hold", sql, values![after, limit]).await?;
        let read = |row: &crate::Row| {
            let components = unpack(&row.bytes(1)?).ok_or_else(|| damaged("list of components", ""))?;
            Ok((row.parsed(0, "digest")?, components))
        };
        rows.iter().map(read).collect()
    }

    /// Notes that an image runs at a place.
    pub async fn put_deployment(
        &mut self,
        digest: &Digest,
        place: &str,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.execute(
            "noting a deployment",
            "INSERT INTO deployment (digest, place, seen_at) VALUES ($1, $2, $3)
             ON CONFLICT (digest, place) DO UPDATE SET seen_at = excluded.seen_at",
            values![&digest.to_string(), place, now],
        )
        .await?;
        Ok(())
    }

    /// An image does not run at a place any more. `false` if nobody knew that it did.
    pub async fn delete_deployment(&mut self, digest: &Digest, place: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM deployment WHERE digest = $1 AND place = $2";
        Ok(self.execute("ending a deployment", sql, values![&digest.to_string(), place]).await? > 0)
    }

    /// The images that run somewhere, each with its places and when it was last seen there.
    pub async fn deployments(&mut self) -> Result<BTreeMap<Digest, BTreeMap<String, Micros>>, StoreError> {
        let sql = "SELECT digest, place, seen_at FROM deployment ORDER BY digest, place";
        let mut deployments: BTreeMap<Digest, BTreeMap<String, Micros>> = BTreeMap::new();
        for row in self.all("listing deployments", sql, values![]).await? {
            deployments.entry(row.parsed(0, "digest")?).or_default().insert(row.text(1)?, row.int(2)?);
        }
        Ok(deployments)
    }
}
