//! Whether all that is remembered is there, and is what it was: digests of blobs and manifests, references, uploads, the audit
//! log; and repair of what can be repaired.
//!
//! Pushes and collections go on meanwhile, so that what looks wrong may be a change that is under way. Whatever is found is
//! therefore looked at again a moment later, and only what is still there is told.
//!
//! Two kinds of things are told apart. *Damage* is what gives somebody a wrong answer: a layer that cannot be pulled, an entry
//! of the audit log that was changed. *Leftovers* take space and nothing else; the collection of garbage removes most of them
//! by itself.
//!
//! Repair removes nothing that anybody refers to. Bytes that are wrong are set aside, and their blob is marked as lost, which
//! makes the registry say that it does not have it: the next push of an image made of it brings it back.

use std::{collections::HashSet, fmt, path::PathBuf, time::Duration};

use pratique_image::Digest;
use pratique_store::{
    BlobError,
    check::{BlobRow, BlobState, BrokenPart, BrokenTag},
    manifest::Part,
};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use crate::{Service, ServiceError, audit::Chain, now};

/// Rows that are read at once.
const PAGE: i64 = 500;
/// Manifests that are read at once: each may have some megabytes.
const MANIFESTS: i64 = 16;
/// References that are told at most; when so much is broken, one reason has broken it.
const REFERENCES: i64 = 10_000;
/// How long it takes until what looks wrong is looked at again. Between the commit that announces and the one that links, a blob
/// is only synced and renamed.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// An upload whose row is younger may be about to get its first byte.
const YOUNG: i64 = 60 * 1_000_000;

/// How to check.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Mend what can be mended.
    pub repair: bool,
    /// Only look whether blobs are there in their length, without reading them.
    pub fast: bool,
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The database's own check of its file.
    Database,
    /// The audit log is no chain.
    AuditLog,
    /// A blob without bytes.
    BlobMissing,
    /// A blob whose bytes are not those of its digest.
    BlobDamaged,
    /// A blob that was marked as lost, and not pushed since.
    BlobLost,
    /// A manifest whose bytes are not those of its digest.
    ManifestDamaged,
    /// A manifest that is made of what its repository does not have.
    PartMissing,
    /// A tag that points to no manifest.
    TagBroken,
    /// Bytes of a blob that nobody knows, though a manifest is made of it.
    BlobUnknown,
    /// Bytes that nobody knows or needs.
    BlobOrphan,
    /// Bytes of an upload that nobody knows.
    UploadOrphan,
    /// An upload without bytes.
    UploadEmpty,
    /// A file that is no blob, among the blobs.
    StrangeFile,
}

impl Kind {
    /// Whether it takes space and nothing else.
    pub fn is_leftover(self) -> bool {
        matches!(self, Self::BlobOrphan | Self::UploadOrphan | Self::UploadEmpty | Self::StrangeFile)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "database damaged",
            Self::AuditLog => "audit log broken",
            Self::BlobMissing => "blob missing",
            Self::BlobDamaged => "blob damaged",
            Self::BlobLost => "blob lost",
            Self::ManifestDamaged => "manifest damaged",
            Self::PartMissing => "part missing",
            Self::TagBroken => "tag broken",
            Self::BlobUnknown => "blob unknown",
            Self::BlobOrphan => "orphan blob",
            Self::UploadOrphan => "orphan upload",
            Self::UploadEmpty => "empty upload",
            Self::StrangeFile => "strange file",
        })
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What kind of thing.
    pub kind: Kind,
    /// Whether it takes space and nothing else.
    pub leftover: bool,
    /// What it is about: a digest, `REPOSITORY@DIGEST`, …
    pub subject: String,
    /// What is wrong with it, and what to do.
    pub detail: String,
    /// What was done, where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<String>,
    /// Whether that mended it.
    pub mended: bool,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Blobs.
    pub blobs: u64,
    /// Bytes of blobs that were read and hashed.
    pub bytes: u64,
    /// Manifests.
    pub manifests: u64,
    /// Uploads that are under way.
    pub uploads: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How much was looked at.
    pub checked: Checked,
    /// The audit log.
    pub audit: Chain,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether nothing is damaged any more. Leftovers are no damage.
    pub fn is_clean(&self) -> bool {
        self.problems.iter().all(|problem| problem.leftover || problem.mended)
    }
}

/// What looks wrong with one blob, one file, one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Suspect {
    Missing(Digest),
    Damaged(Digest),
    Lost(Digest),
    Unknown(Digest),
    UploadOrphan(String),
    UploadEmpty(String),
    Strange(PathBuf),
}

impl Service {
    /// Checks everything, and mends what can be mended if that is wanted. Pushes may go on meanwhile.
    ///
    /// # Errors
    /// [`ServiceError`] when something could not be looked at. What is wrong is no error.
    pub async fn fsck(&self, options: Options) -> Result<Report, ServiceError> {
        let mut checked = Checked::default();
        let mut problems = Vec::new();
        for line in self.store().read().await?.check_database().await? {
            let remedy = "restore the database from a backup, or export and import it with sqlite3";
            problems.push(told(Kind::Database, "the database", format!("{line}: {remedy}")));
        }
        let audit = self.verify_audit().await?;
        checked.audit_entries = audit.sound;
        if let Some(seq) = audit.broken_at {
            let detail =
                "it does not follow from the one before it: this or earlier entries were changed or removed";
            problems.push(told(Kind::AuditLog, &format!("entry {seq}"), detail.into()));
        }
        problems.extend(self.check_manifests(&mut checked).await?);

        let mut suspects = self.check_blobs(options.fast, &mut checked).await?;
        suspects.extend(self.check_files().await?);
        suspects.extend(self.check_uploads(&mut checked).await?);
        let parts = self.store().read().await?.broken_parts(REFERENCES).await?;
        let tags = self.store().read().await?.broken_tags(REFERENCES).await?;
        if !(suspects.is_empty() && parts.is_empty() && tags.is_empty()) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        for suspect in suspects {
            if self.is_still(&suspect).await? {
                problems.push(self.tell(suspect, options.repair).await?);
            }
        }
        problems.extend(self.tell_parts(parts, options.repair).await?);
        problems.extend(self.tell_tags(tags, options.repair).await?);
        problems.sort_by(|a, b| (a.leftover, a.kind, &a.subject).cmp(&(b.leftover, b.kind, &b.subject)));
        Ok(Report { checked, audit, problems })
    }

    /// Holds the bytes of manifests to their digests. A manifest is written once, so nothing of it can be under way.
    async fn check_manifests(&self, checked: &mut Checked) -> Result<Vec<Problem>, ServiceError> {
        let mut problems = Vec::new();
        let (mut repository, mut digest) = (0, String::new());
        loop {
            let mut session = self.store().read().await?;
            let page = session.stored_manifests((repository, &digest), MANIFESTS).await?;
            drop(session);
            let Some(last) = page.last() else { return Ok(problems) };
            (repository, digest) = (last.repository, last.digest.to_string());
            checked.manifests += page.len() as u64;
            for one in page.iter().filter(|one| !one.digest.names(&one.content)) {
                let subject = format!("{}@{}", one.name, one.digest);
                let detail = "its bytes are not those of its digest: remove it, and push the image again";
                problems.push(told(Kind::ManifestDamaged, &subject, detail.into()));
            }
        }
    }

    /// Looks at the bytes of every blob that has a row.
    async fn check_blobs(&self, fast: bool, checked: &mut Checked) -> Result<Vec<Suspect>, ServiceError> {
        let mut suspects = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.store().read().await?.blob_rows(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(suspects) };
            after = last.digest.to_string();
            checked.blobs += page.len() as u64;
            let found = self
                .blocking("checking blobs", move |service| {
                    let look = |row: &BlobRow| Ok((service.inspect(row, fast)?, row.size));
                    page.par_iter().map(look).collect::<Result<Vec<_>, BlobError>>()
                })
                .await??;
            for (suspect, size) in found {
                if !fast && !matches!(suspect, Some(Suspect::Missing(_))) {
                    checked.bytes += size;
                }
                suspects.extend(suspect);
            }
        }
    }

    /// What is wrong with the bytes of a blob.
    fn inspect(&self, row: &BlobRow, fast: bool) -> Result<Option<Suspect>, BlobError> {
        let digest = row.digest;
        match row.state {
            // Who removes it goes on where it was interrupted.
            BlobState::Doomed => return Ok(None),
            BlobState::Lost => return Ok(Some(Suspect::Lost(digest))),
            BlobState::There => {}
        }
        let is_sound = match self.blobs().read(&digest) {
            Ok((_, length)) => length == row.size && (fast || self.blobs().is_sound(&digest)?),
            // Announced by a push that was interrupted: nobody was told that it is there.
            Err(BlobError::Missing(_)) if !row.is_linked => return Ok(None),
            Err(BlobError::Missing(_)) => return Ok(Some(Suspect::Missing(digest))),
            Err(error) => return Err(error),
        };
        Ok((!is_sound).then_some(Suspect::Damaged(digest)))
    }

    /// Looks for files that no row speaks of.
    async fn check_files(&self) -> Result<Vec<Suspect>, ServiceError> {
        let (digests, strange) = self.blocking("listing blobs", |service| service.blobs().all()).await??;
        let mut suspects: Vec<_> = strange.into_iter().map(Suspect::Strange).collect();
        let mut session = self.store().read().await?;
        for digest in digests {
            if session.blob_row(&digest).await?.is_none() {
                suspects.push(Suspect::Unknown(digest));
            }
        }
        Ok(suspects)
    }

    /// Looks for uploads that are half there.
    async fn check_uploads(&self, checked: &mut Checked) -> Result<Vec<Suspect>, ServiceError> {
        let files = self.blocking("listing uploads", |service| service.blobs().uploads()).await??;
        let mut suspects = Vec::new();
        let mut session = self.store().read().await?;
        for id in &files {
            if !session.is_upload(id).await? {
                suspects.push(Suspect::UploadOrphan(id.clone()));
            }
        }
        let files: HashSet<String> = files.into_iter().collect();
        let (mut after, old) = (String::new(), now() - YOUNG);
        loop {
            let page = session.uploads(&after, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(suspects) };
            after.clone_from(last);
            checked.uploads += page.len() as u64;
            let empty = page.into_iter().filter(|(id, touched)| *touched < old && !files.contains(id));
            suspects.extend(empty.map(|(id, _)| Suspect::UploadEmpty(id)));
        }
    }

    /// Whether what looked wrong still does.
    async fn is_still(&self, suspect: &Suspect) -> Result<bool, ServiceError> {
        let mut session = self.store().read().await?;
        Ok(match suspect {
            Suspect::Missing(digest) | Suspect::Damaged(digest) | Suspect::Lost(digest) => {
                let Some(row) = session.blob_row(digest).await? else { return Ok(false) };
                drop(session);
                let now = self.blocking("checking a blob", move |service| service.inspect(&row, false));
                now.await??.as_ref() == Some(suspect)
            }
            Suspect::Unknown(digest) => {
                session.blob_row(digest).await?.is_none() && self.blobs().read(digest).is_ok()
            }
            Suspect::UploadOrphan(id) => !session.is_upload(id).await? && self.blobs().length(id).is_ok(),
            Suspect::UploadEmpty(id) => session.is_upload(id).await? && self.blobs().length(id).is_err(),
            Suspect::Strange(path) => path.exists(),
        })
    }

    /// Tells what is wrong, after mending it if that is wanted.
    async fn tell(&self, suspect: Suspect, repair: bool) -> Result<Problem, ServiceError> {
        const PUSH: &str = "push an image that is made of it again";
        let told =
            |kind, subject: &dyn fmt::Display, detail: String| told(kind, &subject.to_string(), detail);
        Ok(match suspect {
            Suspect::Missing(digest) => {
                let problem = told(Kind::BlobMissing, &digest, format!("its bytes are not there: {PUSH}"));
                if !repair {
                    return Ok(problem);
                }
                self.lose(&digest).await?;
                problem.done("marked as lost, so that the next push brings it back", false)
            }
            Suspect::Damaged(digest) => {
                let problem = told(
                    Kind::BlobDamaged,
                    &digest,
                    format!("its bytes are not those of its digest: {PUSH}"),
                );
                if !repair {
                    return Ok(problem);
                }
                let set_aside = move |service: &Self| service.blobs().set_aside(&digest);
                if self.blocking("setting a blob aside", set_aside).await?? {
                    self.lose(&digest).await?;
                    problem.done(
                        "set aside in damaged/, and marked as lost: the next push brings it back",
                        false,
                    )
                } else {
                    problem.done("was pushed again in the meantime", true)
                }
            }
            Suspect::Lost(digest) => {
                told(Kind::BlobLost, &digest, format!("was marked as lost, and not pushed since: {PUSH}"))
            }
            Suspect::Unknown(digest) => return self.tell_unknown(digest, repair).await,
            Suspect::UploadOrphan(id) => {
                let problem = told(Kind::UploadOrphan, &id, "bytes of an upload that is over".into());
                if !repair {
                    return Ok(problem);
                }
                self.cancel(&id).await?;
                problem.done("removed", true)
            }
            Suspect::UploadEmpty(id) => {
                let problem = told(Kind::UploadEmpty, &id, "an upload of which there are no bytes".into());
                if !repair {
                    return Ok(problem);
                }
                self.cancel(&id).await?;
                problem.done("ended", true)
            }
            Suspect::Strange(path) => told(
                Kind::StrangeFile,
                &path.display(),
                "is no blob, and was not put there by this program: look at it, and remove it".into(),
            ),
        })
    }

    /// Marks a blob as lost, unless its bytes were put in place at this moment.
    async fn lose(&self, digest: &Digest) -> Result<(), ServiceError> {
        let mut session = self.store().write().await?;
        session.lose_blob(digest).await?;
        session.commit().await?;
        let looked_for = *digest;
        if self
            .blocking("looking for a blob", move |service| service.blobs().is_sound(&looked_for))
            .await?
            .is_ok_and(|sound| sound)
        {
            let mut session = self.store().write().await?;
            session.regain_blob(digest).await?;
            session.commit().await?;
        }
        Ok(())
    }

    /// Bytes that no row speaks of: needed after all, or not.
    async fn tell_unknown(&self, digest: Digest, repair: bool) -> Result<Problem, ServiceError> {
        let needed = self.store().read().await?.is_part(&digest).await?;
        let read = move |service: &Self| {
            let (_, size) = service.blobs().read(&digest)?;
            Ok::<_, BlobError>((size, service.blobs().is_sound(&digest)?))
        };
        let (size, is_sound) = self.blocking("reading a blob", read).await??;
        let mut problem = if needed {
            told(
                Kind::BlobUnknown,
                &digest.to_string(),
                "a manifest is made of it, and the database does not know it".into(),
            )
        } else {
            told(Kind::BlobOrphan, &digest.to_string(), format!("{size} bytes that nobody knows or needs"))
        };
        if !repair {
            return Ok(problem);
        }
        let mut session = self.store().write().await?;
        if needed && is_sound {
            let adopted = session.adopt_blob(&digest, size, now()).await?;
            session.commit().await?;
            problem = problem
                .done(if adopted { "made known again" } else { "was pushed again in the meantime" }, true);
        } else if session.doom_orphan(&digest, size, now()).await? {
            // As the collection does it: who pushes it meanwhile waits until its bytes are gone.
            session.commit().await?;
            let wrong = needed;
            let remove = move |service: &Self| {
                if wrong {
                    service.blobs().set_aside(&digest).map(drop)
                } else {
                    service.blobs().remove(&digest)
                }
            };
            self.blocking("removing a blob", remove).await??;
            let mut session = self.store().write().await?;
            session.forget_blob(&digest).await?;
            session.commit().await?;
            problem = if needed {
                problem.done("its bytes are damaged, and were set aside in damaged/", false)
            } else {
                problem.done("removed", true)
            };
        }
        Ok(problem)
    }

    async fn tell_parts(&self, before: Vec<BrokenPart>, repair: bool) -> Result<Vec<Problem>, ServiceError> {
        if before.is_empty() {
            return Ok(Vec::new());
        }
        let mut problems = Vec::new();
        for broken in self.store().read().await?.broken_parts(REFERENCES).await? {
            if !before.contains(&broken) {
                continue;
            }
            let (digest, what) = match broken.part {
                Part::Blob(digest) => (digest, "blob"),
                Part::Manifest(digest) => (digest, "manifest"),
            };
            let subject = format!("{}@{}", broken.repository, broken.manifest);
            let detail =
                format!("is made of {what} {digest}, which the repository does not have: push it again");
            let mut problem = told(Kind::PartMissing, &subject, detail);
            if repair && what == "blob" {
                let mut session = self.store().write().await?;
                session.relink_blob(&digest).await?;
                session.commit().await?;
                if self.is_visible(&digest).await? {
                    problem = problem.done("made visible in the repository again", true);
                }
            }
            problems.push(problem);
        }
        Ok(problems)
    }

    /// Whether a blob may be used.
    async fn is_visible(&self, digest: &Digest) -> Result<bool, ServiceError> {
        let row = self.store().read().await?.blob_row(digest).await?;
        Ok(row.is_some_and(|row| row.state == BlobState::There && row.is_linked))
    }

    async fn tell_tags(&self, before: Vec<BrokenTag>, repair: bool) -> Result<Vec<Problem>, ServiceError> {
        if before.is_empty() {
            return Ok(Vec::new());
        }
        let mut problems = Vec::new();
        for broken in self.store().read().await?.broken_tags(REFERENCES).await? {
            if !before.contains(&broken) {
                continue;
            }
            let subject = format!("{}:{}", broken.repository, broken.tag);
            let detail = format!("points to {}, which is not there: push it again", broken.digest);
            let mut problem = told(Kind::TagBroken, &subject, detail);
            if repair {
                let mut session = self.store().write().await?;
                session.delete_broken_tag(&broken).await?;
                session.commit().await?;
                problem = problem.done("the tag was removed", true);
            }
            problems.push(problem);
        }
        Ok(problems)
    }
}

fn told(kind: Kind, subject: &str, detail: String) -> Problem {
    Problem { kind, leftover: kind.is_leftover(), subject: subject.into(), detail, done: None, mended: false }
}

impl Problem {
    fn done(self, done: &str, mended: bool) -> Self {
        Self { done: Some(done.into()), mended, ..self }
    }
}
