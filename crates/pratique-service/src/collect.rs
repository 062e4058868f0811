//! What nobody refers to is removed: uploads that were given up, blobs that no manifest is made of, scans of images that
//! are gone. Pushes go on meanwhile; see [`pratique_store::blob`] for why nothing that is in use can go.

use serde::Serialize;

use crate::{Service, ServiceError, now};

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Uploads that nobody had touched for long.
    pub uploads: u64,
    /// Blobs that nobody referred to.
    pub blobs: u64,
    /// Scans of images that no repository holds.
    pub scans: u64,
}

impl Service {
    /// Removes what nobody refers to and nobody touched within the grace.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot go on; what was removed until then is.
    pub async fn collect_garbage(&self) -> Result<Collected, ServiceError> {
        const PAGE: i64 = 200;
        let before = now() - i64::try_from(self.options().grace.as_micros()).unwrap_or(i64::MAX / 2);
        let mut collected = Collected::default();
        loop {
            let stale = self.store().read().await?.stale_uploads(before, PAGE).await?;
            for id in &stale {
                self.cancel(id).await?;
            }
            collected.uploads += stale.len() as u64;
            if stale.len() < PAGE as usize {
                break;
            }
        }
        collected.uploads += self.sweep_uploads().await?.len() as u64;
        loop {
            let mut session = self.store().write().await?;
            let doomed = session.doom_blobs(before, PAGE).await?;
            session.commit().await?;
            if doomed.is_empty() {
                break;
            }
            let gone = doomed.clone();
            self.blocking("removing blobs", move |service| {
                gone.iter().try_for_each(|digest| service.blobs().remove(digest))
            })
            .await??;
            let mut session = self.store().write().await?;
            for digest in &doomed {
                session.forget_blob(digest).await?;
            }
            session.commit().await?;
            collected.blobs += doomed.len() as u64;
        }
        let mut session = self.store().write().await?;
        collected.scans = session.forget_images().await?;
        session.commit().await?;
        Ok(collected)
    }

    /// Removes the bytes of uploads that no row speaks of: those of repositories that were removed. The row of an upload is
    /// always there before its bytes.
    pub(crate) async fn sweep_uploads(&self) -> Result<Vec<String>, ServiceError> {
        let mut orphans = self.blocking("listing uploads", |service| service.blobs().uploads()).await??;
        let mut known = Vec::new();
        let mut session = self.store().read().await?;
        for id in &orphans {
            known.push(session.is_upload(id).await?);
        }
        drop(session);
        let mut known = known.into_iter();
        orphans.retain(|_| !known.next().unwrap_or(true));
        for id in &orphans {
            self.cancel(id).await?;
        }
        Ok(orphans)
    }
}
