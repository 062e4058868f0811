//! `pratique db`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use pratique_advisory::{Database, ImportOptions, ImportReport, Info, Progress, import};
use pratique_report::json;

use super::source::{SourceArgs, default_source};
use crate::{
    exit::Exit,
    settings::DatabaseArgs,
    terminal::{self, Content},
};

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
struct Import {
    /// Folder or base URL [default: the public OSV export, or PRATIQUE_DB_SOURCE]
    source: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Only this ecosystem, as its folder is called; may be given several times
    #[arg(long = "ecosystem", value_name = "NAME")]
    ecosystems: Vec<String>,
    /// Fail when a file or record cannot be read
    #[arg(long)]
    strict: bool,
    /// Write what was read, kept and skipped, record by record, to this file as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
struct Update {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Only errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
struct Status {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Verify {
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// As kept in the database
    Json,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Action::Import(args) => {
            let source = args.source.clone().unwrap_or_else(default_source);
            build(&source, &args)?;
        }
        Action::Update(args) => update(&args.database.path()?, &args.sources, args.quiet)?,
        Action::Status(args) => status(&args)?,
        Action::Verify(args) => {
            let database = args.database.open()?;
            database.verify()?;
            let bytes = database.info().bytes;
            terminal::print(|to| writeln!(to, "{}: all {bytes} bytes are sound", database.path().display()))?;
        }
    }
    Ok(Exit::Clean)
}

/// Builds the database at `target` anew from the default source.
pub(crate) fn update(target: &Path, sources: &SourceArgs, quiet: bool) -> anyhow::Result<()> {
    let source = default_source();
    let request = Request { target, sources, ecosystems: Vec::new(), strict: false, quiet };
    let report = request.run(&source)?;
    tell(&report, target, quiet);
    Ok(())
}

fn build(source: &str, args: &Import) -> anyhow::Result<()> {
    let target = args.database.path()?;
    let request = Request {
        target: &target,
        sources: &args.sources,
        ecosystems: args.ecosystems.clone(),
        strict: args.strict,
        quiet: args.quiet,
    };
    let report = request.run(source)?;
    if let Some(path) = &args.report {
        terminal::show(Content::Document, Some(path), |to| json::write(&report, to))?;
    }
    tell(&report, &target, args.quiet);
    Ok(())
}

struct Request<'a> {
    target: &'a Path,
    sources: &'a SourceArgs,
    ecosystems: Vec<String>,
    strict: bool,
    quiet: bool,
}

impl Request<'_> {
    fn run(self, source: &str) -> anyhow::Result<ImportReport> {
        if let Some(directory) = self.target.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)
                .with_context(|| format!("{} could not be made", directory.display()))?;
        }
        let advisories = self.sources.open(source)?;
        let bar = bar(self.quiet);
        let progress = |progress: Progress<'_>| match progress {
            Progress::Reading { ecosystem, index, of, members } => {
                bar.set_length(of as u64);
                bar.set_position(index as u64);
                bar.set_message(format!("{ecosystem} ({members} records)"));
            }
            _ => bar.set_message("writing"),
        };
        let options = ImportOptions {
            strict: self.strict,
            ecosystems: self.ecosystems,
            epss: self.sources.epss(source)?,
            kev: self.sources.kev(source)?,
            created: None,
            progress: Some(&progress),
        };
        let report = import(advisories.as_ref(), self.target, options);
        bar.finish_and_clear();
        Ok(report?)
    }
}

fn bar(quiet: bool) -> ProgressBar {
    if quiet || !terminal::is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:30.green} {pos}/{len} {wide_msg}");
    let bar = ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// What was read and kept, in numbers that add up.
fn tell(report: &ImportReport, target: &Path, quiet: bool) {
    let totals = report.totals();
    terminal::note(
        quiet,
        &format!(
            "{} records read: {} kept for matching, {} in several zips, {} withdrawn, {} by commit only, {} without \
             a package, {} unusable",
            totals.members,
            totals.indexed,
            totals.duplicates,
            totals.withdrawn,
            totals.commits_only,
            totals.no_package,
            totals.unusable
        ),
    );
    for problem in &report.problems {
        terminal::warn(quiet, &problem.to_string());
    }
    let mebibytes = report.info.bytes as f64 / f64::from(1 << 20);
    terminal::note(quiet, &format!("{} ({mebibytes:.1} MiB)", target.display()));
}

fn status(args: &Status) -> anyhow::Result<()> {
    let database = args.database.open()?;
    let info = database.info();
    if args.format == Format::Json {
        return terminal::show(Content::Document, None, |to| json::write(info, to));
    }
    terminal::print(|to| {
        writeln!(to, "file      {}", database.path().display())?;
        writeln!(to, "size      {:.1} MiB", info.bytes as f64 / f64::from(1 << 20))?;
        writeln!(to, "built     {} ({})", info.created, age(info))?;
        writeln!(to, "source    {}", info.source)?;
        if let Some(newest) = info.newest_modified() {
            writeln!(to, "newest    {newest}")?;
        }
        writeln!(to, "records   {}", info.records)?;
        writeln!(to, "packages  {}", info.packages)?;
        match &info.epss {
            Some(epss) => writeln!(to, "epss      {} scores of {}", epss.scores, epss.date)?,
            None => writeln!(to, "epss      none")?,
        }
        match &info.kev {
            Some(kev) => writeln!(to, "kev       {} entries of {}", kev.entries, kev.version)?,
            None => writeln!(to, "kev       none")?,
        }
        writeln!(to)?;
        write_ecosystems(&database, to)
    })
}

fn write_ecosystems(database: &Database, to: &mut dyn std::io::Write) -> std::io::Result<()> {
    let width = database.ecosystems().iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0);
    writeln!(to, "{:<width$}  {:>9}  {:>9}", "ECOSYSTEM", "RECORDS", "PACKAGES")?;
    for entry in database.ecosystems() {
        writeln!(to, "{:<width$}  {:>9}  {:>9}", entry.name, entry.records, entry.packages)?;
    }
    Ok(())
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
