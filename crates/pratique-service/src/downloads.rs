//! Addresses of blobs that whoever has them may read for some minutes, without a credential.
//!
//! Such an address has the moment at which it ends and a mark over that, the repository and the digest, which only this
//! server makes. It opens this blob and nothing else.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pratique_image::Digest;
use pratique_store::credential::{Action, Grant};

use crate::{Caller, Service, ServiceError, now};

/// How long an address is good for.
pub const LIFETIME: Duration = Duration::from_mins(15);
/// What marks are for, so that none is taken for a token.
const PURPOSE: &str = "downloads";

/// What an address has beside the path.
#[derive(Clone, PartialEq, Eq)]
pub struct Download {
    /// When it ends, in seconds since 1970.
    pub expires: i64,
    /// The mark.
    pub signature: String,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("expires", &self.expires).finish_non_exhaustive()
    }
}

fn text(repository: &str, digest: &Digest, expires: i64) -> String {
    // Neither names of repositories nor digests have line ends.
    format!("{repository}\n{digest}\n{expires}")
}

impl Service {
    /// Lets whoever is told read a blob that `caller` may read.
    ///
    /// # Errors
    /// [`ServiceError::BlobUnknown`] if there is none.
    pub async fn offer_download(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
    ) -> Result<Download, ServiceError> {
        self.blob_size(caller, repository, digest).await?;
        let expires = now() / 1_000_000 + LIFETIME.as_secs() as i64;
        let mark = self.key().mark(PURPOSE, &text(repository, digest, expires));
        Ok(Download { expires, signature: BASE64_URL_SAFE_NO_PAD.encode(mark) })
    }

    /// Who has such an address: somebody who may read in that repository, which whoever lets them in has to hold to the
    /// blob of that digest.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if it is not ours, or over.
    pub fn downloader(
        &self,
        repository: &str,
        digest: &Digest,
        download: &Download,
    ) -> Result<Caller, ServiceError> {
        let mark = BASE64_URL_SAFE_NO_PAD.decode(&download.signature).unwrap_or_default();
        if !self.key().is_mark(PURPOSE, &text(repository, digest, download.expires), &mark) {
            return Err(ServiceError::Unauthenticated("the address is not one of ours"));
        }
        if download.expires <= now() / 1_000_000 {
            return Err(ServiceError::Unauthenticated("the address is over: ask for another"));
        }
        let grants = vec![Grant { repositories: repository.into(), actions: vec![Action::Pull] }];
        Ok(Caller { id: "download".into(), name: "download".into(), grants })
    }
}
