//! Layers, many at once: which are there.

use pratique_image::Digest;

use crate::{Caller, Service, ServiceError, manifests::parse_digest};

/// What is known of a layer that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    /// It is there, with so many bytes.
    Available(u64),
    /// It is not.
    Unavailable,
    /// It was asked for by something that is no digest.
    Invalid,
}

impl Service {
    /// Which layers a repository has.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn layers(
        &self,
        caller: &Caller,
        repository: &str,
        digests: &[String],
    ) -> Result<Vec<LayerState>, ServiceError> {
        // Also of none: the repository has to be there.
        self.repository(caller, repository).await?;
        let mut states = Vec::with_capacity(digests.len());
        for text in digests {
            let Ok(digest) = parse_digest(text) else {
                states.push(LayerState::Invalid);
                continue;
            };
            states.push(match self.blob_size(caller, repository, &digest).await {
                Ok(size) => LayerState::Available(size),
                Err(ServiceError::BlobUnknown { .. }) => LayerState::Unavailable,
                Err(error) => return Err(error),
            });
        }
        Ok(states)
    }

    /// Begins an upload to a repository that has to be there.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn begin_layer(&self, caller: &Caller, repository: &str) -> Result<String, ServiceError> {
        self.repository(caller, repository).await?;
        self.begin_upload(caller, repository).await
    }

    /// Whether a layer is in the repository already.
    ///
    /// # Errors
    /// [`ServiceError::RepositoryUnknown`]
    pub async fn has_layer(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
    ) -> Result<bool, ServiceError> {
        match self.blob_size(caller, repository, digest).await {
            Ok(_) => Ok(true),
            Err(ServiceError::BlobUnknown { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
