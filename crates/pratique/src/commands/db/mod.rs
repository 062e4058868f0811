//! `pratique db`: the advisory database. One file for each thing that one does with it.

mod import;
mod status;

use std::time::{Duration, SystemTime};

use pratique_advisory::Info;

pub(crate) use self::import::update;
use self::{
    import::{Import, Update},
    status::Status,
};
use crate::{exit::Exit, settings::DatabaseArgs, terminal};

/// Build and look at the advisory database
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique db update                         fetch what is new of the public OSV export\n  \
    pratique db import ./osv                   from a folder, without network\n  \
    pratique db status                         what is in it, and how old it is")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Build the database from a folder or base URL in the layout of the public OSV export
    #[command(after_help = "Examples:\n  \
        pratique db import                         the public OSV export\n  \
        pratique db import ./osv                   a folder with ecosystems.txt and ECOSYSTEM/all.zip\n  \
        pratique db import https://osv.example.com --ecosystem Debian --ecosystem npm\n  \
        pratique db import ./osv --epss epss_scores.csv.gz --kev known_exploited_vulnerabilities.json")]
    Import(Import),
    /// Build the database anew from the public OSV export, or from PRATIQUE_DB_SOURCE
    Update(Update),
    /// Say what is in the database and how old it is
    Status(Status),
    /// Check every byte of the database
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
struct Verify {
    #[command(flatten)]
    database: DatabaseArgs,
}

impl Verify {
    fn run(&self) -> anyhow::Result<()> {
        let database = self.database.open()?;
        database.verify()?;
        let bytes = database.info().bytes;
        terminal::print(|to| writeln!(to, "{}: all {bytes} bytes are sound", database.path().display()))
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Action::Import(args) => args.run()?,
        Action::Update(args) => args.run()?,
        Action::Status(args) => args.run()?,
        Action::Verify(args) => args.run()?,
    }
    Ok(Exit::Clean)
}

/// How long ago the database was built, roughly.
pub(crate) fn age(info: &Info) -> String {
    let Some(age) = age_of(info) else { return "in the future".into() };
    match age.as_secs() {
        0..120 => "just now".into(),
        s if s < 2 * 3600 => format!("{} minutes ago", s / 60),
        s if s < 2 * 86400 => format!("{} hours ago", s / 3600),
        s => format!("{} days ago", s / 86400),
    }
}

/// Age of the database; `None` when it claims to be from the future.
pub(crate) fn age_of(info: &Info) -> Option<Duration> {
    SystemTime::now().duration_since(SystemTime::from(info.created)).ok()
}
