//! `pratique db`: the advisory database. One file for each thing that one does with it.

mod artifact;
mod diff;
mod export;
mod format;
mod import;
mod package;
mod pull;
mod push;
mod search;
mod show;
mod status;

use std::time::{Duration, SystemTime};

use pratique_advisory::Info;

pub(crate) use self::import::update;
use self::{
    diff::Diff,
    export::Export,
    import::{Import, Update},
    package::Package,
    pull::Pull,
    push::Push,
    search::Search,
    show::Show,
    status::Status,
};
use crate::{exit::Exit, settings::DatabaseArgs, terminal};

/// Build and look at the advisory database
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique db update                         fetch what is new of OSV and the other feeds\n  \
    pratique db import ./osv                   from a folder, without network\n  \
    pratique db pull REF                       fetch it ready-made from a registry\n  \
    pratique db export FILE                    take it to a site without network\n  \
    pratique db status                         what is in it, and how old it is\n  \
    pratique db show CVE-2021-44228            what all records say of a flaw, and where they disagree\n  \
    pratique db package npm lodash 4.17.4      which advisories affect a version, and why")]
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
        pratique db import advisories.pdb.zst      a file that `pratique db export` has written\n  \
        pratique db import https://osv.example.com --ecosystem Debian --ecosystem npm\n  \
        pratique db import ./osv --epss epss_scores.csv.gz --kev known_exploited_vulnerabilities.json")]
    Import(Import),
    /// Fetch what changed since the last update; makes the database where there is none
    Update(Update),
    /// Put the database into a registry, as an OCI artifact
    #[command(after_help = "Examples:\n  \
        pratique db push registry.example/security/advisories:latest\n  \
        pratique db push --delta-from yesterday.pdb registry.example/security/advisories:latest\n  \
        COSIGN_PASSWORD=… pratique db push --key cosign.key registry.example/security/advisories:latest\n\n\
        Prints the reference with the digest. `cosign verify --key cosign.pub --insecure-ignore-tlog` accepts the \
        signature.")]
    Push(Push),
    /// Fetch the database from a registry; only its manifest where it is here already
    #[command(after_help = "Examples:\n  \
        pratique db pull registry.example/security/advisories:latest\n  \
        pratique db pull --verify-key cosign.pub registry.example/security/advisories:latest")]
    Pull(Pull),
    /// Write the database to a file that can be carried to a site without network
    #[command(after_help = "Examples:\n  \
        pratique db export advisories.pdb.zst      here\n  \
        pratique db import advisories.pdb.zst      and there\n\n\
        Prints the SHA-256 of the database.")]
    Export(Export),
    /// Say what is in the database and how old it is
    Status(Status),
    /// Show all that is known under an identifier, and where records contradict each other
    #[command(after_help = "Examples:\n  \
        pratique db show CVE-2021-44228\n  \
        pratique db show ghsa-jfh8-c2jp-5v3q --format json\n\n\
        Exit code: 0 when a record bears or names it, or did until it was withdrawn; 3 when none does.")]
    Show(Show),
    /// Show what is known of a package, and which records affect a version of it
    #[command(after_help = "Examples:\n  \
        pratique db package npm lodash\n  \
        pratique db package Debian:12 openssl 3.0.11-1 --explain\n  \
        pratique db package pkg:npm/lodash@4.17.4\n  \
        pratique db package 'pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl'\n\n\
        Exit code: 0 with and without advisories, 2 for an ecosystem that the database does not know.")]
    Package(Package),
    /// Find records and packages by words in identifiers, package names and titles
    #[command(after_help = "Examples:\n  \
        pratique db search log4j\n  \
        pratique db search prototype pollution --ecosystem npm --severity critical,high\n  \
        pratique db search 2021-4422 --limit 5 --format json\n\n\
        What is one of the words exactly comes first, of equally good records the newest.\n\
        Exit code: 0, also when nothing is found; 2 for an ecosystem that the database does not know.")]
    Search(Search),
    /// List the packages about which two databases differ
    #[command(after_help = "Examples:\n  \
        pratique db diff yesterday.pdb today.pdb\n  \
        pratique db diff yesterday.pdb today.pdb --format json | jq -r '.packages[].package'\n\n\
        Texts, times, EPSS and KEV do not count: what changes no match is no difference.\n\
        Exit code: 0, whether they differ or not.")]
    Diff(Diff),
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
        Action::Push(args) => args.run()?,
        Action::Pull(args) => args.run()?,
        Action::Export(args) => args.run()?,
        Action::Status(args) => args.run()?,
        Action::Show(args) => args.run()?,
        Action::Package(args) => args.run()?,
        Action::Search(args) => args.run()?,
        Action::Diff(args) => args.run()?,
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
