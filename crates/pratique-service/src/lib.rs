//! The operations of the system, each written down once: what surfaces parse requests for and write answers of.
//!
//! A [`Service`] is one deployment: its store, its blobs, its advisories, its name. Operations take the [`Caller`] first and
//! say no before they do anything. Times are microseconds since 1970.
//!
//! * [`repositories`]: making, describing, changing, removing them.
//! * [`uploads`], [`manifests`]: what registries do.
//! * [`analysis`], [`scan`]: layers → facts while they are pushed; manifest → inventory, findings.
//! * [`rescan`]: new advisories meet the images that are there.
//! * [`records`]: what happened, what runs where.
//! * [`identity`], [`secrets`]: who may.
//! * [`gate`], [`settings`]: what becomes of a push that is found wanting; what holds for the registry as a whole.
//! * [`findings`]: what is wrong with the images, put together when somebody asks.
//! * [`coverage`]: which images are watched, and why others are not.
//! * [`exports`]: SBOMs of many images at once.
//! * [`events`]: what the rest of the world is told.
//! * [`collect`]: what nobody refers to is removed.
//! * [`images`], [`layers`], [`basic`]: what lists and looks at what was pushed.
//! * [`lifecycle_runs`], [`policies`], [`repository_tags`]: what repositories have beside images.
//! * [`replication`], [`pull_through`], [`templates`], [`account`]: what the registry has.
//! * [`downloads`]: addresses of blobs that need no credential.
//! * [`fsck`], [`audit`]: whether all of it is there and as it was.
//! * [`access`], [`immutability`], [`lifecycle`], [`names`], [`scanning`]: the rules as ECR has them, without state.

pub mod access;
pub mod account;
pub mod analysis;
pub mod audit;
pub mod basic;
pub mod collect;
pub mod coverage;
pub mod downloads;
mod error;
pub mod events;
pub mod exports;
pub mod findings;
pub mod fsck;
pub mod gate;
pub mod identity;
pub mod images;
pub mod immutability;
pub mod invalid;
pub mod layers;
pub mod lifecycle;
pub mod lifecycle_runs;
pub mod manifests;
pub mod names;
pub mod policies;
pub mod pull_through;
pub mod records;
pub mod replication;
pub mod repositories;
pub mod repository_tags;
pub mod rescan;
pub mod scan;
pub mod scanning;
pub mod secrets;
pub mod settings;
pub mod templates;
pub mod tokens;
pub mod uploads;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::Timestamp;
use pratique_advisory::Database;
use pratique_store::{BlobError, Blobs, Micros, Store, StoreError, audit::Entry, credential::Action};

use crate::{analysis::Analyser, identity::Recent};
pub use crate::{
    error::{ServiceError, Thing},
    identity::{Caller, KeyPair},
    secrets::ServerKey,
};

/// How a deployment is called and what it lives on.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directory of blobs, facts and the server's key.
    pub data: PathBuf,
    /// `postgres://…`; without it a file in the data directory.
    pub database: Option<String>,
    /// The advisory database; may come later.
    pub advisories: Option<PathBuf>,
    /// The account that the deployment answers for, twelve digits.
    pub account: String,
    /// The region that it answers for.
    pub region: String,
    /// Whether a push to a repository that is not there makes it.
    pub create_on_push: bool,
    /// How long what nobody refers to is kept: uploads and blobs between their push and the manifest's.
    pub grace: Duration,
}

impl Options {
    /// A deployment on the directory `data`, with defaults.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            database: None,
            advisories: None,
            account: "000000000000".into(),
            region: "us-east-1".into(),
            create_on_push: true,
            grace: Duration::from_hours(24),
        }
    }
}

/// One deployment.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    options: Options,
    store: Store,
    blobs: Blobs,
    key: ServerKey,
    recent: Recent,
    findings: findings::Recent,
    exporting: tokio::sync::Mutex<()>,
    analyser: Analyser,
    advisories: RwLock<Option<Arc<Database>>>,
}

/// Why a deployment could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store.
    #[error("the store could not be opened")]
    Store(#[from] StoreError),
    /// The blobs.
    #[error("the blobs could not be opened")]
    Blobs(#[from] BlobError),
    /// The server's key.
    #[error("{}: the server's key could not be read or made", .path.display())]
    Key {
        /// Where it is.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The advisory database.
    #[error("the advisory database could not be opened")]
    Advisories(#[from] pratique_advisory::Error),
}

impl Service {
    /// Opens a deployment; what is not there yet is made.
    ///
    /// # Errors
    /// [`OpenError`] says what could not be.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let path = options.data.join("key");
        let key = ServerKey::load(&path).map_err(|source| OpenError::Key { path, source })?;
        let store = match &options.database {
            Some(url) => Store::open_url(url).await?,
            None => Store::open_file(&options.data.join("pratique.db")).await?,
        };
        let blobs = pratique_store::blobs::open(&options.data)?;
        let analyser = Analyser::new(&options.data.join("facts"));
        let advisories = options.advisories.as_deref().map(Database::open).transpose()?.map(Arc::new);
        Ok(Self(Arc::new(Inner {
            options,
            store,
            blobs,
            key,
            recent: Recent::default(),
            findings: findings::Recent::default(),
            exporting: tokio::sync::Mutex::default(),
            analyser,
            advisories: RwLock::new(advisories),
        })))
    }

    /// How it is called and what it lives on.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What is remembered.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The bytes.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    pub(crate) fn key(&self) -> &ServerKey {
        &self.0.key
    }

    pub(crate) fn recent(&self) -> &Recent {
        &self.0.recent
    }

    /// Whose turn it is to export.
    pub(crate) fn export_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.0.exporting
    }

    pub(crate) fn recent_findings(&self) -> &findings::Recent {
        &self.0.findings
    }

    pub(crate) fn analyser(&self) -> &Analyser {
        &self.0.analyser
    }

    /// The advisories that are matched against now.
    pub fn advisories(&self) -> Option<Arc<Database>> {
        self.0.advisories.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Matches against the advisories in `file` from now on, and says which were matched against before.
    ///
    /// # Errors
    /// When it cannot be opened; then nothing changes.
    pub fn use_advisories(&self, file: &Path) -> Result<Option<Arc<Database>>, pratique_advisory::Error> {
        let new = Arc::new(Database::open(file)?);
        let mut advisories = self.0.advisories.write().unwrap_or_else(PoisonError::into_inner);
        Ok(advisories.replace(new))
    }

    /// `arn:aws:ecr:REGION:ACCOUNT:repository/NAME`
    pub fn repository_arn(&self, name: &str) -> String {
        let Options { account, region, .. } = self.options();
        format!("arn:aws:ecr:{region}:{account}:repository/{name}")
    }

    /// Says no, and notes that it did, unless `caller` may do `action` in `repository`. Not while a session is open that
    /// writes: a refusal is written.
    pub(crate) async fn allow(
        &self,
        caller: &Caller,
        action: Action,
        repository: &str,
    ) -> Result<(), ServiceError> {
        // Whom no policy is about is not made to wait for the store.
        let may = if policies::are_about(caller) {
            let mut session = self.store().read().await?;
            let found: Option<repositories::Repository> = session.repository(repository).await?;
            self.may(&mut session, caller, action, repository, found.as_ref()).await?
        } else {
            caller.may(action, repository)
        };
        if may { Ok(()) } else { Err(self.refusal(caller, action, repository).await) }
    }

    /// The error of a refusal, once it is noted.
    pub(crate) async fn refusal(&self, caller: &Caller, action: Action, repository: &str) -> ServiceError {
        if caller.is_anonymous() {
            return ServiceError::Unauthenticated("log in first");
        }
        let (api, word) = names_of(action);
        let entry = Self::entry(caller, api, &self.repository_arn(repository), "denied", "{}");
        let note = async {
            let mut session = self.store().write().await?;
            session.audit(&entry).await?;
            session.commit().await
        };
        match note.await {
            Ok(()) => {
                ServiceError::Denied { who: caller.name.clone(), action: word, what: repository.to_owned() }
            }
            Err(error) => error.into(),
        }
    }

    /// An entry of the audit log.
    pub(crate) fn entry(caller: &Caller, action: &str, resource: &str, outcome: &str, detail: &str) -> Entry {
        Entry {
            time: now(),
            actor: caller.id.clone(),
            action: action.into(),
            resource: resource.into(),
            outcome: outcome.into(),
            detail: detail.into(),
        }
    }

    /// Runs what blocks: reading and writing files, hashing, matching.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let service = self.clone();
        tokio::task::spawn_blocking(move || work(&service)).await.map_err(|_| ServiceError::Broken(what))
    }
}

/// What the AWS API calls an action, and what people do.
fn names_of(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Pull => ("ecr:BatchGetImage", "pull from"),
        Action::Push => ("ecr:PutImage", "push to"),
        Action::Delete => ("ecr:BatchDeleteImage", "remove from"),
        Action::Scan => ("ecr:StartImageScan", "scan in"),
        Action::Release => ("pratique:ReleaseImage", "release from"),
        Action::Admin => ("pratique:Administer", "administer"),
    }
}

/// This moment, in microseconds since 1970.
pub fn now() -> Micros {
    Timestamp::now().as_microsecond()
}
