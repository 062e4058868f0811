//! `pratique db pull`: the database out of a registry.

use std::{
    io::{self, Seek},
    path::{Path, PathBuf},
};

use anyhow::Context;
use indicatif::HumanBytes;
use jiff::Timestamp;
use pratique_advisory::{Database, Incoming, apply_delta, expand, read_delta_head};
use pratique_image::{Access, Descriptor, Reference, Repository, media_type::ManifestKind};
use pratique_sign::{VerifyingKey, store};

use super::{
    age,
    artifact::{Artifact, Edition, Route},
    push::tell_notes,
};
use crate::{
    progress,
    settings::{DatabaseArgs, RegistryArgs},
    terminal,
};

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
        let here = here(&target);
        let before = here.as_ref().map(|here| here.created);

        let (repository, what) = (&repository, what.as_str());
        let pull = Fetching { repository, artifact: &artifact, target: &target, what, quiet: self.quiet };
        match artifact.route(here.as_ref()) {
            Route::Here => {
                terminal::note(self.quiet, &format!("{} is {what} already", target.display()));
                return Ok(());
            }
            Route::Delta(layer) => match pull.delta(layer) {
                Ok(database) => self.tell(&database, layer.size, before),
                Err(error) => {
                    let text = format!("the difference is of no use, so all is fetched: {error:#}");
                    terminal::warn(self.quiet, &text);
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

/// Which database is here; one that is damaged is none, and gets replaced.
fn here(target: &Path) -> Option<Edition> {
    let database = Database::open(target).ok()?;
    database.verify().ok()?;
    Some(Edition::of(database.info()))
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

    /// By way of the difference. All of it is here, and is what the manifest names, before any of it is used.
    fn delta(&self, layer: &Descriptor) -> anyhow::Result<Database> {
        let mut delta = tempfile::tempfile().context("no temporary file for the difference can be made")?;
        let bar = progress::transfer(!self.quiet, layer.size);
        let copied = io::copy(&mut bar.wrap_read(self.repository.blob(layer)?), &mut delta);
        bar.finish_and_clear();
        copied?;
        delta.rewind()?;
        let head = read_delta_head(expand(&delta)?)?;
        let (promised, made) = (&self.artifact.edition, Edition::of(&head.info));
        if head.to != promised.contents || made.created != promised.created {
            anyhow::bail!("it leads to another database than {} promises", self.what);
        }
        delta.rewind()?;
        apply_delta(&Database::open(self.target)?, expand(&delta)?, self.target)?;
        Ok(Database::open(self.target)?)
    }
}
