//! `pratique db push`: the database into a registry.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use indicatif::HumanBytes;
use pratique_advisory::{Content, Database, compress, pack, write_delta};
use pratique_fetch::Body;
use pratique_image::{Access, Algorithm, Descriptor, ImageNote, Pushed, Reference, Repository, media_type};
use pratique_sign::{SigningKey, store};
use tempfile::NamedTempFile;

use super::artifact::{self, Delta, Edition};
use crate::{
    exit::WrongUsage,
    progress,
    settings::{DatabaseArgs, RegistryArgs},
    terminal,
};

#[derive(Debug, clap::Args)]
pub(super) struct Push {
    /// Where it goes: registry/repository:tag
    #[arg(value_name = "REF")]
    reference: Reference,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten, next_help_heading = "Registry")]
    registry: RegistryArgs,
    /// Add the difference to this earlier database, so that who has that fetches only what changed; may be given several times
    #[arg(long = "delta-from", value_name = "FILE", help_heading = "Differences")]
    earlier: Vec<PathBuf>,
    /// Sign it with this private key (PEM; cosign's encrypted ones with the password in COSIGN_PASSWORD)
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    key: Option<PathBuf>,
    /// Only errors, and the digest
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

impl Push {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        if self.reference.digest().is_some() {
            let text = format!("{} names a digest; what is pushed gets its own: give a tag", self.reference);
            return Err(WrongUsage(text).into());
        }
        // First all that can go wrong here.
        let key = self.key.as_deref().map(SigningKey::read).transpose()?;
        let database = self.database.open()?;
        database.verify()?;
        let mut differences = Vec::new();
        for path in &self.earlier {
            differences.push(difference(&Database::open(path)?, &database)?);
        }
        let repository = Repository::open(&self.reference, Access::Push, &self.registry.open_options())?;
        tell_notes(&repository, self.quiet);

        let (packed, content, whole) = packed(database.path())?;
        let read = Database::open(database.path())?;
        if Edition::of(read.info()) != Edition::of(database.info()) {
            let path = database.path().display();
            anyhow::bail!("{path} was replaced by another database while it was read; push again");
        }
        let body = Body::File { path: packed.path().to_owned(), offset: 0, length: whole.size };
        let bar = progress::transfer(!self.quiet, whole.size);
        let pushed = repository.push_blob(&whole, &body, &mut |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        let pushed = pushed?;
        repository.push_blob(&Descriptor::empty(), &Descriptor::EMPTY.into(), &mut |_| ())?;

        let mut deltas = Vec::new();
        for (file, delta) in differences {
            let body = Body::File { path: file.path().to_owned(), offset: 0, length: delta.layer.size };
            repository.push_blob(&delta.layer, &body, &mut |_| ())?;
            deltas.push(delta);
        }

        let size = whole.size;
        let manifest = artifact::draft(&database, content, whole, deltas).to_bytes()?;
        // The tag comes last, so that nobody finds it before its signature.
        if let Some(key) = &key {
            let digest = repository.push_manifest(None, media_type::OCI_MANIFEST, manifest.clone())?;
            store::sign(&repository, &digest, key)?;
        }
        let tag = self.reference.tag().unwrap_or("latest");
        let digest = repository.push_manifest(Some(tag), media_type::OCI_MANIFEST, manifest)?;

        let sent = match pushed {
            Pushed::Sent => format!("{} sent", HumanBytes(size)),
            Pushed::Known => "the registry had it already".into(),
        };
        let signed = if key.is_some() { ", signed" } else { "" };
        let records = database.info().records;
        terminal::note(self.quiet, &format!("{}: {records} records, {sent}{signed}", self.reference));
        terminal::print(|to| writeln!(to, "{}@{digest}", self.reference.name()))
    }
}

/// Compresses the database to a temporary file; what it is, and what the file is.
fn packed(database: &Path) -> anyhow::Result<(NamedTempFile, Content, Descriptor)> {
    // Beside the database there was room for it, which the system's own folder, often in memory, may not have.
    let beside = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = NamedTempFile::new_in(beside)
        .or_else(|_| NamedTempFile::new())
        .context("no temporary file for the compressed database can be made")?;
    let mut to = BufWriter::new(temporary.as_file());
    let content = pack(database, &mut to, temporary.path())?;
    to.flush()?;
    drop(to);
    let unreadable = || format!("{} cannot be read again", temporary.path().display());
    let (digest, size) = hash(temporary.path()).with_context(unreadable)?;
    Ok((temporary, content, Descriptor::new(artifact::WHOLE, digest, size)))
}

/// What makes the database `new` of `old`, in a temporary file.
fn difference(old: &Database, new: &Database) -> anyhow::Result<(NamedTempFile, Delta)> {
    let file = NamedTempFile::new().context("no temporary file for the difference can be made")?;
    let unwritable = || format!("the difference to {} could not be written", old.path().display());
    let mut to = compress(BufWriter::new(file.as_file())).with_context(unwritable)?;
    write_delta(old, new, &mut to).with_context(unwritable)?;
    to.finish().and_then(|mut to| to.flush()).with_context(unwritable)?;
    let (digest, size) = hash(file.path()).with_context(unwritable)?;
    let layer = Descriptor::new(artifact::DELTA, digest, size);
    Ok((file, Delta { from: old.info().content.clone(), layer }))
}

fn hash(path: &Path) -> io::Result<(pratique_image::Digest, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = Algorithm::Sha256.hasher();
    let mut piece = vec![0; 256 << 10];
    let mut size = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((hasher.finish(), size)),
            n => {
                hasher.update(piece.get(..n).unwrap_or_default());
                size += n as u64;
            }
        }
    }
}

/// Says what was noticed about the registry.
pub(super) fn tell_notes(repository: &Repository, quiet: bool) {
    for note in repository.notes() {
        match note {
            ImageNote::PlainHttp { .. } => terminal::note(quiet, &note.to_string()),
            _ => terminal::warn(quiet, &note.to_string()),
        }
    }
}
