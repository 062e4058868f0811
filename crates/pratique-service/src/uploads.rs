//! Blobs: pushed in one piece or many, mounted from another repository, read, removed.

use std::{fs::File, time::Duration};

use bytes::Bytes;
use pratique_image::Digest;
use pratique_store::{blob::Announced, blobs::Appender, credential::Action};

use crate::{
    Caller, Service, ServiceError,
    account::{self, AccountSetting},
    events::uuid,
    now,
    repositories::Repository,
};

/// How often use of a blob is noted at most: notes cost a write, and the grace is a day.
const NOTED_EVERY: i64 = 10 * 60 * 1_000_000;

/// An upload that is being written to.
pub struct Writing {
    id: String,
    appender: Appender,
    /// Whether nothing had been written before.
    is_new: bool,
}

impl Writing {
    /// Adds bytes; blocks as the disk does.
    ///
    /// # Errors
    /// [`ServiceError`] when they cannot be kept.
    pub fn write(&mut self, service: &Service, bytes: &[u8]) -> Result<(), ServiceError> {
        self.appender.write(bytes)?;
        if self.is_new && !bytes.is_empty() {
            self.is_new = false;
            if let Ok(tail) = service.blobs().follow(&self.id) {
                service.analyser().follow(&self.id, tail);
            }
        }
        Ok(())
    }

    /// How many bytes the upload has.
    pub fn length(&self) -> u64 {
        self.appender.length()
    }
}

impl Service {
    /// Begins an upload and says what it is called.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn begin_upload(&self, caller: &Caller, repository: &str) -> Result<String, ServiceError> {
        let repository = self.repository_for_push(caller, repository).await?;
        let id = uuid()?;
        let mut session = self.store().write().await?;
        session.create_upload(&id, repository.id, now()).await?;
        session.commit().await?;
        let name = id.clone();
        self.blocking("beginning an upload", move |service| service.blobs().begin(&name)).await??;
        Ok(id)
    }

    /// Makes a blob of another repository visible in this one. `false` if that cannot be: it has to be pushed.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn mount_blob(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
        from: Option<&str>,
    ) -> Result<bool, ServiceError> {
        let repository = self.repository_for_push(caller, repository).await?;
        let mut session = self.store().write().await?;
        if account::value(&mut session, AccountSetting::BlobMounting).await? == "DISABLED" {
            return Ok(false);
        }
        let sources = session.repositories_of_blob(digest).await?;
        let mut readable = sources.iter().filter(|name| from.is_none_or(|from| from == *name));
        if !readable.any(|name| caller.may(Action::Pull, name)) {
            return Ok(false);
        }
        let mounted = session.link_blob(repository.id, digest, now()).await?;
        session.commit().await?;
        Ok(mounted)
    }

    /// Makes sure that there is such an upload, and that `caller` may go on with it.
    async fn check_upload(&self, caller: &Caller, repository: &str, id: &str) -> Result<(), ServiceError> {
        let repository = self.repository_for_push(caller, repository).await?;
        if self.store().read().await?.has_upload(id, repository.id).await? {
            Ok(())
        } else {
            Err(ServiceError::UploadUnknown(id.chars().take(64).collect()))
        }
    }

    /// How many bytes of an upload are there.
    ///
    /// # Errors
    /// [`ServiceError::UploadUnknown`] if there is none.
    pub async fn upload_length(
        &self,
        caller: &Caller,
        repository: &str,
        id: &str,
    ) -> Result<u64, ServiceError> {
        self.check_upload(caller, repository, id).await?;
        let id = id.to_owned();
        Ok(self.blocking("looking up an upload", move |service| service.blobs().length(&id)).await??)
    }

    /// Goes on with an upload at `offset`, or at its end.
    ///
    /// # Errors
    /// [`ServiceError::RangeInvalid`] if the upload does not end at `offset`.
    pub async fn continue_upload(
        &self,
        caller: &Caller,
        repository: &str,
        id: &str,
        offset: Option<u64>,
    ) -> Result<Writing, ServiceError> {
        self.check_upload(caller, repository, id).await?;
        let id = id.to_owned();
        self.blocking("continuing an upload", move |service| {
            let appender = service.blobs().append(&id, offset)?;
            let is_new = appender.length() == 0;
            Ok(Writing { id, appender, is_new })
        })
        .await?
    }

    /// Adds a part to an upload, which begins where the upload ends; says where it ends now.
    ///
    /// # Errors
    /// [`ServiceError::RangeInvalid`] if it begins elsewhere.
    pub async fn add_part(
        &self,
        caller: &Caller,
        repository: &str,
        id: &str,
        first: u64,
        bytes: Bytes,
    ) -> Result<u64, ServiceError> {
        let mut writing = self.continue_upload(caller, repository, id, Some(first)).await?;
        let write = move |service: &Self| writing.write(service, &bytes).map(|()| writing.length());
        let length = self.blocking("writing a part", write).await??;
        self.park_upload(id).await?;
        Ok(length)
    }

    /// Notes that an upload goes on, so that it is not taken for a forgotten one.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn park_upload(&self, id: &str) -> Result<(), ServiceError> {
        let mut session = self.store().write().await?;
        session.touch_upload(id, now()).await?;
        Ok(session.commit().await?)
    }

    /// Ends an upload: its bytes are those of `digest`, and visible in the repository from now on.
    ///
    /// # Errors
    /// [`ServiceError::DigestInvalid`] if they are not.
    pub async fn finish_upload(
        &self,
        caller: &Caller,
        repository: &str,
        id: &str,
        digest: &Digest,
    ) -> Result<u64, ServiceError> {
        self.check_upload(caller, repository, id).await?;
        let repository = self.repository_for_push(caller, repository).await?;
        let (name, expected) = (id.to_owned(), *digest);
        let verified = self
            .blocking("checking an upload", move |service| service.blobs().verify(&name, &expected))
            .await?;
        let size = match verified {
            Ok(size) => size,
            Err(error) => {
                if matches!(error, pratique_store::BlobError::WrongDigest { .. }) {
                    // It will never be what it was said to be.
                    self.cancel(id).await?;
                }
                return Err(error.into());
            }
        };
        // A blob that is being removed right now is gone in a moment.
        let mut tries = 0;
        loop {
            let mut session = self.store().write().await?;
            let announced = session.announce_blob(digest, size, now()).await?;
            session.commit().await?;
            match announced {
                Announced::Ready => break,
                Announced::Doomed if tries < 500 => tries += 1,
                Announced::Doomed => {
                    return Err(ServiceError::Busy(format!("blob {digest} is being removed")));
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (name, place) = (id.to_owned(), *digest);
        self.blocking("putting a blob in place", move |service| {
            service.blobs().is_whole(&name)?;
            service.blobs().commit(&name, &place)
        })
        .await??;
        self.analyser().finish(id, *digest);
        let mut session = self.store().write().await?;
        session.regain_blob(digest).await?;
        let linked = session.link_blob(repository.id, digest, now()).await?;
        session.delete_upload(id).await?;
        session.commit().await?;
        if !linked {
            // Its bytes took longer to be put in place than what nobody refers to is kept.
            return Err(ServiceError::Busy(format!("blob {digest} was removed as nobody referred to it")));
        }
        Ok(size)
    }

    /// Ends an upload that nobody wants.
    ///
    /// # Errors
    /// [`ServiceError::UploadUnknown`] if there is none.
    pub async fn cancel_upload(
        &self,
        caller: &Caller,
        repository: &str,
        id: &str,
    ) -> Result<(), ServiceError> {
        self.check_upload(caller, repository, id).await?;
        self.cancel(id).await
    }

    pub(crate) async fn cancel(&self, id: &str) -> Result<(), ServiceError> {
        self.analyser().forget(id);
        // The bytes first: a row that is left is found and removed later, bytes without one would lie there for ever.
        let name = id.to_owned();
        self.blocking("ending an upload", move |service| service.blobs().abandon(&name)).await??;
        let mut session = self.store().write().await?;
        session.delete_upload(id).await?;
        Ok(session.commit().await?)
    }

    /// Keeps bytes that are there at once.
    ///
    /// # Errors
    /// [`ServiceError::DigestInvalid`] if they are not those of `digest`.
    pub async fn put_blob(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
        bytes: Bytes,
    ) -> Result<(), ServiceError> {
        let id = self.begin_upload(caller, repository).await?;
        let mut writing = self.continue_upload(caller, repository, &id, None).await?;
        self.blocking("writing a blob", move |service| writing.write(service, &bytes)).await??;
        self.finish_upload(caller, repository, &id, digest).await.map(drop)
    }

    /// The size of a blob of a repository.
    ///
    /// # Errors
    /// [`ServiceError::BlobUnknown`] if there is none.
    pub async fn blob_size(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
    ) -> Result<u64, ServiceError> {
        let mut session = self.store().read().await?;
        let found = self.repository_in(&mut session, caller, repository).await?;
        let unknown = || ServiceError::BlobUnknown { digest: *digest, repository: repository.into() };
        let (size, touched) = session.blob(found.id, digest).await?.ok_or_else(unknown)?;
        drop(session);
        // Who asks may be about to push a manifest that is made of it, instead of the blob.
        if touched + NOTED_EVERY < now() && caller.may(Action::Push, repository) {
            let mut session = self.store().write().await?;
            session.touch_blob(digest, now()).await?;
            session.commit().await?;
        }
        Ok(size)
    }

    /// The bytes of a blob of a repository, and how many they are.
    ///
    /// # Errors
    /// [`ServiceError::BlobUnknown`] if there is none.
    pub async fn open_blob(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
    ) -> Result<(File, u64), ServiceError> {
        self.blob_size(caller, repository, digest).await?;
        let digest = *digest;
        Ok(self.blocking("opening a blob", move |service| service.blobs().read(&digest)).await??)
    }

    /// Makes a blob invisible in a repository.
    ///
    /// # Errors
    /// [`ServiceError::BlobInUse`] if a manifest is made of it.
    pub async fn delete_blob(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
    ) -> Result<(), ServiceError> {
        crate::repositories::check_name(repository)?;
        self.allow(caller, Action::Delete, repository).await?;
        let mut session = self.store().write().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        if let Some(manifest) = session.user_of_blob(found.id, digest).await? {
            return Err(ServiceError::BlobInUse { digest: *digest, manifest });
        }
        if !session.unlink_blob(found.id, digest).await? {
            return Err(ServiceError::BlobUnknown { digest: *digest, repository: repository.into() });
        }
        let detail = format!("{{\"digest\":\"{digest}\"}}");
        let arn = self.repository_arn(repository);
        session.audit(&Self::entry(caller, "pratique:DeleteBlob", &arn, "allowed", &detail)).await?;
        Ok(session.commit().await?)
    }
}
