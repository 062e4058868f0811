//! The audit log: every change and every refusal, each entry with a hash over itself and the one before, so that nobody
//! can take one out or change it without everybody after it telling.

use pratique_image::Digest;
use serde::Serialize;

use crate::{Micros, Row, Session, StoreError, sql::values};

/// Something that was done, or was not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When.
    pub time: Micros,
    /// Who: an access key id, `anonymous` or `system`.
    pub actor: String,
    /// What: `ecr:PutImage`, …
    pub action: String,
    /// To what: an ARN.
    pub resource: String,
    /// `allowed`, `denied`, `failed`.
    pub outcome: String,
    /// More, as JSON.
    pub detail: String,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audited {
    /// Its number, counted from 1 without gaps.
    pub seq: i64,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// The digest over the entry and the hash before it.
    pub hash: String,
}

impl Audited {
    /// What the hash of an entry is, behind one whose hash is `before`: fields with their lengths, so that no two entries
    /// are the same bytes.
    fn hash_of(seq: i64, entry: &Entry, before: &str) -> String {
        let Entry { time, actor, action, resource, outcome, detail } = entry;
        let mut bytes = Vec::new();
        for field in [before, &seq.to_string(), &time.to_string(), actor, action, resource, outcome, detail] {
            bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
            bytes.extend_from_slice(field.as_bytes());
        }
        Digest::sha256(&bytes).to_string()
    }

    /// Whether the entry is as it was written, behind `before`.
    pub fn follows(&self, before: Option<&Audited>) -> bool {
        let (seq, hash) = before.map_or((0, ""), |before| (before.seq, &before.hash[..]));
        self.seq == seq + 1 && self.hash == Self::hash_of(self.seq, &self.entry, hash)
    }
}

fn read(row: &Row) -> Result<Audited, StoreError> {
    Ok(Audited {
        seq: row.int(0)?,
        entry: Entry {
            time: row.int(1)?,
            actor: row.text(2)?,
            action: row.text(3)?,
            resource: row.text(4)?,
            outcome: row.text(5)?,
            detail: row.text(6)?,
        },
        hash: row.text(7)?,
    })
}

impl Session {
    /// Waits until nobody else writes to the audit log or the outbox, which are in the order in which they are committed. One
    /// lock for both: with two, sessions that take them in different order would wait for each other.
    pub(crate) async fn lock_logs(&mut self) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.one("waiting to write a log", "SELECT pg_advisory_xact_lock(7077889)", values![]).await?;
        }
        Ok(())
    }

    /// Writes an entry behind all others.
    pub async fn audit(&mut self, entry: &Entry) -> Result<(), StoreError> {
        const DOING: &str = "writing the audit log";
        // One after the other: each entry is about the one before.
        self.lock_logs().await?;
        let last =
            self.one(DOING, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", values![]).await?;
        let (seq, before) = match last {
            Some(row) => (row.int(0)? + 1, row.text(1)?),
            None => (1, String::new()),
        };
        let Entry { time, actor, action, resource, outcome, detail } = entry;
        let hash = Audited::hash_of(seq, entry, &before);
        self.execute(
            DOING,
            "INSERT INTO audit (seq, time, actor, action, resource, outcome, detail, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![seq, *time, actor, action, resource, outcome, detail, &hash],
        )
        .await?;
        Ok(())
    }

    /// The number of the last entry; 0 if there is none.
    pub async fn last_audited(&mut self) -> Result<i64, StoreError> {
        let sql = "SELECT seq FROM audit ORDER BY seq DESC LIMIT 1";
        self.one("reading the audit log", sql, values![]).await?.map_or(Ok(0), |row| row.int(0))
    }

    /// Entries in their order, from the first behind `after`.
    pub async fn audit_log(&mut self, after: i64, limit: i64) -> Result<Vec<Audited>, StoreError> {
        let sql = "SELECT seq, time, actor, action, resource, outcome, detail, hash FROM audit WHERE seq > $1
                   ORDER BY seq LIMIT $2";
        self.all("reading the audit log", sql, values![after, limit]).await?.iter().map(read).collect()
    }
}
