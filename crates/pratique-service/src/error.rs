use pratique_image::Digest;
use pratique_store::{BlobError, StoreError};

use crate::invalid::InvalidParameter;

/// A thing beside images and repositories that there may be none of, or one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// The lifecycle policy of a repository.
    LifecyclePolicy,
    /// A preview of what a lifecycle policy does.
    LifecyclePreview,
    /// The policy of a repository.
    RepositoryPolicy,
    /// The policy of the registry.
    RegistryPolicy,
    /// A rule by which images of another registry are had through this one.
    PullThroughRule,
    /// A template for repositories that make themselves.
    Template,
    /// Somebody whose pulls do not count.
    PullTimeExclusion,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LifecyclePolicy => "lifecycle policy",
            Self::LifecyclePreview => "lifecycle policy preview",
            Self::RepositoryPolicy => "repository policy",
            Self::RegistryPolicy => "registry policy",
            Self::PullThroughRule => "pull through cache rule",
            Self::Template => "repository creation template",
            Self::PullTimeExclusion => "pull time update exclusion",
        })
    }
}

/// Why an operation did not do what it was asked.
///
/// Named for what happened; each surface says it in its own words and numbers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Nobody knows who is asking.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Who is asking may not.
    #[error("{who} may not {action} {what}")]
    Denied {
        /// Who.
        who: String,
        /// What they wanted to do.
        action: &'static str,
        /// To what.
        what: String,
    },
    /// A name that no repository can have.
    #[error(
        "{0:?} is no name of a repository: lower-case letters and digits, separated by `/`, `.`, `_`, `__` or `-`, 2 to 255 in all"
    )]
    NameInvalid(String),
    /// A name that no tag can have.
    #[error(
        "{0:?} is no tag: up to 128 letters, digits, `_`, `.` and `-`, the last two not at the beginning"
    )]
    TagInvalid(String),
    /// A digest that is none, or not that of the bytes.
    #[error("{0}")]
    DigestInvalid(String),
    /// There is no such repository.
    #[error("there is no repository {0}")]
    RepositoryUnknown(String),
    /// There is one already.
    #[error("there is a repository {0} already")]
    RepositoryExists(String),
    /// It cannot be removed while there is something in it.
    #[error("repository {0} has images in it: remove them first, or force it")]
    RepositoryNotEmpty(String),
    /// There is no such blob in the repository.
    #[error("there is no blob {digest} in {repository}")]
    BlobUnknown {
        /// Which.
        digest: Digest,
        /// Where.
        repository: String,
    },
    /// A manifest is made of it.
    #[error("blob {digest} is part of manifest {manifest}: remove that first")]
    BlobInUse {
        /// Which blob.
        digest: Digest,
        /// Which manifest.
        manifest: Digest,
    },
    /// There is no such upload.
    #[error("there is no upload {0}: it was never begun, or is over")]
    UploadUnknown(String),
    /// Bytes were to go elsewhere than to the end of an upload.
    #[error("the upload has {have} bytes; the next ones begin there")]
    RangeInvalid {
        /// How many there are.
        have: u64,
    },
    /// A length that is not that of the bytes.
    #[error("{0}")]
    SizeInvalid(String),
    /// A manifest that is none.
    #[error("the manifest {0}")]
    ManifestInvalid(String),
    /// There is no such manifest or tag in the repository.
    #[error("there is no manifest {reference} in {repository}")]
    ManifestUnknown {
        /// Tag or digest.
        reference: String,
        /// Where.
        repository: String,
    },
    /// It is made of things that are not there.
    #[error("the manifest is made of {} that the repository does not have", list(.0))]
    PartsMissing(Vec<Digest>),
    /// An index lists it.
    #[error("manifest {digest} is listed by index {index}: remove that first")]
    ManifestInUse {
        /// Which.
        digest: Digest,
        /// By which.
        index: Digest,
    },
    /// The tag may not move.
    #[error("tag {tag} of {repository} is immutable, and points to another manifest")]
    TagImmutable {
        /// Which.
        tag: String,
        /// Where.
        repository: String,
    },
    /// The gate refuses the push.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
    /// The gate lets nobody pull it.
    #[error("{}", .0.join("; "))]
    Quarantined(Vec<String>),
    /// Nothing was scanned that could be told of.
    #[error("image {0} was not scanned")]
    NotScanned(Digest),
    /// There is none.
    #[error("there is no {thing} of {of}")]
    Missing {
        /// What.
        thing: Thing,
        /// Of what, or called what.
        of: String,
    },
    /// There is one already.
    #[error("there is a {thing} of {of} already")]
    Exists {
        /// What.
        thing: Thing,
        /// Of what, or called what.
        of: String,
    },
    /// The manifest is there, under that tag.
    #[error("image {digest} is in {repository} already{}", .tag.as_ref().map(|tag| format!(" as {tag}")).unwrap_or_default())]
    ImageExists {
        /// Which.
        digest: Digest,
        /// The tag that it was to have.
        tag: Option<String>,
        /// Where.
        repository: String,
    },
    /// The image is in the archive.
    #[error("image {0} is archived: restore it first")]
    Archived(Digest),
    /// The image is of a kind that cannot be looked at.
    #[error("image {0} is of a kind that cannot be scanned")]
    Unscannable(Digest),
    /// There may not be more, or not so soon.
    #[error("{0}")]
    Limit(String),
    /// Tags that a resource cannot have.
    #[error("{0}")]
    ResourceTagInvalid(String),
    /// More tags than a resource can have.
    #[error("a resource has {0} tags at most")]
    TooManyResourceTags(usize),
    /// A parameter that does not satisfy a constraint.
    #[error(transparent)]
    Parameter(#[from] InvalidParameter),
    /// A value of a request that makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// Somebody else is at it.
    #[error("{0}; try again")]
    Busy(String),
    /// The disk is full.
    #[error("there is no space left to keep this; ask the operator")]
    Full,
    /// What is remembered could not be had.
    #[error(transparent)]
    Store(StoreError),
    /// Bytes could not be had or kept.
    #[error(transparent)]
    Blob(BlobError),
    /// The advisory database could not be read.
    #[error(transparent)]
    Advisories(#[from] pratique_advisory::Error),
    /// A part of the program ended before its time.
    #[error("{0} failed: this is a bug")]
    Broken(&'static str),
}

fn list(digests: &[Digest]) -> String {
    digests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        if error.is_full() { Self::Full } else { Self::Store(error) }
    }
}

impl From<BlobError> for ServiceError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::NoUpload(id) => Self::UploadUnknown(id),
            BlobError::OutOfOrder { have, .. } => Self::RangeInvalid { have },
            BlobError::Busy(id) => Self::Busy(format!("another request is writing to upload {id}")),
            BlobError::WrongDigest { .. } => Self::DigestInvalid(error.to_string()),
            error if error.is_full() => Self::Full,
            error => Self::Blob(error),
        }
    }
}

impl ServiceError {
    /// Whether it is the server that failed: worth a line in its log, and none of its details in an answer.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Blob(_) | Self::Advisories(_) | Self::Broken(_) | Self::Full)
    }
}
