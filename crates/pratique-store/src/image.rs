//! Images that were scanned: the components each holds, and what came of the scan.

use pratique_image::Digest;

use crate::{
    Micros, Row, Session, StoreError,
    component::ComponentId,
    sql::{damaged, values},
};

/// What came of scanning an image. It depends on the image alone, not on the repositories it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedImage {
    /// The digest of its manifest.
    pub digest: Digest,
    /// When it was scanned last.
    pub scanned_at: Micros,
    /// Which advisories it was matched against.
    pub database: String,
    /// Why it could not be scanned.
    pub failure: Option<String>,
    /// What is told of it without looking at its layers: JSON.
    pub summary: String,
    /// What it holds, in ascending order.
    pub components: Vec<ComponentId>,
}

fn read(row: &Row) -> Result<ScannedImage, StoreError> {
    Ok(ScannedImage {
        digest: row.parsed(0, "digest")?,
        scanned_at: row.int(1)?,
        database: row.text(2)?,
        failure: row.opt_text(3)?,
        summary: row.text(4)?,
        components: unpack(&row.bytes(5)?).ok_or_else(|| damaged("list of components", ""))?,
    })
}

/// A sorted list of numbers as the differences between them, seven bits a byte: two bytes for most of them.
fn pack(ids: &[ComponentId]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ids.len() * 2);
    let mut last = 0;
    for id in ids {
        let mut difference = id.0.abs_diff(last);
        last = id.0;
        while difference >= 0x80 {
            bytes.push(difference as u8 | 0x80);
            difference >>= 7;
        }
        bytes.push(difference as u8);
    }
    bytes
}

pub(crate) fn unpack(bytes: &[u8]) -> Option<Vec<ComponentId>> {
    let mut ids = Vec::with_capacity(bytes.len() / 2);
    let (mut last, mut difference, mut shift) = (0i64, 0u64, 0u32);
    for byte in bytes {
        difference |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            last = last.checked_add_unsigned(difference)?;
            ids.push(ComponentId(last));
            (difference, shift) = (0, 0);
        } else {
            shift += 7;
        }
    }
    (shift == 0).then_some(ids)
}

impl Session {
    /// Keeps what came of a scan, in place of what came of an earlier one.
    pub async fn put_image(&mut self, image: &ScannedImage) -> Result<(), StoreError> {
        self.execute(
            "keeping a scan",
            "INSERT INTO image (digest, scanned_at, database_id, failure, summary, components)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (digest) DO UPDATE SET scanned_at = excluded.scanned_at, database_id = excluded.database_id,
             failure = excluded.failure, summary = excluded.summary, components = excluded.components",
            values![
                &image.digest.to_string(),
                image.scanned_at,
                &image.database,
                image.failure.as_deref(),
                &image.summary,
                &pack(&image.components)[..]
            ],
        )
        .await?;
        Ok(())
    }

    /// What came of scanning an image.
    pub async fn image(&mut self, digest: &Digest) -> Result<Option<ScannedImage>, StoreError> {
        let sql = "SELECT digest, scanned_at, database_id, failure, summary, components FROM image WHERE digest = $1";
        self.one("reading a scan", sql, values![&digest.to_string()]).await?.as_ref().map(read).transpose()
    }

    /// Scanned images in the order of their digests, from the first behind `after`.
    pub async fn images(&mut self, after: &str, limit: i64) -> Result<Vec<ScannedImage>, StoreError> {
        let sql = "SELECT digest, scanned_at, database_id, failure, summary, components FROM image
                   WHERE digest > $1 ORDER BY digest LIMIT $2";
        self.all("reading scans", sql, values![after, limit]).await?.iter().map(read).collect()
    }

    /// Forgets scans of images that no repository holds any more, and says how many.
    pub async fn forget_images(&mut self) -> Result<u64, StoreError> {
        let sql = "DELETE FROM image WHERE NOT EXISTS
                   (SELECT 1 FROM manifest WHERE manifest.digest = image.digest)";
        self.execute("forgetting scans", sql, values![]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_components_are_read_as_they_were_written() {
        let lists: [&[i64]; 4] = [&[], &[1], &[1, 2, 129, 130, 1 << 40], &[0, i64::MAX]];
        for list in lists {
            let ids: Vec<_> = list.iter().copied().map(ComponentId).collect();
            assert_eq!(unpack(&pack(&ids)), Some(ids));
        }
        assert_eq!(unpack(&[0x80]), None);
        assert_eq!(unpack(&[0xff; 12]), None);
    }
}
