//! One file per command: its arguments, whose comments are its help, and what it runs.

mod audit;
mod cache;
mod completion;
mod convert;
mod db;
mod demo;
mod deployment;
mod diff;
mod explain;
mod fsck;
mod licenses;
mod lint;
mod packages;
mod sbom;
mod scan;
mod scanners;
mod serve;
mod source;
mod version;
mod why;

use clap::Subcommand;

use crate::exit::Exit;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(Box<scan::Args>),
    Packages(packages::Args),
    Sbom(sbom::Args),
    Why(why::Args),
    Licenses(licenses::Args),
    Lint(lint::Args),
    Explain(explain::Args),
    Diff(diff::Args),
    Convert(convert::Args),
    Db(db::Args),
    Serve(serve::Args),
    Fsck(fsck::Args),
    Audit(audit::Args),
    Cache(cache::Args),
    Version(version::Args),
    Demo(demo::Args),
    Completion(completion::Args),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Scan(args) => scan::run(*args),
            Self::Packages(args) => packages::run(args),
            Self::Sbom(args) => sbom::run(args),
            Self::Why(args) => why::run(args),
            Self::Licenses(args) => licenses::run(args),
            Self::Lint(args) => lint::run(&args),
            Self::Explain(args) => explain::run(&args),
            Self::Diff(args) => diff::run(args),
            Self::Convert(args) => convert::run(args),
            Self::Db(args) => db::run(args),
            Self::Serve(args) => serve::run(args),
            Self::Fsck(args) => fsck::run(args),
            Self::Audit(args) => audit::run(args),
            Self::Cache(args) => cache::run(&args),
            Self::Version(args) => version::run(args),
            Self::Demo(args) => demo::run(&args),
            Self::Completion(args) => completion::run(&args),
        }
    }
}
