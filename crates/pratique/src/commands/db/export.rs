//! `pratique db export`, and the other half of `db import FILE`: the database on a stick, for sites without network.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use indicatif::HumanBytes;
use pratique_advisory::{Database, Incoming, pack};
use tempfile::NamedTempFile;

use crate::{exit::WrongUsage, settings::DatabaseArgs, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The file to write: a zstd of the database with its checksum
    #[arg(value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only errors
    #[arg(short, long)]
    quiet: bool,
}

impl Export {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let database = self.database.open()?;
        database.verify()?;
        let target = &self.to;
        if target
            .canonicalize()
            .is_ok_and(|target| database.path().canonicalize().is_ok_and(|own| own == target))
        {
            let text = format!("{} is the database itself: give another file", target.display());
            return Err(WrongUsage(text).into());
        }
        let unwritable = || format!("{} could not be written", target.display());
        let folder =
            target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Under another name until it is whole.
        let temporary = NamedTempFile::new_in(folder).with_context(unwritable)?;
        let mut to = BufWriter::new(temporary.as_file());
        let content = pack(database.path(), &mut to, target)?;
        to.flush().with_context(unwritable)?;
        drop(to);
        temporary.as_file().sync_all().with_context(unwritable)?;
        terminal::readable(temporary.as_file()).with_context(unwritable)?;
        let size = temporary.as_file().metadata().with_context(unwritable)?.len();
        temporary.persist(target).map_err(|error| error.error).with_context(unwritable)?;
        terminal::note(
            self.quiet,
            &format!(
                "{} ({}, {} expanded): take it in with `pratique db import {}`",
                target.display(),
                HumanBytes(size),
                HumanBytes(content.bytes),
                target.display()
            ),
        );
        terminal::print(|to| writeln!(to, "{}", content.id))
    }
}

/// Puts the database in the file `from` at `target`: an exported one, or one as it is.
pub(super) fn take_in(from: &Path, target: &Path) -> anyhow::Result<Database> {
    let what = from.display().to_string();
    let mut file = File::open(from).with_context(|| format!("{what} could not be read"))?;
    let mut incoming = Incoming::beside(target)?;
    incoming.receive(&mut file, None, &what)?;
    Ok(incoming.finish(&what)?)
}
