//! `pratique db pull`: the database out of a registry.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use indicatif::HumanBytes;
use jiff::Timestamp;
use pratique_advisory::{Content, Database, Incoming, TravelError};
use pratique_image::{Access, Descriptor, Reference, Repository, media_type::ManifestKind};
use pratique_sign::{VerifyingKey, store};

use super::{
    age,
    artifact::{Artifact, Route},
    push::tell_notes,
};
use crate::{
    progress,
    settings::{DatabaseArgs, RegistryArgs},
    terminal,
};

/// Makes the database file `new` out of `old` and a delta.
type Apply = fn(old: &Path, delta: &mut dyn Read, new: &Path) -> anyhow::Result<()>;

/// How deltas are applied, if they are: this is where that is connected. Whatever it makes is checked against what the
/// manifest promises, and the whole is fetched where the two differ.
const APPLY: Option<Apply> = None;

#[derive(Debug, clap::Args)]
pub(super) struct Pull {
    /// Where it comes from: registry/repository:tag or registry/repository@digest
    #[arg(value_name = "REF")]
    reference: Reference,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten, next_help_heading = "Registry")]
    registry: RegistryArgs,
    /// Take it only if it is signed with the private half of this public key (PEM)
    #[arg(long, value_name = "FILE", env = "PRATIQUE_DB_VERIFY_KEY", help_heading = "Signature")]
    verify_key: Option<PathBuf>,
    /// Only errors
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

impl Pull {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let key = self.verify_key.as_deref().map(VerifyingKey::read).transpose()?;
        let target = self.database.path()?;
        let what = self.reference.familiar();
        let repository = Repository::open(&self.reference, Access::Pull, &self.registry.open_options())?;
        tell_notes(&repository, self.quiet);
        let published = repository.published()?;
        if let Some(key) = &key {
            store::verify(&repository, &published.digest, key)?;
        }
        if published.kind() == ManifestKind::Index {
            anyhow::bail!("{what} is not an advisory database but a list of images, one for each platform");
        }
        let artifact = Artifact::read(&published.manifest(&what)?, &what)?;
        let before = Database::open(&target).ok().map(|database| database.info().created);

        let pull = Fetching {
            repository: &repository,
            artifact: &artifact,
            target: &target,
            what: &what,
            quiet: self.quiet,
        };
        match artifact.route(here(&target, &artifact, APPLY.is_some()), APPLY.is_some()) {
            Route::Here => {
                terminal::note(self.quiet, &format!("{} is {what} already", target.display()));
                return Ok(());
            }
            Route::Delta(layer) => match pull.delta(layer, APPLY) {
                Ok(database) => self.tell(&database, layer.size, before),
                Err(error) => {
                    terminal::warn(
                        self.quiet,
                        &format!("the difference is of no use, so all is fetched: {error:#}"),
                    );
                    self.tell(&pull.whole(&artifact.whole)?, artifact.whole.size, before);
                }
            },
            Route::Whole(layer) => self.tell(&pull.whole(layer)?, layer.size, before),
        }
        Ok(())
    }

    /// Says what came, and when the one before it was newer: a signature does not tell yesterday's from today's.
    fn tell(&self, database: &Database, fetched: u64, before: Option<Timestamp>) {
        let info = database.info();
        if let Some(before) = before.filter(|before| *before > info.created) {
            let text =
                format!("this database is older than the one it replaces: {} and {before}", info.created);
            terminal::warn(self.quiet, &text);
        }
        terminal::note(
            self.quiet,
            &format!(
                "{} ({}, {} fetched): {} records, built {}",
                database.path().display(),
                HumanBytes(info.bytes),
                HumanBytes(fetched),
                info.records,
                age(info)
            ),
        );
    }
}

/// Which database is here. Unless deltas start from it, that is only asked of one that may be the published one.
fn here(target: &Path, artifact: &Artifact, deltas: bool) -> Option<pratique_advisory::ContentId> {
    let length = fs::metadata(target).ok()?.len();
    if length != artifact.content.bytes && !deltas {
        return None;
    }
    // One that cannot be read, or is damaged, is replaced.
    let content = Content::of(target).ok()?;
    Database::open(target).ok()?;
    Some(content.id)
}

/// A database that is being fetched.
struct Fetching<'a> {
    repository: &'a Repository,
    artifact: &'a Artifact,
    target: &'a Path,
    what: &'a str,
    quiet: bool,
}

impl Fetching<'_> {
    fn whole(&self, layer: &Descriptor) -> anyhow::Result<Database> {
        let mut incoming = Incoming::beside(self.target)?;
        let bar = progress::transfer(!self.quiet, layer.size);
        let mut bytes = bar.wrap_read(self.repository.blob(layer)?);
        let received = incoming.receive(&mut bytes, Some(self.artifact.content), self.what);
        bar.finish_and_clear();
        received?;
        Ok(incoming.finish(self.what)?)
    }

    fn delta(&self, layer: &Descriptor, apply: Option<Apply>) -> anyhow::Result<Database> {
        let apply = apply.ok_or_else(|| anyhow::anyhow!("this program applies no deltas"))?;
        let incoming = Incoming::beside(self.target)?;
        let bar = progress::transfer(!self.quiet, layer.size);
        let mut bytes = bar.wrap_read(self.repository.blob(layer)?);
        let applied = apply(self.target, &mut bytes, incoming.path());
        bar.finish_and_clear();
        applied?;
        let made = Content::of(incoming.path())?;
        if made != self.artifact.content {
            let reason = format!("it made {}, and {} was promised", made.id, self.artifact.content.id);
            return Err(TravelError::Damaged { what: self.what.into(), reason }.into());
        }
        Ok(incoming.finish(self.what)?)
    }
}
