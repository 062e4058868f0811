//! The audit log, as those read it who want to know what happened, and whether all of it is still there.

pub use pratique_store::audit::{Audited, Entry};
use serde::Serialize;

use crate::{Service, ServiceError};

/// Entries that are read at once.
const PAGE: i64 = 1000;

/// What came of following the chain from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// How many entries follow each other.
    pub sound: u64,
    /// The number of the last of them.
    pub last: i64,
    /// Its hash. Kept elsewhere it shows later whether the end of the log was cut off, which the log itself cannot.
    pub head: String,
    /// The number of the first entry that does not follow: it, or one before it, was changed or taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<i64>,
}

impl Service {
    /// Entries of the audit log in their order, from the first behind `after`.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be read.
    pub async fn audit_log(&self, after: i64, limit: i64) -> Result<Vec<Audited>, ServiceError> {
        Ok(self.store().read().await?.audit_log(after, limit).await?)
    }

    /// The number of the last entry; 0 if there is none.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn last_audited(&self) -> Result<i64, ServiceError> {
        Ok(self.store().read().await?.last_audited().await?)
    }

    /// Follows the chain of the audit log from its beginning to its end, or to where it is broken.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn verify_audit(&self) -> Result<Chain, ServiceError> {
        let mut chain = Chain { sound: 0, last: 0, head: String::new(), broken_at: None };
        let mut before: Option<Audited> = None;
        loop {
            let page = self.audit_log(chain.last, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            for entry in page {
                if !entry.follows(before.as_ref()) {
                    chain.broken_at = Some(entry.seq);
                    return Ok(chain);
                }
                chain.sound += 1;
                chain.last = entry.seq;
                chain.head.clone_from(&entry.hash);
                before = Some(entry);
            }
            if is_last {
                return Ok(chain);
            }
        }
    }
}
